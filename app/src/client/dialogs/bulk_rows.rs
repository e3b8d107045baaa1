//! Agent by agent: what is planned, how far it is, and what became of it.
use super::bulk::Stage;
use crate::{
    components::{
        avatar::Face,
        badge::{Badge, Tone},
        outcome::{Outcome, state_word},
        plan_view::{happens, object},
        restarts::open_restarts,
        said::{Told, affected, warning},
        step_list::label,
    },
    describe,
    text::t,
};
use domain::{Failure, Operation, Plan, StepState, Target};
use leptos::prelude::*;

/// How one agent is.
pub struct Row {
    target: String,
    tone: Tone,
    word: String,
    /// What else there is to say.
    details: Vec<Told>,
    plan: Option<Plan>,
}

/// One row for each target, in their order.
pub fn rows(targets: &[Target], stage: &Stage) -> Vec<Row> {
    targets.iter().map(|target| row(target.to_string(), stage)).collect()
}

fn row(target: String, stage: &Stage) -> Row {
    let is_for = |operation: &&Operation| operation.targets.contains(&target);
    let refused = |failures: &[domain::Refused]| {
        failures.iter().find(|refused| refused.target == target).map(|refused| refused.failure.clone())
    };
    let waiting = |word: &str| Row {
        target: target.clone(),
        tone: Tone::Unknown,
        word: word.to_owned(),
        details: Vec::new(),
        plan: None,
    };
    match stage {
        Stage::Choosing | Stage::Planning => waiting(""),
        Stage::Planned(_, plan) => match plan.plans.iter().find(|plan| plan.targets.contains(&target)) {
            Some(plan) => planned(target, plan.clone()),
            None => failed(target.clone(), refused(&plan.refused)),
        },
        Stage::Running(operations) => match operations.iter().find(is_for) {
            Some(operation) => operated(target.clone(), operation),
            None => waiting(t().step_state(StepState::Pending)),
        },
        Stage::Ended(bulk) => match bulk.results.iter().find(is_for) {
            Some(operation) => operated(target.clone(), operation),
            None => match refused(&bulk.refused) {
                Some(failure) => failed(target.clone(), Some(failure)),
                None => waiting(t().not_begun()),
            },
        },
    }
}

fn planned(target: String, plan: Plan) -> Row {
    let tone = if plan.warnings.is_empty() { Tone::Ok } else { Tone::Busy };
    let word = t().objects_change(plan.changes.len());
    Row { target, tone, word, details: Vec::new(), plan: Some(plan) }
}

fn failed(target: String, failure: Option<Failure>) -> Row {
    let details = failure.map(Told::from).into_iter().collect();
    Row { target, tone: Tone::Danger, word: t().refused().to_owned(), details, plan: None }
}

fn operated(target: String, operation: &Operation) -> Row {
    let step = operation.steps.iter().find(|step| step.state == StepState::Running).map(label);
    let why = operation.failure.as_deref().cloned().map(Told::from);
    let now = why.or_else(|| step.filter(|_| !operation.state.is_final()).map(Told::from));
    let details = now.into_iter().chain(open_restarts(operation)).collect();
    let word = state_word(operation).to_owned();
    Row { target, tone: Outcome::of(operation).tone(), word, details, plan: None }
}

/// A row of the list.
pub fn view(row: Row) -> AnyView {
    let name = describe::named(&row.target);
    let details = row.details.into_iter().map(|detail| view! { <p>{detail.view()}</p> }).collect_view();
    let plan = row.plan.map(|plan| {
        let affected = plan.affected.into_iter().map(|one| view! { <li class="note">{affected(one)}</li> });
        let happens = happens(&plan.steps);
        let changes = plan.changes.into_iter().map(object).collect_view();
        let summary = t().plan_of(&name);
        view! {
            <ul class="notes">{plan.warnings.into_iter().map(warning).collect_view()} {affected.collect_view()}</ul>
            {happens}
            <details><summary>{summary}</summary><div class="diff">{changes}</div></details>
        }
    });
    view! {
        <li>
            <Face name=name.clone()/>
            <b>{name}</b>
            <Badge tone=row.tone word=row.word/>
            <div class="bulk-more">{details} {plan}</div>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Code;

    #[test]
    fn each_target_has_one_row_whatever_became_of_it() {
        let targets: Vec<Target> = ["manager", "alice"].map(|name| name.parse().unwrap()).into();
        let refused =
            domain::Refused { target: "manager".into(), failure: Failure::new(Code::Busy, "at work") };
        let bulk = domain::Bulk {
            id: "01J8ZQ4Y7M3T5V9X2B6D8F0G1H".parse().unwrap(),
            success: false,
            finished: true,
            results: Vec::new(),
            refused: vec![refused],
            not_begun: vec!["worker:alice".into()],
        };
        assert_eq!(super::super::bulk::open_targets(&bulk), ["manager", "worker:alice"]);
        let rows = rows(&targets, &Stage::Ended(bulk));
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.target.as_str(), row.tone, row.details.first().map(Told::text)))
            .collect();
        assert_eq!(
            seen,
            [("manager", Tone::Danger, Some("at work".to_owned())), ("worker:alice", Tone::Unknown, None)]
        );
    }
}
