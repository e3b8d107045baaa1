//! The frame of a dialog, as it stands open; its behaviour is the browser's part.
use super::{samples, shelf, wide};
use crate::{
    components::{
        avatar::Face,
        badge::{Badge, Tone},
        plan_view::PlanView,
        step_list::StepList,
    },
    sprite::{icon, maps},
    text::t,
};
use domain::OperationState;
use leptos::prelude::*;

pub fn view() -> AnyView {
    let body = view! { <div class="choose"><p>{t().take_over_means()}</p></div> }.into_any();
    let plan = samples::plan().map(|plan| {
        let steps = plan.steps.clone();
        let change = view! {
            <div class="change">
                <div><PlanView plan/></div>
                <div><h3>{t().what_happens()}</h3> <StepList steps/></div>
            </div>
        };
        wide("a plan", frame("alice » deepseek-chat", "dialog wide", change.into_any()))
    });
    let narrow = wide("a question", frame("Sure?", "dialog", body));
    let bulk = wide("many at once", frame("Set model of 3 agents", "dialog wide", rows()));
    shelf("Dialogs", [Some(narrow), plan, Some(bulk)].into_iter().flatten())
}

/// A dialog that is part of the page.
fn frame(title: &'static str, class: &'static str, body: AnyView) -> AnyView {
    view! {
        <div class=class role="group" aria-label=title>
            <div class="dialog-box">
                <header class="dialog-title">
                    <h3>{title}</h3>
                    <button type="button" class="dialog-close" aria-label=t().close()>{icon(maps::CROSS)}</button>
                </header>
                {body}
                <footer class="dialog-foot">
                    <div class="said"><p class="waiting">{t().planning()}</p></div>
                    <div class="dialog-acts">
                        <button type="button" class="btn">{t().cancel()}</button>
                        <button type="button" class="btn primary">{t().apply()}</button>
                    </div>
                </footer>
            </div>
        </div>
    }
    .into_any()
}

fn rows() -> AnyView {
    let rows = [
        ("alice", Tone::Ok, t().operation_state(OperationState::Committed), ""),
        ("bob", Tone::Danger, t().operation_state(OperationState::RolledBack), "The gateway answered 401."),
        ("carol", Tone::Unknown, t().not_begun(), ""),
    ];
    let row = |(name, tone, word, more): (&'static str, Tone, &'static str, &'static str)| {
        view! {
            <li><Face name/> <b>{name}</b> <Badge tone word/> <div class="bulk-more">{more}</div></li>
        }
    };
    view! { <ul class="bulk-rows">{rows.map(row).collect_view()}</ul> }.into_any()
}
