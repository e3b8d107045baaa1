//! `/v1/routes` and `/v1/domains`.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::apiserver::{Api, Stored};
use super::documents::{ConfigKind, ConfigMap, Ingress, Scope};
use super::ingress::{self, DEFAULT_DOMAIN};
use super::ingress_route::to_route;
use super::jackson;
use super::refusal::{ApiError, Refusal};
use super::route::Route;

pub(super) const INTERNAL: &str = ".internal";

/// `Domain`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Domain {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) version: Option<String>,
    /// `off`, `on` or `force`.
    #[serde(deserialize_with = "jackson::text")]
    pub(super) enable_https: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) cert_identifier: Option<String>,
}

impl Domain {
    fn of(stored: &Stored<ConfigMap>) -> Self {
        let domain = serde_json::from_value(stored.body.data.clone()).unwrap_or_default();
        Self { version: Some(stored.version()), ..domain }
    }

    fn document(&self) -> ConfigMap {
        let mut data = serde_json::to_value(self).unwrap_or_default();
        data["version"] = Value::Null;
        ConfigMap { kind: ConfigKind::Domain, data }
    }

    fn document_name(name: &str) -> String {
        format!("domain-{name}")
    }
}

impl Api {
    async fn check_domains(&self, route: &Route) -> Result<(), Refusal> {
        let domains = match route.domains.as_deref() {
            None | Some([]) => vec![DEFAULT_DOMAIN.to_owned()],
            Some(domains) => domains.to_vec(),
        };
        let mut secure = Vec::new();
        for domain in domains.iter().filter(|domain| !domain.is_empty()) {
            let Some(stored) = self.read::<ConfigMap>(&Domain::document_name(domain)).await? else {
                continue;
            };
            let domain = Domain::of(&stored);
            if domain.enable_https.as_deref() != Some("off")
                && !jackson::empty(domain.cert_identifier.as_deref())
            {
                secure.push(domain.enable_https);
            }
        }
        if !secure.is_empty() && secure.len() != domains.len() {
            return Err(Refusal::invalid("Currently only supports domains with the same protocol"));
        }
        secure.dedup();
        if secure.len() > 1 {
            return Err(Refusal::invalid("All domains must use consistent HTTPS configuration"));
        }
        Ok(())
    }

    /// All live routes, those behind AI routes included; with a `domain` only its own.
    pub(super) async fn routes(&self, domain: Option<&str>) -> Result<Vec<Route>, Refusal> {
        let ingresses = self.list::<Ingress>().await?;
        let allow_lists = self.allow_lists().await?;
        let of_domain = |ingress: &Ingress| {
            domain.is_none_or(|domain| ingress.hosts.iter().flatten().any(|h| h == domain))
        };
        let listed = ingresses.iter().filter(|(_, stored)| of_domain(&stored.body));
        let routes = listed.map(|(name, stored)| {
            let route = to_route(name, stored.version(), &stored.body);
            Route { auth_config: Some(allow_lists.of(name, true)), ..route }
        });
        Ok(routes.collect())
    }

    pub(super) async fn route(&self, name: &str) -> Result<Option<Route>, Refusal> {
        let Some(stored) = self.read::<Ingress>(name).await? else { return Ok(None) };
        let auth = self.allow_lists().await?.of(name, false);
        let route = to_route(name, stored.version(), &stored.body);
        Ok(Some(Route { auth_config: Some(auth), ..route }))
    }

    /// Creates the Ingress, then the rule that says who may call it.
    pub(super) async fn add_route(&self, route: &Route) -> Result<Route, Refusal> {
        let name = route.name.as_deref().unwrap_or_default();
        self.check_domains(route).await?;
        let stored = self.create(name, ingress::from_route(route)?).await.map_err(ApiError::on_write)?;
        self.write_allow_list(name, route.auth_config.as_ref()).await?;
        Ok(to_route(name, stored.version(), &stored.body))
    }

    /// Replaces the Ingress; without a version whatever is there.
    pub(super) async fn update_route(&self, route: &Route) -> Result<Route, Refusal> {
        let name = route.name.as_deref().unwrap_or_default();
        self.check_domains(route).await?;
        let version = route.version.as_deref().filter(|version| !version.is_empty());
        let stored =
            self.replace(name, version, ingress::from_route(route)?).await.map_err(ApiError::on_write)?;
        self.write_allow_list(name, route.auth_config.as_ref()).await?;
        Ok(to_route(name, stored.version(), &stored.body))
    }

    pub(super) async fn delete_route(&self, name: &str) -> Result<(), Refusal> {
        self.delete::<Ingress>(name).await?;
        self.delete_instances_of(Scope::Route, name).await
    }

    /// `POST /v1/routes`.
    pub(super) async fn post_route(&self, route: Route) -> Result<Route, Refusal> {
        let name = route.name.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(Refusal::invalid("Route name is required."));
        }
        if name.ends_with(INTERNAL) {
            return Err(Refusal::invalid("Adding an internal route is not allowed."));
        }
        route.validate()?;
        self.add_route(&route).await
    }

    /// `PUT /v1/routes/{name}`.
    pub(super) async fn put_route(&self, name: &str, mut route: Route) -> Result<Route, Refusal> {
        if jackson::empty(route.name.as_deref()) {
            route.name = Some(name.to_owned());
        } else if route.name.as_deref() != Some(name) {
            return Err(Refusal::invalid("Route name in the URL doesn't match the one in the body."));
        }
        if name.ends_with(INTERNAL) {
            return Err(Refusal::invalid("Updating an internal route is not allowed."));
        }
        route.validate()?;
        self.update_route(&route).await
    }

    /// `DELETE /v1/routes/{name}`.
    pub(super) async fn remove_route(&self, name: &str) -> Result<(), Refusal> {
        if name.ends_with(INTERNAL) {
            return Err(Refusal::invalid("Deleting an internal route is not allowed."));
        }
        self.delete_route(name).await
    }

    pub(super) async fn domains(&self) -> Result<Vec<Domain>, Refusal> {
        let maps = self.list::<ConfigMap>().await?;
        let domains = maps.iter().filter(|(_, stored)| stored.body.kind == ConfigKind::Domain);
        Ok(domains.map(|(_, stored)| Domain::of(stored)).collect())
    }

    pub(super) async fn domain(&self, name: &str) -> Result<Option<Domain>, Refusal> {
        let stored = self.read::<ConfigMap>(&Domain::document_name(name)).await?;
        Ok(stored.as_ref().map(Domain::of))
    }

    pub(super) async fn add_domain(&self, domain: &Domain) -> Result<Domain, Refusal> {
        let name = domain.name.as_deref().unwrap_or("null");
        let stored =
            self.create(&Domain::document_name(name), domain.document()).await.map_err(ApiError::on_write)?;
        self.save_routes_of(name).await?;
        Ok(Domain::of(&stored))
    }

    pub(super) async fn update_domain(&self, name: &str, mut domain: Domain) -> Result<Domain, Refusal> {
        if jackson::empty(domain.name.as_deref()) {
            domain.name = Some(name.to_owned());
        } else if domain.name.as_deref() != Some(name) {
            return Err(Refusal::invalid("Domain name in the URL doesn't match the one in the body."));
        }
        let version = domain.version.as_deref().filter(|version| !version.is_empty());
        let written = self.replace(&Domain::document_name(name), version, domain.document()).await;
        let stored = written.map_err(ApiError::on_write)?;
        self.save_routes_of(name).await?;
        Ok(Domain::of(&stored))
    }

    pub(super) async fn delete_domain(&self, name: &str) -> Result<(), Refusal> {
        if !self.routes(Some(name)).await?.is_empty() {
            return Err(Refusal::argument("The domain has routes. Please delete them first."));
        }
        self.delete::<ConfigMap>(&Domain::document_name(name)).await?;
        self.delete_instances_of(Scope::Domain, name).await
    }

    /// Saves all routes of a domain again, so that they take up its protocol.
    async fn save_routes_of(&self, domain: &str) -> Result<(), Refusal> {
        let routes = if domain == DEFAULT_DOMAIN {
            let all = self.routes(None).await?;
            all.into_iter().filter(|route| route.domains.as_ref().is_none_or(Vec::is_empty)).collect()
        } else {
            self.routes(Some(domain)).await?
        };
        for route in &routes {
            self.update_route(route).await?;
        }
        Ok(())
    }
}
