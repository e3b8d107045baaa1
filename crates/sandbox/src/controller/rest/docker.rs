//! The passthrough to Docker: reading is free, of writing a little is let through.
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::{Answer, Request, decoded, error, json_body, reply};
use crate::{
    containers::{self, Status},
    controller::{Core, go_json},
    demo::made_up,
};

/// What may be done to a container by POST.
const ACTIONS: &[&str] = &["start", "stop", "kill", "restart", "wait", "logs", "attach", "resize", "exec"];
const DANGEROUS: &[&str] =
    &["SYS_ADMIN", "SYS_PTRACE", "DAC_OVERRIDE", "NET_ADMIN", "SYS_RAWIO", "SYS_MODULE"];

/// Answers a request below `/docker/`.
pub(super) fn answer(core: &Core, request: &Request) -> Answer {
    let path = decoded(request.uri.path().strip_prefix("/docker").unwrap_or_default());
    let segments: Vec<String> = request
        .uri
        .path()
        .split('/')
        .skip(2)
        .skip_while(|segment| is_version(segment))
        .map(decoded)
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    if !reads {
        let refusal = match (request.method.as_str(), &segments[..]) {
            ("POST", ["containers", "create"]) => creation(core, request)?,
            ("POST", ["containers", name, action]) if ACTIONS.contains(action) && !name.contains('/') => None,
            ("POST", ["exec", _, "start" | "resize"]) => None,
            ("DELETE", ["containers", name]) if !name.contains('/') => None,
            _ => {
                let message = format!("{} {path} is not allowed", request.method);
                return Err(Box::new(plain(core, StatusCode::FORBIDDEN, &message)));
            }
        };
        if let Some(message) = refusal {
            let message = format!("{}-controller: {message}", core.ways.prefix);
            return Err(Box::new(error(StatusCode::FORBIDDEN, &message)));
        }
    }
    if !core.engine.up() {
        return Ok(reply::empty(StatusCode::BAD_GATEWAY));
    }
    Ok(if reads { read(core, request, &segments) } else { write(core, request, &segments) })
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A refusal of the passthrough itself, which comes as text.
fn plain(core: &Core, status: StatusCode, message: &str) -> Response {
    let body = json!({"message": format!("{}-controller: {message}", core.ways.prefix)});
    reply::text(status, &body.to_string())
}

/// Why a container must not be made; none: it may.
fn creation(core: &Core, request: &Request) -> Result<Option<String>, Box<Response>> {
    let unreadable = || Box::new(plain(core, StatusCode::BAD_REQUEST, "invalid JSON in request body"));
    let wanted = go_json::first_value(&request.body).map_err(|_| unreadable())?;
    let name = request.query("name").unwrap_or_default();
    let prefix = core.ways.worker_container("");
    if !name.is_empty() && !name.starts_with(&prefix) {
        return Ok(Some(format!("container name \"{name}\" must start with \"{prefix}\"")));
    }
    if name.contains('/') || name.contains("..") {
        return Ok(Some(format!("container name \"{name}\" contains invalid characters")));
    }
    let image = wanted["Image"].as_str().unwrap_or_default();
    if !is_known(image) {
        return Ok(Some(format!(
            "image \"{image}\" is not allowed (not a local image, localhost, Higress registry, or configured registry)"
        )));
    }
    let host = &wanted["HostConfig"];
    let texts = |field: &str| host[field].as_array().map_or(&[][..], Vec::as_slice);
    let binds = texts("Binds").len();
    let capability = texts("CapAdd").iter().filter_map(Value::as_str);
    let capability = capability.into_iter().find(|cap| DANGEROUS.contains(&cap.to_uppercase().as_str()));
    let is_bind =
        |mount: &Value| mount["Type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bind"));
    Ok(if binds > 0 {
        Some(format!("bind mounts are not allowed (got {binds} bind(s))"))
    } else if texts("Mounts").iter().any(is_bind) {
        Some("bind-type mounts are not allowed".to_owned())
    } else if host["Privileged"] == true {
        Some("privileged mode is not allowed".to_owned())
    } else if host["NetworkMode"] == "host" {
        Some("host network mode is not allowed".to_owned())
    } else if host["PidMode"] == "host" {
        Some("host PID mode is not allowed".to_owned())
    } else {
        capability.map(|capability| format!("capability \"{capability}\" is not allowed"))
    })
}

/// An image without a registry, or of this host, or of Higress.
fn is_known(image: &str) -> bool {
    let Some((registry, _)) = image.split_once('/') else { return true };
    let is_host = registry.contains('.') || registry.contains(':') || registry == "localhost";
    !is_host
        || registry.starts_with("localhost")
        || registry.starts_with("127.0.0.1")
        || (registry.starts_with("higress-registry.") && registry.ends_with(".cr.aliyuncs.com"))
}

fn read(core: &Core, request: &Request, segments: &[&str]) -> Response {
    let containers = &core.engine.containers;
    match segments {
        ["version"] => json_body(StatusCode::OK, &containers::version_body("27.5.1")),
        ["_ping"] => reply::text(StatusCode::OK, "OK"),
        ["containers", "json"] => {
            let all = request.query("all").is_some_and(|all| matches!(all.as_str(), "1" | "true" | "True"));
            match containers.listed(all, request.query("filters").as_deref()) {
                Ok(listed) => json_body(StatusCode::OK, &listed),
                Err(message) => error(StatusCode::BAD_REQUEST, &message),
            }
        }
        ["containers", name, "json"] => shown(containers.inspected(name), name),
        ["containers", name, "stats"] => shown(containers.used(name), name),
        ["exec", id, "json"] => {
            let body =
                json!({"ID": id, "Running": false, "ExitCode": 0, "ContainerID": containers.id_of(id)});
            json_body(StatusCode::OK, &body)
        }
        _ => error(StatusCode::NOT_FOUND, "page not found"),
    }
}

fn shown(found: Option<Value>, name: &str) -> Response {
    match found {
        Some(found) => json_body(StatusCode::OK, &found),
        None => error(StatusCode::NOT_FOUND, &format!("No such container: {name}")),
    }
}

fn write(core: &Core, request: &Request, segments: &[&str]) -> Response {
    let engine = &core.engine;
    let name = segments.get(1).copied().unwrap_or_default();
    let done = |status: u16| match StatusCode::from_u16(status) {
        Ok(StatusCode::NOT_FOUND) | Err(_) => shown(None, name),
        Ok(status) => reply::empty(status),
    };
    match segments {
        ["containers", "create"] => {
            let name = request.query("name").unwrap_or_default();
            let wanted = go_json::first_value(&request.body).unwrap_or_default();
            let image = wanted["Image"].as_str().unwrap_or_default();
            if !engine.make(&name, image, Vec::new()) {
                let message = format!("Conflict. The container name \"/{name}\" is already in use");
                return error(StatusCode::CONFLICT, &message);
            }
            let id = engine.containers.id_of(&name);
            json_body(StatusCode::CREATED, &json!({"Id": id, "Warnings": []}))
        }
        ["exec", ..] => {
            let mut response = reply::empty(StatusCode::OK);
            let raw = HeaderValue::from_static("application/vnd.docker.raw-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, raw);
            response
        }
        ["containers", name] => done(if engine.take(name) { 204 } else { 404 }),
        ["containers", name, "start"] => done(engine.start(name)),
        ["containers", name, "stop"] => done(engine.stop(name)),
        ["containers", name, "restart"] => done(engine.restart(name)),
        ["containers", name, action] => match (engine.containers.get(name), *action) {
            (None, _) => shown(None, name),
            (Some(container), "kill") if container.status != Status::Running => {
                let id = engine.containers.id_of(name);
                let message = format!("cannot kill container: {name}: container {id} is not running");
                error(StatusCode::CONFLICT, &message)
            }
            (_, "kill") => {
                // A signal that OpenClaw takes for a restart of itself ends nothing.
                let signal = request.query("signal").unwrap_or_default();
                if !signal.ends_with("USR1") {
                    engine.turn(name, Status::Exited);
                }
                reply::empty(StatusCode::NO_CONTENT)
            }
            (_, "exec") => json_body(StatusCode::CREATED, &json!({"Id": made_up("exec", name)})),
            (_, "wait") => json_body(StatusCode::OK, &json!({"StatusCode": 0})),
            _ => reply::empty(StatusCode::OK),
        },
        _ => error(StatusCode::NOT_FOUND, "page not found"),
    }
}
