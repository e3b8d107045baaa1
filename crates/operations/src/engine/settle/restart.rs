//! Starting agents again that run their former model until then. It comes behind a good end: the models are written and
//! read back, so nothing is undone for it. What a restart came to is told with the end, which waits for it.
use super::Watch;
use crate::restarting::Restarting;
use domain::{Failure, StepName, StepState, Target, Worker, WorkerStatus};
use hiclaw::Act;
use planted::crash_point;
use tokio::time::Instant;

/// How often a container is tried to be brought up.
const TRIES: u32 = 3;

/// What is to be done with an agent.
enum Turn {
    Act,
    /// The text says why.
    Wait(String),
    /// There is nothing to be started, or nobody can say whether it may be. The text says why.
    Leave(String),
}

/// What came of a step.
type Ended = (StepState, String);

impl Watch {
    /// Starts those again for whom it is time, and tells the end when none is left.
    pub(super) async fn restart(&mut self) {
        while self.course.owes_restarts() {
            let Some(next) = self.course.restarts.first().cloned() else { return };
            let Some(step) = self.step_of(&next) else {
                self.course.restarts.remove(0);
                continue;
            };
            let began = Instant::now();
            let Some((state, evidence)) = self.restarted(step, &next).await else { return };
            self.course.progress.ended(step, state, began.elapsed(), evidence);
            self.course.restarts.remove(0);
            self.restarting = (Instant::now(), 0);
            self.course.record().await;
            self.tell_end();
        }
    }

    fn step_of(&self, next: &Restarting) -> Option<usize> {
        let steps = &self.course.progress.operation().steps;
        let is_its = |step: &domain::Step| {
            step.name == StepName::Restart && step.object.as_deref() == Some(next.target.agent())
        };
        steps.iter().position(is_its)
    }

    /// None: not yet.
    async fn restarted(&mut self, step: usize, next: &Restarting) -> Option<Ended> {
        let agent = next.target.agent().to_owned();
        let later = format!("{agent} runs its former model until its container starts again");
        if self.held.is_none() {
            // After a crash. Who works on the agent now decides himself whether it is started again.
            let held = self.course.engine.locks.hold(self.course.held.clone(), &self.course.id());
            match held {
                Ok(held) => self.held = Some(held.into()),
                Err(failure) => {
                    return Some((StepState::Skipped, format!("not restarted: {}", failure.message)));
                }
            }
        }
        if self.course.control.cancelled() {
            return Some((StepState::Skipped, format!("somebody cancelled it: {later}")));
        }
        self.course.progress.running(step);
        let waited = self.restarting.0.elapsed() >= self.course.engine.timing.idle;
        match self.turn(next).await {
            Turn::Act => self.bring_up(step, &next.target).await,
            Turn::Leave(why) => Some((StepState::Skipped, format!("not restarted: {why}"))),
            Turn::Wait(why) if waited => Some((StepState::Skipped, format!("not restarted, {why}: {later}"))),
            Turn::Wait(why) => {
                self.course.progress.found(step, StepState::Running, &format!("waits: {why}"));
                None
            }
        }
    }

    async fn turn(&self, next: &Restarting) -> Turn {
        let Target::Worker(name) = &next.target else { return Turn::Act };
        let seen = self.course.engine.clients.holder.workers().await;
        let found = seen.map(|all| all.into_iter().find(|worker| worker.name == *name));
        match found {
            Ok(Some(worker)) => turn_of(&worker, next.when_idle),
            Ok(None) => Turn::Leave(format!("there is no worker {name}")),
            Err(_) if !next.when_idle => Turn::Act,
            Err(error) => Turn::Wait(Failure::from(error).message),
        }
    }

    /// Restarts the container. One that does not come back is woken, and the whole is tried again.
    async fn bring_up(&mut self, step: usize, target: &Target) -> Option<Ended> {
        let holder = &self.course.engine.clients.holder;
        crash_point("restart.before");
        let restarted = holder.act(target, Act::Restart).await;
        crash_point("restart.after");
        let error = match restarted {
            Ok(seen) => return Some((StepState::Done, seen)),
            Err(error) => error,
        };
        let woken = holder.act(target, Act::Wake).await;
        match woken {
            Ok(seen) => return Some((StepState::Done, format!("{error}; woken: {seen}"))),
            Err(hiclaw::Error::CannotAct { .. }) if matches!(error, hiclaw::Error::CannotAct { .. }) => {
                let Failure { message, hint, .. } = error.into();
                return Some((
                    StepState::Skipped,
                    format!("not restarted: {message}. {}", hint.unwrap_or_default()),
                ));
            }
            Err(_) => {}
        }
        self.restarting.1 += 1;
        if self.restarting.1 < TRIES {
            self.course.progress.found(step, StepState::Running, &format!("tries again: {error}"));
            return None;
        }
        let agent = target.agent();
        let evidence =
            format!("{error}; the model of {agent} is set, and it runs it once its container starts");
        Some((StepState::Failed, evidence))
    }

    /// When no agent is left, the targets are let go and the end is told.
    fn tell_end(&mut self) {
        let Some(outcome) = self.course.saga.outcome().filter(|_| self.course.restarts.is_empty()) else {
            return;
        };
        let operation = self.course.told(outcome);
        self.course.engine.let_go(&self.course, self.held.take().as_deref(), operation);
    }
}

fn turn_of(worker: &Worker, when_idle: bool) -> Turn {
    let Worker { name, evidence, .. } = worker;
    match worker.status {
        WorkerStatus::Sleeping | WorkerStatus::Stopped | WorkerStatus::Offline => {
            Turn::Leave(format!("{name} does not run ({evidence}), and takes its model up when it starts"))
        }
        _ if !when_idle => Turn::Act,
        WorkerStatus::Idle | WorkerStatus::Failed => Turn::Act,
        WorkerStatus::Busy | WorkerStatus::Starting => Turn::Wait(format!("{name} is busy ({evidence})")),
        WorkerStatus::Running | WorkerStatus::Remote | WorkerStatus::Unknown => {
            Turn::Leave(format!("nobody can tell whether {name} is busy ({evidence})"))
        }
    }
}

#[cfg(test)]
mod tests;
