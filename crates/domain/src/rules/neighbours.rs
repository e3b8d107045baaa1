//! Who calls over routes that a change does not write, but that stand beside those it does.
use super::order::winner_for;
use super::view::{AgentView, RouteView, RoutingView};
use crate::{ModelId, ProviderName, RouteName, Target};
use std::collections::BTreeSet;

/// The most that are asked after one change.
const MOST: usize = 8;

/// An agent that a route serves which is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub target: Target,
    pub model: ModelId,
    pub route: RouteName,
    /// The first upstream of the route.
    pub provider: ProviderName,
    /// Its calls go another way after the change.
    pub moved: bool,
}

/// Whether calls for a model that a route takes before a change go to another route or provider after it. Then an answer
/// proves nothing while the gateway may still go by the old configuration.
pub fn moves(before: &RoutingView, after: &RoutingView, model: &ModelId) -> bool {
    let way = |view| winner_for(view, model.as_str()).map(|route| (&route.name, &route.upstreams));
    way(before).is_some_and(|old| way(after) != Some(old))
}

/// Agents that a change is not for, but may reach: those whose calls go another way after it, and those that are served
/// now by routes that the change leaves alone and that share a host or a provider with a written one, before or after. At
/// most one agent a route and eight in all, in the order of the agents.
pub fn neighbours(
    before: &RoutingView,
    after: &RoutingView,
    written: &BTreeSet<RouteName>,
    targets: &[Target],
) -> Vec<Neighbour> {
    let changed: Vec<&RouteView> =
        before.routes.iter().chain(&after.routes).filter(|route| written.contains(&route.name)).collect();
    let mut asked = BTreeSet::new();
    let bystanders = before.agents.iter().filter(|agent| !targets.contains(&agent.target));
    let reached = bystanders.filter_map(|agent| {
        let (model, old) = served(before, agent)?;
        let moved = moves(before, after, model);
        let route = if moved { winner_for(after, model.as_str()).unwrap_or(old) } else { old };
        let is_beside = !written.contains(&old.name) && changed.iter().any(|c| beside(c, old));
        let (target, model) = (agent.target.clone(), model.clone());
        let provider = route.upstreams.first()?.provider.clone();
        (moved || is_beside).then(|| Neighbour { target, model, route: route.name.clone(), provider, moved })
    });
    reached.filter(|one| asked.insert((one.route.clone(), one.moved))).take(MOST).collect()
}

/// The route that takes the agent's calls and lets it in.
fn served<'a>(view: &'a RoutingView, agent: &'a AgentView) -> Option<(&'a ModelId, &'a RouteView)> {
    let model = agent.model.as_ref()?;
    let route = winner_for(view, model.as_str())?;
    let consumer = agent.target.consumer();
    let allowed = route.consumers.as_ref().is_none_or(|allowed| allowed.contains(&consumer));
    allowed.then_some((model, route))
}

fn beside(a: &RouteView, b: &RouteView) -> bool {
    let same_host = a.domains.is_empty()
        || b.domains.is_empty()
        || a.domains.iter().any(|host| b.domains.iter().any(|other| other.eq_ignore_ascii_case(host)));
    same_host || providers(a).any(|provider| providers(b).any(|other| other == provider))
}

fn providers(route: &RouteView) -> impl Iterator<Item = &ProviderName> {
    route.upstreams.iter().map(|upstream| &upstream.provider).chain(&route.fallback)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::PathRule;
    use crate::{MatchType, ModelPredicate, RouteUpstream};
    use proptest::prelude::*;

    fn route(name: &str, host: &str, provider: &str, model: &str, consumers: &[&str]) -> RouteView {
        RouteView {
            name: name.parse().unwrap(),
            version: String::new(),
            domains: vec![host.into()],
            path: PathRule { prefix: "/".into(), case_sensitive: true },
            headers: Vec::new(),
            params: Vec::new(),
            predicates: vec![ModelPredicate { kind: MatchType::Equal, value: model.into() }],
            upstreams: vec![RouteUpstream {
                provider: provider.parse().unwrap(),
                weight: 100,
                mapping: Default::default(),
            }],
            fallback: Vec::new(),
            consumers: Some(consumers.iter().map(|name| name.parse().unwrap()).collect()),
        }
    }

    fn view(routes: Vec<RouteView>, agents: &[(&str, &str)]) -> RoutingView {
        let agents = agents.iter().map(|(target, model)| AgentView {
            target: target.parse().unwrap(),
            model: Some(model.parse().unwrap()),
        });
        RoutingView { host: "gw".into(), routes, agents: agents.collect(), ..RoutingView::default() }
    }

    fn asked(view: &RoutingView, written: &[&str], targets: &[&str]) -> Vec<String> {
        let written = written.iter().map(|name| name.parse().unwrap()).collect();
        let targets: Vec<_> = targets.iter().map(|name| name.parse().unwrap()).collect();
        let found = neighbours(view, view, &written, &targets);
        found.iter().map(|n| format!("{} over {}", n.target.agent(), n.route)).collect()
    }

    #[test]
    fn one_agent_of_each_route_beside_a_written_one_is_asked() {
        let all = ["manager", "worker-alice", "worker-bob", "worker-dave"];
        let routes = vec![
            route("written", "gw", "p", "m-p", &all),
            route("same-host", "gw", "q", "m-q", &all),
            route("shut", "gw", "q", "m-s", &["manager"]),
        ];
        let agents =
            [("manager", "m-p"), ("alice", "m-q"), ("bob", "m-q"), ("dave", "m-s"), ("erin", "m-none")];
        let view = view(routes, &agents);
        assert_eq!(asked(&view, &["written"], &[]), ["alice over same-host"]);
        assert_eq!(asked(&view, &["written"], &["alice"]), ["bob over same-host"]);
        assert!(asked(&view, &[], &[]).is_empty());
    }

    #[test]
    fn who_is_sent_another_way_is_asked_over_the_new_one() {
        let all = ["manager", "worker-alice"];
        let old = || route("old", "gw", "p", "m", &all);
        let agents = [("manager", "m"), ("alice", "other")];
        let before = view(vec![old(), route("beside", "gw", "q", "other", &all)], &agents);
        let mut after = before.clone();
        after.routes.retain(|route| route.name.as_str() != "old");
        after.routes.push(route("new", "gw", "r", "m", &all));
        let written = ["old", "new"].iter().map(|name| name.parse().unwrap()).collect();
        let found = neighbours(&before, &after, &written, &[]);
        let told: Vec<_> = found
            .iter()
            .map(|n| (n.target.agent(), n.route.as_str(), n.provider.as_str(), n.moved))
            .collect();
        assert_eq!(told, [("manager", "new", "r", true), ("alice", "beside", "q", false)]);
        assert!(moves(&before, &after, &"m".parse().unwrap()));
        assert!(!moves(&before, &after, &"other".parse().unwrap()));
        assert!(!moves(&view(Vec::new(), &agents), &after, &"m".parse().unwrap()), "nobody answered before");
    }

    #[test]
    fn a_route_of_another_host_is_a_neighbour_by_its_provider_only() {
        let view = |provider| {
            let routes = vec![
                route("written", "elsewhere", "p", "m", &[]),
                route("here", "gw", provider, "m", &["manager"]),
            ];
            view(routes, &[("manager", "m")])
        };
        assert_eq!(asked(&view("p"), &["written"], &[]), ["manager over here"]);
        assert!(asked(&view("q"), &["written"], &[]).is_empty());
    }

    proptest! {
        /// Whoever is asked was served, over a route that is not written; no route is asked twice; never more than eight.
        #[test]
        fn only_the_served_are_asked(
            models in proptest::collection::vec(0..12usize, 0..30),
            written in proptest::collection::btree_set(0..12usize, 0..4),
            shut in proptest::collection::btree_set(0..12usize, 0..4),
        ) {
            let workers: Vec<String> = (0..models.len()).map(|n| format!("w{n}")).collect();
            let consumers: Vec<String> = workers.iter().map(|name| format!("worker-{name}")).collect();
            let routes = (0..12).map(|n| {
                let inside: Vec<&str> =
                    if shut.contains(&n) { Vec::new() } else { consumers.iter().map(String::as_str).collect() };
                route(&format!("r{n}"), "gw", "p", &format!("m{n}"), &inside)
            });
            let named: Vec<String> = models.iter().map(|n| format!("m{n}")).collect();
            let agents: Vec<(&str, &str)> =
                workers.iter().map(String::as_str).zip(named.iter().map(String::as_str)).collect();
            let view = view(routes.collect(), &agents);
            let names: BTreeSet<RouteName> = written.iter().map(|n| format!("r{n}").parse().unwrap()).collect();
            let found = neighbours(&view, &view, &names, &[]);
            let distinct: BTreeSet<_> = found.iter().map(|n| &n.route).collect();
            prop_assert!(found.len() <= MOST && distinct.len() == found.len());
            for one in &found {
                let index: usize = one.route.as_str()[1..].parse().unwrap();
                prop_assert!(!written.contains(&index) && !shut.contains(&index));
            }
            let free = models.iter().filter(|n| !written.contains(n) && !shut.contains(n)).collect::<BTreeSet<_>>();
            let expected = if written.is_empty() { 0 } else { free.len().min(MOST) };
            prop_assert_eq!(found.len(), expected);
        }
    }
}
