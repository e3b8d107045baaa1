//! The reconciler of workers.
use std::time::Duration;

use super::{
    Core, Done,
    member::{self, Member, Role},
    queue::Item,
    resource::{Resource, WorkerStatus},
};

/// How long after a good pass the next one is due.
pub(super) const PERIOD: Duration = Duration::from_secs(300);

/// One pass over a worker.
pub(super) async fn reconcile(core: &Core, item: &Item) -> Done {
    let Some(worker) = core.workers.get(&item.name) else { return Done::gone() };
    if worker.deleting {
        member::remove(core, &worker.name, worker.spec.text_or("workerName", &worker.name)).await;
        core.befriend(&core.ways.matrix_user(worker.spec.text_or("workerName", &worker.name)), false);
        core.workers.remove(&worker.name);
        core.write_registries();
        return Done::gone();
    }
    let before = core.status_for(item, &worker.status);
    let mut status = before.clone();
    let member = member_of(core, &worker, &before);
    let outcome = member::pass(core, &member, &mut status).await;
    status.phase = member::phase(core, &worker.spec, &before_with_user(&before, &status), &outcome);
    match &outcome {
        Ok(found) => {
            status.message.clear();
            status.observed = worker.generation;
            if !found.early {
                status.applied = Some(member::applied(&worker.spec, &member.runtime));
            }
        }
        Err(message) => status.message.clone_from(message),
    }
    core.remember(&item.name);
    let failed = outcome.is_err();
    let wrote = core.workers.patch_status(&item.name, &before, &status);
    if !failed && member.role == Role::Standalone && !status.user.is_empty() {
        core.befriend(&status.user, true);
    }
    core.write_registries();
    Done::of(failed, wrote)
}

/// A failed pass keeps the phase that was, but knows of accounts that it made.
fn before_with_user(before: &WorkerStatus, after: &WorkerStatus) -> WorkerStatus {
    WorkerStatus { user: after.user.clone(), ..before.clone() }
}

/// A worker as a pass works on it.
pub(super) fn member_of(core: &Core, worker: &Resource<WorkerStatus>, status: &WorkerStatus) -> Member {
    let runtime = worker.spec.text_or("runtime", &core.plan.worker_runtime).to_owned();
    let team = core.team_of(&worker.name);
    let changed = if core.ways.replaces_for_all {
        worker.generation != status.observed
    } else {
        let wanted = member::applied(&worker.spec, &runtime);
        status.applied.as_ref().is_some_and(|applied| *applied != wanted)
    };
    let (role, heartbeat, friends) = match &team {
        Some((team, role)) => (*role, core.heartbeat_of(team, *role), core.friends_of(team, *role)),
        None => (Role::Standalone, None, Vec::new()),
    };
    Member {
        name: worker.name.clone(),
        spec: worker.spec.clone(),
        generation: worker.generation,
        role,
        runtime,
        heartbeat,
        friends,
        led: team.is_some(),
        changed,
    }
}
