//! The course of one change over several systems: write down, do step by step, read back, undo by looking, and watch for
//! what comes late. Pure: the engine performs the effects and feeds what happened back in.
use serde::{Deserialize, Serialize};

/// A change under way. It is a value, so that it can be kept on disk and taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    /// How many steps the change has.
    pub steps: usize,
    /// The step that makes the change live, from 0. Until it was seen done a failure goes back, afterwards forward while
    /// retries last. None: every failure goes back.
    pub pivot: Option<usize>,
    /// How often a step after the pivot, the reading back or an undo may still be tried again.
    pub retries: u32,
    pub phase: Phase,
    /// How many steps may have written when the course turned back.
    pub touched: usize,
    /// An undo met somebody else's work and left it.
    pub foreign: bool,
    /// A person wants it to stop; heeded until the pivot is under way.
    pub cancelled: bool,
    /// An earlier try of the step under way may have had its effect.
    pub unsure: bool,
    /// A write may still have its effect, even after it was undone.
    pub may_come_late: bool,
}

/// How far a change is. Steps are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was written anywhere.
    Planned,
    /// The plan is being written down.
    Intent,
    /// This step is under way; all before it are done.
    Applying(usize),
    /// All steps are done; everything is being read back.
    Verifying,
    /// This step is being undone; all after it are.
    Compensating(usize),
    /// This step cannot be undone, or the undo cannot be confirmed. Its objects stay locked, and it is tried again later.
    Stuck(usize),
    /// It ended so and is told so; its objects are watched while a late request may still come.
    Settling(Outcome),
    /// The object of this step is not what the outcome says: it is being put right.
    Righting(Outcome, usize),
    /// Nothing of it can happen any more.
    Done(Outcome),
}

/// What is known of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It was refused and had no effect. For a read-back: something else is there.
    Rejected,
    /// It may have had its effect, or may yet have it.
    Unknown,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Begin,
    IntentWritten,
    /// The plan could not be written down: no change is begun.
    IntentFailed,
    /// The step was seen done.
    Applied(usize),
    Failed(usize, Certainty),
    /// Everything was read back as planned.
    Verified,
    VerifyFailed(Certainty),
    /// What was there before is there again.
    Undone(usize),
    /// Somebody else's work is there; it was left.
    UndoForeign(usize),
    /// The undo could not be made or not be confirmed.
    UndoFailed(usize),
    Cancel,
    /// The change was found on disk after a crash, and all its objects were looked at.
    Found {
        all_new: bool,
    },
    /// Time for another try of an undo that is stuck.
    Retry,
    /// A person takes a stuck change over: what is where stays there.
    GiveUp,
    /// The outcome was told; or its objects were looked at and are as it says.
    Quiet,
    /// As `Quiet`, and no late request can come any more.
    LastQuiet,
    /// The object of this step was found otherwise, by a write of our own or for want of one.
    Strayed(usize),
    /// A try to put it right is over, well or not.
    Righted(usize),
}

/// What is to be done next, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Make the plan durable. Nothing is written elsewhere before that is done.
    WriteIntent,
    /// Make the phase durable, if that can be done.
    Record,
    Apply(usize),
    Verify,
    Undo(usize),
    /// Tell that a person has to look; keep the locks, and try again later.
    Stop,
    /// Tell the outcome and let go of the locks.
    Finish(Outcome),
    /// Look at all objects when it is time.
    Watch,
    /// Make the object of this step what the outcome says.
    Right(Outcome, usize),
    /// Forget it: it is history.
    Close(Outcome),
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Committed,
    RolledBack,
    /// Undone, but for objects that somebody else changed meanwhile: those were left.
    LeftForeign,
    /// Not all could be undone, and a person took it over.
    GivenUp,
}

impl Saga {
    /// A change of `steps` steps of which nothing was done. `retries` is for the whole change.
    pub fn new(steps: usize, pivot: Option<usize>, retries: u32) -> Self {
        Self {
            steps,
            pivot,
            retries,
            phase: Phase::Planned,
            touched: 0,
            foreign: false,
            cancelled: false,
            unsure: false,
            may_come_late: false,
        }
    }

    /// True when nothing of it can happen any more.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done(_))
    }

    /// How it ended, if it did.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Settling(outcome) | Phase::Righting(outcome, _) | Phase::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn to(&self, phase: Phase, effects: Vec<Effect>) -> (Self, Vec<Effect>) {
        (Self { phase, ..self.clone() }, effects)
    }

    /// True once the step that makes the change live was seen done.
    fn past_pivot(&self, done: usize) -> bool {
        self.pivot.is_some_and(|pivot| done > pivot)
    }

    /// Does the step after `done` steps, or reads back when there is none.
    fn forward(&self, done: usize) -> (Self, Vec<Effect>) {
        let sure = Self { unsure: false, ..self.clone() };
        if done < self.steps {
            sure.to(Phase::Applying(done), vec![Effect::Apply(done)])
        } else {
            sure.to(Phase::Verifying, vec![Effect::Verify])
        }
    }

    /// Undoes the last of `touched` steps, or ends when none is left. The turn is made durable, so that a crash does not
    /// turn it again.
    fn back(&self, touched: usize) -> (Self, Vec<Effect>) {
        let turning = !matches!(self.phase, Phase::Compensating(_));
        let saga = Self { touched: self.touched.max(touched), ..self.clone() };
        match touched.checked_sub(1) {
            Some(step) if turning => {
                saga.to(Phase::Compensating(step), vec![Effect::Record, Effect::Undo(step)])
            }
            Some(step) => saga.to(Phase::Compensating(step), vec![Effect::Undo(step)]),
            None if self.foreign => self.finish(Outcome::LeftForeign),
            None => self.finish(Outcome::RolledBack),
        }
    }

    fn finish(&self, outcome: Outcome) -> (Self, Vec<Effect>) {
        let unwritten = matches!(self.phase, Phase::Planned | Phase::Intent) && !self.may_come_late;
        let effects = match unwritten {
            // There is no record, or one that lists nothing that was done.
            true => vec![Effect::Finish(outcome)],
            false => vec![Effect::Record, Effect::Finish(outcome)],
        };
        self.to(Phase::Settling(outcome), effects)
    }

    /// The same effect once more, if a retry is left.
    fn again(&self, effect: Effect) -> Option<(Self, Vec<Effect>)> {
        let retries = self.retries.checked_sub(1)?;
        Some((Self { retries, ..self.clone() }, vec![effect]))
    }

    fn failed(&self, step: usize, certainty: Certainty) -> (Self, Vec<Effect>) {
        let late = self.may_come_late || certainty == Certainty::Unknown;
        let saga = Self { may_come_late: late, ..self.clone() };
        match certainty {
            Certainty::Rejected if !self.unsure => saga.back(step),
            Certainty::Unknown if self.past_pivot(step) => {
                let unsure = Self { unsure: true, ..saga.clone() };
                unsure.again(Effect::Apply(step)).unwrap_or_else(|| saga.back(step + 1))
            }
            Certainty::Rejected | Certainty::Unknown => saga.back(step + 1),
        }
    }

    fn verify_failed(&self, certainty: Certainty) -> (Self, Vec<Effect>) {
        // Reading back writes what was swallowed again, which may stay without an answer too.
        let late = self.may_come_late || certainty == Certainty::Unknown;
        let saga = Self { may_come_late: late, ..self.clone() };
        let again = (certainty == Certainty::Unknown && saga.past_pivot(saga.steps))
            .then(|| saga.again(Effect::Verify));
        again.flatten().unwrap_or_else(|| saga.back(saga.steps))
    }

    fn undo_failed(&self, step: usize) -> (Self, Vec<Effect>) {
        let saga = Self { may_come_late: true, ..self.clone() };
        // Steps before this one are left: a later object may still need what they made.
        saga.again(Effect::Undo(step))
            .unwrap_or_else(|| saga.to(Phase::Stuck(step), vec![Effect::Record, Effect::Stop]))
    }

    /// A person's wish to stop. A step under way is waited for, since only then is it known what to undo.
    fn cancel(&self) -> (Self, Vec<Effect>) {
        match self.phase {
            Phase::Planned => self.back(0),
            Phase::Intent => (Self { cancelled: true, ..self.clone() }, Vec::new()),
            Phase::Applying(step) if self.pivot.is_none_or(|pivot| step < pivot) => {
                (Self { cancelled: true, ..self.clone() }, Vec::new())
            }
            _ => (self.clone(), Vec::new()),
        }
    }

    /// After a crash: any call of the last life may have been done, or may yet be.
    fn found(&self, all_new: bool) -> (Self, Vec<Effect>) {
        let saga = Self { may_come_late: true, unsure: false, ..self.clone() };
        match self.phase {
            Phase::Planned | Phase::Intent | Phase::Applying(_) | Phase::Verifying if all_new => {
                saga.to(Phase::Verifying, vec![Effect::Verify])
            }
            Phase::Planned
            | Phase::Intent
            | Phase::Applying(_)
            | Phase::Verifying
            | Phase::Compensating(_)
            | Phase::Stuck(_) => saga.back(self.steps),
            Phase::Settling(outcome) | Phase::Righting(outcome, _) => {
                saga.to(Phase::Settling(outcome), vec![Effect::Watch])
            }
            Phase::Done(_) => (self.clone(), Vec::new()),
        }
    }
}

/// Goes on after an event. An event that does not fit the phase (a late or doubled answer) changes nothing.
pub fn next(saga: &Saga, event: Event) -> (Saga, Vec<Effect>) {
    match (saga.phase, event) {
        (_, Event::Cancel) => saga.cancel(),
        (_, Event::Found { all_new }) => saga.found(all_new),
        (Phase::Planned, Event::Begin) => saga.to(Phase::Intent, vec![Effect::WriteIntent]),
        (Phase::Intent, Event::IntentFailed) => saga.back(0),
        (Phase::Intent, Event::IntentWritten) if saga.cancelled => {
            saga.to(Phase::Applying(0), Vec::new()).0.back(0)
        }
        (Phase::Intent, Event::IntentWritten) => saga.forward(0),
        (Phase::Applying(step), Event::Applied(done)) if step == done && saga.cancelled => {
            saga.back(step + 1)
        }
        (Phase::Applying(step), Event::Applied(done)) if step == done => saga.forward(step + 1),
        (Phase::Applying(step), Event::Failed(failed, certainty)) if step == failed => {
            saga.failed(step, certainty)
        }
        (Phase::Verifying, Event::Verified) => saga.finish(Outcome::Committed),
        (Phase::Verifying, Event::VerifyFailed(certainty)) => saga.verify_failed(certainty),
        (Phase::Compensating(step), Event::Undone(done)) if step == done => saga.back(step),
        (Phase::Compensating(step), Event::UndoForeign(done)) if step == done => {
            Saga { foreign: true, ..saga.clone() }.back(step)
        }
        (Phase::Compensating(step), Event::UndoFailed(failed)) if step == failed => saga.undo_failed(step),
        // From the beginning: a late write may have spoilt what was undone already, and this step may need it.
        (Phase::Stuck(_), Event::Retry) => saga.back(saga.touched),
        (Phase::Stuck(_), Event::GiveUp) => saga.finish(Outcome::GivenUp),
        (Phase::Settling(_), Event::Quiet) => (saga.clone(), vec![Effect::Watch]),
        (Phase::Settling(outcome), Event::LastQuiet) => {
            saga.to(Phase::Done(outcome), vec![Effect::Record, Effect::Close(outcome)])
        }
        (Phase::Settling(outcome), Event::Strayed(step)) if step < saga.steps => {
            saga.to(Phase::Righting(outcome, step), vec![Effect::Right(outcome, step)])
        }
        (Phase::Righting(outcome, step), Event::Righted(done)) if step == done => {
            saga.to(Phase::Settling(outcome), vec![Effect::Watch])
        }
        _ => (saga.clone(), Vec::new()),
    }
}

#[cfg(test)]
mod tests;
