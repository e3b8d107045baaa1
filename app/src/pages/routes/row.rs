//! A route of the table: what it takes, where it sends it, whom it lets in, and what is wrong with it.
use crate::{
    act::Act,
    components::{
        badge::{Badge, Tone},
        blocks::Blocks,
        button::{Kind, Press},
        in_the_way,
        scale::Scale,
        table::{self, Cell, RowHead},
    },
    describe,
    text::t,
};
use domain::{
    AiRoute, Assignments, ConsumerName, ManagedBy, MatchType, Provider, ProviderName, RouteName,
    RouteUpstream, Target,
};
use leptos::prelude::*;

/// More names than these are counted: of the agents whose model a route takes, and of those that it lets in.
const USERS: usize = 5;
const NAMED: usize = 12;
/// More missing agents than these are let in together only.
const ONE_BY_ONE: usize = 3;

/// What is known around the routes.
pub struct Around {
    /// None: unknown.
    pub assignments: Option<Assignments>,
    /// None: unknown.
    pub providers: Option<Vec<Provider>>,
    /// The host that all routes are on.
    pub host: Option<String>,
    /// Who wins the call that was asked for.
    pub winner: Option<RouteName>,
    /// What is searched for, in small letters.
    pub wanted: String,
}

/// Something that a reader should know of a route.
struct Remark {
    tone: Tone,
    word: &'static str,
    more: Option<String>,
}

/// A route as the table shows it.
pub struct Row {
    route: AiRoute,
    /// The agents whose model it takes.
    users: Vec<String>,
    remarks: Vec<Remark>,
    /// The hosts that only some routes are on.
    hosts: Vec<String>,
    wins: bool,
    text: String,
    /// Whether the search leaves it in.
    pub is_wanted: bool,
}

impl Row {
    /// A route with all that is known of it.
    pub fn of(route: AiRoute, around: &Around) -> Self {
        let users = around.assignments.as_ref().map(|all| users(all, &route.name)).unwrap_or_default();
        let remarks = remarks(&route, around.providers.as_deref());
        let text = search_text(&route, &users, &remarks);
        let is_wanted = text.contains(around.wanted.as_str());
        let wins = around.winner.as_ref() == Some(&route.name);
        let hosts = if around.host.is_some() { Vec::new() } else { route.domains.clone() };
        Self { route, users, remarks, hosts, wins, text, is_wanted }
    }

    /// The row.
    pub fn view(self) -> AnyView {
        let Self { route, users, remarks, hosts, wins, text, is_wanted } = self;
        let (order, name, made_by) = (route.order, route.name.to_string(), made_by(route.managed_by));
        let (when, goes_to, who) = (conditions(&route, hosts), upstreams(&route), consumers(&route));
        let (remarks, repairs) = (remarks.into_iter().map(remark).collect_view(), repairs(&route));
        let users = (!users.is_empty()).then(|| t().routes_used_by(&named(&users, USERS)));
        view! {
            <table::Row class=if wins { "wins" } else { "" } text hidden=!is_wanted>
                <Cell class="order">{order}</Cell>
                <RowHead>
                    <b>{name}</b>
                    <p>{made_by}</p>
                    {users.map(|users| view! { <p>{users}</p> })}
                </RowHead>
                <Cell head=t().routes_when()>{when}</Cell>
                <Cell head=t().routes_goes_to()>{goes_to}</Cell>
                <Cell head=t().routes_who_may()>{who}</Cell>
                <Cell head=t().routes_state()>
                    {remarks} {repairs}
                </Cell>
            </table::Row>
        }
        .into_any()
    }
}

/// The agents whose model a route takes.
fn users(all: &Assignments, route: &RouteName) -> Vec<String> {
    let workers = all.workers.iter().map(|(name, now)| (Target::Worker(name.clone()), now));
    let everybody = std::iter::once((Target::Manager, &all.manager)).chain(workers);
    everybody
        .filter(|(_, now)| now.observed.route.as_ref() == Some(route))
        .map(|(target, _)| describe::agent(&target))
        .collect()
}

/// What stands beside a route, the worst first. A route of which nothing is to be said is in order.
fn remarks(route: &AiRoute, providers: Option<&[Provider]>) -> Vec<Remark> {
    let said = |tone, word, more| Remark { tone, word, more };
    let mut remarks = Vec::new();
    if let Some(older) = &route.shadowed_by {
        remarks.push(said(
            Tone::Unknown,
            t().routes_never_asked(),
            Some(t().routes_shadowed_by(older.as_str())),
        ));
    }
    for name in route.upstreams.iter().map(|to| &to.provider).chain(&route.fallback) {
        remarks.extend(trouble(name, providers));
    }
    match &route.consumers {
        None => remarks.push(said(Tone::Busy, t().routes_open(), Some(t().routes_open_means().into()))),
        Some(_) if !route.missing.is_empty() => {
            let names: Vec<_> =
                route.missing.iter().map(|name| describe::consumer(name.as_str()).to_owned()).collect();
            let more = t().routes_missing(&named(&names, USERS));
            remarks.push(said(Tone::Busy, t().routes_locked_out(), Some(more)));
        }
        Some(_) => {}
    }
    if remarks.is_empty() {
        remarks.push(said(Tone::Ok, t().routes_in_order(), None));
    }
    if route.managed_by == ManagedBy::Hiclaw {
        remarks.push(said(Tone::Info, t().routes_reset(), Some(t().routes_reset_means().into())));
    }
    remarks
}

/// What is wrong with a provider that a route sends to.
fn trouble(name: &ProviderName, providers: Option<&[Provider]>) -> Option<Remark> {
    let more = Some(name.to_string());
    match providers?.iter().find(|provider| provider.name == *name) {
        None => Some(Remark { tone: Tone::Danger, word: t().routes_no_provider(), more }),
        Some(provider) => {
            let failed = provider.last_test.as_ref().is_some_and(|last| !last.test.success);
            failed.then_some(Remark { tone: Tone::Danger, word: t().routes_provider_failed(), more })
        }
    }
}

fn remark(Remark { tone, word, more }: Remark) -> AnyView {
    view! { <p class="remark"><Badge tone word/> {more.map(|more| view! { <span>{more}</span> })}</p> }
        .into_any()
}

/// The first names, and how many more there are.
fn named(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => t().routes_and_more(&shown, more),
    }
}

/// What is looked through for a route, in small letters.
fn search_text(route: &AiRoute, users: &[String], remarks: &[Remark]) -> String {
    let providers = in_the_way::words(route);
    let mut words = vec![route.name.as_str(), made_by(route.managed_by), &providers];
    words.extend(route.domains.iter().map(String::as_str));
    words.extend(route.predicates.iter().map(|predicate| predicate.value.as_str()));
    words.extend(route.missing.iter().take(NAMED).map(ConsumerName::as_str));
    words.extend(users.iter().take(NAMED).map(String::as_str));
    words.extend(remarks.iter().map(|remark| remark.word));
    words.join(" ").to_lowercase()
}

fn made_by(whom: ManagedBy) -> &'static str {
    match whom {
        ManagedBy::Hiclaw => t().routes_made_by_hiclaw(),
        ManagedBy::Agm => t().routes_made_by_agm(),
        ManagedBy::Other => t().routes_made_by_other(),
    }
}

/// The conditions in words: host and path where they narrow, then the models.
fn conditions(route: &AiRoute, hosts: Vec<String>) -> AnyView {
    let chip = |text: String| view! { " " <span class="chip">{text}</span> };
    let line = |words: &'static str, values: Vec<String>| {
        (!values.is_empty()).then(|| view! { <p>{words} {values.into_iter().map(chip).collect_view()}</p> })
    };
    let models = |kind: MatchType| {
        let of_kind = route.predicates.iter().filter(move |predicate| predicate.kind == kind);
        of_kind.map(|predicate| predicate.value.clone()).collect::<Vec<_>>()
    };
    let path = (route.path != "/").then(|| route.path.clone()).into_iter().collect();
    let any = route.predicates.is_empty().then(|| view! { <p>{t().routes_any_model()}</p> });
    view! {
        {any}
        {line(t().routes_model_starts(), models(MatchType::Pre))}
        {line(t().routes_model_is(), models(MatchType::Equal))}
        {line(t().routes_host_is(), hosts)}
        {line(t().routes_path_starts(), path)}
    }
    .into_any()
}

fn upstreams(route: &AiRoute) -> AnyView {
    let fallback = route.fallback.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let fallback = (!fallback.is_empty()).then(|| view! { <p>{t().routes_falls_back(&fallback)}</p> });
    view! { {route.upstreams.iter().map(upstream).collect_view()} {fallback} }.into_any()
}

/// A provider, its share of the calls, and which models it is asked for under another name.
fn upstream(to: &RouteUpstream) -> AnyView {
    let share = u64::try_from(to.weight).unwrap_or_default();
    let renamed = to.mapping.iter().filter(|(from, into)| !into.is_empty() && from != into);
    let renamed = renamed.map(|(from, into)| view! { <p>{format!("{from} → {into}")}</p> });
    view! {
        <div class="upstream">
            <b>{to.provider.to_string()}</b>
            <span class="share"><Blocks value=share scale=Scale::Of(100)/> {format!("{}%", to.weight)}</span>
            {renamed.collect_view()}
        </div>
    }
    .into_any()
}

/// Whom the route lets in: counted, and by name when unfolded.
fn consumers(route: &AiRoute) -> AnyView {
    let Some(all) = &route.consumers else { return view! { <p>{t().everybody()}</p> }.into_any() };
    let names: Vec<_> = all.iter().map(|name| describe::consumer(name.as_str()).to_owned()).collect();
    if names.len() < 3 {
        let names = if names.is_empty() { t().nobody().to_owned() } else { named(&names, NAMED) };
        return view! { <p class="who">{names}</p> }.into_any();
    }
    let others = all.iter().filter(|name| !name.is_agent()).count();
    let manager = all.contains(&ConsumerName::manager());
    let workers = all.len() - others - usize::from(manager);
    view! {
        <details id=format!("who-{}", route.name)>
            <summary>{t().routes_lets(manager, workers, others)}</summary>
            <p>{named(&names, NAMED)}</p>
        </details>
    }
    .into_any()
}

/// Buttons that show how agents would be let in: each alone as long as they are few, and all.
fn repairs(route: &AiRoute) -> AnyView {
    let press = |consumer: Option<ConsumerName>, text: String| {
        let label = t().action_of(&text, route.name.as_str());
        let act = Act::Repair { route: Some(route.name.clone()), consumer };
        view! { <Press act text kind=Kind::Small label=label/> }
    };
    let count = route.missing.len();
    let few = route.missing.iter().filter(|_| count <= ONE_BY_ONE);
    let each =
        few.map(|name| press(Some(name.clone()), t().routes_let_in(describe::consumer(name.as_str()))));
    let all = (count > 1).then(|| press(None, t().routes_let_all_in(count)));
    view! { {each.collect_view()} {all} }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn route(change: serde_json::Value) -> AiRoute {
        let mut route = json!({
            "name": "moonshot-ai-route", "managedBy": "agm", "order": 1, "domains": [], "path": "/",
            "predicates": [{"type": "PRE", "value": "Kimi-"}],
            "upstreams": [{"provider": "moonshot", "weight": 100, "mapping": {}}], "fallback": [],
            "consumers": ["manager", "worker-bob"], "missing": [], "shadowedBy": null, "version": "1"
        });
        route.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(route).unwrap()
    }

    fn words(change: serde_json::Value, providers: Option<&[Provider]>) -> Vec<&'static str> {
        remarks(&route(change), providers).into_iter().map(|remark| remark.word).collect()
    }

    #[test]
    fn a_route_is_in_order_when_nothing_is_to_be_said_of_it() {
        assert_eq!(words(json!({}), None), [t().routes_in_order()]);
        assert_eq!(words(json!({"managedBy": "hiclaw"}), None), [t().routes_in_order(), t().routes_reset()]);
        assert_eq!(words(json!({"consumers": null}), None), [t().routes_open()]);
        assert_eq!(words(json!({"missing": ["worker-dave"]}), None), [t().routes_locked_out()]);
        let shadowed = json!({"shadowedBy": "older", "missing": ["worker-dave"]});
        assert_eq!(words(shadowed, None), [t().routes_never_asked(), t().routes_locked_out()]);
    }

    #[test]
    fn a_provider_that_is_gone_is_told_and_one_that_is_unknown_is_not() {
        assert_eq!(words(json!({}), Some(&[])), [t().routes_no_provider()]);
        assert_eq!(words(json!({"fallback": ["qwen"]}), Some(&[])).len(), 2);
        assert_eq!(words(json!({"fallback": ["qwen"]}), None), [t().routes_in_order()]);
    }

    #[test]
    fn a_route_is_found_by_any_of_its_words_in_any_case() {
        let around = |wanted: &str| Around {
            assignments: None,
            providers: None,
            host: None,
            winner: None,
            wanted: wanted.to_owned(),
        };
        let found =
            |wanted: &str| Row::of(route(json!({"missing": ["worker-dave"]})), &around(wanted)).is_wanted;
        assert!(["", "kimi-", "moonshot", "worker-dave"].into_iter().all(found));
        assert!(!found("deepseek"));
    }

    #[test]
    fn many_names_are_counted() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(named(&names, 4), "a, b, c, d");
        assert_eq!(named(&names, 2), t().routes_and_more("a, b", 2));
    }
}
