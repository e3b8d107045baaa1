//! After the end: the objects are looked at until no late request can come any more. What our own requests did late, or
//! what another writer swallowed, is put right; what somebody else did is left and told.
use super::{
    course::{Course, side_of},
    pauses::Pauses,
};
use crate::{
    edits::{Edit, Put, Side},
    locks::{HeldShared, HeldTargets, Needs},
};
use domain::{
    Code, Failure, Settled,
    rules::{Effect, Event, Outcome},
};
use higress::Observation;
use planted::crash_point;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// How many ended operations the journal keeps, so that they can be undone.
const KEPT: usize = 200;
/// The first look comes after this part of the horizon, each later one after twice the time …
const FIRST_LOOK: u32 = 64;
/// … up to this part of it.
const LONGEST_PAUSE: u32 = 8;
/// Who undoes it more often than this means it. And a write that is refused as often is not tried again.
const MOST_RIGHTS: u32 = 8;
/// A write that is gone within this part of the horizon was swallowed by another writer.
const SWALLOWED_WITHIN: u32 = 8;

/// What an object was found to be.
enum Look {
    AsTold,
    /// A write of our own changed it late, or it was swallowed.
    Strayed,
    Foreign,
    /// It could not be read.
    Unknown,
}

/// What is held while an object is put right.
struct Grip {
    _shared: HeldShared,
    _target: Option<HeldTargets>,
}

/// A watch under way.
pub struct Watch {
    course: Course,
    /// When no late request of ours can come any more. By the clock that does not jump, so a restart begins anew.
    ends: Instant,
    /// Until then a write that is gone was swallowed.
    swallowed_until: Instant,
    /// Between two looks.
    pauses: Pauses,
    looks: usize,
    notes: Vec<String>,
    /// How often the object of a step was put right, and how often that was refused.
    rights: BTreeMap<usize, u32>,
    /// The step that was put right last, well or not.
    righted: Option<usize>,
    /// Live routes were made what is stored after the last possible late request.
    resynced: bool,
}

impl Watch {
    /// The objects must be registered with the engine's watches already, before the locks were let go.
    pub fn new(course: Course) -> Self {
        let now = Instant::now();
        let mut watch = Self {
            course,
            ends: now,
            swallowed_until: now,
            pauses: Pauses::new(Duration::ZERO, Duration::ZERO),
            looks: 0,
            notes: Vec::new(),
            rights: BTreeMap::new(),
            righted: None,
            resynced: false,
        };
        watch.begin_again(true);
        watch
    }

    /// A watch that an earlier life began. What changed while nobody looked was meant.
    pub fn resume(course: Course) -> Self {
        Self { swallowed_until: Instant::now(), ..Self::new(course) }
    }

    /// Something was written: that write can come late too, or be swallowed. While writes are not `answered`, the pauses go
    /// on growing.
    fn begin_again(&mut self, answered: bool) {
        let horizon = self.course.engine.timing.horizon;
        self.ends = Instant::now() + horizon;
        self.swallowed_until = Instant::now() + horizon / SWALLOWED_WITHIN;
        if answered {
            self.pauses = Pauses::new(horizon / FIRST_LOOK, horizon / LONGEST_PAUSE);
        }
        self.resynced = false;
    }

    /// Watches until the horizon, or until the server stops: the next start goes on.
    pub async fn run(mut self, first: Event) {
        let mut event = first;
        loop {
            event = match self.course.advance(event).last().copied() {
                Some(Effect::Watch) => match self.watch().await {
                    Some(event) => event,
                    None => return,
                },
                Some(Effect::Right(outcome, step)) => self.right(outcome, step).await,
                Some(Effect::Close(_)) => return self.close().await,
                other => {
                    tracing::error!(?other, "a watch broke off");
                    return;
                }
            };
        }
    }

    async fn close(mut self) {
        for object in self.course.engine.watches.changed(&self.course.id()) {
            self.note(format!("somebody else changed {object}"));
        }
        let settled = self.settled();
        let course = &mut self.course;
        let engine = course.engine.clone();
        // A record that is done is not looked at again, so the log comes first, and has all of it.
        while !course.note_settled(&settled).await {
            if engine.pause(engine.timing.horizon / LONGEST_PAUSE).await.is_none() {
                return;
            }
        }
        engine.watches.end(&course.id());
        course.progress.settled(settled);
        crash_point("settled.before");
        course.record().await;
        crash_point("settled.after");
        course.books.journal.prune(KEPT).await;
    }

    /// What the looks saw.
    fn settled(&self) -> Settled {
        let engine = &self.course.engine;
        let evidence = match (self.course.edits().count(), self.notes.as_slice()) {
            (0, _) => return Settled::nothing_written(engine.clock.now()),
            (n, []) => format!("{n} objects looked at {} times, all as told", self.looks),
            (_, notes) => notes.join("; "),
        };
        Settled { at: engine.clock.now(), evidence }
    }

    /// Waits for the next look, and looks. None: the server stops.
    async fn watch(&mut self) -> Option<Event> {
        let Some(side) = self.course.saga.outcome().and_then(side_of) else {
            self.note("a person took it over".to_owned());
            return Some(Event::LastQuiet);
        };
        if self.course.edits().next().is_none() || planted::is(planted::Bug::NoSettleCheck) {
            return Some(Event::LastQuiet);
        }
        let left = self.ends.saturating_duration_since(Instant::now());
        let due = self.pauses.next_pause();
        let engine = &self.course.engine;
        let hurried = tokio::select! {
            biased;
            paused = engine.pause(if left.is_zero() { due } else { due.min(left) }) => {
                paused?;
                false
            }
            () = engine.watches.hurried() => true,
        };
        let last = if hurried { left.is_zero() } else { due >= left };
        if last && !self.resynced {
            self.resynced = self.resync(side).await;
        }
        Some(self.look(side, last).await)
    }

    async fn look(&mut self, side: Side, last: bool) -> Event {
        self.looks += 1;
        let mut certain = true;
        let mut steps: Vec<usize> = self.watched().map(|(step, _)| step).collect();
        // In turn: what is put right next may need another one first, as a route its provider.
        steps.sort_by_key(|step| self.righted.is_some_and(|righted| *step <= righted));
        for step in steps {
            let Some(edit) = self.course.edit(step) else { continue };
            let object = edit.object();
            let look = self.find(side, edit).await;
            // A new operation may have taken the object over during the look.
            if !self.course.engine.watches.has(&self.course.id(), &object) {
                continue;
            }
            match look {
                Look::AsTold => {}
                Look::Strayed => return Event::Strayed(step),
                Look::Unknown => certain = false,
                Look::Foreign => self.leave(&object),
            }
        }
        if last && certain && self.resynced { Event::LastQuiet } else { Event::Quiet }
    }

    async fn find(&self, side: Side, edit: &Edit) -> Look {
        let clients = &self.course.engine.clients;
        let Ok(seen) = edit.observe(clients).await else { return Look::Unknown };
        match (seen, side) {
            (Observation::AllNew, Side::After) | (Observation::AllOld, Side::Before) => Look::AsTold,
            (Observation::AllNew, _) if edit.changes_nothing() => Look::AsTold,
            // Either our own write came late, or our newest one was swallowed: else it is none of ours.
            (Observation::AllNew, Side::Before) if self.course.saga.may_come_late => Look::Strayed,
            (Observation::AllNew | Observation::AllOld, _) if edit.is_shared() && self.may_be_swallowed() => {
                Look::Strayed
            }
            (Observation::Foreign, _) if edit.lets_in_more(clients, side).await => Look::AsTold,
            (Observation::AllNew | Observation::AllOld | Observation::Foreign, _) => {
                self.find_ghost(edit).await
            }
        }
    }

    /// Another writer's older copy arrives soon after our write or never; who puts the old image back later means it.
    fn may_be_swallowed(&self) -> bool {
        Instant::now() <= self.swallowed_until
    }

    /// Whether what stands there was written by an earlier operation, late.
    async fn find_ghost(&self, edit: &Edit) -> Look {
        let object = edit.object();
        for ghost in self.course.ghosts.iter().filter(|ghost| ghost.object() == object) {
            match ghost.observe(&self.course.engine.clients).await {
                Ok(Observation::Foreign) => {}
                Ok(Observation::AllNew | Observation::AllOld) => return Look::Strayed,
                Err(_) => return Look::Unknown,
            }
        }
        Look::Foreign
    }

    async fn right(&mut self, outcome: Outcome, step: usize) -> Event {
        let engine = self.course.engine.clone();
        let (Some(side), Some(edit)) = (side_of(outcome), self.course.edit(step).cloned()) else {
            return Event::Righted(step);
        };
        let object = edit.object();
        // Whoever holds it takes the watch over when he begins to write.
        let Ok(_grip) = self.grip(&edit).await else { return Event::Righted(step) };
        if !engine.watches.has(&self.course.id(), &object) {
            return Event::Righted(step);
        }
        self.righted = Some(step);
        let rights = self.rights.entry(step).or_default();
        if *rights >= MOST_RIGHTS {
            self.leave(&object);
            return Event::Righted(step);
        }
        crash_point("right.before");
        let put = engine.put(&edit, side, &self.course.ghosts).await;
        crash_point("right.after");
        let answered = put.is_ok();
        *rights += u32::from(put.as_ref().map_or_else(is_refusal, |put| *put == Put::Written));
        let tries = *rights;
        match put {
            Ok(Put::Foreign) => self.leave(&object),
            Ok(Put::There) => {}
            Ok(Put::Written) => self.note_right(side, &object),
            Err(failure) => {
                if is_refusal(&failure) && tries == MOST_RIGHTS {
                    self.note(format!("{object} could not be put right: {}", failure.message));
                    engine.watches.give_up(&self.course.id(), &object);
                }
                self.course.saga.may_come_late = true;
                engine.watches.may_still_come(&self.course.id(), &edit);
                tracing::warn!(object, error = %failure, "an object could not be put right yet");
            }
        }
        self.begin_again(answered);
        self.course.record().await;
        Event::Righted(step)
    }

    /// Makes live what is stored: a request that came late or twice and was refused may have changed the live part alone.
    /// A provider has no version, so to write it once more is a risk that is taken only when a call had no answer.
    async fn resync(&mut self, side: Side) -> bool {
        let late = self.may_come_late();
        let (engine, id) = (self.course.engine.clone(), self.course.id());
        // A route that was left is there by somebody else's work, whatever it was to be by ours.
        let left = |edit: &Edit| edit.is_route() && engine.watches.has_left(&id, &edit.object());
        let of_interest =
            |edit: &&Edit| edit.is_stored_route(side) || left(edit) || late && edit.is_console();
        let edits: Vec<Edit> =
            self.course.edits().map(|(_, edit)| edit).filter(of_interest).cloned().collect();
        for edit in &edits {
            let object = edit.object();
            let Ok(_grip) = self.grip(edit).await else { return false };
            let done = if engine.watches.has(&id, &object) {
                engine.put(edit, side, &self.course.ghosts).await
            } else if engine.watches.has_left(&id, &object) {
                edit.resync(&engine.clients).await.map(|()| Put::There)
            } else {
                continue;
            };
            match done {
                Ok(Put::Written) => {
                    self.note_right(side, &object);
                    self.begin_again(true);
                    return false;
                }
                Ok(Put::There | Put::Foreign) => {}
                Err(failure) if is_refusal(&failure) => {
                    let why = failure.message;
                    self.note(format!("{object} could not be made live once more as it is stored: {why}"));
                }
                Err(_) => {
                    engine.watches.may_still_come(&id, edit);
                    self.ends = Instant::now() + engine.timing.horizon;
                    return false;
                }
            }
        }
        true
    }

    async fn grip(&self, edit: &Edit) -> Result<Grip, Failure> {
        let engine = &self.course.engine;
        let target = edit.agent().map(|target| vec![crate::locks::target_name(target)]);
        let target = target.map(|names| engine.locks.hold(names, &self.course.id())).transpose()?;
        let mut needs = Needs::default();
        edit.add_needs(&mut needs);
        Ok(Grip { _shared: engine.locks.queue(&needs).await?, _target: target })
    }

    fn watched(&self) -> impl Iterator<Item = (usize, &Edit)> {
        let id = self.course.id();
        let watches = &self.course.engine.watches;
        self.course.edits().filter(move |(_, edit)| watches.has(&id, &edit.object()))
    }

    fn may_come_late(&self) -> bool {
        self.course.saga.may_come_late || !self.course.ghosts.is_empty()
    }

    fn leave(&self, object: &str) {
        self.course.engine.watches.leave(&self.course.id(), object);
    }

    fn note_right(&mut self, side: Side, object: &str) {
        self.note(match side {
            Side::After => {
                format!("the write of {object} was swallowed by another writer and was made again")
            }
            Side::Before => format!("a late write of {object} was taken back"),
        });
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Whether the write itself is what is refused, so that it will be again.
fn is_refusal(failure: &Failure) -> bool {
    failure.code == Code::InvalidRequest
}

#[cfg(test)]
mod tests;
