//! `/v1/ai/routes`. A write makes everything live first and stores the route last; only the last step looks at the
//! version. Whatever fails there leaves the refused route live.
use serde_json::{Map, Value, json};

use super::ai_route::{AiRoute, AiUpstream, MODEL_HEADER};
use super::apiserver::{Api, Stored};
use super::documents::{ConfigKind, ConfigMap, EnvoyFilter, Scope, Targets};
use super::faults::Release;
use super::jackson;
use super::plugins::{AI_STATISTICS, Instance, MODEL_MAPPER, MODEL_ROUTER, target};
use super::refusal::{ApiError, Refusal};
use super::route::{KeyedPredicate, Predicate, Route, Upstream};

/// Header that marks a call which a failed upstream sent on.
pub(super) const FALLBACK_HEADER: &str = "x-higress-fallback-from";

/// Name of the Ingress behind an AI route.
pub(super) fn ingress_name(route: &str) -> String {
    format!("ai-route-{route}.internal")
}

/// Name of the Ingress that takes the calls which failed.
fn fallback_name(route: &str) -> String {
    format!("ai-route-{route}.fallback.internal")
}

fn document_name(route: &str) -> String {
    format!("ai-route-{route}")
}

fn document(route: &AiRoute) -> ConfigMap {
    let mut data = serde_json::to_value(route).unwrap_or_default();
    data["version"] = Value::Null;
    ConfigMap { kind: ConfigKind::AiRoute, data }
}

fn stored_route(stored: &Stored<ConfigMap>, release: Release) -> AiRoute {
    let mut route: AiRoute = serde_json::from_value(stored.body.data.clone()).unwrap_or_default();
    route.version = Some(stored.version());
    route.fill_defaults(release);
    route
}

fn live_route(name: String, route: &AiRoute, services: Vec<Upstream>) -> Route {
    let headers = route.header_predicates.iter().flatten().cloned().chain(route.model_header()).collect();
    Route {
        name: Some(name),
        domains: route.domains.clone(),
        path: route.path_predicate.clone(),
        headers: Some(headers),
        url_params: route.url_param_predicates.clone(),
        services: Some(services),
        proxy_next_upstream: route.proxy_next_upstream.clone(),
        cors: route.cors.clone(),
        header_control: route.header_control.clone(),
        auth_config: route.auth_config.clone(),
        custom_configs: route.custom_configs.clone(),
        custom_labels: route.custom_labels.clone(),
        ..Route::default()
    }
}

impl Api {
    pub(super) async fn ai_routes(&self) -> Result<Vec<AiRoute>, Refusal> {
        let maps = self.list::<ConfigMap>().await?;
        let routes = maps.iter().filter(|(_, stored)| stored.body.kind == ConfigKind::AiRoute);
        Ok(routes.map(|(_, stored)| stored_route(stored, self.switches.release())).collect())
    }

    pub(super) async fn ai_route(&self, name: &str) -> Result<Option<AiRoute>, Refusal> {
        let stored = self.read::<ConfigMap>(&document_name(name)).await?;
        Ok(stored.map(|stored| stored_route(&stored, self.switches.release())))
    }

    /// `POST`: a name that is taken is found out after the route is live.
    pub(super) async fn add_ai_route(&self, mut route: AiRoute) -> Result<AiRoute, Refusal> {
        route.validate()?;
        let name = self.make_live(&mut route).await?;
        let stored =
            self.create(&document_name(&name), document(&route)).await.map_err(ApiError::on_write)?;
        Ok(stored_route(&stored, self.switches.release()))
    }

    /// `PUT`: the URL's name wins, but the body must have one.
    pub(super) async fn put_ai_route(&self, name: &str, mut route: AiRoute) -> Result<AiRoute, Refusal> {
        if jackson::empty(route.name.as_deref()) {
            let message = "Route name in the URL doesn't match the one in the body.";
            return Err(Refusal::NameMismatch(message.to_owned()));
        }
        route.name = Some(name.to_owned());
        route.validate()?;
        self.update_ai_route(route).await
    }

    async fn update_ai_route(&self, mut route: AiRoute) -> Result<AiRoute, Refusal> {
        let name = self.make_live(&mut route).await?;
        let version = route.version.as_deref().filter(|version| !version.is_empty());
        let written = self.replace(&document_name(&name), version, document(&route)).await;
        Ok(stored_route(&written.map_err(ApiError::on_write)?, self.switches.release()))
    }

    /// `DELETE`, which also clears away what a failed write left.
    pub(super) async fn delete_ai_route(&self, name: &str) -> Result<(), Refusal> {
        self.delete_route(&ingress_name(name)).await?;
        self.delete_fallback(name).await?;
        self.delete::<ConfigMap>(&document_name(name)).await?;
        Ok(())
    }

    /// Saves every AI route that uses a provider, so that it points to the provider's present service.
    pub(super) async fn save_routes_on(&self, provider: &str) -> Result<(), Refusal> {
        let uses = |upstreams: Option<&Vec<AiUpstream>>| {
            upstreams.into_iter().flatten().any(|upstream| upstream.provider.as_deref() == Some(provider))
        };
        for route in self.ai_routes().await? {
            let fallback = route.fallback_config.as_ref().filter(|fallback| fallback.is_enabled());
            if uses(route.upstreams.as_ref())
                || fallback.is_some_and(|fallback| uses(fallback.upstreams.as_ref()))
            {
                self.update_ai_route(route).await?;
            }
        }
        Ok(())
    }

    /// Writes all that the data plane needs; gives the route's name.
    async fn make_live(&self, route: &mut AiRoute) -> Result<String, Refusal> {
        route.fill_defaults(self.switches.release());
        let name = route.name.clone().unwrap_or_default();
        let ingress = ingress_name(&name);
        let upstreams = route.upstreams.clone().unwrap_or_default();
        let services = self.services_of(&upstreams).await?;
        self.save_live_route(live_route(ingress.clone(), route, services)).await?;
        if route.model_predicates.as_ref().is_some_and(|predicates| !predicates.is_empty()) {
            self.enable_model_router().await?;
        }
        self.write_mappings(&ingress, &upstreams).await?;
        self.enable_statistics(&ingress).await?;
        self.write_fallback(&name, route).await?;
        Ok(name)
    }

    async fn services_of(&self, upstreams: &[AiUpstream]) -> Result<Vec<Upstream>, Refusal> {
        let mut services = Vec::new();
        for upstream in upstreams {
            let service = self.provider_service(upstream.provider.as_deref().unwrap_or_default()).await?;
            services.push(Upstream { weight: upstream.weight, ..service });
        }
        Ok(services)
    }

    /// Creates the Ingress or replaces whatever is there now.
    async fn save_live_route(&self, mut route: Route) -> Result<(), Refusal> {
        match self.route(route.name.as_deref().unwrap_or_default()).await? {
            None => self.add_route(&route).await?,
            Some(live) => {
                route.version = live.version;
                self.update_route(&route).await?
            }
        };
        Ok(())
    }

    async fn enable_model_router(&self) -> Result<(), Refusal> {
        let plugin = self.plugin(MODEL_ROUTER, true).await?;
        let mut global = Instance::global(plugin.as_ref()).unwrap_or_else(|| Instance {
            targets: Targets::new(),
            config: Map::new(),
            enabled: true,
        });
        global.enabled = true;
        global.config.insert("modelToHeader".to_owned(), json!(MODEL_HEADER));
        self.save_instances(MODEL_ROUTER, true, vec![global]).await?;
        Ok(())
    }

    /// One rule per upstream that maps models. Rules of upstreams that are gone stay.
    async fn write_mappings(&self, ingress: &str, upstreams: &[AiUpstream]) -> Result<(), Refusal> {
        for upstream in upstreams {
            let service = self.provider_service(upstream.provider.as_deref().unwrap_or_default()).await?;
            let mut targets = target(Scope::Route, ingress);
            targets.insert(Scope::Service, service.name.unwrap_or_default());
            let Some(mapping) = upstream.model_mapping.as_ref().filter(|mapping| !mapping.is_empty()) else {
                self.delete_instance(MODEL_MAPPER, true, &targets).await?;
                continue;
            };
            let mut config = Map::new();
            config.insert("modelMapping".to_owned(), Value::Object(mapping.clone()));
            self.save_instances(MODEL_MAPPER, true, vec![Instance { targets, config, enabled: true }])
                .await?;
        }
        Ok(())
    }

    async fn enable_statistics(&self, ingress: &str) -> Result<(), Refusal> {
        let targets = target(Scope::Route, ingress);
        if Instance::bound(self.plugin(AI_STATISTICS, false).await?.as_ref(), &targets).is_some() {
            return Ok(());
        }
        let mut config = Map::new();
        config.insert("use_default_response_attributes".to_owned(), Value::Bool(true));
        self.save_instances(AI_STATISTICS, false, vec![Instance { targets, config, enabled: true }]).await?;
        Ok(())
    }

    async fn write_fallback(&self, name: &str, route: &mut AiRoute) -> Result<(), Refusal> {
        let upstreams = match route.fallback_config.as_mut() {
            Some(fallback) if fallback.is_enabled() => chosen(fallback),
            _ => Vec::new(),
        };
        if upstreams.is_empty() {
            return self.delete_fallback(name).await;
        }
        let ingress = fallback_name(name);
        let services = self.services_of(&upstreams).await?;
        let mut live = live_route(ingress.clone(), route, services);
        live.headers.get_or_insert_default().push(KeyedPredicate {
            key: Some(FALLBACK_HEADER.to_owned()),
            predicate: Predicate {
                match_type: Some("EQUAL".to_owned()),
                match_value: Some(ingress_name(name)),
                case_sensitive: Some(true),
            },
        });
        self.save_live_route(live).await?;
        let codes = route.fallback_config.as_ref().and_then(|fallback| fallback.response_codes.clone());
        self.save_filter(&ingress_name(name), EnvoyFilter { response_codes: codes.unwrap_or_default() })
            .await?;
        self.write_mappings(&ingress, &upstreams).await?;
        self.enable_statistics(&ingress).await
    }

    async fn save_filter(&self, name: &str, filter: EnvoyFilter) -> Result<(), Refusal> {
        match self.read::<EnvoyFilter>(name).await? {
            None => self.create(name, filter).await?,
            Some(stored) => self.replace(name, Some(&stored.version()), filter).await?,
        };
        Ok(())
    }

    async fn delete_fallback(&self, name: &str) -> Result<(), Refusal> {
        self.delete::<EnvoyFilter>(&ingress_name(name)).await?;
        self.delete_route(&fallback_name(name)).await
    }
}

/// The upstreams that take over: all with the same weight, or the first one only. The weights are stored with the route.
fn chosen(fallback: &mut super::ai_route::Fallback) -> Vec<AiUpstream> {
    let upstreams = fallback.upstreams.get_or_insert_default();
    if fallback.fallback_strategy.as_deref() == Some("SEQ") {
        return upstreams.iter().take(1).cloned().collect();
    }
    upstreams.iter_mut().for_each(|upstream| upstream.weight = Some(1));
    upstreams.clone()
}
