//! Drift: [`outside`] tells what others changed since the newest backup; what an agent's note, its openclaw.json and its
//! route say is compared here.
mod outside;
mod underway;

pub use outside::Memory;

use crate::{
    Operations,
    reads::{Agents, AssignmentsSeen, ConsoleState, SeenAgent},
};
use domain::{
    Assignment, BackupItem, Drift, DriftItem, Drifted, Failure, ProviderName, Target, Timestamp, Unpulled,
    Unseen, WhyNot, rules::of_agent,
};
use higress::ProviderDoc;
use std::{collections::BTreeSet, sync::Arc};
use underway::Underway;

/// One look at the installation. What is changed by our own operations meanwhile may be half done in it.
struct Look {
    console: Arc<ConsoleState>,
    agents: Arc<Agents>,
    underway: Underway,
}

impl Operations {
    /// Where agents are not as they were recorded, and what others changed since the newest backup, as it was seen a moment
    /// ago. Agents of an operation that is under way are passed over. What cannot be looked at says so.
    ///
    /// # Errors
    /// The console does not answer, or what it stores cannot be understood.
    pub async fn drift(&self) -> Result<Drift, Failure> {
        let mut look = self.look_for_drift().await?;
        let newest = match self.newest_backup(None).await {
            // It may have been taken to have things count as they are now.
            Ok(Some(newest)) if is_old(&look.at(), &newest.backup.taken_at, &self.0.clients.clock.now()) => {
                self.0.caches.console.clear();
                self.0.caches.agents.clear();
                look = self.look_for_drift().await?;
                self.newest_backup(Some(&look.at())).await
            }
            newest => newest,
        };
        let assignments = self.assignments_of(&look.console, &look.agents);
        let assignments = (*assignments).as_ref().map_err(Clone::clone)?;
        let mut items = look.of_agents(assignments);
        let mut unseen = look.unseen();
        let since = match newest {
            Ok(Some(newest)) => {
                let drifted: BTreeSet<_> = items.iter().filter_map(model_of).cloned().collect();
                let found = self.made_outside(&look, &newest).await?;
                items.extend(found.into_iter().filter(|item| !is_of(item, &drifted)));
                Some(newest.backup.clone())
            }
            Ok(None) => None,
            Err(failure) => {
                unseen.push(Unseen::Backup { message: failure.message });
                None
            }
        };
        Ok(Drift { items, unseen, unpulled: self.unpulled().await, since, observed_at: look.at() })
    }

    async fn look_for_drift(&self) -> Result<Look, Failure> {
        let (console, agents) = self.seen().await?;
        let at = console.at.clone().min(agents.at.clone());
        let underway = Underway::since(&at, &self.operations());
        Ok(Look { console, agents, underway })
    }

    /// Why the workers cannot be asked is told by their own list.
    async fn unpulled(&self) -> Vec<Unpulled> {
        let Ok(workers) = self.workers().await else { return Vec::new() };
        let unpulled = |worker: &domain::Worker| {
            let agent = Target::Worker(worker.name.clone());
            Some(Unpulled { agent, written_at: worker.unpulled.clone()? })
        };
        workers.value.iter().filter_map(unpulled).collect()
    }
}

impl Look {
    /// When the older of the two was seen.
    fn at(&self) -> Timestamp {
        self.console.at.clone().min(self.agents.at.clone())
    }

    fn of_agents(&self, assignments: &AssignmentsSeen) -> Vec<DriftItem> {
        let providers: BTreeSet<&ProviderName> =
            self.console.providers.iter().map(ProviderDoc::name).collect();
        let at_rest = self.agents.by_target.iter().filter(|(target, _)| !self.underway.is_for(target));
        let found = |(target, seen): (&Target, &SeenAgent)| {
            let now: &Assignment = &assignments.by_target.get(target)?.value;
            Some(of_agent(target, now, read_only(seen).as_ref(), &providers))
        };
        at_rest.filter_map(found).flatten().collect()
    }

    fn unseen(&self) -> Vec<Unseen> {
        let workers = self.agents.workers_unknown.as_ref();
        let workers = workers.map(|why| Unseen::Workers { message: why.message.clone() });
        let agent = |(target, seen): (&Target, &SeenAgent)| {
            let why = seen.config.as_ref().err().or(seen.record.as_ref().err())?;
            Some(Unseen::Agent { agent: target.clone(), message: why.message.clone() })
        };
        workers.into_iter().chain(self.agents.by_target.iter().filter_map(agent)).collect()
    }
}

/// Whether a backup was taken since a look, or in the same second. One of a time that has not come was taken before the
/// clock was set back.
fn is_old(look: &Timestamp, taken_at: &Timestamp, now: &Timestamp) -> bool {
    (look..=now).contains(&taken_at)
}

/// Why an agent's model cannot be changed from here.
fn read_only(seen: &SeenAgent) -> Option<WhyNot> {
    let why = seen.agent.read_only.as_ref()?;
    Some(WhyNot::ReadOnly { reason: why.reason.clone(), way: why.way.clone() })
}

/// The agent whose model drifts.
fn model_of(item: &DriftItem) -> Option<&Target> {
    match &item.what {
        Drifted::Model { agent, .. } => Some(agent),
        Drifted::Access { .. } | Drifted::Outside { .. } => None,
    }
}

fn is_of(item: &DriftItem, agents: &BTreeSet<Target>) -> bool {
    matches!(item.what.about(), BackupItem::Agent(agent) if agents.contains(&agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_old_once_there_is_a_backup_unless_the_clock_was_set_back_since() {
        let at = |hour: u32| Timestamp::from_rfc3339(format!("2026-01-15T{hour}:30:00Z"));
        assert!(is_old(&at(11), &at(12), &at(12)));
        assert!(is_old(&at(12), &at(12), &at(12)), "in the same second");
        assert!(!is_old(&at(12), &at(11), &at(12)));
        assert!(!is_old(&at(11), &at(12), &at(11)), "of a time that has not come");
    }
}
