//! `/v1/service-sources`: entries of the one McpBridge, and what the controller makes of them (`/v1/services`).
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::apiserver::{Api, Stored};
use super::documents::{McpBridge, Registry};
use super::faults::Release;
use super::jackson::{self, blank};
use super::refusal::{ApiError, Refusal};

/// Name of the document.
pub(super) const BRIDGE: &str = "default";
const TYPES: [&str; 8] = ["nacos", "nacos2", "nacos3", "zookeeper", "consul", "eureka", "static", "dns"];

/// `ServiceSource`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ServiceSource {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::object")]
    vport: Option<Vport>,
    #[serde(deserialize_with = "jackson::text")]
    version: Option<String>,
    #[serde(rename = "type", deserialize_with = "jackson::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    domain: Option<String>,
    #[serde(deserialize_with = "jackson::integer")]
    port: Option<i32>,
    #[serde(deserialize_with = "jackson::text")]
    protocol: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    sni: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    proxy_name: Option<String>,
    properties: Option<Map<String, Value>>,
    #[serde(deserialize_with = "jackson::object")]
    auth_n: Option<AuthN>,
}

/// `VPort`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Vport {
    #[serde(deserialize_with = "jackson::integer")]
    default_value: Option<i32>,
    services_vport: Option<Value>,
}

/// `ServiceSourceAuthN`; its properties are never told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
struct AuthN {
    #[serde(deserialize_with = "jackson::boolean")]
    enabled: Option<bool>,
    #[serde(serialize_with = "hidden")]
    properties: Option<Map<String, Value>>,
}

fn hidden<S: serde::Serializer>(_: &Option<Map<String, Value>>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_none()
}

impl AuthN {
    /// A secret is stored only for credentials; the flag alone does nothing.
    fn has_secret(&self) -> bool {
        self.enabled == Some(true)
            && self.properties.as_ref().is_some_and(|properties| !properties.is_empty())
    }
}

impl ServiceSource {
    /// The reason of a refusal, in the order in which the console looks.
    fn validate(&self, release: Release) -> Result<(), Refusal> {
        self.find_fault().map_err(|fault| match release {
            Release::V2_2_1 => Refusal::invalid("serviceSource body is not valid."),
            Release::V2_2_4 => Refusal::Invalid(fault),
        })
    }

    fn find_fault(&self) -> Result<(), String> {
        let name = self
            .name
            .as_deref()
            .filter(|name| !blank(Some(name)))
            .ok_or("Service source name is required.")?;
        let kind = self
            .kind
            .as_deref()
            .filter(|kind| !blank(Some(kind)))
            .ok_or("Service source type is required.")?;
        let domain = self.domain.as_deref().filter(|domain| !blank(Some(domain)));
        let domain = domain.ok_or("Service source domain/IP is required.")?;
        if !is_source_name(name) {
            return Err("Invalid service source name format. Name can only contain letters, numbers, and hyphens(-), \
                        cannot start or end with a hyphen, and must be 1-63 characters long."
                .to_owned());
        }
        if !TYPES.contains(&kind) {
            return Err(format!(
                "Unsupported service source type: {kind}. Supported types: [{}]",
                TYPES.join(", ")
            ));
        }
        let port = self.port.ok_or("Service source port is required.")?;
        if !(1..=65535).contains(&port) {
            return Err("Invalid port range. Port must be an integer between 1-65535.".to_owned());
        }
        match kind {
            "static" => parts(domain).try_for_each(check_address)?,
            "dns" => {
                let wrong = parts(domain).find(|name| !is_domain(name));
                wrong.map_or(Ok(()), |name| Err(format!("Invalid domain format: {name}")))?;
            }
            "nacos" | "nacos2" | "nacos3" | "consul" => self.check_properties(kind)?,
            _ => {}
        }
        if !jackson::empty(self.proxy_name.as_deref()) && !["static", "dns"].contains(&kind) {
            return Err("Proxy server name is only supported for static and dns types.".to_owned());
        }
        Ok(())
    }

    fn check_properties(&self, kind: &str) -> Result<(), String> {
        let properties = self.properties.as_ref().filter(|properties| !properties.is_empty());
        let properties = properties.ok_or_else(|| format!("Properties are required for {kind} type."))?;
        let needed = if kind == "consul" { "consulDatacenter" } else { "nacosGroups" };
        let given = match properties.get(needed) {
            Some(Value::Array(groups)) => kind != "consul" && !groups.is_empty(),
            Some(Value::String(center)) => kind == "consul" && !blank(Some(center)),
            _ => false,
        };
        let by_mcp = kind == "nacos3" && properties.get("enableMCPServer") == Some(&Value::Bool(true));
        if given || by_mcp { Ok(()) } else { Err(format!("{needed} is required for {kind} type.")) }
    }

    fn registry(&self) -> Registry {
        Registry {
            name: self.name.clone().unwrap_or_default(),
            kind: self.kind.clone().unwrap_or_default(),
            domain: self.domain.clone().unwrap_or_default(),
            port: self.port,
            protocol: self.protocol.clone().filter(|protocol| !blank(Some(protocol))),
            sni: self.sni.clone().filter(|sni| !sni.is_empty()),
            proxy: self.proxy_name.clone().filter(|proxy| !proxy.is_empty()),
            vport: self.vport.as_ref().map(|vport| json!(vport)),
            properties: kept_properties(self.kind.as_deref().unwrap_or_default(), self.properties.as_ref()),
            authenticated: self.auth_n.as_ref().is_some_and(AuthN::has_secret),
        }
    }

    fn of(registry: &Registry, version: &str) -> Self {
        Self {
            name: Some(registry.name.clone()),
            vport: registry.vport.clone().and_then(|vport| serde_json::from_value(vport).ok()),
            version: Some(version.to_owned()),
            kind: Some(registry.kind.clone()),
            domain: Some(registry.domain.clone()),
            port: registry.port,
            protocol: registry.protocol.clone(),
            sni: registry.sni.clone(),
            proxy_name: registry.proxy.clone(),
            properties: Some(registry.properties.clone()),
            auth_n: Some(AuthN { enabled: Some(registry.authenticated), properties: None }),
        }
    }
}

/// The properties that a registry of this type keeps, with the values that it has for missing ones.
fn kept_properties(kind: &str, given: Option<&Map<String, Value>>) -> Map<String, Value> {
    let defaults = match kind {
        "nacos" | "nacos2" => json!({"nacosNamespaceId": "", "nacosGroups": []}),
        "nacos3" => json!({"nacosNamespaceId": "", "nacosGroups": [], "enableMCPServer": false,
            "mcpServerBaseUrl": "", "mcpServerExportDomains": []}),
        "zookeeper" => json!({"zkServicesPath": []}),
        "consul" => json!({"consulDatacenter": "", "consulServiceTag": "", "consulRefreshInterval": null}),
        _ => json!({}),
    };
    let Value::Object(mut kept) = defaults else { return Map::new() };
    for (key, value) in &mut kept {
        if let Some(given) = given.and_then(|given| given.get(key)).filter(|given| !given.is_null()) {
            *value = given.clone();
        }
    }
    kept
}

fn is_source_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn check_address(address: &str) -> Result<(), String> {
    let [ip, port] = jackson::split(address, ':')[..] else {
        return Err(format!(
            "Invalid address format: {address}. Correct format is IP:Port, e.g., 192.168.1.1:8080"
        ));
    };
    if ip.parse::<Ipv4Addr>().is_err() {
        return Err(format!("Invalid IP address format: {ip}"));
    }
    let number: i32 = port.parse().map_err(|_| format!("Invalid port number: {port}"))?;
    if (1..=65535).contains(&number) { Ok(()) } else { Err(format!("Invalid port range: {port}")) }
}

/// Lower-case labels, at least two, the last one of letters only.
pub(super) fn is_domain(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let Some((top, others)) = labels.split_last() else { return false };
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| lower(c) || c == '-')
            && label.starts_with(lower)
            && label.ends_with(lower)
    };
    !others.is_empty()
        && others.iter().all(is_label)
        && (2..=63).contains(&top.len())
        && top.chars().all(|c| c.is_ascii_lowercase())
}

impl Api {
    pub(super) async fn bridge(&self) -> Result<Stored<McpBridge>, Refusal> {
        let stored = self.read::<McpBridge>(BRIDGE).await?;
        Ok(stored.unwrap_or(Stored { version: 0, created: 0, body: McpBridge::default() }))
    }

    pub(super) async fn write_bridge(&self, version: u64, body: McpBridge) -> Result<(), ApiError> {
        if version == 0 {
            self.create(BRIDGE, body).await?;
        } else {
            self.replace(BRIDGE, Some(&version.to_string()), body).await?;
        }
        Ok(())
    }

    pub(super) async fn sources(&self) -> Result<Vec<ServiceSource>, Refusal> {
        let bridge = self.bridge().await?;
        Ok(bridge
            .body
            .registries
            .iter()
            .map(|registry| ServiceSource::of(registry, &bridge.version()))
            .collect())
    }

    pub(super) async fn source(&self, name: &str) -> Result<Option<ServiceSource>, Refusal> {
        Ok(self.sources().await?.into_iter().find(|source| source.name.as_deref() == Some(name)))
    }

    /// `POST`: refused when the name is taken. The answer is the request's body.
    pub(super) async fn add_source(&self, source: ServiceSource) -> Result<ServiceSource, Refusal> {
        source.validate(self.switches.release())?;
        let mut bridge = self.bridge().await?;
        let registry = source.registry();
        if bridge.body.registries.iter().any(|known| known.name == registry.name) {
            return Err(Refusal::Conflict);
        }
        bridge.body.registries.push(registry);
        self.write_bridge(bridge.version, bridge.body).await.map_err(ApiError::on_write)?;
        Ok(source)
    }

    /// `PUT`: the URL's name wins.
    pub(super) async fn put_source(
        &self,
        name: &str,
        mut source: ServiceSource,
    ) -> Result<ServiceSource, Refusal> {
        source.name = Some(name.to_owned());
        source.validate(self.switches.release())?;
        self.upsert_source(source.registry()).await?;
        Ok(source)
    }

    pub(super) async fn upsert_source(&self, registry: Registry) -> Result<(), Refusal> {
        let mut bridge = self.bridge().await?;
        match bridge.body.registries.iter_mut().find(|known| known.name == registry.name) {
            Some(known) => *known = registry,
            None => bridge.body.registries.push(registry),
        }
        self.write_bridge(bridge.version, bridge.body).await.map_err(ApiError::on_write)
    }

    /// Nobody asks who uses it. A conflict comes through as the API server's own error (500).
    pub(super) async fn delete_source(&self, name: &str) -> Result<(), Refusal> {
        let mut bridge = self.bridge().await?;
        let before = bridge.body.registries.len();
        bridge.body.registries.retain(|registry| registry.name != name);
        if bridge.body.registries.len() != before {
            self.write_bridge(bridge.version, bridge.body).await?;
        }
        Ok(())
    }

    /// `DELETE /v1/service-sources/{name}`.
    pub(super) async fn remove_source(&self, name: &str) -> Result<(), Refusal> {
        if name.ends_with(super::routes::INTERNAL) {
            return Err(Refusal::invalid("Deleting an internal service source is not allowed."));
        }
        self.delete_source(name).await
    }

    /// `/v1/services`: what the controller made of the service sources.
    pub(super) async fn services(&self) -> Result<Vec<Value>, Refusal> {
        if !self.switches.controller() {
            return Err(Refusal::ControllerDown);
        }
        let bridge = self.bridge().await?;
        Ok(bridge.body.registries.iter().filter(|registry| is_served(registry)).map(service).collect())
    }
}

/// The controller drops names that are no full domain names.
pub(super) fn is_served(registry: &Registry) -> bool {
    match registry.kind.as_str() {
        "static" => true,
        "dns" => parts(&registry.domain).all(is_domain),
        _ => false,
    }
}

fn service(registry: &Registry) -> Value {
    let endpoints: Vec<String> = parts(&registry.domain)
        .map(|address| match registry.kind.as_str() {
            "dns" => format!("{address}:{}", registry.port.unwrap_or(80)),
            _ => address.to_owned(),
        })
        .collect();
    json!({
        "name": format!("{}.{}", registry.name, registry.kind), "namespace": "mcp", "port": registry.port,
        "version": null, "endpoints": endpoints, "protocol": registry.protocol.as_deref().unwrap_or("http"),
    })
}
