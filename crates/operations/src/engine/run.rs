//! One operation from its plan to its end.
use super::{
    Engine,
    progress::{End, Progress},
};
use crate::{
    edits::{Edit, Undone, Unwritten},
    locks::HeldShared,
    prepare::{self, Prepared, Question, Work},
};
use domain::{
    Code, Failure, Mutation, OperationState, StepState, Target,
    rules::{Certainty, Effect, Event, Outcome, Saga, next},
};
use futures::future::join_all;
use higress::Observation;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

/// How often the plan is made again because other operations wrote meanwhile.
const REPLANS: usize = 16;
/// How often a read-back or an undo is tried again, in all, while a system does not answer.
const RETRIES: u32 = 8;
/// Between two tries to undo an object.
const UNDO_PAUSE: Duration = Duration::from_millis(500);
/// How often an acknowledged write that another writer swallowed is written again.
const REWRITES: u32 = 3;

/// An operation that runs.
pub struct Run {
    engine: Arc<Engine>,
    progress: Arc<Progress>,
    mutation: Mutation,
}

impl Run {
    pub fn new(engine: Arc<Engine>, progress: Arc<Progress>, mutation: Mutation) -> Self {
        Self { engine, progress, mutation }
    }

    /// Plans, applies, verifies; on a failure undoes. Tells how it ended, which is not published yet: who sees the end
    /// may begin the next operation, so first everything is let go.
    pub async fn drive(self) -> End {
        self.progress.running(0);
        let began = Instant::now();
        let (prepared, _held) = match self.prepare().await {
            Ok(prepared) => prepared,
            Err(failure) => {
                self.progress.ended(0, StepState::Failed, began.elapsed(), failure.message.clone());
                return (OperationState::RolledBack, Some(failure));
            }
        };
        self.progress.ended(0, StepState::Done, began.elapsed(), prepared.summary());
        self.progress.planned(&prepared.plan, prepared.lasts.clone());
        let mut course = Course {
            run: &self,
            prepared: &prepared,
            deadline: began + self.engine.timing.operation,
            cause: None,
            left: Vec::new(),
        };
        let mut saga = Saga::new(prepared.work.len(), prepared.pivot(), RETRIES);
        let mut event = Event::Begin;
        loop {
            let (state, effects) = next(&saga, event);
            saga = state;
            // The machine asks for one effect at a time; it ends with `Finish`.
            let Some(effect) = effects.into_iter().next() else { return self.progress.broken_off() };
            event = match effect {
                Effect::WriteIntent => Event::IntentWritten,
                Effect::Apply(index) => course.apply(index).await,
                Effect::Verify => course.verify().await,
                Effect::Undo(index) => course.undo(index).await,
                Effect::Finish(outcome) => return course.finish(outcome),
            };
        }
    }

    /// Plans, and holds what the plan needs. A plan that others may have made old is made again while holding.
    async fn prepare(&self) -> Result<(Prepared, HeldShared), Failure> {
        let engine = &self.engine;
        let id = self.progress.operation().id.clone();
        let plan = || prepare::prepare(&engine.clients, &engine.installation, &self.mutation, id.clone());
        for _ in 0..REPLANS {
            let writes = engine.console_writes();
            let prepared = plan().await?;
            let held = engine.locks.queue(&prepared.needs).await?;
            if engine.console_writes() == writes {
                return Ok((prepared, held));
            }
            let again = plan().await?;
            if prepared.needs.cover(&again.needs) {
                return Ok((again, held));
            }
        }
        Err(Failure::new(Code::Busy, "other operations kept changing what this one needs")
            .hint("Nothing was changed. Try again when they are done."))
    }

    /// Does one thing. The text says what was observed.
    async fn perform(&self, work: &Work) -> Result<(StepState, String), Unwritten> {
        match work {
            Work::Write(edit) => Ok((StepState::Done, self.write(edit).await?.to_owned())),
            Work::Ask(question) => match self.ask(question).await {
                Ok(evidence) => Ok((StepState::Done, evidence)),
                Err(failure) => Err(Unwritten { failure, untouched: true }),
            },
            Work::Reload(target) => Ok(self.reload(target).await),
        }
    }

    async fn write(&self, edit: &Edit) -> Result<&'static str, Unwritten> {
        let written = edit.apply(&self.engine.clients).await;
        if edit.is_console() {
            self.engine.note_console_write();
        }
        written
    }

    async fn ask(&self, question: &Question) -> Result<String, Failure> {
        let probe = &self.engine.clients.probe;
        let answered = if self.engine.gateway_may_lag() {
            probe.ask_until_effective(&question.key, &question.model).await
        } else {
            probe.ask(&question.key, &question.model).await
        };
        let consumer = question.target.consumer();
        match answered {
            Ok(answered) => Ok(format!("{} as {consumer}", answered.evidence)),
            Err(failed) => Err(question.failure(&failed)),
        }
    }

    /// An agent that is down cannot be seen to take its config up, which does not make the change wrong.
    async fn reload(&self, target: &Target) -> (StepState, String) {
        match self.engine.clients.holder.reload(target).await {
            Ok(taken_up) => (StepState::Done, taken_up.evidence),
            Err(error) => (StepState::Skipped, format!("not seen: {error}")),
        }
    }

    /// Reads everything back. A provider that another writer swallowed meanwhile is written again.
    async fn verify(&self, prepared: &Prepared) -> Result<String, (Failure, Certainty)> {
        let edits: Vec<&Edit> = prepared.edits().collect();
        let checks = join_all(edits.iter().map(|edit| self.confirm(edit))).await;
        checks.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(match edits.len() {
            1 => "1 object read back as written".to_owned(),
            n => format!("{n} objects read back as written"),
        })
    }

    async fn confirm(&self, edit: &Edit) -> Result<(), (Failure, Certainty)> {
        let not_there = |seen| (not_there(edit, seen), Certainty::Rejected);
        for _ in 0..=REWRITES {
            let seen = edit.observe(&self.engine.clients).await;
            match seen.map_err(|failure| (failure, Certainty::Unknown))? {
                Observation::AllNew => return Ok(()),
                Observation::AllOld if edit.is_shared() => {
                    tracing::warn!(object = edit.object(), "an acknowledged write is gone; writing it again");
                    self.write(edit).await.map_err(|unwritten| (unwritten.failure, Certainty::Rejected))?;
                }
                Observation::AllOld => return Err(not_there("it is as it was before the write")),
                Observation::Foreign => return Err(not_there("somebody else changed it")),
            }
        }
        Err(not_there("it was written again and again and did not stay"))
    }

    fn too_long(&self) -> Failure {
        let limit = self.engine.timing.operation;
        Failure::new(Code::UpstreamTimeout, format!("the operation took longer than {} s", limit.as_secs()))
    }
}

/// The way of one operation through its effects: performs each and says what came of it.
struct Course<'a> {
    run: &'a Run,
    prepared: &'a Prepared,
    /// What is not applied then is undone.
    deadline: Instant,
    /// The failure that turned the course.
    cause: Option<Failure>,
    /// What could not be undone.
    left: Vec<String>,
}

impl Course<'_> {
    async fn apply(&mut self, index: usize) -> Event {
        let Some(work) = self.prepared.work.get(index) else { return Event::Applied(index) };
        let progress = &self.run.progress;
        progress.state(OperationState::Applying);
        progress.running(index + 1);
        let began = Instant::now();
        let done = timeout_at(self.deadline, self.run.perform(work)).await;
        match done.unwrap_or_else(|_| Err(self.run.too_long().into())) {
            Ok((state, evidence)) => {
                progress.ended(index + 1, state, began.elapsed(), evidence);
                Event::Applied(index)
            }
            Err(Unwritten { failure, untouched }) => {
                progress.ended(index + 1, StepState::Failed, began.elapsed(), failure.message.clone());
                self.cause = Some(failure);
                Event::Failed(index, if untouched { Certainty::Rejected } else { Certainty::Unknown })
            }
        }
    }

    async fn verify(&mut self) -> Event {
        let progress = &self.run.progress;
        let step = self.prepared.work.len() + 1;
        progress.state(OperationState::Verifying);
        progress.running(step);
        let began = Instant::now();
        let read = timeout_at(self.deadline, self.run.verify(self.prepared)).await;
        match read.unwrap_or_else(|_| Err((self.run.too_long(), Certainty::Rejected))) {
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

    async fn undo(&mut self, index: usize) -> Event {
        let progress = &self.run.progress;
        progress.state(OperationState::Compensating);
        let Some(Work::Write(edit)) = self.prepared.work.get(index) else { return Event::Undone(index) };
        self.left.retain(|object| *object != edit.object());
        let undone = edit.undo(&self.run.engine.clients).await;
        if edit.is_console() {
            self.run.engine.note_console_write();
        }
        match undone {
            Ok(Undone::Restored(seen)) => {
                progress.undone(index + 1, Some(StepState::Undone), seen);
                Event::Undone(index)
            }
            Ok(Undone::Foreign) => {
                progress.undone(index + 1, None, "not undone: somebody else changed it meanwhile");
                self.left.push(edit.object());
                Event::UndoForeign(index)
            }
            Err(failure) => {
                progress.undone(index + 1, None, &format!("not undone: {}", failure.message));
                self.left.push(edit.object());
                sleep(UNDO_PAUSE).await;
                Event::UndoFailed(index)
            }
        }
    }

    fn finish(self, outcome: Outcome) -> End {
        let cause = || {
            self.cause.unwrap_or_else(|| {
                Failure::new(Code::Internal, "the operation was turned back without a reason")
            })
        };
        match outcome {
            Outcome::Committed => (OperationState::Committed, None),
            Outcome::RolledBack => {
                let steps = &self.run.progress.operation().steps;
                let wrote = steps.iter().any(|step| step.state == StepState::Undone);
                (OperationState::RolledBack, Some(rolled_back(cause(), wrote)))
            }
            Outcome::NeedsOperator => {
                (OperationState::NeedsOperator, Some(needs_operator(cause(), &self.left)))
            }
        }
    }
}

fn not_there(edit: &Edit, seen: &str) -> Failure {
    Failure::new(Code::Conflict, format!("{} was not read back as written: {seen}", edit.object()))
}

/// A failed test says so by its own code; any other failure is told as what was undone.
fn rolled_back(cause: Failure, wrote: bool) -> Failure {
    if cause.code == Code::ModelNotReachable {
        return cause;
    }
    let end = if wrote { "everything was undone" } else { "nothing was changed" };
    Failure { code: Code::RolledBack, message: format!("{}; {end}", cause.message), ..cause }
}

fn needs_operator(cause: Failure, left: &[String]) -> Failure {
    let message = format!("{}; not undone: {}", cause.message, left.join(", "));
    Failure { code: Code::NeedsOperator, message, ..cause }
        .hint("Compare these objects with the plan's before and after and decide which is right; the steps say what is where.")
}
