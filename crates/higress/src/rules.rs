//! What the console and the gateway demand of a provider, checked before anything is sent: the console answers 500 to
//! some mistakes and stores others, and one provider that the gateway cannot read stops *all* of them.
use crate::{compare::MANAGED, endpoint::base_url};
use domain::{FieldError, ProviderType, TokenNeed, TypedKey};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use url::{Host, Url};

mod address;
mod settings;

pub(crate) use address::{apply_base_url, apply_edited_base_url, own_keys};
pub(crate) use settings::check_settings;

/// What was found, field by field.
#[derive(Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    pub fn none_or<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// The keys as they will be stored. A mask is what a person copied from a page; stored, it would be the key.
pub(crate) fn check_tokens(given: &[TypedKey], errors: &mut Errors) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for (index, key) in given.iter().enumerate() {
        let text = key.expose_secret();
        let problem = if text.is_empty() {
            "a key must not be empty"
        } else if key.is_masked() {
            "this is a masked key, not the key itself"
        } else if !text.chars().all(|c| c.is_ascii_graphic()) {
            "a key has no spaces and only plain letters, digits and signs"
        } else if !seen.insert(text.to_owned()) {
            "this key is given twice"
        } else {
            continue;
        };
        errors.add(format!("tokens[{index}]"), problem);
    }
    given.iter().map(|key| key.expose_secret().to_owned()).collect()
}

/// A provider without a key that it needs makes the gateway refuse the configuration of all providers.
pub(crate) fn check_token_need(kind: ProviderType, count: usize, errors: &mut Errors) {
    if kind.token_need() == TokenNeed::Required && count == 0 {
        errors.add("tokens", format!("{} needs a key", kind.label()));
    }
}

/// Settings that nobody may give, whatever the type.
pub(crate) fn check_given_settings(given: &Map<String, Value>, errors: &mut Errors) {
    for (key, value) in given {
        let problem = match key.as_str() {
            "apiUrl" => "nothing reads apiUrl: give baseUrl",
            "hiclawMode" | "agentteamsMode" => "this marks HiClaw's own providers",
            key if MANAGED.contains(&key) => "the console derives this from a field of its own",
            _ if value.as_str().is_some_and(|text| TypedKey::new(text.to_owned()).is_masked()) => {
                "this is a masked value, not the value itself"
            }
            _ => continue,
        };
        errors.add(format!("settings.{key}"), problem);
    }
}

/// `tokenFailoverConfig`, complete. The page of the console begins with the same figures.
pub(crate) fn failover(given: &Map<String, Value>, errors: &mut Errors) -> Map<String, Value> {
    let enabled = given.get("enabled").and_then(Value::as_bool);
    let Some(enabled) = enabled else {
        errors.add("failover.enabled", "say true or false");
        return Map::new();
    };
    let mut config = Map::from_iter([("enabled".to_owned(), json!(enabled))]);
    let figures = [
        ("failureThreshold", 1),
        ("successThreshold", 1),
        ("healthCheckInterval", 5000),
        ("healthCheckTimeout", 10000),
    ];
    for (key, default) in figures {
        match given.get(key).filter(|value| !value.is_null()) {
            None if enabled => drop(config.insert(key.into(), json!(default))),
            None => {}
            Some(value) if value.as_i64().is_some_and(|n| (1..=i64::from(i32::MAX)).contains(&n)) => {
                config.insert(key.into(), value.clone());
            }
            Some(_) => errors.add(format!("failover.{key}"), "must be a whole number from 1"),
        }
    }
    let model = given.get("healthCheckModel").filter(|value| !value.is_null());
    match model {
        Some(Value::String(text)) if !text.trim().is_empty() => {
            config.insert("healthCheckModel".into(), json!(text));
        }
        Some(_) => errors.add("failover.healthCheckModel", "must be the id of a model"),
        None if enabled => {
            errors.add("failover.healthCheckModel", "failover needs a model to check keys with")
        }
        None => {}
    }
    let known = |key: &str| {
        key == "enabled" || key == "healthCheckModel" || figures.iter().any(|(name, _)| *name == key)
    };
    for key in given.keys().filter(|key| !known(key)) {
        errors.add(format!("failover.{key}"), "the console knows no such member");
    }
    config
}

/// True when `new` sends keys to a place that `old` does not: by its base URL, or by any setting that names a host, a
/// URL or a service.
pub(crate) fn has_new_destination(
    kind: Option<ProviderType>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> bool {
    !destinations(kind, new).is_subset(&destinations(kind, old))
}

fn destinations(kind: Option<ProviderType>, raw: &Map<String, Value>) -> BTreeSet<String> {
    let base = kind.and_then(|kind| base_url(kind, raw));
    let mut places: BTreeSet<String> = base.iter().map(origin).collect();
    for (key, value) in raw.iter().filter(|(key, value)| names_a_place(key, value)) {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let place = match value {
                Value::String(text) => Url::parse(text).map_or_else(|_| text.clone(), |url| origin(&url)),
                other => other.as_f64().map_or_else(|| other.to_string(), |n| n.to_string()),
            };
            places.insert(format!("{key} {place}"));
        }
    }
    places
}

/// Whether a setting says where calls go: by its name, or because it is a URL.
pub(crate) fn names_a_place(key: &str, value: &Value) -> bool {
    let key = key.to_ascii_lowercase();
    let by_name =
        ["url", "domain", "host", "service", "endpoint", "port"].iter().any(|part| key.contains(part));
    by_name || value.as_str().and_then(|text| Url::parse(text).ok()).is_some_and(|url| url.has_host())
}

fn origin(url: &Url) -> String {
    format!("{}://{}:{:?}", url.scheme(), url.host_str().unwrap_or_default(), url.port_or_known_default())
}

/// A host that the gateway's controller accepts: a dotted name with an alphabetic top level, or an IPv4 address. It
/// drops others without an error, and calls then end in 503.
fn check_host(host: Option<Host<&str>>) -> Result<(), &'static str> {
    const WANTED: &str = "the host must be a name with a dot, such as llm.example.com, or an IPv4 address";
    match host {
        Some(Host::Ipv4(_)) => Ok(()),
        Some(Host::Domain(name)) if is_dotted(name) => Ok(()),
        _ => Err(WANTED),
    }
}

fn is_dotted(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = name.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    labels.len() > 1 && name.len() <= 253 && labels.iter().all(|l| label(l)) && is_top_level(top)
}

fn is_top_level(label: &str) -> bool {
    label.len() >= 2 && label.bytes().all(|b| b.is_ascii_lowercase())
}

/// A URL that the console and the gateway read the same way.
fn check_url(text: &str) -> Result<Url, &'static str> {
    if text.trim() != text || text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("a URL has no spaces or backslashes");
    }
    let url = Url::parse(text).map_err(|_| "this is no URL: begin with https:// or http://")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the URL must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not hold a user name or password");
    }
    if url.fragment().is_some() {
        return Err("a URL must not have a fragment");
    }
    if url.port() == Some(0) {
        return Err("the port must be 1 to 65535");
    }
    check_host(url.host())?;
    Ok(url)
}
