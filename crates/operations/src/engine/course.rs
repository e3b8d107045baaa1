//! The way of one operation through its state machine: performs each effect and says what came of it.
use super::{
    Engine, books::Books, control::Control, perform::Performed, progress::Progress, supervise::Carried,
};
use crate::{
    edits::{Edit, Side, Unwritten},
    journal::{Kept, Record, RequestMark},
    locks::{HeldShared, HeldTargets, Needs},
    prepare::{Prepared, Work},
    restarting::Restarting,
};
use domain::{
    Code, Failure, OperationId, OperationState, StepState,
    rules::{Certainty, Effect, Event, Outcome, Saga, next},
};
use planted::crash_point;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How often a read-back or an undo is tried again, in all, while a system does not answer.
const RETRIES: u32 = 8;
/// Between two tries to hold the shared objects.
const GRIP_PAUSE: Duration = Duration::from_secs(1);

/// An operation on its way, from its plan to the end of its watch.
pub struct Course {
    pub engine: Arc<Engine>,
    pub books: Arc<Books>,
    pub progress: Arc<Progress>,
    pub control: Arc<Control>,
    pub saga: Saga,
    /// By the index of the saga's steps. None: what a crash left nothing of, such as a question.
    pub work: Vec<Option<Work>>,
    /// Edits of earlier operations on the same objects, whose requests may still be on their way.
    pub ghosts: Vec<Edit>,
    /// The agents that are yet to be started again, if it is committed.
    pub restarts: Vec<Restarting>,
    /// The names of the locks.
    pub held: Vec<String>,
    pub request: Option<RequestMark>,
    /// The intent is on disk: something may have been written.
    pub begun: bool,
    /// What is not applied then is undone.
    pub deadline: Instant,
    /// The failure that turned the course.
    pub cause: Option<Failure>,
    /// What could not be undone.
    pub left: Vec<String>,
}

/// How far a course got by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The outcome is known and on disk.
    Ended(Outcome),
    /// An undo cannot be made or confirmed now.
    Stuck,
}

impl Course {
    /// A course that has its plan before it.
    pub fn begin(
        engine: Arc<Engine>,
        books: Arc<Books>,
        progress: Arc<Progress>,
        control: Arc<Control>,
        prepared: Prepared,
        held: Vec<String>,
        request: Option<RequestMark>,
    ) -> Self {
        let saga = Saga::new(prepared.work.len(), prepared.pivot(), RETRIES);
        let deadline = Instant::now() + engine.timing.operation;
        let work = prepared.work.into_iter().map(Some).collect();
        Self {
            engine,
            books,
            progress,
            control,
            saga,
            work,
            ghosts: Vec::new(),
            restarts: prepared.restarts,
            held,
            request,
            begun: false,
            deadline,
            cause: None,
            left: Vec::new(),
        }
    }

    /// A course as its record tells it.
    pub fn resume(
        engine: Arc<Engine>,
        books: Arc<Books>,
        progress: Arc<Progress>,
        control: Arc<Control>,
        record: Record,
    ) -> Self {
        let deadline = Instant::now() + engine.timing.operation;
        let work = record.work.into_iter().map(|kept| match kept {
            Kept::Write(edit) => Some(Work::Write(edit)),
            Kept::Other => None,
        });
        let cause = record.operation.failure.as_deref().cloned();
        Self {
            engine,
            books,
            progress,
            control,
            saga: Saga { retries: RETRIES, ..record.saga },
            work: work.collect(),
            ghosts: record.ghosts,
            restarts: record.restarts,
            held: record.held,
            request: record.request,
            begun: true,
            deadline,
            cause,
            left: Vec::new(),
        }
    }

    pub fn id(&self) -> OperationId {
        self.progress.operation().id.clone()
    }

    /// What of it outlives the task that works on it.
    pub fn carried(&self, held: Option<Arc<HeldTargets>>) -> Carried {
        Carried { books: self.books.clone(), progress: self.progress.clone(), held }
    }

    /// All writes, with their steps.
    pub fn edits(&self) -> impl Iterator<Item = (usize, &Edit)> {
        self.work.iter().enumerate().filter_map(|(step, work)| match work {
            Some(Work::Write(edit)) => Some((step, edit)),
            _ => None,
        })
    }

    pub fn edit(&self, step: usize) -> Option<&Edit> {
        match self.work.get(step) {
            Some(Some(Work::Write(edit))) => Some(edit),
            _ => None,
        }
    }

    /// Answers for its objects from now on: as what it changes, or as what it told when it has ended.
    pub fn answer(&self) {
        let (edits, outcome) = (self.edits().map(|(_, edit)| edit), self.saga.outcome());
        self.engine.watches.begin(&self.id(), edits, outcome, self.saga.may_come_late, &self.ghosts);
    }

    /// Holds what must be held while any of its objects is written. None: the server stops.
    pub async fn grip(&self) -> Option<HeldShared> {
        let mut needs = Needs::default();
        self.edits().for_each(|(_, edit)| edit.add_needs(&mut needs));
        loop {
            match self.engine.locks.queue(&needs).await {
                Ok(held) => return Some(held),
                Err(failure) => tracing::warn!(error = %failure, "waiting on"),
            }
            self.engine.pause(GRIP_PAUSE).await?;
        }
    }

    /// Goes to the machine's next state.
    pub fn advance(&mut self, event: Event) -> Vec<Effect> {
        let (saga, effects) = next(&self.saga, event);
        self.saga = saga;
        effects
    }

    /// Goes on until the outcome is on disk, or nothing more can be done now. The end is not published: who sees it may
    /// begin the next operation, so first everything is let go.
    pub async fn drive(&mut self, first: Event) -> Stage {
        let mut event = first;
        loop {
            let mut effects = Vec::new();
            if self.control.cancelled() && !self.saga.cancelled {
                effects = self.advance(Event::Cancel);
                self.cause.get_or_insert_with(cancelled);
            }
            if effects.is_empty() {
                effects = self.advance(event);
            }
            // The machine asks for one thing that has an answer at a time, and ends with `Finish` or `Stop`.
            let Some(asked) = effects.last().copied() else { return Stage::Stuck };
            if effects.contains(&Effect::Record) {
                self.record().await;
            }
            // Boxed: the compiler cannot lay out futures that nest deeper.
            event = match asked {
                Effect::WriteIntent => self.write_intent().await,
                Effect::Apply(step) => Box::pin(self.apply(step)).await,
                Effect::Verify => Box::pin(self.verify()).await,
                Effect::Undo(step) => Box::pin(self.undo(step)).await,
                Effect::Finish(outcome) => return Stage::Ended(outcome),
                Effect::Stop | Effect::Record | Effect::Watch | Effect::Right(..) | Effect::Close(_) => {
                    return Stage::Stuck;
                }
            };
        }
    }

    /// Nothing is written anywhere before the plan is on disk. From then on this operation answers for what earlier ones
    /// may still do to its objects.
    async fn write_intent(&mut self) -> Event {
        let objects: Vec<String> = self.edits().map(|(_, edit)| edit.object()).collect();
        if !planted::is(planted::Bug::SettleForgetsGhosts) {
            self.ghosts = self.engine.watches.ghosts(&objects);
        }
        if planted::is(planted::Bug::NoJournal) {
            self.begun = true;
            return Event::IntentWritten;
        }
        crash_point("intent.before");
        // What could not be noted at its end must not begin.
        let begun = match self.books.audit.probe().await {
            Ok(()) => self.books.journal.begin(&self.to_record()).await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(()) => {
                self.begun = true;
                self.engine.watches.take_over(self.edits().map(|(_, edit)| edit));
                self.answer();
                crash_point("intent.after");
                Event::IntentWritten
            }
            Err(error) => {
                let engine = self.engine.clone();
                engine.tasks.spawn(self.books.clone().forget_refused(engine.clone()));
                self.cause = Some(error.into());
                Event::IntentFailed
            }
        }
    }

    /// Makes the phase durable. When that fails the course goes on: what the disk says then still leads, by looking, to
    /// a whole state.
    pub async fn record(&self) {
        if planted::is(planted::Bug::NoJournal) {
            return;
        }
        crash_point("record.before");
        self.books.keep(&self.to_record()).await;
        crash_point("record.after");
    }

    fn to_record(&self) -> Record {
        let kept = |work: &Option<Work>| match work {
            Some(Work::Write(edit)) => Kept::Write(edit.clone()),
            _ => Kept::Other,
        };
        let mut operation = match self.saga.outcome() {
            Some(outcome) => self.told(outcome),
            None => (*self.progress.operation()).clone(),
        };
        if operation.failure.is_none() && self.saga.outcome() != Some(Outcome::Committed) {
            operation.failure = self.cause.clone().map(Box::new);
        }
        Record {
            operation,
            saga: self.saga.clone(),
            held: self.held.clone(),
            work: self.work.iter().map(kept).collect(),
            ghosts: self.ghosts.clone(),
            restarts: self.restarts.clone(),
            request: self.request.clone(),
        }
    }

    async fn apply(&mut self, step: usize) -> Event {
        let Some(Some(work)) = self.work.get(step) else {
            return Event::Failed(step, Certainty::Rejected);
        };
        let progress = self.progress.clone();
        progress.state(OperationState::Applying);
        progress.running(step + 1);
        if matches!(work, Work::Act(..)) {
            // Nothing tells after a crash whether it was begun, but this.
            self.record().await;
        }
        let began = Instant::now();
        crash_point("apply.before");
        let done = timeout_at(self.deadline, self.performed(work)).await;
        crash_point("apply.after");
        match done.unwrap_or_else(|_| Err(self.engine.too_long().into())) {
            Ok(done) => {
                progress.broke(done.broke);
                progress.ended(step + 1, done.state, began.elapsed(), done.evidence);
                Event::Applied(step)
            }
            Err(Unwritten { failure, untouched }) => {
                progress.ended(step + 1, StepState::Failed, began.elapsed(), failure.message.clone());
                self.cause = Some(failure);
                Event::Failed(step, if untouched { Certainty::Rejected } else { Certainty::Unknown })
            }
        }
    }

    /// A question changes nothing, so nobody who cancels has to wait for its answer.
    async fn performed(&self, work: &Work) -> Result<Performed, Unwritten> {
        if !matches!(work, Work::Ask(_) | Work::Neighbours(_) | Work::Prove(_)) {
            return self.engine.perform(work).await;
        }
        tokio::select! {
            done = self.engine.perform(work) => done,
            () = self.control.cancellation() => Err(Unwritten { failure: cancelled(), untouched: true }),
        }
    }

    async fn verify(&mut self) -> Event {
        let progress = self.progress.clone();
        let step = self.work.len() + 1;
        progress.state(OperationState::Verifying);
        progress.running(step);
        let began = Instant::now();
        let edits: Vec<&Edit> = self.edits().map(|(_, edit)| edit).collect();
        let read = timeout_at(self.deadline, self.engine.verify(&edits)).await;
        crash_point("verify.after");
        match read.unwrap_or_else(|_| Err((self.engine.too_long(), Certainty::Unknown))) {
            Ok(evidence) => {
                progress.ended(step, StepState::Done, began.elapsed(), evidence);
                Event::Verified
            }
            Err((failure, certainty)) => {
                progress.ended(step, StepState::Failed, began.elapsed(), failure.message.clone());
                self.cause = Some(failure);
                Event::VerifyFailed(certainty)
            }
        }
    }
}

/// The image that an outcome means. None: a person has taken the objects over.
pub fn side_of(outcome: Outcome) -> Option<Side> {
    match outcome {
        Outcome::Committed => Some(Side::After),
        Outcome::RolledBack | Outcome::LeftForeign => Some(Side::Before),
        Outcome::GivenUp => None,
    }
}

fn cancelled() -> Failure {
    Failure::new(Code::RolledBack, "somebody cancelled it")
}
