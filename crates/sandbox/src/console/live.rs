//! The data plane's view of the live documents. What the console stored for itself plays no part in it.
use std::collections::BTreeMap;

use serde_json::Value;

use super::ai_routes::FALLBACK_HEADER;
use super::apiserver::{State, Stored};
use super::consumers::{allowed_in, consumers_in};
use super::documents::{EnvoyFilter, Ingress, McpBridge, Registry, Scope, Targets, WasmPlugin};
use super::faults::Release;
use super::ingress_route::to_route;
use super::jackson;
use super::plugins::{AI_PROXY, Instance, KEY_AUTH, MODEL_MAPPER, document_name, target};
use super::provider_types::ProviderType;
use super::providers::{entries_in, upstream_of};
use super::route::{KeyedPredicate, MatchType, Route, Upstream};
use super::service_sources::is_served;
use crate::live::{LiveBackend, LiveConfig, LiveConsumer, LiveFallback, LiveProvider, LiveRoute, Match};

struct Documents<'a> {
    ai_proxy: Option<&'a Stored<WasmPlugin>>,
    key_auth: Option<&'a Stored<WasmPlugin>>,
    model_mapper: Option<&'a Stored<WasmPlugin>>,
    registries: &'a [Registry],
    ingresses: BTreeMap<&'a str, &'a Stored<Ingress>>,
    filters: BTreeMap<&'a str, &'a EnvoyFilter>,
}

/// The live configuration that the documents stand for.
pub(super) fn project(state: &State) -> LiveConfig {
    let plugins = state.documents::<WasmPlugin>();
    let plugin = |name: &str| {
        let wanted = document_name(name, true);
        plugins.iter().find(|(file, _)| file.name() == wanted).map(|(_, stored)| stored)
    };
    let bridge = state.documents::<McpBridge>().values().next();
    let documents = Documents {
        ai_proxy: plugin(AI_PROXY),
        key_auth: plugin(KEY_AUTH),
        model_mapper: plugin(MODEL_MAPPER),
        registries: bridge.map(|bridge| bridge.body.registries.as_slice()).unwrap_or_default(),
        ingresses: state.documents::<Ingress>().iter().map(|(file, stored)| (file.name(), stored)).collect(),
        filters: state
            .documents::<EnvoyFilter>()
            .iter()
            .map(|(file, stored)| (file.name(), &stored.body))
            .collect(),
    };
    LiveConfig {
        providers: documents.providers(),
        routes: documents.routes(),
        consumers: documents.consumers(),
    }
}

impl Documents<'_> {
    fn registry(&self, service: &str) -> Option<&Registry> {
        self.registries.iter().find(|registry| {
            service.strip_prefix(registry.name.as_str()).and_then(|rest| rest.strip_prefix('.'))
                == Some(&registry.kind)
        })
    }

    /// First address of a service; none when the controller has no such service.
    fn address(&self, service: &str) -> Option<String> {
        let registry = self.registry(service).filter(|registry| is_served(registry))?;
        let first = registry.domain.split(',').map(str::trim).find(|part| !part.is_empty())?;
        match registry.kind.as_str() {
            "dns" => Some(format!("{first}:{}", registry.port.unwrap_or(80))),
            _ => Some(first.to_owned()),
        }
    }

    fn providers(&self) -> BTreeMap<String, LiveProvider> {
        let entries = self.ai_proxy.into_iter().flat_map(|plugin| entries_in(&plugin.body));
        let mut providers = BTreeMap::new();
        for entry in entries {
            let (Some(name), Some(kind)) =
                (jackson::string_of(entry, "id"), jackson::string_of(entry, "type"))
            else {
                continue;
            };
            let tokens = entry.get("apiTokens").and_then(Value::as_array).into_iter().flatten();
            let provider = LiveProvider {
                tokens: tokens.filter_map(Value::as_str).map(str::to_owned).collect(),
                protocol: jackson::string_of(entry, "protocol").unwrap_or_else(|| "openai".to_owned()),
                endpoint: self.endpoint(&name, &kind, entry),
                raw: Value::Object(entry.clone()),
                kind,
            };
            providers.insert(name, provider);
        }
        providers
    }

    fn endpoint(&self, name: &str, kind: &str, entry: &serde_json::Map<String, Value>) -> Option<String> {
        let kind = ProviderType::of(kind, Release::V2_2_4)?;
        let service = upstream_of(name, kind, entry).ok()?.name?;
        let address = self.address(&service)?;
        let protocol = self.registry(&service)?.protocol.as_deref().unwrap_or("http");
        let path = kind.endpoints(entry).ok()?.first()?.path.trim_end_matches('/').to_owned();
        Some(format!("{protocol}://{address}{path}"))
    }

    fn consumers(&self) -> Vec<LiveConsumer> {
        let consumers = self.key_auth.into_iter().flat_map(|plugin| consumers_in(&plugin.body));
        consumers
            .flat_map(|consumer| {
                let name = consumer.name.unwrap_or_default();
                consumer.credentials.into_iter().flatten().map(move |credential| LiveConsumer {
                    name: name.clone(),
                    source: credential.source.unwrap_or_default(),
                    key: credential.key,
                    values: credential.values.unwrap_or_default(),
                })
            })
            .collect()
    }

    /// All routes but those that only take what another route's upstream failed to do: they are its fallback.
    fn routes(&self) -> Vec<LiveRoute> {
        let mut ingresses: Vec<_> = self.ingresses.iter().collect();
        ingresses.sort_by_key(|(_, stored)| stored.created);
        let routes =
            ingresses.into_iter().map(|(name, stored)| (*name, to_route(name, String::new(), &stored.body)));
        routes
            .filter(|(_, route)| !is_fallback(route))
            .map(|(name, route)| self.route(name, &route))
            .collect()
    }

    fn route(&self, name: &str, route: &Route) -> LiveRoute {
        let path = route.path.clone().unwrap_or_default();
        let rule = Instance::bound(self.key_auth, &target(Scope::Route, name)).filter(|rule| rule.enabled);
        let rewrite = route.rewrite.as_ref().filter(|rewrite| rewrite.enabled == Some(true));
        let control = route.header_control.as_ref().filter(|control| control.enabled == Some(true));
        let added =
            control.and_then(|control| control.request.as_ref()).and_then(|request| request.add.as_ref());
        LiveRoute {
            ingress: name.to_owned(),
            hosts: route.domains.clone().unwrap_or_default(),
            path: matching(path.match_type.as_deref(), path.match_value.clone().unwrap_or_default()),
            path_case_sensitive: path.case_sensitive != Some(false),
            methods: route.methods.clone().unwrap_or_default(),
            headers: keyed(route.headers.as_deref()),
            params: keyed(route.url_params.as_deref()),
            backends: self.backends(name, route.services.as_deref().unwrap_or_default()),
            fallback: self.fallback(name),
            allow: rule.map(|rule| allowed_in(&rule.config)),
            rewrite_path: rewrite.and_then(|rewrite| rewrite.path.clone()),
            add_headers: added
                .into_iter()
                .flatten()
                .filter_map(|header| Some((header.key.clone()?, header.value.clone().unwrap_or_default())))
                .collect(),
        }
    }

    fn fallback(&self, name: &str) -> Option<LiveFallback> {
        let filter = self.filters.get(name)?;
        let fallback = format!("{}.fallback.internal", name.strip_suffix(".internal")?);
        let route = to_route(&fallback, String::new(), &self.ingresses.get(fallback.as_str())?.body);
        let class = |code: &String| code.strip_suffix("xx").and_then(|class| class.parse().ok());
        Some(LiveFallback {
            classes: filter.response_codes.iter().filter_map(class).collect(),
            random: true,
            backends: self.backends(&fallback, route.services.as_deref().unwrap_or_default()),
        })
    }

    fn backends(&self, ingress: &str, services: &[Upstream]) -> Vec<LiveBackend> {
        services.iter().map(|service| self.backend(ingress, service)).collect()
    }

    fn backend(&self, ingress: &str, service: &Upstream) -> LiveBackend {
        let name = service.name.as_deref().unwrap_or_default();
        let weight = i64::from(service.weight.unwrap_or(100));
        let bound = Instance::bound(self.ai_proxy, &target(Scope::Service, name)).filter(|rule| rule.enabled);
        match bound.and_then(|rule| jackson::string_of(&rule.config, "activeProviderId")) {
            Some(provider) => {
                LiveBackend::Provider { mapping: self.mapping(ingress, name), name: provider, weight }
            }
            None => LiveBackend::Service { address: self.address(name), weight },
        }
    }

    fn mapping(&self, ingress: &str, service: &str) -> BTreeMap<String, String> {
        let targets =
            Targets::from([(Scope::Route, ingress.to_owned()), (Scope::Service, service.to_owned())]);
        let rule = Instance::bound(self.model_mapper, &targets).filter(|rule| rule.enabled);
        let mapping =
            rule.and_then(|rule| rule.config.get("modelMapping").and_then(Value::as_object).cloned());
        let texts = mapping.into_iter().flatten();
        texts.filter_map(|(from, to)| Some((from, to.as_str()?.to_owned()))).collect()
    }
}

fn is_fallback(route: &Route) -> bool {
    route.headers.iter().flatten().any(|header| header.key.as_deref() == Some(FALLBACK_HEADER))
}

fn matching(kind: Option<&str>, value: String) -> Match {
    match kind.and_then(MatchType::of) {
        Some(MatchType::Equal) => Match::Equal(value),
        Some(MatchType::Regular) => Match::Regex(value),
        Some(MatchType::Pre) | None => Match::Prefix(value),
    }
}

fn keyed(predicates: Option<&[KeyedPredicate]>) -> Vec<(String, Match)> {
    let one = |keyed: &KeyedPredicate| {
        let predicate = &keyed.predicate;
        let value = predicate.match_value.clone().unwrap_or_default();
        Some((keyed.key.clone()?, matching(predicate.match_type.as_deref(), value)))
    };
    predicates.into_iter().flatten().filter_map(one).collect()
}
