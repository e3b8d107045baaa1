//! What others changed since the newest backup.
//!
//! A backup is taken before each change of ours, so the newest one never has what our own last operation did. The audit
//! trail tells what our last write of an object left, and when: what stands there like that, written since the backup, is
//! our own work; all else that differs is somebody else's. HiClaw's own hand in whom routes let in is nobody's.
use super::{Look, read_only, underway::Underway};
use crate::{
    Operations,
    audit::Left,
    backups::Content,
    cache::Derived,
    declared::THE_WORKERS,
    edits::{provider_object, route_object},
    reads::{ConsoleState, runs, view_for_routes},
};
use domain::{
    Backup, BackupItem, ChangeAction, DeclaredProvider, DeclaredRoute, DriftItem, Drifted, Failure,
    KeyChoice, Mutation, OperationId, Restore, Target, Timestamp, WayOut, WhyNot,
    rules::{Changed, Fingerprints, Now, Then, changed_since, declared_route},
};
use hiclaw::{AgentConfig, record_object};
use higress::{ProviderDoc, RouteDoc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is kept between two looks.
#[derive(Default)]
pub struct Memory {
    /// Opening a backup costs more than all else.
    newest: Mutex<Option<Newest>>,
    stored: Derived<ConsoleState, ConsoleState, Result<Stored, Failure>>,
}

/// What the console stores, as a backup writes it down.
struct Stored {
    providers: Vec<DeclaredProvider>,
    keys: Fingerprints,
    routes: Vec<DeclaredRoute>,
}

/// Why something differs from the backup.
enum Cause {
    /// Our own operations.
    Ours,
    /// Somebody else; ours wrote it before him, where there is an operation.
    Outside(Option<OperationId>),
}

/// A backup of this installation, and what it holds.
#[derive(Clone)]
pub struct Newest {
    pub backup: Backup,
    content: Arc<Content>,
}

impl Operations {
    /// The newest of the server's own backups that opens; with a time the newest that was taken by then. What was imported
    /// may be of another installation.
    ///
    /// # Errors
    /// Why the newest does not open, where none does.
    pub(super) async fn newest_backup(&self, by: Option<&Timestamp>) -> Result<Option<Newest>, Failure> {
        let in_time = |backup: &Backup| by.is_none_or(|by| backup.taken_at <= *by);
        let mut failed = None;
        for backup in self.own_backups().await?.filter(in_time) {
            let known = self.0.drift.newest().clone().filter(|known| known.backup.id == backup.id);
            let content = match known {
                Some(known) => known.content,
                None => match self.open_backup(&backup.id).await {
                    Ok((_, content)) => Arc::new(content),
                    Err(failure) => {
                        failed.get_or_insert(failure);
                        continue;
                    }
                },
            };
            let newest = Newest { backup, content };
            *self.0.drift.newest() = Some(newest.clone());
            return Ok(Some(newest));
        }
        failed.map_or(Ok(None), Err)
    }

    /// What differs from the backup and is none of our own work.
    pub(super) async fn made_outside(&self, look: &Look, newest: &Newest) -> Result<Vec<DriftItem>, Failure> {
        let changed = self.changed_since(look, newest)?;
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let mut underway = look.underway.clone();
        underway.add_stuck(&newest.backup.taken_at, &self.operations());
        let objects = changed.iter().flat_map(|changed| self.objects_of(&changed.item));
        let left = self.0.engine.books().await?.audit.left(objects.collect::<Vec<_>>()).await;
        let own = Own { operations: self, look, underway, since: &newest.backup.taken_at, left };
        let found = changed.into_iter().filter_map(|changed| match own.cause(&changed) {
            Cause::Ours => None,
            Cause::Outside(ours) => Some(look.outside_item(changed, &newest.backup, ours)),
        });
        Ok(found.collect())
    }

    fn changed_since(&self, look: &Look, newest: &Newest) -> Result<Vec<Changed>, Failure> {
        let Content { file, left_out, .. } = &*newest.content;
        let keys = newest.content.fingerprints()?;
        let then = Then { file, keys: keys.as_ref() };
        let make = |console: &ConsoleState, _: &ConsoleState| {
            let view = view_for_routes(console, &self.0.installation)?;
            let providers = console.providers.iter().map(ProviderDoc::declared).collect();
            let of = |doc: &ProviderDoc| (doc.name().clone(), doc.credential_fingerprints());
            let keys = console.providers.iter().map(of).collect();
            Ok(Stored { providers, keys, routes: view.routes.iter().map(declared_route).collect() })
        };
        let stored = self.0.drift.stored.of(&look.console, &look.console, make);
        let Stored { providers, keys, routes } = (*stored).as_ref().map_err(Clone::clone)?;
        let agents = look.agents.by_target.iter();
        let agents = agents.map(|(target, seen)| (target.clone(), seen.config.as_deref().ok().map(runs)));
        let agents: BTreeMap<_, _> = agents.collect();
        let all_agents = look.agents.workers_unknown.is_none();
        // A backup that could not read the list of workers names none of them.
        let named = |name: &str| left_out.iter().any(|why| why.about.iter().any(|about| about == name));
        let untold = |target: &Target| match target {
            Target::Manager => named(target.agent()),
            Target::Worker(_) => named(target.agent()) || named(THE_WORKERS),
        };
        Ok(changed_since(then, untold, Now { providers, keys, routes, agents: &agents, all_agents }))
    }

    /// The object that makes something what it is, by its name in plans; of an agent, our note comes second.
    fn objects_of(&self, item: &BackupItem) -> Vec<String> {
        match item {
            BackupItem::Provider(name) => vec![provider_object(name)],
            BackupItem::Route(name) => vec![route_object(name)],
            BackupItem::Agent(target) => {
                vec![self.0.clients.holder.config_object(target), record_object(target)]
            }
        }
    }
}

impl Memory {
    fn newest(&self) -> MutexGuard<'_, Option<Newest>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our own work since a backup.
struct Own<'a> {
    operations: &'a Operations,
    look: &'a Look,
    underway: Underway,
    since: &'a Timestamp,
    /// What our last writes left.
    left: BTreeMap<String, Left>,
}

impl Own<'_> {
    fn cause(&self, changed: &Changed) -> Cause {
        let item = &changed.item;
        let objects = self.operations.objects_of(item);
        if objects.iter().any(|object| self.underway.writes(object)) {
            return Cause::Ours;
        }
        let left = |object: &String| {
            let left = self.left.get(object)?;
            left.at.as_ref().is_some_and(|at| at >= self.since).then_some(left)
        };
        let mut written = objects.iter().map(left);
        let (itself, note) = (written.next().flatten(), written.next().flatten());
        let stands = itself.is_some_and(|left| left.hash == self.look.hash_of(item));
        let body = |left: &Left| left.body.is_some() && left.body == self.look.body_of(item);
        let stands = stands || (!changed.access && itself.is_some_and(body));
        if stands || (note.is_some() && self.look.runs_as_noted(item)) {
            return Cause::Ours;
        }
        Cause::Outside(itself.map(|left| left.by.clone()))
    }
}

impl Look {
    /// The hash of what makes it what it is, as [`crate::edits::Edit::hash`] tells it.
    fn hash_of(&self, item: &BackupItem) -> String {
        let hash = match item {
            BackupItem::Provider(name) => self.console.provider(name).ok().map(ProviderDoc::content_hash),
            BackupItem::Route(name) => self.console.route(name).map(RouteDoc::content_hash),
            BackupItem::Agent(target) => {
                self.config_of(target).map(|config| config.held.image.content_hash())
            }
        };
        hash.unwrap_or_default()
    }

    /// The hash of a route but for the agents that it lets in.
    fn body_of(&self, item: &BackupItem) -> Option<String> {
        let BackupItem::Route(name) = item else { return None };
        self.console.route(name).map(RouteDoc::body_hash)
    }

    /// Whether an agent runs what our note of it says: its openclaw.json has other parts, which others write.
    fn runs_as_noted(&self, item: &BackupItem) -> bool {
        let BackupItem::Agent(target) = item else { return false };
        let Some(seen) = self.agents.by_target.get(target) else { return false };
        let note = seen.record.as_ref().ok().and_then(Option::as_ref);
        let config = seen.config.as_deref().ok();
        note.zip(config).is_some_and(|(note, config)| runs(config).fulfils(&note.wish()))
    }

    fn config_of(&self, target: &Target) -> Option<&AgentConfig> {
        self.agents.by_target.get(target)?.config.as_deref().ok()
    }

    fn outside_item(&self, changed: Changed, backup: &Backup, ours: Option<OperationId>) -> DriftItem {
        let repair = self.way_back(&changed, backup);
        let Changed { item, change, diff, .. } = changed;
        let accept = WayOut::WhyNot(WhyNot::TakeBackup);
        DriftItem { what: Drifted::Outside { item, change, diff, ours }, accept, repair }
    }

    /// The restore of what the backup has.
    fn way_back(&self, changed: &Changed, backup: &Backup) -> WayOut {
        let Changed { item, change, .. } = changed;
        let agent = match item {
            BackupItem::Agent(target) => self.agents.by_target.get(target),
            BackupItem::Provider(_) | BackupItem::Route(_) => None,
        };
        match (change, item, agent.and_then(read_only)) {
            (ChangeAction::Create, ..) => WayOut::WhyNot(WhyNot::NotInBackup),
            (ChangeAction::Delete, BackupItem::Agent(_), _) => WayOut::WhyNot(WhyNot::WorkerGone),
            (_, _, Some(why)) => WayOut::WhyNot(why),
            (ChangeAction::Update | ChangeAction::Delete, _, None) => {
                let items = Some(vec![item.clone()]);
                let mut wish = Restore { items, ..Restore::whole(backup.id.clone()) };
                // Without a word about them the present keys would be kept.
                if let (BackupItem::Provider(name), true) = (item, changed.has_other_keys()) {
                    wish.keys.insert(name.clone(), KeyChoice::Sealed);
                }
                WayOut::Change(Mutation::Restore(wish))
            }
        }
    }
}
