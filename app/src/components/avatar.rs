//! People at their desks. Each drawing stands once in the document, in the [`SpriteSheet`]; a person names those that make
//! it, and the classes that tint them, so that a thousand people stay small.
use crate::sprite::{draw, hash, maps};
use domain::WorkerStatus;
use leptos::prelude::*;

/// How somebody at a desk is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pose {
    Idle,
    Busy,
    Asleep,
    /// An empty chair and a dark screen.
    Away,
    /// Something is there, nobody knows how it does.
    Silhouette,
}

impl From<WorkerStatus> for Pose {
    fn from(status: WorkerStatus) -> Self {
        match status {
            WorkerStatus::Idle | WorkerStatus::Running | WorkerStatus::Starting => Self::Idle,
            WorkerStatus::Busy => Self::Busy,
            WorkerStatus::Sleeping => Self::Asleep,
            WorkerStatus::Stopped | WorkerStatus::Offline | WorkerStatus::Failed => Self::Away,
            WorkerStatus::Remote | WorkerStatus::Unknown => Self::Silhouette,
        }
    }
}

impl Pose {
    fn class(self) -> &'static str {
        match self {
            Self::Idle => "pose-idle",
            Self::Busy => "pose-busy",
            Self::Asleep => "pose-asleep",
            Self::Away => "pose-away",
            Self::Silhouette => "pose-silhouette",
        }
    }

    /// What the screen shows, by frame.
    fn screen(self) -> &'static [&'static str] {
        match self {
            Self::Idle => &["#s-prompt-0", "#s-prompt-1"],
            Self::Busy => &["#s-code-0", "#s-code-1"],
            Self::Silhouette => &["#s-question"],
            Self::Asleep | Self::Away => &[],
        }
    }
}

/// A map and its upper left corner on the grid of a desk.
type Placed = (&'static str, usize, usize);

/// Every drawing that people and desks are made of, by its id.
const SHEET: &[(&str, &[Placed])] = &[
    ("s-body", &[(maps::BODY, 0, 11)]),
    ("s-tie", &[(maps::TIE, 7, 11)]),
    ("s-head", &[(maps::HEAD, 0, 0)]),
    ("s-asleep", &[(maps::HEAD_ASLEEP, 0, 0)]),
    ("s-hair-0", &[(maps::HAIR[0], 0, 0)]),
    ("s-hair-1", &[(maps::HAIR[1], 0, 0)]),
    ("s-hair-2", &[(maps::HAIR[2], 0, 0)]),
    ("s-hair-3", &[(maps::HAIR[3], 0, 0)]),
    ("s-hair-4", &[(maps::HAIR[4], 0, 0)]),
    ("s-hair-5", &[(maps::HAIR[5], 0, 0)]),
    ("s-hair-6", &[(maps::HAIR[6], 0, 0)]),
    ("s-hair-7", &[(maps::HAIR[7], 0, 0)]),
    ("s-glasses", &[(maps::GLASSES, 0, 5)]),
    ("s-beard", &[(maps::BEARD, 0, 7)]),
    ("s-headphones", &[(maps::HEADPHONES, 0, 0)]),
    ("s-hands-0", &[(maps::HANDS[0], 0, 12)]),
    ("s-hands-1", &[(maps::HANDS[1], 0, 12)]),
    ("s-shadow", &[(maps::SHADOW, 0, 0)]),
    ("s-chair", &[(maps::CHAIR, 0, 7)]),
    ("s-prompt-0", &[(maps::PROMPT[0], 17, 7)]),
    ("s-prompt-1", &[(maps::PROMPT[1], 17, 7)]),
    ("s-code-0", &[(maps::CODE[0], 17, 7)]),
    ("s-code-1", &[(maps::CODE[1], 17, 7)]),
    ("s-question", &[(maps::QUESTION, 17, 7)]),
    ("s-desk", &[(maps::SCREEN, 15, 5), (maps::DESK, 0, 15)]),
    ("s-mug", &[(maps::MUG, 0, 11)]),
    ("s-cat", &[(maps::CAT, 16, 0)]),
];

/// The drawings that the document's people refer to. It stands once, before them.
#[component]
pub fn SpriteSheet() -> impl IntoView {
    let drawing = |(id, parts): &(&'static str, &[(&str, usize, usize)])| {
        let paths = parts.iter().map(|(map, x, y)| draw(map, *x, *y)).collect_view();
        view! { <g id=*id>{paths}</g> }
    };
    view! {
        <svg class="sprites" aria-hidden="true">
            <defs>{SHEET.iter().map(drawing).collect_view()}</defs>
        </svg>
    }
    .into_any()
}

/// One drawing of the sheet.
fn sprite(id: &'static str) -> AnyView {
    view! { <use href=id></use> }.into_any()
}

/// Two drawings in turn.
fn frames(ids: &'static [&'static str]) -> AnyView {
    let frame = |(id, class): (&&'static str, &'static str)| view! { <use href=*id class=class></use> };
    ids.iter().zip(["frame-a", "frame-b"]).map(frame).collect_view().into_any()
}

/// What tells a person apart, from the name alone.
struct Look {
    /// The tints of hair, skin and shirt.
    classes: String,
    hair: &'static str,
    beard: bool,
    glasses: bool,
    headphones: bool,
    mug: bool,
    cat: bool,
}

impl Look {
    fn of(name: &str) -> Self {
        const HAIR: [&str; 8] = [
            "#s-hair-0",
            "#s-hair-1",
            "#s-hair-2",
            "#s-hair-3",
            "#s-hair-4",
            "#s-hair-5",
            "#s-hair-6",
            "#s-hair-7",
        ];
        let hash = hash(name);
        let one_in = |count: u32, bit: u32| (hash >> bit).is_multiple_of(count);
        let classes =
            format!("hair-{} skin-{} shirt-{}", (hash >> 17) % 7, (hash >> 14) % 5, (hash >> 1) % 8);
        Self {
            classes,
            hair: HAIR[((hash >> 4) % 8) as usize],
            beard: one_in(7, 13),
            glasses: one_in(4, 17),
            headphones: one_in(5, 18),
            mug: one_in(3, 23),
            cat: one_in(9, 12),
        }
    }

    /// Head, hair and what is worn on it.
    fn head(&self, asleep: bool) -> AnyView {
        let face = if asleep { "#s-asleep" } else { "#s-head" };
        let beard = self.beard.then(|| sprite("#s-beard"));
        let glasses = (self.glasses && !asleep).then(|| sprite("#s-glasses"));
        let headphones = self.headphones.then(|| sprite("#s-headphones"));
        view! { <g class="head">{sprite(face)}{beard}{glasses}{sprite(self.hair)}{headphones}</g> }.into_any()
    }
}

/// Somebody at a desk with a screen. Decoration: whoever shows it says name and status in words beside it.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    pose: Pose,
    /// The one at the head desk.
    #[prop(optional)]
    head: bool,
) -> impl IntoView {
    let look = Look::of(&name);
    let person = match pose {
        Pose::Away => sprite("#s-chair"),
        Pose::Silhouette => sprite("#s-shadow"),
        Pose::Idle | Pose::Busy | Pose::Asleep => {
            let tie = head.then(|| sprite("#s-tie"));
            view! { <g class="person">{sprite("#s-body")}{tie}{look.head(pose == Pose::Asleep)}</g> }
                .into_any()
        }
    };
    let hands = (pose == Pose::Busy).then(|| frames(&["#s-hands-0", "#s-hands-1"]));
    let mug = look.mug.then(|| sprite("#s-mug"));
    let cat = (look.cat && pose != Pose::Away).then(|| sprite("#s-cat"));
    view! {
        <svg class=format!("avatar {} {}", pose.class(), look.classes) viewBox="0 0 26 22" aria-hidden="true">
            {person}{sprite("#s-desk")}{frames(pose.screen())}{hands}{mug}{cat}
        </svg>
    }
    .into_any()
}

/// A desk at which nobody sits yet.
#[component]
pub fn FreeDesk() -> impl IntoView {
    view! { <svg class="avatar pose-away" viewBox="0 0 26 22" aria-hidden="true">{sprite("#s-desk")}</svg> }
        .into_any()
}

/// A head alone, for lists.
#[component]
pub fn Face(#[prop(into)] name: String) -> impl IntoView {
    let look = Look::of(&name);
    view! {
        <svg class=format!("face {}", look.classes) viewBox="0 0 16 12" aria-hidden="true">{look.head(false)}</svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const POSES: [Pose; 5] = [Pose::Idle, Pose::Busy, Pose::Asleep, Pose::Away, Pose::Silhouette];

    #[test]
    fn people_are_made_of_what_stands_in_the_sheet_and_of_all_of_it() {
        let person =
            |(number, pose)| Avatar(AvatarProps { name: format!("worker-{number}"), pose, head: true });
        let people = (0..200).flat_map(|number| POSES.map(|pose| (number, pose)));
        let html: String = people.map(|one| person(one).into_view().to_html()).collect();
        let named: BTreeSet<_> =
            html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(named, SHEET.iter().map(|(id, _)| *id).collect());
    }

    #[test]
    fn a_look_follows_from_the_name_and_tells_people_apart() {
        let looks: BTreeSet<_> = ["manager", "alice", "bob", "carol", "dave", "erin"]
            .map(|name| (Look::of(name).classes, Look::of(name).hair))
            .into();
        assert_eq!(looks.len(), 6);
        assert_eq!(Look::of("alice").classes, Look::of("alice").classes);
    }
}
