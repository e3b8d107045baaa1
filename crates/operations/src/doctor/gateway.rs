//! The AI gateway and its routes.
use super::{
    Stored,
    asked::Answers,
    installation::system,
    report::{Many, failed, ok, unknown, warning},
};
use crate::reads::NOT_YET;
use domain::{
    AiRoute, Check, CheckId, ConsumerName, DeepHealth, Failure, Metrics, ProviderName, Repair, RouteName,
    Timestamp, Usage,
};
use higress::LiveRoute;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What only a look at the routes shows.
const OF_ROUTES: [CheckId; 7] = [
    CheckId::DefaultRoute,
    CheckId::RouteProviders,
    CheckId::RouteShadowed,
    CheckId::RouteConsumers,
    CheckId::RouteOpen,
    CheckId::RouteRetry,
    CheckId::RouteLive,
];
/// Nobody waits for an answer for longer, in seconds.
const LONGEST_RETRY: i64 = 3600;
/// How long after the models were asked what they answered is surely counted: they are asked for a minute at most.
const COUNTED_WITHIN: Duration = Duration::from_secs(90);
/// What the console needs for its live routes to be what it stores.
const WRITE_AGAIN: &str =
    "Open the route in the Higress Console and save it unchanged: that makes the gateway's what is stored.";

/// Whether the gateway and its page of figures answer.
pub fn systems(health: &DeepHealth, metrics: &Metrics) -> [Check; 2] {
    let fix = "Start it, or correct HICLAW_AI_GATEWAY_URL and HICLAW_AI_GATEWAY_DOMAIN.";
    let answers = system(CheckId::GatewayReachable, health, "gateway", "answers", fix);
    let id = CheckId::GatewayMetrics;
    let page = match metrics.unavailable.get("connections").or(metrics.unavailable.get("rpm")) {
        None => ok(id, "gateway", format!("gave figures at {}", metrics.timestamp)),
        Some(why) if why == NOT_YET => unknown(id, "gateway", why.clone()),
        Some(why) => warning(id, "gateway", format!("gives no figures: {why}"))
            .fix("Correct AGM_GATEWAY_METRICS_URL. Only the meters are without it."),
    };
    [answers, page]
}

/// Whether the gateway counts what models answer. That it counts nothing is only wrong where a model is known to have
/// answered before.
pub fn statistics(usage: &Usage, answers: Option<&Answers>) -> Check {
    let (id, about) = (CheckId::GatewayStatistics, "gateway");
    if let Some(why) = &usage.unavailable {
        return unknown(id, about, why.clone());
    }
    if !usage.rows.is_empty() {
        return ok(id, about, format!("counts calls and tokens, read at {}", usage.observed_at));
    }
    let asked_at = answers.filter(|answers| answers.any()).map(|answers| &answers.at);
    match asked_at.filter(|at| is_past(at, &usage.observed_at)) {
        None => ok(id, about, "has counted no call yet, and agm knows of none that a model answered"),
        Some(at) => warning(id, about, format!("counts no call, although models answered at {at}")).fix(
            "Switch the plugin ai-statistics on in the Higress Console. Only the figures of use are without it.",
        ),
    }
}

/// Whether what was answered at one time must be counted at the other.
fn is_past(at: &Timestamp, now: &Timestamp) -> bool {
    let [at, now] = [at, now].map(|time| OffsetDateTime::parse(time.as_str(), &Rfc3339));
    at.ok().zip(now.ok()).is_some_and(|(at, now)| now - at > COUNTED_WITHIN)
}

/// Whether the console's objects could be read and understood. `unread`: why they could not even be read.
pub fn readable(unread: Option<&Failure>, stored: &Result<Stored, Failure>) -> Check {
    let (id, about) = (CheckId::RoutesReadable, "console");
    match (unread, stored) {
        (Some(why), _) => unknown(id, about, format!("nothing could be read: {why}")),
        (None, Err(why)) => super::report::failure(id, about, why, "Repair it in the Higress Console."),
        (None, Ok(stored)) => {
            let (routes, providers) = (stored.routes.len(), stored.console.providers.len());
            ok(id, about, format!("{routes} AI routes and {providers} providers were read"))
        }
    }
}

/// The checks of the routes. What `shut_out` names is said of the agents themselves.
pub fn routes(
    stored: &Result<Stored, Failure>,
    live: &Result<Vec<LiveRoute>, Failure>,
    shut_out: &BTreeSet<(RouteName, ConsumerName)>,
) -> Vec<Check> {
    let stored = match stored {
        Ok(stored) => stored,
        Err(why) => {
            let unread = |id| unknown(id, "AI routes", format!("they could not be read: {why}"));
            return OF_ROUTES.into_iter().map(unread).collect();
        }
    };
    let mut checks = vec![default_route(&stored.routes)];
    checks.extend(providers(stored));
    checks.extend(shadowed(&stored.routes));
    checks.extend(consumers(&stored.routes, shut_out));
    checks.extend(open(&stored.routes));
    checks.extend(retries(stored));
    checks.extend(as_stored(stored, live));
    checks
}

fn default_route(routes: &[AiRoute]) -> Check {
    let (id, name) = (CheckId::DefaultRoute, RouteName::default_route());
    if routes.iter().any(|route| route.name == name) {
        return ok(id, name.as_str(), "takes the models that no other route takes");
    }
    warning(id, name.as_str(), "is not there: a model that no other route takes is answered 404")
        .fix("HiClaw makes it when it is installed. Make it in the Higress Console, without a condition on models.")
}

fn providers(stored: &Stored) -> Vec<Check> {
    let id = CheckId::RouteProviders;
    let is_there = |name: &&ProviderName| stored.view.provider(name).is_some();
    let mut many = Many::of(id);
    for route in &stored.routes {
        let gone = |names: Vec<&ProviderName>| {
            let gone = names.into_iter().filter(|name| !is_there(name)).map(ProviderName::as_str);
            gone.collect::<Vec<_>>().join(", ")
        };
        let lost = gone(route.upstreams.iter().map(|upstream| &upstream.provider).collect());
        let spare = gone(route.fallback.iter().collect());
        let fix = "Add a provider of this name, or give the route another one in the Higress Console.";
        if !lost.is_empty() {
            many.found(
                failed(id, route.name.as_str(), format!("leads to {lost}, which does not exist")).fix(fix),
            );
        } else if !spare.is_empty() {
            let evidence = format!("falls back to {spare}, which does not exist");
            many.found(warning(id, route.name.as_str(), evidence).fix(fix));
        } else {
            many.well(&route.name);
        }
    }
    many.told("routes", "all their providers exist")
}

fn shadowed(routes: &[AiRoute]) -> Vec<Check> {
    let id = CheckId::RouteShadowed;
    let mut many = Many::of(id);
    for route in routes {
        match &route.shadowed_by {
            None => many.well(&route.name),
            Some(older) => many.found(
                failed(
                    id,
                    route.name.as_str(),
                    format!("is never used: {older} is older and has the same conditions"),
                )
                .fix(format!("Give it other conditions in the Higress Console, or remove {}.", route.name)),
            ),
        }
    }
    many.told("routes", "no older route has the same conditions")
}

fn consumers(routes: &[AiRoute], shut_out: &BTreeSet<(RouteName, ConsumerName)>) -> Vec<Check> {
    let id = CheckId::RouteConsumers;
    let mut many = Many::of(id);
    for route in routes {
        let said = |consumer: &&ConsumerName| {
            !shut_out.contains(&(route.name.clone(), ConsumerName::clone(consumer)))
        };
        let missing: Vec<_> = route.missing.iter().filter(said).map(ConsumerName::as_str).collect();
        if missing.is_empty() {
            many.well(&route.name);
            continue;
        }
        let (name, evidence) = (&route.name, format!("does not let {} in", missing.join(", ")));
        let repair = Repair::RouteAccess { route: name.clone(), consumer: None };
        many.found(
            warning(id, name.as_str(), evidence)
                .fix(format!(
                    "Let them in before one of them is given a model of it: agm route repair --route {name}"
                ))
                .repair(repair),
        );
    }
    let evidence = match shut_out.is_empty() {
        true => "they let every agent in",
        false => "they let every agent in that is not told of by itself",
    };
    many.told("routes", evidence)
}

fn open(routes: &[AiRoute]) -> Vec<Check> {
    let id = CheckId::RouteOpen;
    let mut many = Many::of(id);
    for route in routes {
        match route.consumers {
            Some(_) => many.well(&route.name),
            None => many.found(
                warning(
                    id,
                    route.name.as_str(),
                    "asks for no key: whoever reaches the gateway calls on your account",
                )
                .fix("Switch its authentication on in the Higress Console and let the agents' consumers in."),
            ),
        }
    }
    many.told("routes", "each asks for the key of a consumer that it lets in")
}

/// Releases before 2.2.2 fill in 120,000, and mean seconds.
fn retries(stored: &Stored) -> Vec<Check> {
    let id = CheckId::RouteRetry;
    let mut many = Many::of(id);
    for route in &stored.console.routes {
        let name = route.name();
        match route.retry_seconds().filter(|seconds| *seconds > LONGEST_RETRY) {
            None => many.well(name),
            Some(seconds) => {
                let evidence = format!("goes on trying after an error for {seconds} s");
                many.found(warning(id, name.as_str(), evidence).fix(
                    "Set the time limit of its retries to 120 in the Higress Console: it is in seconds.",
                ));
            }
        }
    }
    many.told("routes", "no call is tried again for longer than an hour")
}

/// What the gateway was given, next to what is stored.
fn as_stored(stored: &Stored, live: &Result<Vec<LiveRoute>, Failure>) -> Vec<Check> {
    let id = CheckId::RouteLive;
    let live: BTreeMap<_, _> = match live {
        Ok(live) => live.iter().map(|live| (&live.name, live)).collect(),
        Err(why) => return vec![unknown(id, "AI routes", format!("what is live could not be read: {why}"))],
    };
    let mut many = Many::of(id);
    for route in &stored.console.routes {
        let name = route.name();
        let found = match live.get(name) {
            None => failed(id, name.as_str(), "is stored, but the gateway was not given it"),
            Some(live) => match live.differences(route).as_slice() {
                [] => {
                    many.well(name);
                    continue;
                }
                differences => warning(id, name.as_str(), differences.join("; ")),
            },
        };
        many.found(found.fix(WRITE_AGAIN));
    }
    for orphan in live.keys().filter(|name| stored.console.route(name).is_none()) {
        let evidence = "is live at the gateway, but not stored: nobody sees it, and it takes calls";
        many.found(warning(id, orphan.as_str(), evidence).fix(
            "Add an AI route of this name in the Higress Console and remove it again: both go together.",
        ));
    }
    many.told("routes", "the gateway was given what is stored")
}
