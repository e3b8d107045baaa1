//! Who sits in the office, in every pose.
use super::{samples, shelf, specimen, wide};
use crate::{
    components::avatar::{Avatar, Face, FreeDesk, Pose},
    pages::{
        header::Mark,
        home::desk::Desk,
        models,
        providers::tint::{COLOURS, CORES, Tint},
    },
    sprite::{draw, maps},
};
use leptos::prelude::*;

/// A dozen, so that one sees whether they can be told apart.
const NAMES: [&str; 12] = [
    "manager", "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
];

pub fn view() -> AnyView {
    view! { {poses()} {faces()} {desks()} {rows()} }.into_any()
}

fn poses() -> AnyView {
    let poses = [
        ("idle", Pose::Idle),
        ("busy", Pose::Busy),
        ("asleep", Pose::Asleep),
        ("away", Pose::Away),
        ("unknown", Pose::Silhouette),
    ];
    let all = |(state, pose): (&'static str, Pose)| {
        let one = |name: &'static str| {
            view! { <li><Avatar name pose head=name == "manager"/> <span>{name}</span></li> }
        };
        wide(state, view! { <ul class="people">{NAMES.map(one).collect_view()}</ul> }.into_any())
    };
    shelf("People", poses.map(all))
}

fn faces() -> AnyView {
    let faces = NAMES.map(|name| view! { <Face name/> }).collect_view();
    let chip = |look: usize| {
        let tint = Tint { colour: look % COLOURS, core: look / COLOURS };
        view! { <svg class=tint.class() viewBox="0 0 11 11" aria-hidden="true">{draw(maps::CHIP, 0, 0)}</svg> }
    };
    shelf(
        "Faces and things",
        [
            wide("faces", view! { <div class="specimen-row">{faces}</div> }.into_any()),
            specimen("a free desk", view! { <FreeDesk/> }.into_any()),
            specimen("the mark", view! { <Mark/> }.into_any()),
            wide(
                "providers",
                view! { <div class="specimen-row">{(0..COLOURS * CORES).map(chip).collect_view()}</div> }
                    .into_any(),
            ),
        ],
    )
}

fn desks() -> AnyView {
    let desks = samples::seats().into_iter().map(|seat| view! { <li><Desk seat/></li> });
    shelf("Desks", [wide("each status", view! { <ul class="desks">{desks.collect_view()}</ul> }.into_any())])
}

fn rows() -> AnyView {
    shelf("Table, cards on a phone", [wide("agents", models::table(samples::seats(), &[], ""))])
}
