//! Custom resources, as the Kubernetes API and its cache give them.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::timeline::Timeline;

/// What an object is to be: its fields by JSON name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spec(pub Map<String, Value>);

impl Spec {
    /// A text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The state that is wanted.
    pub(super) fn state(&self) -> &str {
        match self.text("state") {
            "" => "Running",
            state => state,
        }
    }

    /// Whether the controller looks after the container.
    pub(super) fn managed(&self) -> bool {
        self.0.get("containerManaged").and_then(Value::as_bool).unwrap_or(true)
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A text, or another where there is none.
    pub(super) fn text_or<'a>(&'a self, name: &str, other: &'a str) -> &'a str {
        match self.text(name) {
            "" => other,
            text => text,
        }
    }
}

/// A status that can be written by two at once: each writes what it changed.
pub(super) trait Status: Clone + Default + PartialEq {
    /// Takes over what differs between `before` and `after`.
    fn take(&mut self, before: &Self, after: &Self);
}

/// An object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Resource<S> {
    pub(super) name: String,
    pub(super) spec: Spec,
    pub(super) status: S,
    /// Counts changes of the spec.
    pub(super) generation: u64,
    /// Counts every change.
    pub(super) version: u64,
    /// A reconciler has to clean up before it goes.
    pub(super) kept: bool,
    pub(super) deleting: bool,
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Missing,
    Exists,
    /// Somebody else wrote since it was read.
    Conflict,
}

struct Entry<S> {
    now: Option<Resource<S>>,
    /// As it was before the last write.
    before: Option<Resource<S>>,
    written: Duration,
}

/// All objects of one kind.
pub(super) struct Resources<S> {
    timeline: Arc<Timeline>,
    entries: Mutex<BTreeMap<String, Entry<S>>>,
    /// By how much reads trail writes.
    lag: Mutex<Duration>,
    /// Counts the writes.
    changed: watch::Sender<u64>,
}

impl<S: Status> Resources<S> {
    /// With what was there before.
    pub(super) fn new(timeline: Arc<Timeline>, kept: Vec<Resource<S>>, changed: watch::Sender<u64>) -> Self {
        let written = timeline.now();
        let entry =
            |object: Resource<S>| (object.name.clone(), Entry { now: Some(object), before: None, written });
        let entries = kept.into_iter().map(entry).collect();
        Self { timeline, entries: Mutex::new(entries), lag: Mutex::default(), changed }
    }

    pub(super) fn set_lag(&self, lag: Duration) {
        *self.lag.lock().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    /// One object as it is.
    pub(super) fn get(&self, name: &str) -> Option<Resource<S>> {
        self.lock().get(name)?.now.clone()
    }

    /// All objects as they are.
    pub(super) fn all(&self) -> Vec<Resource<S>> {
        self.lock().values().filter_map(|entry| entry.now.clone()).collect()
    }

    /// One object as the cache shows it.
    pub(super) fn seen(&self, name: &str) -> Option<Resource<S>> {
        let (now, lag) = self.times();
        self.lock().get(name).and_then(|entry| entry.seen(now, lag)).cloned()
    }

    /// All objects as the cache shows them.
    pub(super) fn all_seen(&self) -> Vec<Resource<S>> {
        let (now, lag) = self.times();
        self.lock().values().filter_map(|entry| entry.seen(now, lag)).cloned().collect()
    }

    pub(super) fn create(&self, name: &str, spec: Spec) -> Result<Resource<S>, Refused> {
        let now = self.timeline.now();
        let mut entries = self.lock();
        if entries.get(name).is_some_and(|entry| entry.now.is_some()) {
            return Err(Refused::Exists);
        }
        let made = Resource {
            name: name.to_owned(),
            spec,
            status: S::default(),
            generation: 1,
            version: 1,
            kept: false,
            deleting: false,
        };
        entries.insert(name.to_owned(), Entry { now: Some(made.clone()), before: None, written: now });
        drop(entries);
        self.tell();
        Ok(made)
    }

    /// Replaces the spec of what was read at `version`. The same spec again changes nothing.
    pub(super) fn replace(&self, name: &str, version: u64, spec: Spec) -> Result<Written<S>, Refused> {
        self.write(name, |object| {
            if object.version != version {
                return Err(Refused::Conflict);
            }
            let changed = object.spec != spec;
            if changed {
                object.spec = spec;
                object.generation += 1;
            }
            Ok(changed)
        })
    }

    /// Writes what differs between two states of a status. True: something did.
    pub(super) fn patch_status(&self, name: &str, before: &S, after: &S) -> bool {
        self.edit_status(name, |status| status.take(before, after))
    }

    /// Writes a status. True: that changed something.
    pub(super) fn edit_status(&self, name: &str, edit: impl FnOnce(&mut S)) -> bool {
        let written = self.write(name, |object| {
            let before = object.status.clone();
            edit(&mut object.status);
            Ok(object.status != before)
        });
        written.is_ok_and(|written| written.changed)
    }

    /// Whether no reconciler knows of it yet.
    pub(super) fn is_new(&self, name: &str) -> bool {
        self.get(name).is_some_and(|object| !object.kept)
    }

    /// From now on it cannot go without its reconciler. Nobody is told of this.
    pub(super) fn keep(&self, name: &str) {
        if let Some(object) = self.lock().get_mut(name).and_then(|entry| entry.now.as_mut()) {
            object.kept = true;
        }
        self.tell();
    }

    /// Marks it as to be deleted, or takes it away if nobody keeps it.
    pub(super) fn delete(&self, name: &str) -> Result<(), Refused> {
        let written = self.write(name, |object| {
            object.deleting = true;
            Ok(true)
        })?;
        if !written.object.kept {
            self.remove(name);
        }
        Ok(())
    }

    /// Takes it away.
    pub(super) fn remove(&self, name: &str) {
        let now = self.timeline.now();
        if let Some(entry) = self.lock().get_mut(name) {
            *entry = Entry { before: entry.now.take(), now: None, written: now };
        }
        self.tell();
    }

    /// One atomic change, if `change` finds something to change.
    fn write(
        &self,
        name: &str,
        change: impl FnOnce(&mut Resource<S>) -> Result<bool, Refused>,
    ) -> Result<Written<S>, Refused> {
        let now = self.timeline.now();
        let mut entries = self.lock();
        let entry = entries.get_mut(name).ok_or(Refused::Missing)?;
        let mut object = entry.now.clone().ok_or(Refused::Missing)?;
        let changed = change(&mut object)?;
        if changed {
            object.version += 1;
            *entry = Entry { before: entry.now.take(), now: Some(object.clone()), written: now };
        }
        drop(entries);
        self.tell();
        Ok(Written { object, changed })
    }

    fn tell(&self) {
        self.changed.send_modify(|writes| *writes += 1);
    }

    fn times(&self) -> (Duration, Duration) {
        (self.timeline.now(), *self.lag.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry<S>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An object after a write.
pub(super) struct Written<S> {
    pub(super) object: Resource<S>,
    pub(super) changed: bool,
}

impl<S> Entry<S> {
    fn seen(&self, now: Duration, lag: Duration) -> Option<&Resource<S>> {
        if now < self.written + lag { self.before.as_ref() } else { self.now.as_ref() }
    }
}

/// Takes over each field that differs.
macro_rules! take_fields {
    ($own:ident, $before:ident, $after:ident: $($field:ident),+) => {
        $(if $before.$field != $after.$field {
            $own.$field.clone_from(&$after.$field);
        })+
    };
}

/// How a worker, or a member of a team, is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WorkerStatus {
    pub(super) phase: String,
    pub(super) message: String,
    pub(super) container: String,
    pub(super) user: String,
    pub(super) room: String,
    pub(super) exposed: Vec<(u64, String)>,
    /// The generation that the last good pass worked on.
    pub(super) observed: u64,
    /// The part of the spec that the container was made from.
    pub(super) applied: Option<Spec>,
}

impl Status for WorkerStatus {
    fn take(&mut self, before: &Self, after: &Self) {
        take_fields!(self, before, after: phase, message, container, user, room, exposed, observed, applied);
    }
}

/// How a Manager is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ManagerStatus {
    pub(super) phase: String,
    pub(super) message: String,
    pub(super) user: String,
    pub(super) room: String,
    /// The image that it was told to run.
    pub(super) version: String,
    pub(super) welcomed: bool,
    pub(super) observed: u64,
    pub(super) applied: Option<Spec>,
}

impl Status for ManagerStatus {
    fn take(&mut self, before: &Self, after: &Self) {
        take_fields!(self, before, after: phase, message, user, room, version, welcomed, observed, applied);
    }
}

/// How a team is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TeamStatus {
    pub(super) phase: String,
    pub(super) message: String,
    pub(super) room: String,
    pub(super) leader_room: String,
    pub(super) leader_ready: bool,
    pub(super) ready: usize,
    pub(super) total: usize,
    /// By name, where the members are no workers of their own.
    pub(super) members: BTreeMap<String, WorkerStatus>,
}

impl Status for TeamStatus {
    fn take(&mut self, before: &Self, after: &Self) {
        take_fields!(self, before, after: phase, message, room, leader_room, leader_ready, ready, total, members);
    }
}
