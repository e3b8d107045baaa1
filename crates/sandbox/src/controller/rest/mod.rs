//! The REST API: the paths it has, who may do what, and the answers.
mod access;
mod consumers;
mod docker;
mod managers;
mod paths;
mod reply;
mod teams;
mod validate;
mod workers;

use axum::{body::Body, response::Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::{Map, Value, json};

use super::{
    Core,
    generation::Teams,
    go_json::{self, Field},
    resource::{Refused, Spec, Status, Written},
};
use paths::{Call, Kind, NEWER_PATHS, PATHS, cleaned, decoded, names_in};
use reply::{error, json_body, text};

const LARGEST_BODY: usize = 8 << 20;

/// A request with its body read.
struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
    /// What stood for the stars of the path.
    names: Vec<String>,
}

impl Request {
    /// The object that the path names.
    fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// A parameter of the query.
    fn query(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.uri.query()?.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The fields of the body.
    fn fields(&self, request: &str, known: &[Field]) -> Result<Map<String, Value>, Box<Response>> {
        let value = go_json::first_value(&self.body);
        let fields = value.and_then(|value| go_json::fields(&value, request, known));
        fields.map_err(|reason| Box::new(error(StatusCode::BAD_REQUEST, &format!("invalid JSON: {reason}"))))
    }
}

type Answer = Result<Response, Box<Response>>;

/// Answers one request.
pub(super) async fn answer(core: &Core, request: axum::extract::Request) -> Response {
    if !core.process().open {
        return crate::switch::dropped();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return error(StatusCode::BAD_REQUEST, "unreadable body");
    };
    let head = parts.method == Method::HEAD;
    let mut request = Request {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        names: Vec::new(),
    };
    let mut response = found(core, &mut request).await.unwrap_or_else(|refusal| *refusal);
    let takes_in = request.method == Method::PUT && response.status().is_success();
    if let Some(mishap) = takes_in.then(|| core.process().mishap.take()).flatten() {
        core.befalls(mishap);
    }
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// What runs the containers.
fn mode(core: &Core) -> &'static str {
    if core.plan.in_cluster { "incluster" } else { "embedded" }
}

/// Finds the call and makes it: the path comes first, then the method, then the caller.
async fn found(core: &Core, request: &mut Request) -> Answer {
    let path = request.uri.path().to_owned();
    let clean = cleaned(&path);
    if clean != path || path == "/docker" {
        let target = if path == "/docker" { "/docker/" } else { &clean };
        return Ok(reply::redirect(&request.method, target, request.uri.query()));
    }
    if path.starts_with("/docker/") && !core.plan.in_cluster {
        access::check(core, request, Call::Docker)?;
        return docker::answer(core, request);
    }
    let newer: &[_] = if core.ways.has_projects { NEWER_PATHS } else { &[] };
    let matching = PATHS
        .iter()
        .chain(newer)
        .find_map(|(pattern, methods)| names_in(pattern, &path).map(|names| (names, *methods)));
    let Some((names, methods)) = matching else {
        return Ok(text(StatusCode::NOT_FOUND, "404 page not found\n"));
    };
    request.names = names;
    let method = if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
    let Some((_, call)) = methods.iter().find(|(allowed, _)| *allowed == method) else {
        return Ok(reply::not_allowed(methods.iter().map(|(method, _)| method)));
    };
    let caller = access::check(core, request, *call)?;
    match call {
        Call::Health => Ok(text(StatusCode::OK, "ok")),
        Call::Version => Ok(json_body(StatusCode::OK, &json!({"controller": "dev", "kubeMode": mode(core)}))),
        Call::Cluster => Ok(cluster(core)),
        Call::List(Kind::Worker) => Ok(workers::list(core, request, &caller)),
        Call::Create(Kind::Worker) => workers::create(core, request, &caller),
        Call::Get(Kind::Worker) => workers::get(core, request, &caller),
        Call::Update(Kind::Worker) => workers::update(core, request).await,
        Call::Delete(Kind::Worker) => workers::delete(core, request),
        Call::Wake => workers::turn(core, request, workers::Turn::Wake).await,
        Call::Sleep => workers::turn(core, request, workers::Turn::Sleep).await,
        Call::EnsureReady => workers::ensure_ready(core, request).await,
        Call::Ready => Ok(workers::ready(core, request)),
        Call::WorkerStatus => workers::status(core, request),
        Call::List(Kind::Manager) => Ok(managers::list(core)),
        Call::Create(Kind::Manager) => managers::create(core, request),
        Call::Get(Kind::Manager) => managers::get(core, request),
        Call::Update(Kind::Manager) => managers::update(core, request).await,
        Call::Delete(Kind::Manager) => managers::delete(core, request),
        Call::List(Kind::Team) => Ok(teams::list(core)),
        Call::Create(Kind::Team) => teams::create(core, request),
        Call::Get(Kind::Team) => teams::get(core, request),
        Call::Update(Kind::Team) => teams::update(core, request).await,
        Call::Delete(Kind::Team) => teams::delete(core, request),
        Call::CreateConsumer => consumers::create(core, request).await,
        Call::BindConsumer => consumers::bind(core, request).await,
        Call::DeleteConsumer => consumers::delete(core, request).await,
        _ => Ok(aside(core, *call)),
    }
}

/// People, projects and what only clouds have: this installation has none of them.
fn aside(core: &Core, call: Call) -> Response {
    let empty = |kind: &str| json_body(StatusCode::OK, &json!({kind: [], "total": 0}));
    match call {
        Call::List(Kind::Project) if !core.bucket.up() => {
            let reason = "Get \"http://127.0.0.1:9000/agentteams-storage/?location=\": dial tcp 127.0.0.1:9000: \
                          connect: connection refused";
            let folder = core.teams.all().first().map_or_else(
                || "shared/projects/".to_owned(),
                |team| format!("teams/{}/shared/projects/", team.name),
            );
            let message = format!(
                "list projects: mc ls {}/{}/{folder}: exit status 1 (stderr: mc: <ERROR> Unable to list folder. {reason})",
                core.ways.prefix,
                core.ways.bucket()
            );
            error(StatusCode::INTERNAL_SERVER_ERROR, &message)
        }
        Call::List(Kind::Project) => empty("projects"),
        Call::List(_) => empty("humans"),
        Call::Get(_) => error(StatusCode::NOT_FOUND, "get human: not found"),
        Call::Delete(_) => error(StatusCode::NOT_FOUND, "delete human: not found"),
        Call::Workflow => error(StatusCode::NOT_FOUND, "project not found"),
        Call::Checkpoints => error(StatusCode::BAD_REQUEST, "unsupported checkpoint subpath"),
        Call::Sts => error(StatusCode::SERVICE_UNAVAILABLE, "STS service not available (not in cloud mode)"),
        Call::MatrixToken => error(StatusCode::INTERNAL_SERVER_ERROR, "no credentials found for admin"),
        Call::Packages => error(
            StatusCode::BAD_REQUEST,
            "parse multipart form: request Content-Type isn't multipart/form-data",
        ),
        _ => error(StatusCode::NOT_IMPLEMENTED, "the sandbox has no people"),
    }
}

fn cluster(core: &Core) -> Response {
    let body = json!({"kubeMode": mode(core), "totalWorkers": core.workers.all_seen().len(),
        "totalTeams": core.teams.all_seen().len(), "totalHumans": 0});
    json_body(StatusCode::OK, &body)
}

/// What Kubernetes says to a write that it refuses.
fn refused(core: &Core, doing: &str, kind: Kind, name: &str, refusal: Refused) -> Box<Response> {
    Box::new(match refusal {
        Refused::Missing => error(StatusCode::NOT_FOUND, &format!("{doing}: not found")),
        Refused::Exists => error(StatusCode::CONFLICT, &format!("{doing}: already exists")),
        Refused::Conflict if core.ways.attempts > 1 => {
            error(StatusCode::CONFLICT, &format!("{doing}: conflict (object modified, retry)"))
        }
        Refused::Conflict => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!(
                "{doing}: Operation cannot be fulfilled on {}s.{} \"{name}\": the object has been modified; please \
                 apply your changes to the latest version and try again",
                kind.as_str(),
                core.ways.group
            ),
        ),
    })
}

/// Takes over the fields of an update: empty texts change nothing, everything else that is there does.
fn merge(spec: &mut Spec, given: Map<String, Value>, known: &[Field]) {
    for (name, value) in given {
        let text = known.iter().any(|(field, shape)| *field == name && *shape == go_json::Shape::Text);
        if !(text && value == "") {
            spec.0.insert(name, value);
        }
    }
}

/// Reads, changes and writes an object, again and again if others write at the same time.
async fn rewrite<S: Status>(
    core: &Core,
    objects: &super::resource::Resources<S>,
    kind: Kind,
    name: &str,
    mut change: impl FnMut(&mut Spec) -> Result<(), Box<Response>>,
) -> Result<Written<S>, Box<Response>> {
    let doing = format!("update {}", kind.as_str());
    let mut attempt = 1;
    loop {
        let object = objects.seen(name);
        let Some(object) = object else {
            let reading = format!("get {} for update", kind.as_str());
            return Err(refused(core, &reading, kind, name, Refused::Missing));
        };
        let mut spec = object.spec.clone();
        change(&mut spec)?;
        validate::spec(core, kind, name, &spec, &doing)?;
        // Long enough that writers who come together find each other here.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        match objects.replace(name, object.version, spec) {
            Ok(written) => return Ok(written),
            Err(Refused::Conflict) if attempt < core.ways.attempts => {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(attempt) * 100)).await;
                attempt += 1;
            }
            Err(refusal) => return Err(refused(core, &doing, kind, name, refusal)),
        }
    }
}

/// The team that a worker's name belongs to, and what it is there.
fn membership(core: &Core, worker: &str) -> Option<(String, super::member::Role)> {
    core.teams.all_seen().into_iter().find_map(|team| {
        let role = match core.ways.teams {
            Teams::Refer => super::team::referred(&team.spec).find(|(name, _)| *name == worker)?.1,
            Teams::Own => super::team::described(&team.spec).into_iter().find(|(name, ..)| name == worker)?.1,
        };
        Some((team.name, role))
    })
}

/// The bearer's token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
        .filter(|token| !token.is_empty())
}
