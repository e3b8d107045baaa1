//! The Ingress of a route. What an Ingress cannot carry is lost: two predicates on one header, blank values, the case of
//! anything but the path.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::documents::{Ingress, IngressPath};
use super::jackson::{blank, empty};
use super::refusal::Refusal;
use super::route::{Cors, Header, HeaderStage, KeyedPredicate, MatchType, Predicate, Route, Upstream};

pub(super) const PREFIX: &str = "higress.io/";
pub(super) const DISABLED: &str = "disabled.";
const DOMAIN_LABEL: &str = "higress.io/domain_";
/// Stands for "any host" in labels and in `/v1/domains`.
pub(super) const DEFAULT_DOMAIN: &str = "higress-default-domain";

/// Annotations that have a field of their own and therefore may not be among a route's own ones.
const KNOWN: [&str; 28] = [
    "destination",
    "ignore-path-case",
    "use-regex",
    "enable-rewrite",
    "rewrite-path",
    "rewrite-target",
    "upstream-vhost",
    "enable-proxy-next-upstream",
    "proxy-next-upstream",
    "proxy-next-upstream-tries",
    "proxy-next-upstream-timeout",
    "enable-header-control",
    "request-header-control-add",
    "request-header-control-update",
    "request-header-control-remove",
    "response-header-control-add",
    "response-header-control-update",
    "response-header-control-remove",
    "enable-cors",
    "cors-max-age",
    "cors-allow-credentials",
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-expose-headers",
    "match-method",
    "ssl-redirect",
    "comment",
];

#[derive(Default)]
struct Annotations(BTreeMap<String, String>);

impl Annotations {
    fn set(&mut self, key: &str, value: impl ToString) {
        self.0.insert(format!("{PREFIX}{key}"), value.to_string());
    }

    fn set_if(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// A setting of a function that may be switched off while it keeps its settings.
    fn set_function(&mut self, enabled: bool, key: &str, value: impl ToString) {
        if enabled {
            self.set(key, value);
        } else {
            self.0.insert(format!("{DISABLED}{PREFIX}{key}"), value.to_string());
        }
    }
}

pub(super) fn is_custom(key: &str) -> bool {
    let key = key.strip_prefix(DISABLED).unwrap_or(key);
    let Some(name) = key.strip_prefix(PREFIX) else { return true };
    !KNOWN.contains(&name)
        && !["-match-header-", "-match-pseudo-header-", "-match-query-"]
            .iter()
            .any(|keyword| name.contains(keyword))
}

/// Labels that the console sets itself are no route's own.
pub(super) fn is_custom_label(key: &str) -> bool {
    const OWN: [&str; 7] = [
        "config-map-type",
        "resource-definer",
        "internal",
        "wasm-plugin-name",
        "wasm-plugin-version",
        "wasm-plugin-built-in",
        "wasm-plugin-category",
    ];
    !key.starts_with(DOMAIN_LABEL) && key.strip_prefix(PREFIX).is_none_or(|name| !OWN.contains(&name))
}

/// The Ingress of a route.
pub(super) fn from_route(route: &Route) -> Result<Ingress, Refusal> {
    let mut notes = Annotations::default();
    for parameter in route.url_params.iter().flatten() {
        set_predicate(&mut notes, parameter, "query")?;
    }
    for header in route.headers.iter().flatten() {
        set_predicate(&mut notes, header, "header")?;
    }
    if let Some(methods) = route.methods.as_ref().filter(|methods| !methods.is_empty()) {
        notes.set("match-method", methods.join(" "));
    }
    set_functions(&mut notes, route);
    let path = route.path.as_ref().map(|path| set_path(&mut notes, path)).transpose()?;
    let services = route.services.as_deref().unwrap_or_default();
    if !services.is_empty() {
        notes.set("destination", destination(services));
    }
    if let Some(cors) = &route.cors {
        set_cors(&mut notes, cors);
    }
    set_custom(&mut notes, route.custom_configs.as_ref())?;
    let domains = route.domains.as_deref().unwrap_or_default();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in route.custom_labels.iter().flatten() {
        labels.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    let hosts = if domains.is_empty() { vec![None] } else { domains.iter().cloned().map(Some).collect() };
    for host in &hosts {
        labels.insert(
            format!("{DOMAIN_LABEL}{}", host.as_deref().unwrap_or(DEFAULT_DOMAIN)),
            "true".to_owned(),
        );
    }
    Ok(Ingress { hosts, path, annotations: notes.0, labels })
}

fn set_predicate(notes: &mut Annotations, predicate: &KeyedPredicate, place: &str) -> Result<(), Refusal> {
    let KeyedPredicate {
        key: Some(key),
        predicate: Predicate { match_type: Some(kind), match_value: Some(value), .. },
    } = predicate
    else {
        return Ok(());
    };
    if [key, kind, value].iter().any(|text| blank(Some(text))) {
        return Ok(());
    }
    let Some(kind_name) = MatchType::exactly(kind) else {
        let message =
            format!("No enum constant com.alibaba.higress.sdk.model.route.RoutePredicateTypeEnum.{kind}");
        return Err(Refusal::Argument(message));
    };
    let prefix = match kind_name {
        MatchType::Equal => "exact",
        MatchType::Pre => "prefix",
        MatchType::Regular => "regex",
    };
    match key.strip_prefix(':').filter(|_| place == "header") {
        Some(key) => notes.set(&format!("{prefix}-match-pseudo-header-{key}"), value),
        None => notes.set(&format!("{prefix}-match-{place}-{key}"), value),
    }
    Ok(())
}

fn set_functions(notes: &mut Annotations, route: &Route) {
    if let Some(rewrite) = &route.rewrite {
        let enabled = rewrite.enabled != Some(false);
        notes.set("enable-rewrite", enabled);
        if let Some(path) = rewrite.path.as_ref().filter(|path| !path.is_empty()) {
            let regular =
                route.path.as_ref().and_then(|path| path.match_type.as_deref()).and_then(MatchType::of)
                    == Some(MatchType::Regular);
            notes.set_function(enabled, if regular { "rewrite-target" } else { "rewrite-path" }, path);
        }
        if let Some(host) = rewrite.host.as_ref().filter(|host| !host.is_empty()) {
            notes.set_function(enabled, "upstream-vhost", host);
        }
    }
    if let Some(retry) = &route.proxy_next_upstream {
        let enabled = retry.enabled != Some(false);
        notes.set("enable-proxy-next-upstream", enabled);
        if let Some(attempts) = retry.attempts {
            notes.set_function(enabled, "proxy-next-upstream-tries", attempts);
        }
        if let Some(timeout) = retry.timeout {
            notes.set_function(enabled, "proxy-next-upstream-timeout", timeout);
        }
        if let Some(conditions) = retry.conditions.as_ref().filter(|conditions| !conditions.is_empty()) {
            notes.set_function(enabled, "proxy-next-upstream", conditions.join(","));
        }
    }
    if let Some(control) = &route.header_control {
        let enabled = control.enabled != Some(false);
        notes.set("enable-header-control", enabled);
        for (stage, name) in [(&control.request, "request"), (&control.response, "response")] {
            if let Some(stage) = stage {
                set_header_stage(notes, stage, name, enabled);
            }
        }
    }
}

fn set_header_stage(notes: &mut Annotations, stage: &HeaderStage, name: &str, enabled: bool) {
    for (headers, action) in [(&stage.add, "add"), (&stage.set, "update")] {
        let Some(headers) = headers.as_ref().filter(|headers| !headers.is_empty()) else { continue };
        let lines: Vec<String> = headers
            .iter()
            .filter(|header| !empty(header.key.as_deref()))
            .map(|Header { key, value }| {
                format!("{} {}", key.as_deref().unwrap_or_default(), value.as_deref().unwrap_or_default())
            })
            .collect();
        notes.set_function(enabled, &format!("{name}-header-control-{action}"), lines.join("\n"));
    }
    if let Some(names) = stage.remove.as_ref().filter(|names| !names.is_empty()) {
        let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        notes.set_function(enabled, &format!("{name}-header-control-remove"), names.join(","));
    }
}

fn set_path(notes: &mut Annotations, path: &Predicate) -> Result<IngressPath, Refusal> {
    let kind = path.match_type.as_deref().unwrap_or("null");
    let Some(kind) = MatchType::exactly(kind) else {
        return Err(Refusal::argument(format!("Unsupported path match type: {kind}")));
    };
    if kind == MatchType::Regular {
        notes.set("use-regex", true);
    }
    notes.set_if("ignore-path-case", path.case_sensitive.map(|sensitive| !sensitive));
    Ok(IngressPath { value: path.match_value.clone().unwrap_or_default(), exact: kind == MatchType::Equal })
}

fn destination(services: &[Upstream]) -> String {
    let address = |service: &Upstream| {
        let name = service.name.as_deref().unwrap_or("null");
        service.port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
    };
    if let [service] = services {
        return address(service);
    }
    let lines: Vec<String> = services
        .iter()
        .map(|service| {
            let version = service.version.as_deref().filter(|version| !version.is_empty());
            let version = version.map(|version| format!(" {version}")).unwrap_or_default();
            format!("{}% {}{version}", service.weight.unwrap_or(100), address(service))
        })
        .collect();
    lines.join("\n")
}

fn set_cors(notes: &mut Annotations, cors: &Cors) {
    notes.set_if("enable-cors", cors.enabled);
    notes.set_if("cors-max-age", cors.max_age);
    notes.set_if("cors-allow-credentials", cors.allow_credentials);
    let lists = [
        ("cors-allow-origin", &cors.allow_origins),
        ("cors-allow-headers", &cors.allow_headers),
        ("cors-allow-methods", &cors.allow_methods),
        ("cors-expose-headers", &cors.expose_headers),
    ];
    for (key, list) in lists {
        notes.set_if(key, list.as_ref().filter(|list| !list.is_empty()).map(|list| list.join(",")));
    }
}

fn set_custom(notes: &mut Annotations, custom: Option<&Map<String, Value>>) -> Result<(), Refusal> {
    for (key, value) in custom.into_iter().flatten() {
        let as_higress =
            key.strip_prefix("nginx.ingress.kubernetes.io/").map(|name| format!("{PREFIX}{name}"));
        if !is_custom(key) || as_higress.is_some_and(|key| !is_custom(&key)) {
            return Err(Refusal::Invalid(format!(
                "Annotation [{key}] is already supported by Console. Please configure it in the corresponding section \
                 instead of using custom annotations."
            )));
        }
        notes.0.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    Ok(())
}
