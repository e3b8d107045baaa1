//! What those who watch an operation see of it.
use domain::{
    Affected, Context, Failure, Mutation, Operation, OperationId, OperationState, Plan, Settled, Step,
    StepName, StepState, Timestamp,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// The writing end of an operation's watch channel. Nobody else changes the operation.
pub struct Progress {
    sender: watch::Sender<Arc<Operation>>,
    /// When it began, or was taken up.
    begun: Instant,
}

impl Progress {
    /// An operation that has only its plan before it.
    pub fn begin(
        id: OperationId,
        mutation: &Mutation,
        targets: Vec<String>,
        context: Context,
        now: Timestamp,
    ) -> Self {
        let undoes = match mutation {
            Mutation::Undo { operation } => Some(operation.clone()),
            _ => None,
        };
        Self::resume(Operation {
            id,
            kind: mutation.kind().to_owned(),
            state: OperationState::Planned,
            actor: context.actor,
            via: context.door.as_str().to_owned(),
            targets,
            plan: None,
            steps: vec![pending(StepName::Plan, None)],
            started_at: now,
            finished_at: None,
            lasts: None,
            failure: None,
            settled: None,
            undoes,
            bulk: context.bulk,
            broke: Vec::new(),
        })
    }

    /// An operation as it was left.
    pub fn resume(operation: Operation) -> Self {
        Self { sender: watch::Sender::new(Arc::new(operation)), begun: Instant::now() }
    }

    /// A reading end.
    pub fn watch(&self) -> watch::Receiver<Arc<Operation>> {
        self.sender.subscribe()
    }

    /// As it is now.
    pub fn operation(&self) -> Arc<Operation> {
        self.sender.borrow().clone()
    }

    /// How long this life of the server works on it.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Moves on to another state.
    pub fn state(&self, state: OperationState) {
        self.change(|operation| operation.state = state);
    }

    /// The plan is made: its steps are what will be done.
    pub fn planned(&self, plan: &Plan, lasts: Option<String>) {
        self.change(|operation| {
            let done = operation.steps.remove(0);
            operation.steps = plan.steps.clone();
            operation.steps.insert(0, done);
            operation.targets.clone_from(&plan.targets);
            operation.plan = Some(plan.clone());
            operation.lasts = lasts;
        });
    }

    /// A step begins.
    pub fn running(&self, step: usize) {
        self.step(step, |step| step.state = StepState::Running);
    }

    /// A step ended, with what was observed.
    pub fn ended(&self, step: usize, state: StepState, took: Duration, evidence: impl Into<String>) {
        self.step(step, |step| {
            step.state = state;
            step.ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            step.evidence = Some(evidence.into());
        });
    }

    /// What was seen of a step after a crash, which is all that is known of it.
    pub fn found(&self, step: usize, state: StepState, evidence: &str) {
        self.step(step, |step| {
            step.state = state;
            step.evidence = Some(evidence.to_owned());
        });
    }

    /// A step was undone, or could not be: the evidence of both is kept. Tries that fail alike are told once.
    pub fn undone(&self, step: usize, state: Option<StepState>, evidence: &str) {
        self.step(step, |step| {
            step.state = state.unwrap_or(step.state);
            step.evidence = Some(match &step.evidence {
                Some(before) if before.contains(evidence) => before.clone(),
                Some(before) => format!("{before}; {evidence}"),
                None => evidence.to_owned(),
            });
        });
    }

    /// Agents that a step saw without an answer.
    pub fn broke(&self, agents: Vec<Affected>) {
        if !agents.is_empty() {
            self.change(|operation| operation.broke.extend(agents));
        }
    }

    /// The operation as it ends, not yet published. Steps that were not reached are marked as skipped, but for restarts,
    /// which come behind a good end.
    pub fn at_end(&self, state: OperationState, failure: Option<Failure>, now: Timestamp) -> Operation {
        let mut operation = (*self.operation()).clone();
        let comes = |step: &Step| state == OperationState::Committed && step.name == StepName::Restart;
        for step in operation.steps.iter_mut().filter(|s| s.state == StepState::Pending && !comes(s)) {
            step.state = StepState::Skipped;
        }
        operation.state = state;
        operation.finished_at.get_or_insert(now);
        if state != OperationState::Committed {
            operation.lasts = None;
        }
        operation.failure = failure.map(|mut failure| {
            failure.operation = Some(operation.id.clone());
            failure.steps.clone_from(&operation.steps);
            Box::new(failure)
        });
        operation
    }

    /// Shows an operation as it is now.
    pub fn publish(&self, operation: Operation) {
        self.change(|shown| *shown = operation);
    }

    /// Nothing of it can happen any more.
    pub fn settled(&self, settled: Settled) {
        self.change(|operation| operation.settled = Some(settled));
    }

    fn step(&self, index: usize, change: impl FnOnce(&mut Step)) {
        self.change(|operation| {
            if let Some(step) = operation.steps.get_mut(index) {
                change(step);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Operation)) {
        self.sender.send_modify(|operation| change(Arc::make_mut(operation)));
    }
}

/// A step that is yet to come.
pub fn pending(name: StepName, object: Option<String>) -> Step {
    Step { name, object, state: StepState::Pending, ms: None, evidence: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use domain::{Code, Door, SetModel};

    fn begun() -> Progress {
        let wish = SetModel {
            provider: "deepseek".parse().unwrap(),
            model: "deepseek-chat".parse().unwrap(),
            context_window: None,
            max_tokens: None,
            reasoning: None,
            restart: domain::Restart::No,
            lasting: false,
        };
        let mutation = Mutation::SetModel { target: "alice".parse().unwrap(), wish };
        let context = Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None, bulk: None };
        let clock = Clock::default();
        Progress::begin(clock.new_id().unwrap(), &mutation, vec!["worker:alice".into()], context, clock.now())
    }

    fn plan(progress: &Progress) -> Plan {
        Plan {
            id: progress.operation().id.clone(),
            kind: "set_model".into(),
            targets: vec!["worker:alice".into()],
            created_at: Clock::default().now(),
            reads: Vec::new(),
            changes: Vec::new(),
            affected: Vec::new(),
            warnings: Vec::new(),
            steps: vec![pending(StepName::Route, None), pending(StepName::Verify, None)],
            keys: Vec::new(),
            needs: Default::default(),
        }
    }

    #[test]
    fn the_end_carries_the_steps_and_skips_what_was_not_reached() {
        let progress = begun();
        let watch = progress.watch();
        progress.ended(0, StepState::Done, Duration::from_millis(7), "planned");
        progress.planned(&plan(&progress), Some("a while".into()));
        progress.ended(1, StepState::Failed, Duration::ZERO, "HTTP 500");
        progress.undone(1, None, "not undone: no answer");
        progress.undone(1, None, "not undone: no answer");
        progress.undone(1, Some(StepState::Undone), "is as before");
        let failure = Failure::new(Code::RolledBack, "no");
        let end = progress.at_end(OperationState::RolledBack, Some(failure), Clock::default().now());
        assert!(!watch.borrow().state.is_final(), "who sees the end may begin the next one");
        progress.publish(end);
        let operation = watch.borrow().clone();
        let states: Vec<_> = operation.steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Done, StepState::Undone, StepState::Skipped]);
        let evidence = "HTTP 500; not undone: no answer; is as before";
        assert_eq!(operation.steps[1].evidence.as_deref(), Some(evidence));
        assert_eq!((operation.steps[0].ms, &operation.lasts), (Some(7), &None));
        let failure = operation.failure.as_ref().unwrap();
        assert_eq!((&failure.steps, failure.operation.as_ref()), (&operation.steps, Some(&operation.id)));
    }
}
