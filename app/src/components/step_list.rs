use crate::{
    sprite::{icon, maps},
    text::t,
};
use domain::{Step, StepState};
use leptos::prelude::*;

/// The sign of a state; its word is said to screen readers.
fn sign(state: StepState) -> (&'static str, &'static str) {
    match state {
        StepState::Pending => (maps::DOT, "step pending"),
        StepState::Running => (maps::PLAY, "step running"),
        StepState::Done => (maps::CHECK, "step done"),
        StepState::Failed => (maps::CROSS, "step failed"),
        StepState::Undone => (maps::RETURN, "step undone"),
        StepState::Skipped => (maps::DASH, "step skipped"),
    }
}

/// 38 ms, 1.3 s.
pub fn duration(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

/// What an operation does, step by step, with time and evidence.
#[component]
pub fn StepList(#[prop(into)] steps: Signal<Vec<Step>>) -> impl IntoView {
    let rows = move || {
        steps
            .get()
            .into_iter()
            .map(|step| {
                let (sign, class) = sign(step.state);
                view! {
                    <li class=class>
                        {icon(sign)}
                        <span class="step-name">
                            {(t().step)(step.name)} <span class="sr">" "{(t().step_state)(step.state)}</span>
                        </span>
                        <span class="step-ms">{step.ms.map(duration)}</span>
                        <span class="step-evidence">{step.evidence.or(step.object)}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! { <ol class="steps">{rows}</ol> }.into_any()
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!([0, 999, 1300, 61_000].map(super::duration), ["0 ms", "999 ms", "1.3 s", "61.0 s"]);
    }
}
