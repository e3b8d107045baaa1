//! Starting agents again that run their former model until then. It comes behind a good end, which is told before it: the
//! models are written and read back, nothing is undone for it, and nobody is kept from the targets while an agent is waited
//! for. The looks go on meanwhile.
use super::Watch;
use crate::{
    engine::{Engine, course::Course},
    locks::{HeldTargets, target_name},
    restarting::Restarting,
};
use domain::{Failure, Operation, Step, StepName, StepState, Target, Worker, WorkerStatus, rules::Outcome};
use hiclaw::Act;
use higress::Observation;
use planted::crash_point;
use std::future::pending;
use tokio::{task::JoinHandle, time::Instant};
use tracing::Instrument;

/// How often a container is tried to be brought up.
const TRIES: u32 = 2;
/// Between two tries: this part of the horizon.
const AGAIN: u32 = 8;

/// What is under way of what a watch owes to agents, one after the other.
pub struct Restarts {
    /// When the present one became the first.
    since: Instant,
    /// How often it failed.
    failed: u32,
    not_before: Instant,
    /// A task of the engine: a stop waits for it, so that it leaves no agent asleep.
    trying: Option<JoinHandle<Tried>>,
}

/// What came of one try.
pub enum Tried {
    Runs(String),
    /// There is no way to start it from here.
    NoWay(String),
    Failed(String),
}

/// What is to be done with an agent, and what that rests on.
enum Turn {
    Act(Act),
    Wait(String),
    /// It is not to be started again, and why.
    Leave(String),
}

impl Restarts {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { since: now, failed: 0, not_before: now, trying: None }
    }

    /// Waits for what is being tried, without end where nothing is.
    pub async fn tried(&mut self) -> Tried {
        let Some(trying) = &mut self.trying else { return pending().await };
        let tried = trying.await.unwrap_or_else(|_| Tried::Failed("the try broke off".to_owned()));
        self.trying = None;
        tried
    }

    fn is_due(&self) -> bool {
        self.trying.is_none() && Instant::now() >= self.not_before
    }
}

impl Course {
    /// Whether agents are yet to be started again.
    pub fn owes_restarts(&self) -> bool {
        self.saga.outcome() == Some(Outcome::Committed) && !self.restarts.is_empty()
    }

    /// Tells of agents that are started again at once that this is under way, and of the first one until it is known whether
    /// it is to be waited for.
    pub fn announce_restarts(&self, operation: &mut Operation) {
        if !self.owes_restarts() {
            return;
        }
        let comes = |(n, owed): &(usize, &Restarting)| *n == 0 || !owed.when_idle;
        for (_, owed) in self.restarts.iter().enumerate().filter(comes) {
            let step = operation.steps.iter_mut().find(|step| is_of(step, owed));
            if let Some(step) = step.filter(|step| step.state == StepState::Pending) {
                step.state = StepState::Running;
            }
        }
    }
}

impl Watch {
    /// Begins to start the next one again, when it is time.
    pub(super) async fn restart(&mut self) {
        while self.course.owes_restarts() && self.restarts.is_due() {
            let Some(next) = self.course.restarts.first().cloned() else { return };
            match self.turn(&next).await {
                Turn::Leave(why) => self.note_restart(StepState::Skipped, &why).await,
                Turn::Wait(how) => return self.show_restart(StepState::Pending, &how),
                Turn::Act(act) => {
                    // Whoever works on the agent now decides about it: that is seen at the next look.
                    let Ok(held) = self.hold(&next.target) else { return };
                    return self.try_to_start(&next.target, act, held).await;
                }
            }
        }
    }

    /// Notes what came of a try.
    pub(super) async fn note_tried(&mut self, tried: Tried) {
        match tried {
            Tried::Runs(seen) => self.note_restart(StepState::Done, &seen).await,
            Tried::NoWay(why) => self.note_restart(StepState::Skipped, &why).await,
            Tried::Failed(why) => {
                self.restarts.failed += 1;
                if self.restarts.failed < TRIES {
                    self.restarts.not_before = Instant::now() + self.course.engine.timing.horizon / AGAIN;
                    return self.show_restart(StepState::Running, &format!("tries again; {why}"));
                }
                let lasts = "its model is set, and it runs it once its container starts";
                self.note_restart(StepState::Failed, &format!("{why}; {lasts}")).await;
            }
        }
    }

    async fn turn(&self, next: &Restarting) -> Turn {
        let agent = next.target.agent();
        let decided = self.is_decided_by_another(&next.target).await;
        let by_another = || Turn::Leave(format!("not restarted: a later change of {agent} decides"));
        let Target::Worker(name) = &next.target else {
            return if decided { by_another() } else { Turn::Act(Act::Restart) };
        };
        let seen = self.course.engine.clients.holder.workers().await;
        let turn = match seen.map(|all| all.into_iter().find(|worker| worker.name == *name)) {
            Ok(Some(worker)) => turn_of(&worker, next),
            Ok(None) => Turn::Leave(format!("not restarted: there is no worker {name}")),
            Err(_) if !next.when_idle => Turn::Act(Act::Restart),
            Err(error) => Turn::Wait(Failure::from(error).message),
        };
        match turn {
            // What was stopped for it is not left at rest, whoever decides what it runs.
            Turn::Act(Act::Wake) => turn,
            _ if decided => by_another(),
            Turn::Wait(how) if self.restarts.since.elapsed() >= self.course.engine.timing.idle => {
                Turn::Leave(format!("not restarted: {agent} was never idle; {how}; {}", later(agent)))
            }
            Turn::Wait(how) => Turn::Wait(format!("waits until {agent} is idle; {how}")),
            turn => turn,
        }
    }

    /// Whether what this operation gave the agent is not what it is to run any more. A later change that was taken back
    /// decides nothing.
    async fn is_decided_by_another(&self, target: &Target) -> bool {
        let clients = &self.course.engine.clients;
        for (_, edit) in self.course.edits().filter(|(_, edit)| edit.agent() == Some(target)) {
            if matches!(edit.observe(clients).await, Ok(Observation::AllOld | Observation::Foreign)) {
                return true;
            }
        }
        false
    }

    fn hold(&self, target: &Target) -> Result<HeldTargets, Failure> {
        self.course.engine.locks.hold(vec![target_name(target)], &self.course.id())
    }

    /// What is begun is known after a crash too: an agent that was put to sleep for it is woken then.
    async fn try_to_start(&mut self, target: &Target, act: Act, held: HeldTargets) {
        if let Some(first) = self.course.restarts.first_mut() {
            first.begun = true;
        }
        self.show_restart(StepState::Running, &format!("{} is being started again", target.agent()));
        self.course.record().await;
        let (engine, target) = (self.course.engine.clone(), target.clone());
        let tries = async move {
            let tried = bring_up(&engine, &target, act).await;
            drop(held);
            tried
        };
        self.restarts.trying = Some(self.course.engine.tasks.spawn(tries.in_current_span()));
    }

    fn show_restart(&self, state: StepState, evidence: &str) {
        let owed = self.course.restarts.first();
        if let Some(step) = owed.and_then(|owed| self.step_of(owed)) {
            self.course.progress.found(step, state, evidence);
        }
    }

    /// Nothing more is owed to the first one.
    async fn note_restart(&mut self, state: StepState, evidence: &str) {
        self.show_restart(state, evidence);
        self.course.restarts.remove(0);
        let now = Instant::now();
        (self.restarts.since, self.restarts.not_before, self.restarts.failed) = (now, now, 0);
        self.course.record().await;
    }

    fn step_of(&self, owed: &Restarting) -> Option<usize> {
        self.course.progress.operation().steps.iter().position(|step| is_of(step, owed))
    }
}

fn is_of(step: &Step, owed: &Restarting) -> bool {
    step.name == StepName::Restart && step.object.as_deref() == Some(owed.target.agent())
}

/// Does it. A container that does not come back is woken.
async fn bring_up(engine: &Engine, target: &Target, act: Act) -> Tried {
    let holder = &engine.clients.holder;
    crash_point("restart.before");
    let acted = holder.act(target, act).await;
    crash_point("restart.after");
    let error = match acted {
        Ok(seen) => return Tried::Runs(seen),
        Err(error) => error,
    };
    if act == Act::Wake {
        return Tried::Failed(error.to_string());
    }
    let woken = holder.act(target, Act::Wake).await;
    let cannot = |error: &hiclaw::Error| matches!(error, hiclaw::Error::CannotAct { .. });
    match woken {
        Ok(seen) => Tried::Runs(format!("{error}; woken; {seen}")),
        Err(woken) if cannot(&woken) && cannot(&error) => {
            let Failure { message, hint, .. } = error.into();
            let way = hint.unwrap_or_default();
            Tried::NoWay(format!("not restarted; {message}; {way}; {}", later(target.agent())))
        }
        Err(woken) => Tried::Failed(format!("{error}; not woken: {woken}")),
    }
}

fn turn_of(worker: &Worker, next: &Restarting) -> Turn {
    let (agent, how) = (&worker.name, &worker.evidence);
    match worker.status {
        WorkerStatus::Sleeping | WorkerStatus::Stopped | WorkerStatus::Offline if next.begun => {
            Turn::Act(Act::Wake)
        }
        WorkerStatus::Sleeping | WorkerStatus::Stopped | WorkerStatus::Offline => {
            let why = "not restarted: it does not run, and takes its model up when it starts";
            Turn::Leave(format!("{why}; {how}"))
        }
        _ if !next.when_idle => Turn::Act(Act::Restart),
        WorkerStatus::Idle | WorkerStatus::Failed => Turn::Act(Act::Restart),
        WorkerStatus::Busy | WorkerStatus::Starting => Turn::Wait(how.clone()),
        WorkerStatus::Running | WorkerStatus::Remote | WorkerStatus::Unknown => {
            let why = format!("not restarted: nobody can tell whether {agent} is busy; {how}");
            Turn::Leave(format!("{why}; {}", later(agent.as_str())))
        }
    }
}

fn later(agent: &str) -> String {
    format!("{agent} runs its former model until its container starts again")
}

#[cfg(test)]
mod tests;
