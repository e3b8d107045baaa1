use super::said::Said;
use crate::{
    sprite::{icon, maps},
    text::{formats::duration, t},
};
use domain::{Step, StepName, StepState};
use leptos::prelude::*;

/// The sign of a state; its word stands beside it.
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

/// What a step does, in a word; a record is one of several files, so it is called by its file.
pub fn label(step: &Step) -> String {
    let file = || {
        let path = step.object.as_deref()?.split('#').next()?;
        path.rsplit('/').next().map(ToOwned::to_owned)
    };
    let record = (step.name == StepName::Record).then(file).flatten();
    record.unwrap_or_else(|| t().step(step.name).to_owned())
}

/// What was observed; before that, what the step is about.
fn evidence(step: Step) -> AnyView {
    match step.evidence {
        Some(text) => view! { <Said text/> }.into_any(),
        None => step.object.into_any(),
    }
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
                        <span class="step-name">{label(&step)}</span>
                        <span class="step-word">{t().step_state(step.state)}</span>
                        <span class="step-ms">{step.ms.map(duration)}</span>
                        <span class="step-evidence">{evidence(step)}</span>
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
}
