//! Where the agents' calls go: worked out once for each model that they run, not once for each agent.
use super::CHAT;
use domain::{
    ConsumerName, ModelId, RouteName,
    rules::{RouteView, RoutingView, first_to_take, ordered},
};
use std::collections::{BTreeMap, BTreeSet};

/// The routes of all models that agents run, and whom those let in.
pub struct Ways<'a> {
    routes: BTreeMap<&'a ModelId, &'a RouteView>,
    /// Of the routes that ask for a key.
    admitted: BTreeMap<&'a RouteName, BTreeSet<&'a ConsumerName>>,
}

impl<'a> Ways<'a> {
    /// Works them out.
    pub fn of(view: &'a RoutingView) -> Self {
        let asked = ordered(&view.routes, &view.host);
        let models: BTreeSet<&ModelId> =
            view.agents.iter().filter_map(|agent| agent.model.as_ref()).collect();
        let route = |model: &'a ModelId| Some((model, first_to_take(&asked, CHAT, Some(model.as_str()))?));
        let routes: BTreeMap<_, _> = models.into_iter().filter_map(route).collect();
        let admitted =
            |route: &&'a RouteView| Some((&route.name, route.consumers.as_ref()?.iter().collect()));
        Self { admitted: routes.values().filter_map(admitted).collect(), routes }
    }

    /// The route that takes calls for a model that some agent runs.
    pub fn route(&self, model: &ModelId) -> Option<&'a RouteView> {
        self.routes.get(model).copied()
    }

    /// Whether one of these routes lets a consumer in.
    pub fn admits(&self, route: &RouteView, consumer: &ConsumerName) -> bool {
        self.admitted.get(&route.name).is_none_or(|admitted| admitted.contains(consumer))
    }
}
