use crate::{
    components::{moment::Moment, outcome::Outcome, said::Told},
    describe,
    pages::activity,
    sprite::icon,
    text::{formats::duration, t},
};
use domain::Operation;
use leptos::prelude::*;

/// What was changed last: when, what, by whom, and how it ended.
#[component]
pub fn OperationLog(operations: Vec<Operation>) -> impl IntoView {
    let empty = operations.is_empty().then(|| view! { <p class="empty">{t().log_empty()}</p> });
    let row = |operation: Operation| {
        let outcome = Outcome::of(&operation);
        let class = format!("log-row {}", outcome.name());
        let ms = describe::took(&operation).unwrap_or_default();
        let by = format!("{} · {} · {}", operation.actor, t().door(&operation.via), duration(ms));
        let title = describe::operation(&operation);
        let lasts = operation.lasts.map(|until| Told::from(t().lasts(&until)));
        let told = operation.failure.map(|failure| Told::from(*failure)).or(lasts);
        view! {
            <li class=class>
                <Moment at=operation.started_at/>
                {icon(outcome.sign())}
                <div>
                    <b><a href=activity::href(&operation.id)>{title}</a></b>
                    <span>{by}</span>
                    {told.map(|told| view! { <span>{told.view()}</span> })}
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
