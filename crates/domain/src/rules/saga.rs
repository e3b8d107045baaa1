//! The course of one change over several systems: write down, do step by step, read back, and undo by looking. Pure: the
//! engine performs the effects and feeds what happened back in.
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
    /// An undo met somebody else's work and left it.
    pub foreign: bool,
    /// A person wants it to stop; heeded until the pivot is under way.
    pub cancelled: bool,
    /// An earlier try of the step under way may have had its effect.
    pub unsure: bool,
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
    Committed,
    /// This step is being undone; all after it are.
    Compensating(usize),
    RolledBack,
    /// Not all could be undone; a person has to look.
    NeedsOperator,
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
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    WriteIntent,
    Apply(usize),
    Verify,
    Undo(usize),
    Finish(Outcome),
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Committed,
    RolledBack,
    NeedsOperator,
}

impl Saga {
    /// A change of `steps` steps of which nothing was done. `retries` is for the whole change.
    pub fn new(steps: usize, pivot: Option<usize>, retries: u32) -> Self {
        Self { steps, pivot, retries, phase: Phase::Planned, foreign: false, cancelled: false, unsure: false }
    }
}

impl Saga {
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

    /// Undoes the last of `touched` steps, or ends when none is left.
    fn back(&self, touched: usize) -> (Self, Vec<Effect>) {
        match touched.checked_sub(1) {
            Some(step) => self.to(Phase::Compensating(step), vec![Effect::Undo(step)]),
            None if self.foreign => {
                self.to(Phase::NeedsOperator, vec![Effect::Finish(Outcome::NeedsOperator)])
            }
            None => self.to(Phase::RolledBack, vec![Effect::Finish(Outcome::RolledBack)]),
        }
    }

    /// The same effect once more, if a retry is left.
    fn again(&self, effect: Effect) -> Option<(Self, Vec<Effect>)> {
        let retries = self.retries.checked_sub(1)?;
        Some((Self { retries, ..self.clone() }, vec![effect]))
    }

    fn failed(&self, step: usize, certainty: Certainty) -> (Self, Vec<Effect>) {
        match certainty {
            Certainty::Rejected if !self.unsure => self.back(step),
            Certainty::Unknown if self.past_pivot(step) => {
                let unsure = Self { unsure: true, ..self.clone() };
                unsure.again(Effect::Apply(step)).unwrap_or_else(|| self.back(step + 1))
            }
            Certainty::Rejected | Certainty::Unknown => self.back(step + 1),
        }
    }

    fn verify_failed(&self, certainty: Certainty) -> (Self, Vec<Effect>) {
        let again = (certainty == Certainty::Unknown && self.past_pivot(self.steps))
            .then(|| self.again(Effect::Verify));
        again.flatten().unwrap_or_else(|| self.back(self.steps))
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
}

/// Goes on after an event. An event that does not fit the phase (a late or doubled answer) changes nothing.
pub fn next(saga: &Saga, event: Event) -> (Saga, Vec<Effect>) {
    match (saga.phase, event) {
        (_, Event::Cancel) => saga.cancel(),
        (Phase::Planned, Event::Begin) => saga.to(Phase::Intent, vec![Effect::WriteIntent]),
        (Phase::Intent, Event::IntentFailed) => saga.back(0),
        (Phase::Intent, Event::IntentWritten) if saga.cancelled => saga.back(0),
        (Phase::Intent, Event::IntentWritten) => saga.forward(0),
        (Phase::Applying(step), Event::Applied(done)) if step == done && saga.cancelled => {
            saga.back(step + 1)
        }
        (Phase::Applying(step), Event::Applied(done)) if step == done => saga.forward(step + 1),
        (Phase::Applying(step), Event::Failed(failed, certainty)) if step == failed => {
            saga.failed(step, certainty)
        }
        (Phase::Verifying, Event::Verified) => {
            saga.to(Phase::Committed, vec![Effect::Finish(Outcome::Committed)])
        }
        (Phase::Verifying, Event::VerifyFailed(certainty)) => saga.verify_failed(certainty),
        (Phase::Compensating(step), Event::Undone(done)) if step == done => saga.back(step),
        (Phase::Compensating(step), Event::UndoForeign(done)) if step == done => {
            Saga { foreign: true, ..saga.clone() }.back(step)
        }
        // Steps before this one are left: a later object may still need what they made.
        (Phase::Compensating(step), Event::UndoFailed(failed)) if step == failed => saga
            .again(Effect::Undo(step))
            .unwrap_or_else(|| saga.to(Phase::NeedsOperator, vec![Effect::Finish(Outcome::NeedsOperator)])),
        _ => (saga.clone(), Vec::new()),
    }
}

#[cfg(test)]
mod tests;
