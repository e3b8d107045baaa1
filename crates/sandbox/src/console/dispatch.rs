//! From a request to an answer, in the order in which Spring and the console look at it: path, method, body, caller.
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::apiserver::Api;
use super::auth::COOKIE;
use super::jackson;
use super::refusal::Refusal;
use super::reply::{self, Page};
use super::resource::{self, Resource};
use super::system;

const LARGEST_BODY: usize = 8 << 20;

/// Why a request did not come to a resource's answer.
pub(super) enum Stop {
    Refused(Refusal),
    /// Spring's own error, before the console saw the request.
    Spring(StatusCode),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Answer = Result<Response, Stop>;

/// A request with its body read but not yet parsed.
struct Request<'a> {
    api: &'a Api,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: bytes::Bytes,
}

/// Answers one request.
pub(super) async fn answer(api: &Api, parts: Parts, body: Body) -> Response {
    let path = parts.uri.path().to_owned();
    if resource::is_suspicious(&path) {
        return reply::container(StatusCode::BAD_REQUEST);
    }
    let Some(resource) = Resource::at(&path) else { return reply::spring(StatusCode::NOT_FOUND, &path) };
    let head = parts.method == Method::HEAD;
    let method = if head { Method::GET } else { parts.method };
    let allowed = resource.methods();
    if !allowed.contains(&method) {
        return not_allowed(&method, allowed, &path);
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return reply::spring(StatusCode::BAD_REQUEST, &path);
    };
    let request = Request { api, method, uri: parts.uri, headers: parts.headers, body };
    match request.answer(resource).await {
        // The console asks for the method itself and finds no GET: what is missing is not 404 then.
        Ok(missing) if head && missing.status() == StatusCode::NOT_FOUND => reply::empty(StatusCode::OK),
        Ok(response) => response,
        Err(Stop::Refused(refusal)) => reply::refused(&refusal),
        Err(Stop::Spring(status)) => reply::spring(status, &path),
    }
}

fn not_allowed(method: &Method, allowed: &[Method], path: &str) -> Response {
    let mut names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let mut response = if *method == Method::OPTIONS {
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        reply::empty(StatusCode::OK)
    } else {
        reply::spring(StatusCode::METHOD_NOT_ALLOWED, path)
    };
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, names);
    }
    response
}

/// `POST` creates.
const CREATED: StatusCode = StatusCode::CREATED;

impl Request<'_> {
    async fn answer(&self, resource: Resource) -> Answer {
        match resource {
            Resource::Page => Ok(reply::page()),
            Resource::Ready => Ok(reply::text("ok")),
            Resource::Login | Resource::Logout | Resource::User | Resource::Password => {
                self.session(&resource)
            }
            Resource::Init
            | Resource::Info
            | Resource::Config
            | Resource::HigressConfig
            | Resource::Dashboard => self.system(&resource),
            resource => match self.method {
                Method::GET => self.get(resource).await,
                Method::POST => self.post(resource).await,
                Method::PUT => self.put(resource).await,
                _ => self.delete(resource).await,
            },
        }
    }

    /// The caller; asked for after everything that Spring checks by itself.
    fn signed_in(&self) -> Result<Value, Stop> {
        Ok(self.api.caller(&self.headers).map(|admin| admin.answer())?)
    }

    fn session(&self, resource: &Resource) -> Answer {
        match resource {
            Resource::Login => {
                let login: super::auth::Login = self.body()?;
                let (user, token) = self.api.login(&login)?;
                let response = reply::bare(CREATED, Some(user));
                Ok(with_cookie(response, &token, login.auto_login == Some(true)))
            }
            Resource::Logout => Ok(without_cookie(reply::wrapped(&Value::Null))),
            Resource::Password => {
                let change = self.signed_body()?;
                self.api.change_password(&change)?;
                Ok(without_cookie(reply::wrapped(&Value::Null)))
            }
            _ => Ok(reply::wrapped(&self.signed_in()?)),
        }
    }

    fn system(&self, resource: &Resource) -> Answer {
        if let Resource::Init = resource {
            self.api.initialise(self.body()?)?;
            return Ok(reply::wrapped(&Value::Null));
        }
        let release = self.api.switches.release().as_str();
        match (resource, &self.method) {
            (Resource::Info, _) => {
                let info = json!({"version": release, "capabilities": ["config.ingress.v1"]});
                Ok(reply::bare(StatusCode::OK, Some(info)))
            }
            (Resource::Config, _) => Ok(reply::wrapped(&system::settings(&self.api.server))),
            (Resource::HigressConfig, &Method::GET) => {
                self.signed_in()?;
                Ok(reply::wrapped(&system::higress_config(&self.api.server)))
            }
            (Resource::HigressConfig, _) => {
                let change = self.signed_body()?;
                Ok(reply::wrapped(&system::set_higress_config(&self.api.server, &change)?))
            }
            (_, &Method::GET) => {
                self.signed_in()?;
                Ok(reply::wrapped(&system::dashboard(&self.api.server, &self.dashboard_type()?)))
            }
            _ => {
                let change: system::DashboardChange = self.signed_body()?;
                let kind = self.dashboard_type()?;
                Ok(reply::wrapped(&system::set_dashboard(&self.api.server, &kind, change)?))
            }
        }
    }

    async fn get(&self, resource: Resource) -> Answer {
        let page = if resource.is_paged() { self.page()? } else { Page::default() };
        self.signed_in()?;
        let api = self.api;
        Ok(match resource {
            Resource::Providers => reply::list(api.providers().await?.into_values().collect(), page)?,
            Resource::Provider(name) => reply::found(api.providers().await?.remove(&name)),
            Resource::AiRoutes => reply::list(api.ai_routes().await?, page)?,
            Resource::AiRoute(name) => reply::found(api.ai_route(&name).await?),
            Resource::Consumers => reply::list(api.consumers().await?.into_values().collect(), page)?,
            Resource::Consumer(name) => reply::found(api.consumers().await?.remove(&name)),
            Resource::Sources => reply::list(api.sources().await?, page)?,
            Resource::Source(name) => reply::found(api.source(&name).await?),
            Resource::Proxies => reply::list(api.proxies().await?, page)?,
            Resource::Proxy(name) => reply::found(api.proxy(&name).await?),
            Resource::Routes => {
                let domain = self.parameter("domainName").filter(|domain| !domain.is_empty());
                reply::list(api.routes(domain.as_deref()).await?, page)?
            }
            Resource::Route(name) => reply::found(api.route(&name).await?),
            Resource::Domains => reply::list(api.domains().await?, page)?,
            Resource::Domain(name) => reply::found(api.domain(&name).await?),
            Resource::DomainRoutes(name) => reply::list(api.routes(Some(&name)).await?, page)?,
            Resource::Services => reply::list(api.services().await?, page)?,
            Resource::Instances(bound) => reply::list(api.instances(&bound).await?, page)?,
            Resource::Instance(bound, plugin) => reply::wrapped(&api.instance(&bound, &plugin).await?),
            _ => reply::page(),
        })
    }

    async fn post(&self, resource: Resource) -> Answer {
        let api = self.api;
        Ok(match resource {
            Resource::Providers => reply::bare(CREATED, api.save_provider(self.signed_body()?).await?),
            Resource::AiRoutes => reply::bare(CREATED, Some(api.add_ai_route(self.signed_body()?).await?)),
            Resource::Consumers => reply::bare(CREATED, api.add_consumer(&self.signed_body()?).await?),
            Resource::Sources => reply::bare(CREATED, Some(api.add_source(self.signed_body()?).await?)),
            Resource::Proxies => reply::bare(CREATED, Some(api.save_proxy(self.signed_body()?, true).await?)),
            Resource::Routes => reply::bare(CREATED, Some(api.post_route(self.signed_body()?).await?)),
            Resource::Domains => reply::bare(CREATED, Some(api.add_domain(&self.signed_body()?).await?)),
            _ => return Err(Stop::Spring(StatusCode::METHOD_NOT_ALLOWED)),
        })
    }

    async fn put(&self, resource: Resource) -> Answer {
        const OK: StatusCode = StatusCode::OK;
        let api = self.api;
        Ok(match resource {
            Resource::Provider(name) => reply::bare(OK, api.put_provider(&name, self.signed_body()?).await?),
            Resource::AiRoute(name) => {
                reply::bare(OK, Some(api.put_ai_route(&name, self.signed_body()?).await?))
            }
            Resource::Consumer(name) => {
                reply::bare(OK, api.update_consumer(&name, self.signed_body()?).await?)
            }
            Resource::Source(name) => {
                reply::bare(OK, Some(api.put_source(&name, self.signed_body()?).await?))
            }
            Resource::Proxy(name) => {
                let mut proxy: super::proxy_servers::ProxyServer = self.signed_body()?;
                proxy.name = Some(name);
                reply::bare(OK, Some(api.save_proxy(proxy, false).await?))
            }
            Resource::Route(name) => reply::bare(OK, Some(api.put_route(&name, self.signed_body()?).await?)),
            Resource::Domain(name) => {
                reply::bare(OK, Some(api.update_domain(&name, self.signed_body()?).await?))
            }
            Resource::Instance(bound, plugin) => {
                reply::bare(OK, Some(api.put_instance(&bound, &plugin, self.signed_body()?).await?))
            }
            _ => return Err(Stop::Spring(StatusCode::METHOD_NOT_ALLOWED)),
        })
    }

    async fn delete(&self, resource: Resource) -> Answer {
        self.signed_in()?;
        let api = self.api;
        match resource {
            Resource::Provider(name) => api.delete_provider(&name).await?,
            Resource::AiRoute(name) => api.delete_ai_route(&name).await?,
            Resource::Consumer(name) => api.delete_consumer(&name).await?,
            Resource::Source(name) => api.remove_source(&name).await?,
            Resource::Proxy(name) => api.delete_proxy(&name).await?,
            Resource::Route(name) => api.remove_route(&name).await?,
            Resource::Domain(name) => api.delete_domain(&name).await?,
            Resource::Instance(bound, plugin) => api.remove_instance(&bound, &plugin).await?,
            _ => return Err(Stop::Spring(StatusCode::METHOD_NOT_ALLOWED)),
        }
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }

    fn signed_body<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        match self.body() {
            Err(Stop::Spring(status)) => Err(Stop::Spring(status)),
            body => {
                self.signed_in()?;
                body
            }
        }
    }

    /// The body as an object of a type: 415 for another content type, 400 for anything that is no such object.
    fn body<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence =
            content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase());
        let is_json = essence.as_deref().is_some_and(|kind| {
            kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        let unread = essence.is_none() && self.body.is_empty();
        if !is_json && !unread {
            return Err(Stop::Spring(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bad = || Stop::Spring(StatusCode::BAD_REQUEST);
        // Whatever follows the first value is not read.
        let mut values = serde_json::Deserializer::from_slice(&self.body).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).filter(Value::is_object).ok_or_else(bad)?;
        serde_json::from_value(value).map_err(|error| match jackson::is_null_element(&error) {
            true => Stop::Refused(Refusal::NullPointer),
            false => bad(),
        })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn page(&self) -> Result<Page, Stop> {
        let number = |name: &str| match self.parameter(name).as_deref() {
            None | Some("") => Ok(None),
            Some(text) => {
                let digits: String = text.split_whitespace().collect();
                digits.parse().map(Some).map_err(|_| Stop::Spring(StatusCode::BAD_REQUEST))
            }
        };
        Ok(Page { number: number("pageNum")?, size: number("pageSize")? })
    }

    fn dashboard_type(&self) -> Result<String, Refusal> {
        system::dashboard_type(self.parameter("type").as_deref())
    }
}

fn with_cookie(mut response: Response, token: &str, keep: bool) -> Response {
    let life = if keep {
        let expires = time::OffsetDateTime::now_utc() + time::Duration::seconds(2_592_000);
        format!(" Max-Age=2592000; Expires={};", http_date(expires))
    } else {
        String::new()
    };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={token};{life} Path=/; HttpOnly")) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn without_cookie(mut response: Response) -> Response {
    let gone = HeaderValue::from_static(
        "_hi_sess=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/; HttpOnly",
    );
    response.headers_mut().insert(header::SET_COOKIE, gone);
    response
}

fn http_date(at: time::OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.format(&format).unwrap_or_default()
}
