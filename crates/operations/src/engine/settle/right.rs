//! Making an object again what a watch answers for.
use super::Watch;
use crate::{
    edits::{Edit, Put, Side},
    engine::course::side_of,
    locks::{HeldShared, HeldTargets, Needs},
};
use domain::{
    Code, Failure,
    rules::{Event, Outcome},
};
use planted::crash_point;
use tokio::time::Instant;

/// Who undoes it more often than this means it. And a write that is refused as often is not tried again.
pub(super) const MOST_RIGHTS: u32 = 8;
/// The same where a write compares nothing: a call that was answered is done once more at most, so whoever brings the same
/// back twice means it.
const UNFENCED_RIGHTS: u32 = 1;

/// What is held while an object is put right.
struct Grip {
    _shared: HeldShared,
    _target: Option<HeldTargets>,
}

impl Watch {
    pub(super) async fn right(&mut self, outcome: Outcome, step: usize) -> Event {
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
        let compares_nothing = edit.held().is_some() && !edit.is_fenced() && !self.course.saga.may_come_late;
        let most = if compares_nothing { UNFENCED_RIGHTS } else { MOST_RIGHTS };
        let rights = self.rights.entry(step).or_default();
        if *rights >= most {
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
    pub(super) async fn resync(&mut self, side: Side) -> bool {
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
            // What is stored is judged by the look that follows: a person may have put it there since the last one.
            if !engine.watches.has(&id, &object) && !engine.watches.has_left(&id, &object) {
                continue;
            }
            match edit.resync(&engine.clients).await {
                Ok(()) => {}
                Err(failure) if is_refusal(&failure) => {
                    let why = failure.message;
                    self.note(format!("{object} could not be made live once more as it is stored: {why}"));
                }
                Err(_) => {
                    engine.watches.may_still_come(&id, edit);
                    self.written = Instant::now();
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
}

/// Whether the write itself is what is refused, so that it will be again.
fn is_refusal(failure: &Failure) -> bool {
    failure.code == Code::InvalidRequest
}
