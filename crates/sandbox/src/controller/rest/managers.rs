//! Managers.
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, Kind, Request, error, json_body, merge, refused, reply, rewrite, validate,
    workers::{phase_of, put, put_fields, required_name},
};
use crate::controller::{
    Core,
    resource::{ManagerStatus, Refused, Resource, Spec},
};

pub(super) fn create(core: &Core, request: &Request) -> Answer {
    let mut fields = request.fields("CreateManagerRequest", core.ways.manager.create)?;
    let name = required_name(&mut fields)?;
    let spec = Spec(fields);
    if spec.text("model").is_empty() {
        return Err(Box::new(error(StatusCode::BAD_REQUEST, "model is required")));
    }
    validate::object(core, Kind::Manager, &name, &spec)?;
    let made = core.managers.create(&name, spec);
    let made = made.map_err(|refusal| refused(core, "create manager", Kind::Manager, &name, refusal))?;
    core.manager_changed(&name);
    Ok(json_body(StatusCode::CREATED, &shown(core, &made)))
}

pub(super) fn list(core: &Core) -> Response {
    let managers: Vec<Value> = core.managers.all_seen().iter().map(|manager| shown(core, manager)).collect();
    let total = managers.len();
    json_body(StatusCode::OK, &json!({"managers": managers, "total": total}))
}

pub(super) fn get(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    match core.managers.seen(name) {
        Some(manager) => Ok(json_body(StatusCode::OK, &shown(core, &manager))),
        None => Err(refused(core, "get manager", Kind::Manager, name, Refused::Missing)),
    }
}

pub(super) async fn update(core: &Core, request: &Request) -> Answer {
    let schema = core.ways.manager.update;
    let fields = request.fields("UpdateManagerRequest", schema)?;
    let name = request.name();
    let change = |spec: &mut Spec| {
        merge(spec, fields.clone(), schema);
        Ok(())
    };
    let written = rewrite(core, &core.managers, Kind::Manager, name, change).await?;
    if written.changed {
        core.manager_changed(name);
    }
    Ok(json_body(StatusCode::OK, &shown(core, &written.object)))
}

pub(super) fn delete(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    let deleted = core.managers.delete(name);
    deleted.map_err(|refusal| refused(core, "delete manager", Kind::Manager, name, refusal))?;
    core.manager_changed(name);
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// A Manager as answers show it.
fn shown(core: &Core, manager: &Resource<ManagerStatus>) -> Value {
    let Resource { name, spec, status, .. } = manager;
    let mut shown = json!({"name": name, "phase": phase_of(&status.phase), "state": spec.state(),
        "welcomeSent": status.welcomed});
    put_fields(&mut shown, spec, core.ways.manager.shown);
    put(&mut shown, "matrixUserID", &status.user);
    put(&mut shown, "roomID", &status.room);
    put(&mut shown, "version", &status.version);
    put(&mut shown, "message", &status.message);
    shown
}
