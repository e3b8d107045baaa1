//! What all reconcilers and the API share: who is told of a change, who belongs to which team, what goes with the process.
use std::sync::{MutexGuard, PoisonError, atomic::Ordering};

use super::{
    Core, Kind, NOTICED, Process,
    gateway::Provider,
    generation::Teams,
    member::{Member, Role},
    queue::{Item, Queue},
    resource::{Spec, WorkerStatus},
    team,
};
use crate::containers::Status;

impl Core {
    pub(super) fn queue(&self, kind: Kind) -> &Queue {
        match kind {
            Kind::Worker => &self.worker_queue,
            Kind::Manager => &self.manager_queue,
            Kind::Team => &self.team_queue,
        }
    }

    pub(super) fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker was written: its reconciler looks at it, and so does that of its team.
    pub(super) fn worker_changed(&self, name: &str) {
        self.worker_queue.add(name);
        if self.ways.teams == Teams::Refer {
            for team in self.teams.all() {
                if team::referred(&team.spec).any(|(member, _)| member == name) {
                    self.team_queue.add(&team.name);
                }
            }
        }
    }

    pub(super) fn manager_changed(&self, name: &str) {
        self.manager_queue.add(name);
    }

    pub(super) fn team_changed(&self, name: &str) {
        self.team_queue.add(name);
    }

    /// The spec of the team that a worker belongs to, and what it is there.
    pub(super) fn team_of(&self, worker: &str) -> Option<(Spec, Role)> {
        if self.ways.teams == Teams::Own {
            return None;
        }
        self.teams.all().into_iter().find_map(|team| {
            let role = team::referred(&team.spec).find(|(name, _)| *name == worker).map(|(_, role)| role)?;
            Some((team.spec, role))
        })
    }

    pub(super) fn heartbeat_of(&self, team: &Spec, role: Role) -> Option<String> {
        let every = team.text("heartbeatEvery");
        (role == Role::Leader && !every.is_empty()).then(|| every.to_owned())
    }

    pub(super) fn friends_of(&self, team: &Spec, role: Role) -> Vec<String> {
        if role == Role::Leader { team::users(self, team) } else { Vec::new() }
    }

    /// The status that a pass begins with: a hasty one reads what was before the last pass wrote.
    pub(super) fn status_for(&self, item: &Item, current: &WorkerStatus) -> WorkerStatus {
        let former = self.process().former.remove(&item.name);
        former.filter(|_| item.hasty).unwrap_or_else(|| current.clone())
    }

    /// A pass is about to write the status of a worker.
    pub(super) fn remember(&self, name: &str) {
        if let Some(worker) = self.workers.get(name) {
            self.process().former.insert(name.to_owned(), worker.status);
        }
    }

    /// True: nobody has looked at this worker's container since the process started.
    pub(super) fn first_look(&self, name: &str) -> bool {
        self.process().looked_at.insert(name.to_owned())
    }

    pub(super) fn forget_ready(&self, name: &str) {
        self.process().ready.remove(name);
    }

    /// A new Matrix room.
    pub(super) fn new_room(&self) -> String {
        let number = self.rooms.fetch_add(1, Ordering::Relaxed) + 1;
        format!("!room{number:02}:{}", self.ways.domain())
    }

    /// What an agent calls that is bound to a provider.
    pub(super) fn gateway_of(&self, provider: &Provider) -> String {
        format!("{}{}", self.ways.gateway, provider.path)
    }

    pub(super) fn token_folder(&self) -> String {
        format!("/var/run/secrets/{}", self.ways.prefix)
    }

    /// The same as a value in a query.
    pub(super) fn escaped_token_folder(&self) -> String {
        self.token_folder().replace('/', "%2F")
    }

    /// Whether the container of a worker or member runs, as Docker says.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.engine.status(&self.ways.worker_container(name)) == Some(Status::Running)
    }

    /// The host name of a worker in its network.
    pub(super) fn worker_host(&self, member: &Member) -> String {
        format!("{}.local", self.ways.worker_container(&member.name))
    }

    /// A new object is noticed after a moment; until then it can be deleted without a trace.
    pub(super) async fn notice(&self, kind: Kind, name: &str) {
        let new = match kind {
            Kind::Worker => self.workers.is_new(name),
            Kind::Manager => self.managers.is_new(name),
            Kind::Team => self.teams.is_new(name),
        };
        if new {
            self.timeline.sleep(NOTICED).await;
            match kind {
                Kind::Worker => self.workers.keep(name),
                Kind::Manager => self.managers.keep(name),
                Kind::Team => self.teams.keep(name),
            }
        }
    }
}
