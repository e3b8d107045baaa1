//! Teams, in the form of either generation.
use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Answer, Kind, Request, error, json_body, merge, refused, reply, rewrite, validate,
    workers::{phase_of, put, put_fields, required_name},
};
use crate::controller::{
    Core,
    generation::Teams,
    resource::{Refused, Resource, Spec, TeamStatus},
    team::{reference, referred},
};

pub(super) fn create(core: &Core, request: &Request) -> Answer {
    let mut fields = request.fields("CreateTeamRequest", core.ways.team.create)?;
    let name = required_name(&mut fields)?;
    match core.ways.teams {
        Teams::Own => {
            if fields.get("leader").and_then(|leader| leader["name"].as_str()).is_none_or(str::is_empty) {
                return Err(bad("leader.name is required"));
            }
        }
        Teams::Refer => {
            if fields.get("workerMembers").and_then(Value::as_array).is_none_or(Vec::is_empty) {
                return Err(bad("workerMembers is required"));
            }
            check_references(core, &name, &fields)?;
            refer(&mut fields);
        }
    }
    let spec = Spec(fields);
    validate::object(core, Kind::Team, &name, &spec)?;
    let made = core.teams.create(&name, spec);
    let made = made.map_err(|refusal| refused(core, "create team", Kind::Team, &name, refusal))?;
    core.team_changed(&name);
    Ok(json_body(StatusCode::CREATED, &shown(core, &made)))
}

pub(super) fn list(core: &Core) -> Response {
    let teams: Vec<Value> = core.teams.all_seen().iter().map(|team| shown(core, team)).collect();
    let total = teams.len();
    json_body(StatusCode::OK, &json!({"teams": teams, "total": total}))
}

pub(super) fn get(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    match core.teams.seen(name) {
        Some(team) => Ok(json_body(StatusCode::OK, &shown(core, &team))),
        None => Err(refused(core, "get team", Kind::Team, name, Refused::Missing)),
    }
}

pub(super) async fn update(core: &Core, request: &Request) -> Answer {
    let schema = core.ways.team.update;
    let mut fields = request.fields("UpdateTeamRequest", schema)?;
    let name = request.name();
    let leader = fields.shift_remove("leader");
    if core.ways.teams == Teams::Refer && fields.contains_key("workerMembers") {
        check_references(core, name, &fields)?;
        refer(&mut fields);
    }
    let change = |spec: &mut Spec| {
        merge(spec, fields.clone(), schema);
        if let Some(given) = leader.as_ref().and_then(Value::as_object) {
            lead(spec, given);
        }
        Ok(())
    };
    let written = rewrite(core, &core.teams, Kind::Team, name, change).await?;
    if written.changed {
        core.team_changed(name);
    }
    Ok(json_body(StatusCode::OK, &shown(core, &written.object)))
}

pub(super) fn delete(core: &Core, request: &Request) -> Answer {
    let name = request.name();
    core.teams.delete(name).map_err(|refusal| refused(core, "delete team", Kind::Team, name, refusal))?;
    core.team_changed(name);
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Takes over what is given of a leader, but for its name.
fn lead(spec: &mut Spec, given: &Map<String, Value>) {
    let leader = spec.0.entry("leader").or_insert_with(|| json!({}));
    for (field, value) in
        given.iter().filter(|(field, value)| *field != "name" && !value.is_null() && **value != "")
    {
        leader[field] = value.clone();
    }
}

/// Keeps of the members what a team keeps of them.
fn refer(fields: &mut Map<String, Value>) {
    if let Some(members) = fields.get_mut("workerMembers").and_then(Value::as_array_mut) {
        for member in members {
            *member = reference(member);
        }
    }
}

/// Each member is a worker, once, in no other team; one leads.
fn check_references(core: &Core, team: &str, fields: &Map<String, Value>) -> Result<(), Box<Response>> {
    let members = fields.get("workerMembers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut seen = BTreeSet::new();
    let mut leaders = 0;
    for member in members {
        let name = member["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(bad("workerMembers.name is required"));
        }
        if !seen.insert(name.to_owned()) {
            return Err(bad(&format!("Worker {name} is listed more than once")));
        }
        match member["role"].as_str().unwrap_or_default() {
            "team_leader" => leaders += 1,
            "worker" => {}
            other => return Err(bad(&format!("Worker {name} has invalid role \"{other}\""))),
        }
        if core.workers.seen(name).is_none() {
            return Err(bad(&format!("referenced Worker {name} does not exist")));
        }
    }
    if leaders != 1 {
        return Err(bad("workerMembers must contain exactly one team_leader"));
    }
    for other in core.teams.all_seen().iter().filter(|other| other.name != team) {
        if let Some((name, _)) = referred(&other.spec).find(|(name, _)| seen.contains(*name)) {
            return Err(bad(&format!("Worker {name} is already a member of Team {}", other.name)));
        }
    }
    Ok(())
}

fn bad(message: &str) -> Box<Response> {
    Box::new(error(StatusCode::BAD_REQUEST, message))
}

/// A team as answers show it.
fn shown(core: &Core, team: &Resource<TeamStatus>) -> Value {
    let Resource { name, spec, status, .. } = team;
    let mut shown = json!({"name": name, "phase": phase_of(&status.phase), "leaderReady": status.leader_ready,
        "readyWorkers": status.ready, "totalWorkers": status.total});
    put_fields(&mut shown, spec, core.ways.team.shown);
    let of = |members: &[Value], role: Option<&str>| -> Vec<Value> {
        let members = members.iter().filter(|member| role.is_none_or(|role| member["role"] == role));
        members.map(|member| member["name"].clone()).collect()
    };
    let (leader, workers) = match core.ways.teams {
        Teams::Own => {
            let leader = spec.0.get("leader").cloned().unwrap_or_default();
            if !leader["heartbeat"].is_null() {
                shown["leaderHeartbeat"] = leader["heartbeat"].clone();
            }
            put(&mut shown, "workerIdleTimeout", leader["workerIdleTimeout"].as_str().unwrap_or_default());
            (leader["name"].clone(), of(spec.list("workers"), None))
        }
        Teams::Refer => {
            let members = spec.list("workerMembers");
            shown["teamName"] = json!(spec.text_or("teamName", name));
            shown["workerMembers"] = json!(members);
            let leader = of(members, Some("team_leader")).pop().unwrap_or_else(|| json!(""));
            (leader, of(members, Some("worker")))
        }
    };
    shown["leaderName"] = leader;
    if !workers.is_empty() {
        shown["workerNames"] = Value::Array(workers);
    }
    put(&mut shown, "teamRoomID", &status.room);
    put(&mut shown, "leaderDMRoomID", &status.leader_room);
    put(&mut shown, "message", &status.message);
    shown
}
