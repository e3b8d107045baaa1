//! Narrowing the list: a form that any browser can send, and a press for each outcome.
use super::filter::{Filter, PATH};
use crate::{
    components::{button::Kind, outcome::Outcome},
    describe,
    text::{formats::number, t},
};
use domain::Operation;
use leptos::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// What the search narrows as one types.
pub const LIST: &str = "past-rows";

/// The form stands outside of what is renewed, so that nothing typed is lost.
pub fn form(filter: &Filter, all: &[Arc<Operation>]) -> AnyView {
    let targets = all.iter().flat_map(|operation| &operation.targets);
    let targets = targets.map(|target| (target.clone(), describe::named(target))).collect();
    let kinds = all.iter().map(|operation| (operation.kind.clone(), t().kind(&operation.kind).to_owned()));
    let outcome =
        filter.outcome.map(|outcome| view! { <input r#type="hidden" name="outcome" value=outcome.name()/> });
    view! {
        <form class="past-find" role="search" action=PATH method="get">
            <div class="field past-text">
                <label for="find">{t().find_operation()}</label>
                <input
                    id="find" name="find" r#type="search" autocomplete="off" placeholder=t().find_operation_hint()
                    value=filter.find.clone() data-filter=LIST
                />
            </div>
            {select("target", t().agent(), t().any_agent(), filter.target.as_deref(), targets)}
            {select("kind", t().operation_kind(), t().any_kind(), filter.kind.as_deref(), kinds.collect())}
            {outcome}
            <button type="submit" class=Kind::Plain.class()>{t().show_found()}</button>
        </form>
    }
    .into_any()
}

/// A choice among what there is, by its words; what is asked for can be chosen also when there is none of it.
fn select(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    wanted: Option<&str>,
    mut choices: BTreeMap<String, String>,
) -> AnyView {
    if let Some(wanted) = wanted {
        choices.entry(wanted.to_owned()).or_insert_with(|| wanted.to_owned());
    }
    let option = |(value, word): (String, String)| {
        let selected = wanted == Some(value.as_str());
        view! { <option value=value selected=selected>{word}</option> }
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                <option value="">{any}</option>
                {choices.into_iter().map(option).collect_view()}
            </select>
        </div>
    }
    .into_any()
}

/// How many there are of each outcome, as links to those.
pub fn counts(filter: &Filter, all: &[Arc<Operation>]) -> AnyView {
    let link = |outcome: Option<Outcome>| {
        let here = (filter.outcome == outcome).then_some("true");
        let word = outcome.map_or(t().everybody(), Outcome::word);
        let count = filter.count(all, outcome);
        let href = filter.with_outcome(outcome).href();
        view! {
            <li><a class="count" href=href aria-current=here>{word} " " <b>{number(count as u64)}</b></a></li>
        }
    };
    let links = std::iter::once(None).chain(Outcome::ALL.map(Some)).map(link);
    view! { <ul class="counts" aria-label=t().narrow_by_outcome()>{links.collect_view()}</ul> }.into_any()
}
