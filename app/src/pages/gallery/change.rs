//! A change: what it would do, how far it is, how it ended.
use super::{samples, shelf, specimen, wide};
use crate::{
    components::{in_the_way::users, legs::legs, plan_view::object, said::warning, step_list::StepList},
    text::t,
};
use domain::{Warning, WarningCode};
use leptos::prelude::*;

pub fn view() -> AnyView {
    view! { {steps()} {differences()} {ends()} }.into_any()
}

fn steps() -> AnyView {
    let steps = samples::steps();
    shelf("Steps", [wide("one of each state", view! { <StepList steps/> }.into_any())])
}

fn differences() -> AnyView {
    let diff = samples::changes().into_iter().map(object).collect_view();
    let vision =
        Warning::new(WarningCode::VisionLost, "deepseek-chat takes no images.").about(["deepseek-chat"]);
    let warnings = [vision, Warning::new(WarningCode::LeftOut, "The route stays.")].map(warning);
    shelf(
        "Differences",
        [
            wide(
                "made, changed, removed",
                view! { <h3>{t().what_changes()}</h3> <div class="diff" role="group" tabindex="0">{diff}</div> }.into_any(),
            ),
            wide("warnings", view! { <ul class="notes">{warnings.collect_view()}</ul> }.into_any()),
        ],
    )
}

fn ends() -> AnyView {
    let end = |class: &'static str, text: &'static str| view! { <p class=class>{text}</p> }.into_any();
    shelf(
        "Ends",
        [
            specimen("done", end("verdict ok", t().committed())),
            specimen("put back", end("verdict bad", t().nothing_changed())),
            specimen("stuck", end("verdict bad", t().needs_operator())),
            specimen("running", end("waiting", t().applying())),
            specimen("a provider's test", samples::tests().map(legs).collect_view().into_any()),
            specimen("in the way", users(samples::used_by(), None)),
        ],
    )
}
