use crate::{
    sprite::{icon, maps},
    text::t,
};
use domain::{Step, StepName, StepState};
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

/// What a step does; a record is one of several files, so it is called by its file.
fn label(step: &Step) -> String {
    let file = || {
        let path = step.object.as_deref()?.split('#').next()?;
        path.rsplit('/').next().map(ToOwned::to_owned)
    };
    let record = (step.name == StepName::Record).then(file).flatten();
    record.unwrap_or_else(|| (t().step)(step.name).to_owned())
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
                            {label(&step)} <span class="sr">" "{(t().step_state)(step.state)}</span>
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
    use super::*;

    #[test]
    fn a_record_is_called_by_its_file() {
        let step = |name, object: Option<&str>| Step {
            name,
            object: object.map(Into::into),
            state: StepState::Pending,
            ms: None,
            evidence: None,
        };
        assert_eq!(label(&step(StepName::Record, Some("agents/alice/model.json"))), "model.json");
        assert_eq!(
            label(&step(StepName::Record, Some("workers-registry.json#alice"))),
            "workers-registry.json"
        );
        assert_eq!(label(&step(StepName::Record, None)), "model.json");
        assert_eq!(label(&step(StepName::Route, Some("deepseek-ai-route"))), "Route");
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!([0, 999, 1300, 61_000].map(super::duration), ["0 ms", "999 ms", "1.3 s", "61.0 s"]);
    }
}
