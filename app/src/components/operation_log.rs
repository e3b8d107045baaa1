use crate::{
    components::{moment::Moment, step_list::duration},
    describe,
    sprite::{icon, maps},
    text::t,
};
use domain::{Operation, OperationState};
use leptos::prelude::*;

fn sign(state: OperationState) -> (&'static str, &'static str) {
    match state {
        OperationState::Committed => (maps::CHECK, "log-row done"),
        OperationState::RolledBack => (maps::RETURN, "log-row undone"),
        OperationState::NeedsOperator => (maps::CROSS, "log-row failed"),
        _ => (maps::PLAY, "log-row running"),
    }
}

/// What was changed last: when, what, by whom, and how it ended.
#[component]
pub fn OperationLog(operations: Vec<Operation>) -> impl IntoView {
    let empty = operations.is_empty().then(|| view! { <p class="empty">{t().log_empty}</p> });
    let row = |operation: Operation| {
        let (sign, class) = sign(operation.state);
        let ms = operation.steps.iter().filter_map(|step| step.ms).sum();
        let by = format!("{} · {} · {}", operation.actor, operation.via, duration(ms));
        let title = describe::operation(&operation);
        let outcome = operation.failure.map(|failure| failure.message).or(operation.lasts);
        view! {
            <li class=class>
                <Moment at=operation.started_at/>
                {icon(sign)}
                <div>
                    <b>{title}</b>
                    <span>{by}</span>
                    {outcome.map(|outcome| view! { <span>{outcome}</span> })}
                </div>
            </li>
        }
    };
    view! {
        <ol class="log">{operations.into_iter().map(row).collect_view()}</ol>
        {empty}
    }
    .into_any()
}
