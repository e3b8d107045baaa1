//! Workers: CRUD, and what can be done to them at once.
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Answer, Kind, Request, access::Caller, error, json_body, membership, merge, refused, reply, rewrite,
    validate,
};
use crate::{
    containers::Status,
    controller::{
        Core,
        generation::Teams,
        member::Role,
        resource::{Refused, Resource, Spec, WorkerStatus},
        team,
    },
};

/// Fields that only members of teams have.
const RESERVED: &[&str] = &["team", "role", "teamLeader"];

pub(super) fn create(core: &Core, request: &Request, caller: &Caller) -> Answer {
    let mut fields = request.fields("CreateWorkerRequest", core.ways.worker.create)?;
    let name = required_name(&mut fields)?;
    if RESERVED.iter().any(|field| fields.get(*field).is_some_and(|value| value != "")) {
        let message =
            "worker.team / worker.role / worker.teamLeader are reserved for team members; use /api/v1/teams";
        return Err(Box::new(error(StatusCode::BAD_REQUEST, message)));
    }
    if let Caller::Leader { .. } = caller {
        return Err(Box::new(error(StatusCode::CONFLICT, "team leaders cannot create Worker resources")));
    }
    if core.ways.teams == Teams::Own
        && let Some((team, _)) = membership(core, &name)
    {
        let message = format!("worker name is a member of team {team}; manage via PUT /api/v1/teams/{team}");
        return Err(Box::new(error(StatusCode::CONFLICT, &message)));
    }
    let spec = Spec(fields);
    validate::object(core, Kind::Worker, &name, &spec)?;
    let made = core.workers.create(&name, spec);
    let made = made.map_err(|refusal| refused(core, "create worker", Kind::Worker, &name, refusal))?;
    core.worker_changed(&name);
    Ok(json_body(StatusCode::CREATED, &shown(core, &made, None)))
}

/// The name of a new object.
pub(super) fn required_name(fields: &mut Map<String, Value>) -> Result<String, Box<Response>> {
    match fields.shift_remove("name") {
        Some(Value::String(name)) if !name.is_empty() => Ok(name),
        _ => Err(Box::new(error(StatusCode::BAD_REQUEST, "name is required"))),
    }
}

pub(super) fn list(core: &Core, request: &Request, caller: &Caller) -> Response {
    let mut wanted = request.query("team").filter(|team| !team.is_empty());
    if let Caller::Leader { team, .. } = caller {
        wanted = Some(team.clone());
    }
    let mut workers: Vec<Value> = core
        .workers
        .all_seen()
        .iter()
        .map(|worker| shown(core, worker, membership(core, &worker.name).as_ref()))
        .collect();
    if core.ways.teams == Teams::Own {
        for found in core.teams.all_seen() {
            let members = team::described(&found.spec);
            workers.extend(members.iter().filter_map(|(name, ..)| member(core, name)));
        }
    }
    if let Some(team) = wanted {
        workers.retain(|worker| worker["team"] == team);
    }
    let total = workers.len();
    json_body(StatusCode::OK, &json!({"workers": workers, "total": total}))
}

pub(super) fn get(core: &Core, request: &Request, caller: &Caller) -> Answer {
    let name = request.name();
    let team = membership(core, name);
    let hidden = match caller {
        Caller::Leader { team: own, .. } => team.as_ref().is_none_or(|(team, _)| team != own),
        _ => false,
    };
    let found = core.workers.seen(name).filter(|_| !hidden);
    let shown = found.map(|worker| shown(core, &worker, team.as_ref()));
    let shown = shown.or_else(|| member(core, name).filter(|_| !hidden));
    match shown {
        Some(worker) => Ok(json_body(StatusCode::OK, &worker)),
        None => Err(missing(core, "get worker", name)),
    }
}

pub(super) async fn update(core: &Core, request: &Request) -> Answer {
    let schema = core.ways.worker.update;
    let fields = request.fields("UpdateWorkerRequest", schema)?;
    let name = request.name();
    if core.ways.teams == Teams::Own
        && let Some((team, _)) = membership(core, name)
    {
        let message = format!("worker is a member of team {team}; update via PUT /api/v1/teams/{team}");
        return Err(Box::new(error(StatusCode::CONFLICT, &message)));
    }
    let change = |spec: &mut Spec| {
        merge(spec, fields.clone(), schema);
        Ok(())
    };
    let written = rewrite(core, &core.workers, Kind::Worker, name, change).await?;
    if written.changed {
        core.worker_changed(name);
    }
    Ok(json_body(StatusCode::OK, &shown(core, &written.object, None)))
}

pub(super) fn delete(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    if let Some((team, _)) = membership(core, name) {
        let message =
            format!("worker is a member of team {team}; remove via PUT/DELETE /api/v1/teams/{team}");
        return Err(Box::new(error(StatusCode::CONFLICT, &message)));
    }
    core.workers
        .delete(name)
        .map_err(|refusal| refused(core, "delete worker", Kind::Worker, name, refusal))?;
    core.worker_changed(name);
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// What a worker is told to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Wake,
    Sleep,
}

impl Turn {
    fn state(self) -> &'static str {
        match self {
            Self::Wake => "Running",
            Self::Sleep => "Sleeping",
        }
    }
}

/// Wakes a worker or lets it sleep: first its spec, then its container, then its status.
pub(super) async fn turn(core: &Core, request: &Request, turn: Turn) -> Answer {
    let name = request.name();
    let Some(worker) = core.workers.seen(name) else { return Err(missing(core, "get worker", name)) };
    let mut spec = worker.spec;
    spec.0.insert("state".to_owned(), json!(turn.state()));
    let written = core.workers.replace(name, worker.version, spec);
    let doing = "update worker spec.state";
    let written = written.map_err(|refusal| refused(core, doing, Kind::Worker, name, refusal))?;
    if written.changed {
        core.worker_changed(name);
    }
    // The reconciler begins meanwhile.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    if core.engine.up() {
        let container = core.ways.worker_container(name);
        match turn {
            Turn::Wake => core.engine.start(&container),
            Turn::Sleep => core.engine.stop(&container),
        };
    }
    core.forget_ready(name);
    let wrote = core.workers.edit_status(name, |status| {
        turn.state().clone_into(&mut status.phase);
        status.message.clear();
    });
    if wrote {
        core.worker_changed(name);
    }
    Ok(json_body(StatusCode::OK, &json!({"name": name, "phase": turn.state()})))
}

pub(super) async fn ensure_ready(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    let Some(worker) = core.workers.seen(name) else { return Err(missing(core, "get worker", name)) };
    let phase = phase_of(&worker.status.phase);
    if phase == "Stopped" || phase == "Sleeping" {
        return turn(core, request, Turn::Wake).await;
    }
    let ready = phase == "Running" && core.process().ready.contains(name);
    let phase = if ready { "Ready" } else { phase };
    Ok(json_body(StatusCode::OK, &json!({"name": name, "phase": phase})))
}

/// A worker reports that it is ready; nobody asks whether there is such a worker.
pub(super) fn ready(core: &Core, request: &Request) -> Response {
    core.process().ready.insert(request.name().to_owned());
    reply::empty(StatusCode::NO_CONTENT)
}

/// A worker as the cache has it, with its container as Docker has it.
pub(super) fn status(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    let Some(worker) = core.workers.seen(name) else { return Err(missing(core, "get worker", name)) };
    let mut shown = shown(core, &worker, membership(core, name).as_ref());
    if core.engine.up() {
        let state = state_of(core, name);
        shown["containerState"] = json!(state);
        shown["message"] = json!(format!("backend=docker status={state}"));
        if state == "running" && core.process().ready.contains(name) {
            shown["phase"] = json!("Ready");
        }
    }
    Ok(json_body(StatusCode::OK, &shown))
}

/// The state of a container in the controller's words.
fn state_of(core: &Core, name: &str) -> &'static str {
    match core.engine.status(&core.ways.worker_container(name)) {
        None => "not_found",
        Some(Status::Created) => "starting",
        Some(Status::Running) => "running",
        Some(Status::Exited) => "stopped",
    }
}

fn missing(core: &Core, doing: &str, name: &str) -> Box<Response> {
    refused(core, doing, Kind::Worker, name, Refused::Missing)
}

/// A phase that nobody has written yet.
pub(super) fn phase_of(phase: &str) -> &str {
    if phase.is_empty() { "Pending" } else { phase }
}

/// Adds what is not empty.
pub(super) fn put(shown: &mut Value, name: &str, text: &str) {
    if !text.is_empty() {
        shown[name] = json!(text);
    }
}

/// Adds the fields of a spec that answers show.
pub(super) fn put_fields(shown: &mut Value, spec: &Spec, names: &[&str]) {
    for name in names {
        let empty = |value: &Value| value == "" || value.as_array().is_some_and(Vec::is_empty);
        if let Some(value) = spec.0.get(*name).filter(|value| !empty(value)) {
            shown[*name] = value.clone();
        }
    }
}

/// A worker as answers show it.
fn shown(core: &Core, worker: &Resource<WorkerStatus>, team: Option<&(String, Role)>) -> Value {
    let Resource { name, spec, status, .. } = worker;
    let mut shown = json!({"name": name, "phase": phase_of(&status.phase), "state": spec.state()});
    if core.ways.shows_changes {
        shown["containerManaged"] = json!(spec.managed());
    }
    put_fields(&mut shown, spec, core.ways.worker.shown);
    put(&mut shown, "containerState", &status.container);
    put(&mut shown, "matrixUserID", &status.user);
    put(&mut shown, "roomID", &status.room);
    put(&mut shown, "message", &status.message);
    if !status.exposed.is_empty() {
        let ports: Vec<Value> =
            status.exposed.iter().map(|(port, domain)| json!({"port": port, "domain": domain})).collect();
        shown["exposedPorts"] = json!(ports);
    }
    if let Some((team, role)) = team {
        shown["team"] = json!(team);
        shown["role"] = json!(role.as_str());
    }
    shown
}

/// A member that only its team describes, as answers show it: what the team says, and how the container is just now.
fn member(core: &Core, name: &str) -> Option<Value> {
    if core.ways.teams == Teams::Refer {
        return None;
    }
    let (team, role) = membership(core, name)?;
    let team = core.teams.seen(&team)?;
    let (_, _, spec) = team::described(&team.spec).into_iter().find(|(other, ..)| other == name)?;
    let state = if core.engine.up() { state_of(core, name) } else { "unknown" };
    let phase = match state {
        "running" => "Running",
        "stopped" => "Stopped",
        _ => "Pending",
    };
    let mut shown = json!({"name": name, "phase": phase, "state": spec.state(), "containerState": state,
        "team": team.name, "role": role.as_str()});
    put(&mut shown, "model", spec.text("model"));
    put(&mut shown, "runtime", spec.text_or("runtime", team::RUNTIME));
    put(&mut shown, "image", spec.text("image"));
    if let Some(status) = team.status.members.get(name) {
        put(&mut shown, "matrixUserID", &status.user);
        put(&mut shown, "roomID", &status.room);
    }
    Some(shown)
}
