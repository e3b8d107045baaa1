//! What the reader asks the page: which route takes a call, and which routes to show. All of it stands in the address.
use super::{LIST, Seen};
use crate::{
    components::said::Told,
    pages::{
        find::{FindForm, hidden},
        query::Query,
    },
    text::t,
};
use domain::{ConsumerName, Failure, MatchType, Simulate, Target, known_models};
use leptos::prelude::*;
use std::collections::BTreeSet;

/// How many names a field offers, so that a large installation keeps the page small.
const OFFERED: usize = 300;

/// The query of the page, as it was typed.
#[derive(Default)]
pub struct Asked {
    model: String,
    consumer: String,
    host: String,
    pub find: String,
}

impl Asked {
    /// Reads the query; what it lacks is empty.
    pub fn read(query: &Query) -> Self {
        let of = |name: &str| query.get(name).to_owned();
        Self { model: of("model"), consumer: of("consumer"), host: of("host"), find: of("find") }
    }

    /// The question, or what is wrong with it. None: nothing was asked.
    pub fn question(&self) -> Option<Result<Simulate, Failure>> {
        let is_asked = [&self.model, &self.consumer, &self.host].iter().any(|text| !text.is_empty());
        is_asked.then(|| self.parsed())
    }

    fn parsed(&self) -> Result<Simulate, Failure> {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let model = some(&self.model).ok_or_else(|| Failure::field("model", t().routes_name_a_model()))?;
        let consumer = some(&self.consumer).map(|name| name.parse::<ConsumerName>()).transpose();
        Ok(Simulate {
            model: model
                .parse()
                .map_err(|wrong: domain::NameError| Failure::field("model", wrong.to_string()))?,
            consumer: consumer.map_err(|wrong| Failure::field("consumer", wrong.to_string()))?,
            host: some(&self.host),
            path: None,
        })
    }

    /// The simulator's form.
    pub fn form(&self, seen: &Seen) -> AnyView {
        let wrong = self.question().and_then(Result::err);
        let field = |name: &'static str, label: &'static str, hint: String, offered: BTreeSet<String>| {
            let said = wrong.iter().flat_map(|wrong| &wrong.fields).find(|field| field.field == name);
            field(
                Field { name, label, hint, value: self.value(name), wrong: said.cloned().map(Told::from) },
                offered,
            )
        };
        view! {
            <form class="ask-form" action="/agm/routes" method="get">
                {field("model", t().model(), "kimi-k2.5".into(), models(seen))}
                {field("consumer", t().routes_as(), t().routes_as_hint().into(), consumers(seen))}
                {field("host", t().routes_host(), t().routes_host_hint().into(), hosts(seen))}
                {hidden("find", self.find.clone())}
                <button type="submit" class="btn primary">{t().routes_ask_now()}</button>
            </form>
        }
        .into_any()
    }

    /// The search stands outside of what is renewed, so that nothing typed is lost.
    pub fn find_form(&self) -> AnyView {
        let kept = ["model", "consumer", "host"].map(|name| (name, self.value(name).to_owned())).into();
        view! {
            <FindForm
                action="/agm/routes" class="find-agent" hint=t().routes_find() wanted=self.find.clone() list=LIST kept
            />
        }
        .into_any()
    }

    fn value(&self, name: &str) -> &str {
        match name {
            "model" => &self.model,
            "consumer" => &self.consumer,
            _ => &self.host,
        }
    }
}

struct Field<'a> {
    name: &'static str,
    label: &'static str,
    hint: String,
    value: &'a str,
    /// What is wrong with the value.
    wrong: Option<Told>,
}

fn field(Field { name, label, hint, value, wrong }: Field<'_>, offered: BTreeSet<String>) -> AnyView {
    let (id, list, error) = (format!("ask-{name}"), format!("known-{name}"), format!("ask-{name}-error"));
    let options = offered.into_iter().take(OFFERED).map(|value| view! { <option value=value></option> });
    let described = wrong.is_some().then(|| error.clone());
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id name=name list=list.clone() placeholder=hint autocomplete="off" autocapitalize="off"
                spellcheck="false" maxlength="300" required={name == "model"} value=value.to_owned()
                aria-invalid=wrong.is_some().then_some("true") aria-describedby=described
            />
            <datalist id=list>{options.collect_view()}</datalist>
            {wrong.map(|wrong| view! { <p class="field-error" id=error>{wrong.view()}</p> })}
        </div>
    }
    .into_any()
}

/// Models that agents run, that routes name, and that are known.
fn models(seen: &Seen) -> BTreeSet<String> {
    let agents =
        seen.assignments.iter().flat_map(|all| std::iter::once(&all.manager).chain(all.workers.values()));
    let run = agents.filter_map(|agent| agent.observed.model.as_ref().map(ToString::to_string));
    let named = seen.routes().iter().flat_map(|route| &route.predicates);
    let named =
        named.filter(|predicate| predicate.kind == MatchType::Equal).map(|predicate| predicate.value.clone());
    run.chain(named).chain(known_models().map(|(model, _)| model.to_owned())).collect()
}

/// Agents' consumers, and whoever else a route lets in.
fn consumers(seen: &Seen) -> BTreeSet<String> {
    let workers = seen.assignments.iter().flat_map(|all| all.workers.keys());
    let workers = workers.map(|name| Target::Worker(name.clone()).consumer().to_string());
    let of_routes =
        seen.routes().iter().flat_map(|route| route.consumers.iter().flatten().chain(&route.missing));
    let manager = std::iter::once(Target::Manager.consumer().to_string());
    manager.chain(workers).chain(of_routes.map(ToString::to_string)).collect()
}

fn hosts(seen: &Seen) -> BTreeSet<String> {
    seen.routes().iter().flat_map(|route| route.domains.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &[(&str, &str)]) -> Asked {
        Asked::read(&Query::of(query))
    }

    #[test]
    fn what_was_typed_becomes_a_question() {
        assert!(asked(&[]).question().is_none());
        assert!(asked(&[("find", "kimi"), ("model", "  ")]).question().is_none());
        let question =
            asked(&[("model", " kimi-k2.5 "), ("consumer", ""), ("host", "ai.example")]).question();
        let question = question.unwrap().unwrap();
        assert_eq!(question.model.as_str(), "kimi-k2.5");
        assert_eq!((question.consumer, question.host.as_deref()), (None, Some("ai.example")));
    }

    #[test]
    fn what_cannot_be_asked_is_said_at_its_field() {
        for (query, field) in [
            ([("model", ""), ("consumer", "manager")], "model"),
            ([("model", "no spaces"), ("consumer", "manager")], "model"),
            ([("model", "kimi-k2.5"), ("consumer", "a/b")], "consumer"),
        ] {
            let wrong = asked(&query).question().unwrap().unwrap_err();
            assert_eq!(wrong.fields.first().map(|wrong| wrong.field.as_str()), Some(field), "{query:?}");
        }
    }
}
