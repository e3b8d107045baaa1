//! The reconcilers of teams: one for teams that describe their members, one for teams that refer to workers.
use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    Core, Done,
    deploy::mate,
    generation::Teams,
    member::{self, Member, Role, spec_of},
    queue::Item,
    resource::{Resource, Spec, TeamStatus, WorkerStatus},
    runtime_yaml,
    worker::member_of,
};

/// What every member of a team that describes its members runs, whatever it asks for.
pub(super) const RUNTIME: &str = "copaw";

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One pass over a team.
pub(super) async fn reconcile(core: &Core, item: &Item) -> Done {
    let Some(team) = core.teams.get(&item.name) else { return Done::gone() };
    if team.deleting {
        if core.ways.teams == Teams::Own {
            for name in team.status.members.keys() {
                member::remove(core, name, name).await;
            }
        } else {
            core.timeline.sleep(ms(800)).await;
        }
        core.teams.remove(&item.name);
        core.write_registries();
        return Done::gone();
    }
    let before = team.status.clone();
    let mut status = before.clone();
    let failed = match core.ways.teams {
        Teams::Own => own(core, &team, &mut status).await,
        Teams::Refer => {
            refer(core, &team, &mut status).await;
            false
        }
    };
    let wrote = core.teams.patch_status(&item.name, &before, &status);
    core.write_registries();
    Done::of(failed, wrote)
}

/// The members of a team that describes them: name, role and spec, the leader first.
pub(super) fn described(spec: &Spec) -> Vec<(String, Role, Spec)> {
    let leader = spec.0.get("leader").map(|leader| (Role::Leader, leader));
    let workers = spec.list("workers").iter().map(|worker| (Role::Worker, worker));
    let members = leader.into_iter().chain(workers);
    members
        .filter_map(|(role, fields)| {
            let name = fields["name"].as_str()?.to_owned();
            let mut spec = spec_of(fields);
            for own in ["name", "heartbeat", "workerIdleTimeout"] {
                spec.0.shift_remove(own);
            }
            Some((name, role, spec))
        })
        .collect()
}

/// The workers that a team refers to, the leader first or last as the team has them.
pub(super) fn referred(spec: &Spec) -> impl Iterator<Item = (&str, Role)> {
    spec.list("workerMembers").iter().filter_map(|member| {
        let role = if member["role"] == "team_leader" { Role::Leader } else { Role::Worker };
        Some((member["name"].as_str()?, role))
    })
}

/// A pass over a team and over all its members, one after the other. True: something failed.
async fn own(core: &Core, team: &Resource<TeamStatus>, status: &mut TeamStatus) -> bool {
    let members = described(&team.spec);
    let left_out: Vec<String> = status
        .members
        .keys()
        .filter(|name| members.iter().all(|(other, ..)| other != *name))
        .cloned()
        .collect();
    for name in left_out {
        member::remove(core, &name, &name).await;
        status.members.remove(&name);
    }
    if status.room.is_empty() {
        status.room = core.new_room();
        status.leader_room = core.new_room();
    }
    let mut problems = Vec::new();
    for (name, role, spec) in &members {
        let mut after = status.members.get(name).cloned().unwrap_or_default();
        let changed = after.applied.as_ref().is_some_and(|applied| applied != spec);
        let member = Member {
            name: name.clone(),
            spec: spec.clone(),
            generation: team.generation,
            role: *role,
            runtime: RUNTIME.to_owned(),
            heartbeat: None,
            friends: core.friends_of(&team.spec, *role),
            led: true,
            changed,
        };
        match member::pass(core, &member, &mut after).await {
            Ok(_) => after.applied = Some(spec.clone()),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
        status.members.insert(name.clone(), after);
    }
    let runs = |name: &str| core.engine.up() && core.runs(name);
    status.leader_ready = members.iter().any(|(name, role, _)| *role == Role::Leader && runs(name));
    let workers = || members.iter().filter(|(_, role, _)| *role == Role::Worker);
    status.ready = workers().filter(|(name, ..)| runs(name)).count();
    status.total = workers().count();
    let phase = match (problems.is_empty(), status.leader_ready) {
        (true, true) => "Active",
        (true, false) => "Pending",
        (false, true) => "Degraded",
        (false, false) => "Failed",
    };
    phase.clone_into(&mut status.phase);
    status.message = problems.join("; ");
    !problems.is_empty()
}

/// A pass over a team whose members are workers of their own: their rooms, and the configs that know of the team.
async fn refer(core: &Core, team: &Resource<TeamStatus>, status: &mut TeamStatus) {
    if status.room.is_empty() {
        core.timeline.sleep(ms(3000)).await;
        status.room = core.new_room();
        status.leader_room = core.new_room();
    } else {
        core.timeline.sleep(ms(1900)).await;
    }
    let workers: BTreeMap<String, Resource<WorkerStatus>> =
        core.workers.all().into_iter().map(|worker| (worker.name.clone(), worker)).collect();
    let members: Vec<(Member, WorkerStatus)> = referred(&team.spec)
        .filter_map(|(name, _)| workers.get(name))
        .map(|worker| (member_of(core, worker, &worker.status), worker.status.clone()))
        .collect();
    let mates: Vec<runtime_yaml::Mate> =
        members.iter().map(|(member, status)| mate(member, status)).collect();
    for (member, worker) in &members {
        if member.runtime == "qwenpaw" {
            let provider = match member.spec.text("modelProvider") {
                "" => None,
                name => core.gateway.provider(name).await.ok(),
            };
            let gateway = provider.map(|provider| core.gateway_of(&provider));
            let name = team.spec.text_or("teamName", &team.name);
            let seen = runtime_yaml::Team {
                name,
                room: &status.room,
                leader_room: &status.leader_room,
                mates: &mates,
            };
            core.deploy_runtime(member, worker, gateway.as_deref(), Some(seen));
        } else if member.role == Role::Leader && !worker.user.is_empty() {
            core.deploy(member, worker, None);
        }
    }
    core.timeline.sleep(ms(300)).await;
    let is = |role: Role, phase: &str| {
        members.iter().filter(|(member, worker)| member.role == role && worker.phase == phase).count()
    };
    status.leader_ready = is(Role::Leader, "Running") > 0;
    status.ready = is(Role::Worker, "Running");
    status.total = members.iter().filter(|(member, _)| member.role == Role::Worker).count();
    "Active".clone_into(&mut status.phase);
    status.message.clear();
}

/// The Matrix users of a team's workers, whom its leader listens to.
pub(super) fn users(core: &Core, spec: &Spec) -> Vec<String> {
    let names: Vec<String> = match core.ways.teams {
        Teams::Own => {
            spec.list("workers").iter().filter_map(|w| w["name"].as_str()).map(str::to_owned).collect()
        }
        Teams::Refer => referred(spec)
            .filter(|(_, role)| *role == Role::Worker)
            .map(|(name, _)| {
                let worker = core.workers.get(name);
                worker.map_or_else(
                    || name.to_owned(),
                    |worker| worker.spec.text_or("workerName", name).to_owned(),
                )
            })
            .collect(),
    };
    names.iter().map(|name| core.ways.matrix_user(name)).collect()
}

/// A worker's entry in the form that teams keep: its name and its role.
pub(super) fn reference(member: &Value) -> Value {
    serde_json::json!({"name": member["name"], "role": member["role"]})
}
