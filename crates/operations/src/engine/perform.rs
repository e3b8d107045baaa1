//! The effects of an operation on the outside world.
use super::Engine;
use crate::{
    edits::{Edit, Put, Side, Unwritten},
    neighbours,
    prepare::{Question, Work},
    probe::{Answered, ProbeFailure},
    proof,
};
use domain::{Affected, Code, Failure, ModelId, StepState, Target, rules::Certainty};
use futures::future::join_all;
use hiclaw::TakenUp;
use higress::Observation;
use secrecy::SecretString;
use tokio::time::sleep;

/// How often an acknowledged write that another writer swallowed is written again.
const REWRITES: u32 = 3;

/// What was observed of a step.
pub struct Performed {
    pub state: StepState,
    pub evidence: String,
    /// Agents that do not get an answer any more.
    pub broke: Vec<Affected>,
}

impl Performed {
    fn new(state: StepState, evidence: impl Into<String>) -> Self {
        Self { state, evidence: evidence.into(), broke: Vec::new() }
    }
}

impl Engine {
    /// Does one thing. The text says what was observed.
    pub async fn perform(&self, work: &Work) -> Result<Performed, Unwritten> {
        match work {
            Work::Write(edit) => Ok(Performed::new(StepState::Done, self.write(edit).await?)),
            Work::Ask(question) => match self.ask(question).await {
                Ok(evidence) => Ok(Performed::new(StepState::Done, evidence)),
                Err(failure) => Err(Unwritten { failure, untouched: true }),
            },
            Work::Neighbours(neighbours) => {
                if neighbours.iter().any(|neighbour| neighbour.question.moved) {
                    sleep(self.follows_in()).await;
                }
                let answers = neighbours::ask(&self.clients, neighbours).await;
                Ok(Performed { broke: answers.broke, ..Performed::new(StepState::Done, answers.evidence) })
            }
            Work::Reload(target) => Ok(self.reload(target).await),
            Work::Act(target, act) => match self.clients.holder.act(target, *act).await {
                Ok(evidence) => Ok(Performed::new(StepState::Done, evidence)),
                Err(error) => {
                    let untouched = error.wrote_nothing();
                    Err(Unwritten { failure: error.into(), untouched })
                }
            },
            Work::Prove(proof) => {
                if proof.moved {
                    sleep(self.follows_in()).await;
                }
                match proof::until_effective(&self.clients, &proof.domain).await {
                    Ok(evidence) => Ok(Performed::new(StepState::Done, evidence)),
                    Err(failure) => Err(Unwritten { failure, untouched: true }),
                }
            }
        }
    }

    async fn write(&self, edit: &Edit) -> Result<&'static str, Unwritten> {
        let written = edit.apply(&self.clients).await;
        self.note_write(edit);
        written
    }

    /// Makes an object one of its images, where one of ours stands.
    pub async fn put(&self, edit: &Edit, side: Side, ours: &[Edit]) -> Result<Put, Failure> {
        let object = edit.object();
        let same: Vec<Edit> = ours.iter().filter(|ghost| ghost.object() == object).cloned().collect();
        let put = edit.put(&self.clients, side, &same).await;
        self.note_write(edit);
        put
    }

    fn note_write(&self, edit: &Edit) {
        if edit.is_console() {
            self.note_console_write();
        }
    }

    async fn ask(&self, question: &Question) -> Result<String, Failure> {
        let (key, model) = (&question.key, &question.model);
        let mut answered = self.ask_model(key, model).await;
        let follows_in = self.follows_in();
        if question.moved && !follows_in.is_zero() && answered.is_ok() {
            sleep(follows_in).await;
            answered = self.clients.probe.ask_until_effective(key, model).await;
        }
        let consumer = question.target.consumer();
        match answered {
            Ok(answered) => Ok(format!("{} as {consumer}", answered.evidence)),
            Err(failed) => Err(question.failure(&failed)),
        }
    }

    /// Asks a model. That the gateway refuses does not count while it may not follow our newest change yet.
    pub async fn ask_model(&self, key: &SecretString, model: &ModelId) -> Result<Answered, ProbeFailure> {
        let probe = &self.clients.probe;
        match self.gateway_may_lag() {
            true => probe.ask_until_effective(key, model).await,
            false => probe.ask(key, model).await,
        }
    }

    /// That an agent is not seen to take its config up does not make the change wrong: it may be down, or pull later.
    async fn reload(&self, target: &Target) -> Performed {
        match self.clients.holder.reload(target).await {
            Ok(TakenUp { seen: true, evidence, .. }) => Performed::new(StepState::Done, evidence),
            Ok(TakenUp { evidence, .. }) => {
                Performed::new(StepState::Skipped, format!("not seen yet: {evidence}"))
            }
            Err(error) => Performed::new(StepState::Skipped, format!("not seen: {error}")),
        }
    }

    /// Reads everything back. A write that another writer swallowed meanwhile is made again.
    pub async fn verify(&self, edits: &[&Edit]) -> Result<String, (Failure, Certainty)> {
        if !planted::is(planted::Bug::VerifySkipped) {
            let trusted = |edit: &Edit| edit.is_console() && planted::is(planted::Bug::AckMeansDone);
            let checked = edits.iter().filter(|edit| !trusted(edit));
            let checks = join_all(checked.map(|edit| self.confirm(edit))).await;
            let failed: Vec<_> = checks.into_iter().filter_map(Result::err).collect();
            let worst =
                failed.iter().position(|(_, certainty)| *certainty == Certainty::Unknown).unwrap_or(0);
            if let Some(failed) = failed.into_iter().nth(worst) {
                return Err(failed);
            }
        }
        Ok(match edits.len() {
            0 => "nothing was written that could be read back".to_owned(),
            1 => "1 object read back as written".to_owned(),
            n => format!("{n} objects read back as written"),
        })
    }

    async fn confirm(&self, edit: &Edit) -> Result<(), (Failure, Certainty)> {
        let not_there = |seen| (not_there(edit, seen), Certainty::Rejected);
        for _ in 0..=REWRITES {
            let seen = edit.observe(&self.clients).await;
            match seen.map_err(|failure| (failure, Certainty::Unknown))? {
                Observation::AllNew => {
                    let persisted = edit.persist(&self.clients).await;
                    persisted.map_err(|failure| (failure, Certainty::Rejected))?;
                    // HiClaw takes its time, in which somebody may write over what compares nothing.
                    if edit.is_fenced() || edit.observe(&self.clients).await.is_ok_and(is_new) {
                        return Ok(());
                    }
                }
                Observation::AllOld if edit.is_shared() => {
                    tracing::warn!(object = edit.object(), "an acknowledged write is gone; writing it again");
                    self.write(edit).await.map_err(|unwritten| match unwritten {
                        Unwritten { failure, untouched: true } => (failure, Certainty::Rejected),
                        Unwritten { failure, untouched: false } => (failure, Certainty::Unknown),
                    })?;
                }
                Observation::AllOld => return Err(not_there("it is as it was before the write")),
                Observation::Foreign => return Err(not_there("somebody else changed it")),
            }
        }
        Err(not_there("it was written again and again and did not stay"))
    }

    /// Why an operation is turned back at its deadline.
    pub fn too_long(&self) -> Failure {
        let limit = self.timing.operation;
        Failure::new(Code::UpstreamTimeout, format!("the operation took longer than {} s", limit.as_secs()))
    }
}

fn is_new(seen: Observation) -> bool {
    seen == Observation::AllNew
}

fn not_there(edit: &Edit, seen: &str) -> Failure {
    Failure::new(Code::Conflict, format!("{} was not read back as written: {seen}", edit.object()))
}
