//! `/v1/proxy-servers`: entries of the one McpBridge.
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::apiserver::Api;
use super::jackson::{self, blank};
use super::refusal::{ApiError, Refusal};
use super::routes::INTERNAL;
use super::service_sources::is_domain;

/// `ProxyServer`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ProxyServer {
    #[serde(rename = "type", deserialize_with = "jackson::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    version: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    server_address: Option<String>,
    #[serde(deserialize_with = "jackson::integer")]
    server_port: Option<i32>,
    #[serde(deserialize_with = "jackson::integer")]
    connect_timeout: Option<i32>,
}

impl ProxyServer {
    fn validate(&self) -> Result<(), Refusal> {
        let name = self.name.as_deref().unwrap_or_default();
        let named = (1..=63).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
        let valid = named
            && !blank(self.kind.as_deref())
            && self
                .server_address
                .as_deref()
                .is_some_and(|host| host.parse::<Ipv4Addr>().is_ok() || is_domain(host))
            && self.server_port.is_some_and(|port| (1..=65535).contains(&port))
            && self.connect_timeout.is_none_or(|timeout| timeout >= 0);
        if valid { Ok(()) } else { Err(Refusal::invalid("proxyServer body is not valid.")) }
    }
}

impl Api {
    pub(super) async fn proxies(&self) -> Result<Vec<ProxyServer>, Refusal> {
        let bridge = self.bridge().await?;
        let version = bridge.version();
        let proxies = bridge.body.proxies.into_iter();
        Ok(proxies.map(|proxy| ProxyServer { version: Some(version.clone()), ..proxy }).collect())
    }

    pub(super) async fn proxy(&self, name: &str) -> Result<Option<ProxyServer>, Refusal> {
        Ok(self.proxies().await?.into_iter().find(|proxy| proxy.name.as_deref() == Some(name)))
    }

    /// `POST` when `create`, else `PUT`.
    pub(super) async fn save_proxy(&self, proxy: ProxyServer, create: bool) -> Result<ProxyServer, Refusal> {
        proxy.validate()?;
        if proxy.name.as_deref().is_some_and(|name| name.ends_with(INTERNAL)) {
            let doing = if create { "Adding" } else { "Updating" };
            return Err(Refusal::Invalid(format!("{doing} an internal proxy server is not allowed.")));
        }
        let mut bridge = self.bridge().await?;
        let stored = ProxyServer { version: None, ..proxy.clone() };
        match bridge.body.proxies.iter_mut().find(|known| known.name == proxy.name) {
            Some(_) if create => return Err(Refusal::Conflict),
            Some(known) => *known = stored,
            None => bridge.body.proxies.push(stored),
        }
        self.write_bridge(bridge.version, bridge.body).await.map_err(ApiError::on_write)?;
        Ok(proxy)
    }

    pub(super) async fn delete_proxy(&self, name: &str) -> Result<(), Refusal> {
        if name.ends_with(INTERNAL) {
            return Err(Refusal::invalid("Deleting an internal proxy server is not allowed."));
        }
        let mut bridge = self.bridge().await?;
        let before = bridge.body.proxies.len();
        bridge.body.proxies.retain(|proxy| proxy.name.as_deref() != Some(name));
        if bridge.body.proxies.len() != before {
            self.write_bridge(bridge.version, bridge.body).await?;
        }
        Ok(())
    }
}
