//! After the end: the objects are looked at until no late request can come any more, and what was written to an agent
//! until HiClaw itself has had its time to undo it. What our own requests did late, or what another writer swallowed, is
//! put right; what somebody else did is left and told.
mod restart;
mod right;
mod told;

use super::{
    course::{Course, side_of},
    pauses::Pauses,
};
use crate::edits::{Edit, Side};
use domain::rules::{Effect, Event, Outcome};
use higress::Observation;
use planted::crash_point;
use restart::Restarts;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// How many ended operations the journal keeps, so that they can be undone.
const KEPT: usize = 200;
/// The first look comes after this part of the horizon, each later one after twice the time …
const FIRST_LOOK: u32 = 64;
/// … up to this part of it.
const LONGEST_PAUSE: u32 = 8;
/// How often HiClaw is looked at while only it could undo something: after each such part of the horizon.
const SURE_PAUSE: u32 = 4;
/// A write that is gone within this part of the horizon was swallowed by another writer.
const SWALLOWED_WITHIN: u32 = 8;

/// What an object was found to be.
enum Look {
    AsTold,
    /// A write of our own changed it late, or it was swallowed.
    Strayed,
    /// What an agent had before the change is there again, by none of our requests.
    Undone,
    Foreign,
    /// It could not be read.
    Unknown,
}

/// A watch under way.
pub struct Watch {
    course: Course,
    /// When something was written last. By the clock that does not jump, so a restart begins anew.
    written: Instant,
    /// When an agent's own object could not be read last: HiClaw may have made no pass over it either.
    unseen: Option<Instant>,
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
    /// All objects were looked at after the last possible late request: what changes now is none of ours.
    quiet: bool,
    /// What HiClaw has not made of what was written, as the last look found.
    lacking: Vec<String>,
    restarts: Restarts,
}

impl Watch {
    /// The objects must be registered with the engine's watches already, before the locks were let go.
    pub fn new(course: Course) -> Self {
        let now = Instant::now();
        let mut watch = Self {
            course,
            written: now,
            unseen: None,
            swallowed_until: now,
            pauses: Pauses::new(Duration::ZERO, Duration::ZERO),
            looks: 0,
            notes: Vec::new(),
            rights: BTreeMap::new(),
            righted: None,
            resynced: false,
            quiet: false,
            lacking: Vec::new(),
            restarts: Restarts::new(),
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
        self.written = Instant::now();
        self.swallowed_until = Instant::now() + horizon / SWALLOWED_WITHIN;
        if answered {
            self.pauses = Pauses::new(horizon / FIRST_LOOK, horizon / LONGEST_PAUSE);
        }
        (self.resynced, self.quiet) = (false, false);
    }

    /// When no late request of ours can come any more.
    fn quiet_from(&self) -> Instant {
        self.written + self.course.engine.timing.horizon
    }

    /// When HiClaw has had its time, too, to undo what still stands of a change.
    fn ends(&self) -> Instant {
        let committed = self.course.saga.outcome() == Some(Outcome::Committed);
        let unsure = self.watched().map(|(_, edit)| edit.sure_after()).max().filter(|_| committed);
        let since = self.unseen.map_or(self.written, |unseen| unseen.max(self.written));
        self.quiet_from().max(since + unsure.unwrap_or_default())
    }

    /// Watches until the end, or until the server stops: the next start goes on.
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
            let held = self
                .course
                .edits()
                .find(|(_, edit)| edit.object() == object)
                .and_then(|(_, edit)| edit.held());
            let changed = format!("somebody else changed {object}");
            let changed =
                held.map_or(changed.clone(), |held| format!("{changed}: it belongs to {}", held.owner));
            self.note(changed);
        }
        self.notes.extend(self.lacking.clone());
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

    /// Waits for the next look, and looks. None: the server stops.
    async fn watch(&mut self) -> Option<Event> {
        let Some(side) = self.course.saga.outcome().and_then(side_of) else {
            self.note("a person took it over".to_owned());
            return Some(Event::LastQuiet);
        };
        self.restart().await;
        let nothing_to_see = self.course.edits().next().is_none() || planted::is(planted::Bug::NoSettleCheck);
        if nothing_to_see && !self.course.owes_restarts() {
            return Some(Event::LastQuiet);
        }
        let engine = self.course.engine.clone();
        let pause = self.next_pause();
        tokio::select! {
            biased;
            tried = self.restarts.tried() => self.note_tried(tried).await,
            paused = engine.pause(pause) => paused?,
            () = engine.watches.hurried() => {}
        }
        if Instant::now() >= self.quiet_from() && !self.resynced {
            self.resynced = self.resync(side).await;
        }
        let last = Instant::now() >= self.ends() && !self.course.owes_restarts();
        Some(self.look(side, last).await)
    }

    /// Once nothing of ours can come late any more, there is nothing to be put right before the end.
    fn next_pause(&mut self) -> Duration {
        let (now, horizon) = (Instant::now(), self.course.engine.timing.horizon);
        let left = |until: Instant| until.saturating_duration_since(now);
        let (quiet, end) = (left(self.quiet_from()), left(self.ends()));
        match (quiet, end) {
            (Duration::ZERO, Duration::ZERO) => self.pauses.next_pause(),
            (Duration::ZERO, end) if !self.course.owes_restarts() => end.min(horizon / SURE_PAUSE),
            (Duration::ZERO, _) => self.pauses.next_pause(),
            (quiet, _) => self.pauses.next_pause().min(quiet),
        }
    }

    async fn look(&mut self, side: Side, last: bool) -> Event {
        self.looks += 1;
        let quiet = Instant::now() >= self.quiet_from();
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
                Look::Unknown => {
                    certain = false;
                    let of_agent = self.course.edit(step).is_some_and(|edit| edit.held().is_some());
                    self.unseen = if of_agent { Some(Instant::now()) } else { self.unseen };
                }
                Look::Undone => self.note_undone(step),
                Look::Foreign => self.leave(&object),
            }
        }
        self.quiet = quiet && certain;
        if last && certain && self.resynced && self.carried_out().await {
            Event::LastQuiet
        } else {
            Event::Quiet
        }
    }

    /// Sees what HiClaw made of what still stands. False: that cannot be seen now. What cannot be seen for longer is told.
    async fn carried_out(&mut self) -> bool {
        self.lacking.clear();
        let watched: Vec<Edit> = self.watched().map(|(_, edit)| edit).cloned().collect();
        for edit in watched {
            match edit.lack(&self.course.engine.clients).await {
                Ok(lack) => self.lacking.extend(lack),
                Err(failure) if Instant::now() >= self.ends() + self.course.engine.timing.horizon => {
                    self.lacking.push(format!(
                        "{} could not be seen since: {}",
                        edit.object(),
                        failure.message
                    ));
                }
                Err(_) => return false,
            }
        }
        true
    }

    async fn find(&self, side: Side, edit: &Edit) -> Look {
        let clients = &self.course.engine.clients;
        let Ok(seen) = edit.observe(clients).await else { return Look::Unknown };
        match (seen, side) {
            (Observation::AllNew, Side::After) | (Observation::AllOld, Side::Before) => Look::AsTold,
            (Observation::AllNew, _) if edit.changes_nothing() => Look::AsTold,
            // Either our own write came late, or our newest one was swallowed: else it is none of ours.
            (Observation::AllNew, Side::Before) if self.may_return(edit) => Look::Strayed,
            (Observation::AllNew | Observation::AllOld, _) if edit.is_shared() && self.may_be_swallowed() => {
                Look::Strayed
            }
            (seen, side) => match self.find_ghost(edit).await {
                Look::Foreign
                    if (seen, side) == (Observation::AllOld, Side::After) && edit.held().is_some() =>
                {
                    Look::Undone
                }
                look => look,
            },
        }
    }

    /// Whether our own write of it, which was taken back, may have been carried out since, or once more.
    fn may_return(&self, edit: &Edit) -> bool {
        !self.quiet && (self.course.saga.may_come_late || !edit.is_fenced())
    }

    /// Another writer's older copy arrives soon after our write or never; who puts the old image back later means it.
    fn may_be_swallowed(&self) -> bool {
        Instant::now() <= self.swallowed_until
    }

    /// Whether what stands there was written by an earlier operation, late.
    async fn find_ghost(&self, edit: &Edit) -> Look {
        let object = edit.object();
        let may_arrive = |ghost: &&Edit| !self.quiet && ghost.object() == object;
        for ghost in self.course.ghosts.iter().filter(may_arrive) {
            match ghost.observe(&self.course.engine.clients).await {
                Ok(Observation::Foreign) => {}
                Ok(Observation::AllNew | Observation::AllOld) => return Look::Strayed,
                Err(_) => return Look::Unknown,
            }
        }
        Look::Foreign
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
}

#[cfg(test)]
mod tests;
