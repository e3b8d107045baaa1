mod body;
mod entries;
mod filter;
mod find;
mod row;
mod trail;
mod undo;

use super::{Live, answered, query};
use crate::{
    api::Caller,
    components::{
        avatar::{Avatar, Pose},
        badge::Badge,
        error_note::ErrorNote,
        outcome::{Outcome, state_word},
    },
    describe,
    error::ApiError,
    text::t,
};
use domain::{Code, Failure, Operation, OperationId};
use filter::Filter;
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;
use undo::Past;

/// The page of one operation.
pub fn href(id: &OperationId) -> String {
    format!("{}/{id}", filter::PATH)
}

async fn past() -> Result<Past, ApiError> {
    let operations = Caller::take()?.operations;
    let all = operations.past().await;
    let kept = operations.operations().iter().map(|operation| operation.id.clone()).collect();
    Ok(Past { all, kept })
}

/// Everything that was done, by whom, and how it ended; what can be taken back, followed, or put right.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let filter = Filter::read(&query::Query::current());
    let page = Suspend::new(async move {
        let trail = trail::checked().await;
        answered(past().await, |past| list(&filter, &past, trail::line(trail)))
    });
    view! {
        <Title text=t().activity()/>
        {page}
    }
    .into_any()
}

fn list(filter: &Filter, past: &Past, trail: AnyView) -> AnyView {
    let found = filter.find(&past.all);
    let none = found.operations.is_empty().then(|| nothing(filter));
    let rows = entries::together(found.operations).into_iter().map(|one| row::entry(one, past));
    let newest = filter.before.is_some().then(|| {
        let newest = Filter { before: None, ..filter.clone() };
        view! { <a class="btn" href=newest.href()>"« " {t().newest()}</a> }
    });
    let older = found.older.map(|id| {
        let older = Filter { before: Some(id), ..filter.clone() };
        view! { <a class="btn" href=older.href()>{t().older()} " »"</a> }
    });
    let (form, counts) = (find::form(filter, &past.all), find::counts(filter, &past.all));
    let rows = rows.collect_view();
    view! {
        <header class="page-head">
            <h1>{t().activity()}</h1>
            <p>{t().activity_lead()}</p>
        </header>
        {form}
        <Live id="past" topics="operations">
            {counts}
            <div class="panel past" id=find::LIST>
                <h2 class="sr">{t().log()}</h2>
                {none}
                <ol>{rows}</ol>
            </div>
            <p class="nothing-found" data-nothing-fits="">{t().nothing_found()}</p>
            <nav class="past-pages" aria-label=t().older_and_newer()>{newest} {older}</nav>
            {trail}
        </Live>
    }
    .into_any()
}

fn nothing(filter: &Filter) -> AnyView {
    match filter.is_open() {
        true => view! { <p class="empty">{t().log_empty()}</p> }.into_any(),
        false => view! {
            <p class="empty">{t().nothing_found()} " " <a href=filter::PATH>{t().show_all()}</a></p>
        }
        .into_any(),
    }
}

/// One operation: what a link to it shows.
#[component]
pub fn OperationPage() -> impl IntoView {
    let id = query::last_part();
    let page = Suspend::new(async move {
        match found(&id).await {
            Ok((operation, past)) => one(&operation, &past),
            Err(error) => missing(error.into(), id),
        }
    });
    view! {
        <header class="page-head">
            <h1>{t().activity()}</h1>
            <p><a href=filter::PATH>"« " {t().all_operations()}</a></p>
        </header>
        {page}
    }
    .into_any()
}

async fn found(id: &str) -> Result<(Arc<Operation>, Past), ApiError> {
    let unknown = |_| Failure::new(Code::OperationNotFound, format!("there is no operation {id}"));
    let id: OperationId = id.parse().map_err(unknown)?;
    let watch = Caller::take()?.operations.operation(&id).await?;
    let operation = watch.borrow().clone();
    Ok((operation, past().await?))
}

fn one(operation: &Operation, past: &Past) -> AnyView {
    let title = describe::operation(operation);
    let outcome = Outcome::of(operation);
    let (word, press) = (state_word(operation), row::press(operation));
    let body = body::view(operation, past);
    view! {
        <Title text=title.clone()/>
        <Live id="operation" topics="operations">
            <article class=format!("panel past-one {}", outcome.name())>
                <header>
                    <h2>{title}</h2>
                    <Badge tone=outcome.tone() word/>
                    {press}
                </header>
                {body}
            </article>
        </Live>
    }
    .into_any()
}

/// Nobody knows this operation, or it cannot be read now.
fn missing(failure: Failure, id: String) -> AnyView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(ApiError::from(failure.clone()).status());
    }
    if failure.code != Code::OperationNotFound {
        return view! { <Title text=t().activity()/> <ErrorNote failure again=true/> }.into_any();
    }
    view! {
        <Title text=t().not_found()/>
        <section class="panel lost">
            <Avatar name="404" pose=Pose::Away/>
            <h2>{t().operation_unknown()}</h2>
            <p>{t().operation_unknown_lead(&id)}</p>
            <a href=filter::PATH class="btn">{t().all_operations()}</a>
        </section>
    }
    .into_any()
}

#[cfg(test)]
pub mod tests {
    use domain::Operation;
    use serde_json::{Value, json};

    /// An id; a larger number is a later one.
    pub fn id(n: usize) -> String {
        format!("01JD{n:022}")
    }

    /// A plan that changes one object.
    pub fn plan(object: &str) -> Value {
        json!({"id": id(0), "kind": "set_model", "targets": [], "createdAt": "", "reads": [], "affected": [],
            "changes": [{"object": object, "action": "update", "diff": [], "owner": "agm"}], "warnings": [], "steps": []})
    }

    /// A switch of alice that was committed, but for what is said otherwise.
    pub fn operation(more: Value) -> Operation {
        let mut json = json!({"id": id(0), "kind": "set_model", "state": "committed", "actor": "admin", "via": "cli",
            "targets": ["worker:alice"], "steps": [], "startedAt": "2026-01-01T10:20:30Z"});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }
}
