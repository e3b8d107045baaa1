//! What those who watch an operation see of it.
use crate::clock;
use domain::{
    Code, Context, Failure, Mutation, Operation, OperationId, OperationState, Plan, Step, StepName, StepState,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// A final state, and why it is not the wanted one.
pub type End = (OperationState, Option<Failure>);

/// The writing end of an operation's watch channel. Nobody else changes the operation.
pub struct Progress(watch::Sender<Arc<Operation>>);

impl Progress {
    /// An operation that has only its plan before it.
    pub fn begin(id: OperationId, mutation: &Mutation, targets: Vec<String>, context: Context) -> Self {
        let operation = Operation {
            id,
            kind: mutation.kind().to_owned(),
            state: OperationState::Planned,
            actor: context.actor,
            via: context.door.as_str().to_owned(),
            targets,
            plan: None,
            steps: vec![pending(StepName::Plan, None)],
            started_at: clock::now(),
            finished_at: None,
            lasts: None,
            failure: None,
        };
        Self(watch::Sender::new(Arc::new(operation)))
    }

    /// A reading end.
    pub fn watch(&self) -> watch::Receiver<Arc<Operation>> {
        self.0.subscribe()
    }

    /// As it is now.
    pub fn operation(&self) -> Arc<Operation> {
        self.0.borrow().clone()
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

    /// A step was undone, or could not be: the evidence of both is kept.
    pub fn undone(&self, step: usize, state: Option<StepState>, evidence: &str) {
        self.step(step, |step| {
            step.state = state.unwrap_or(step.state);
            step.evidence = Some(match &step.evidence {
                Some(before) => format!("{before}; {evidence}"),
                None => evidence.to_owned(),
            });
        });
    }

    /// Nothing more happens. Steps that were not reached are marked as skipped.
    pub fn finish(&self, (state, failure): End) {
        self.change(|operation| {
            for step in operation.steps.iter_mut().filter(|s| s.state == StepState::Pending) {
                step.state = StepState::Skipped;
            }
            operation.state = state;
            operation.finished_at = Some(clock::now());
            if state != OperationState::Committed {
                operation.lasts = None;
            }
            operation.failure = failure.map(|mut failure| {
                failure.operation = Some(operation.id.clone());
                failure.steps.clone_from(&operation.steps);
                Box::new(failure)
            });
        });
    }

    /// How an operation ends whose task is gone without a word.
    pub fn broken_off(&self) -> End {
        let untouched = self.operation().steps.iter().skip(1).all(|step| step.state == StepState::Pending);
        let failure = Failure::new(Code::Internal, "the operation broke off because of a defect");
        if untouched {
            (OperationState::RolledBack, Some(failure.hint("Nothing was changed. The log has the details.")))
        } else {
            let hint = "Compare the objects of its plan with what is stored; the steps say how far it got.";
            (OperationState::NeedsOperator, Some(failure.hint(hint)))
        }
    }

    fn step(&self, index: usize, change: impl FnOnce(&mut Step)) {
        self.change(|operation| {
            if let Some(step) = operation.steps.get_mut(index) {
                change(step);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Operation)) {
        self.0.send_modify(|operation| change(Arc::make_mut(operation)));
    }
}

/// A step that is yet to come.
pub fn pending(name: StepName, object: Option<String>) -> Step {
    Step { name, object, state: StepState::Pending, ms: None, evidence: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Door, SetModel};

    fn begun() -> Progress {
        let wish = SetModel {
            provider: "deepseek".parse().unwrap(),
            model: "deepseek-chat".parse().unwrap(),
            context_window: None,
            max_tokens: None,
            reasoning: None,
        };
        let mutation = Mutation::SetModel { target: "alice".parse().unwrap(), wish };
        let context = Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None };
        Progress::begin(clock::new_id().unwrap(), &mutation, vec!["worker:alice".into()], context)
    }

    fn plan(progress: &Progress) -> Plan {
        Plan {
            id: progress.operation().id.clone(),
            kind: "set_model".into(),
            targets: vec!["worker:alice".into()],
            created_at: clock::now(),
            reads: Vec::new(),
            changes: Vec::new(),
            affected: Vec::new(),
            warnings: Vec::new(),
            steps: vec![pending(StepName::Route, None), pending(StepName::Verify, None)],
        }
    }

    #[test]
    fn a_task_that_breaks_off_before_any_write_changed_nothing() {
        let progress = begun();
        progress.running(0);
        let (state, failure) = progress.broken_off();
        assert_eq!((state, failure.unwrap().code), (OperationState::RolledBack, Code::Internal));
        progress.ended(0, StepState::Done, Duration::ZERO, "planned");
        progress.planned(&plan(&progress), None);
        assert_eq!(progress.broken_off().0, OperationState::RolledBack);
        progress.running(1);
        assert_eq!(progress.broken_off().0, OperationState::NeedsOperator);
    }

    #[test]
    fn the_end_carries_the_steps_and_skips_what_was_not_reached() {
        let progress = begun();
        let watch = progress.watch();
        progress.ended(0, StepState::Done, Duration::from_millis(7), "planned");
        progress.planned(&plan(&progress), Some("a while".into()));
        progress.ended(1, StepState::Failed, Duration::ZERO, "HTTP 500");
        progress.undone(1, Some(StepState::Undone), "is as before");
        progress.finish((OperationState::RolledBack, Some(Failure::new(Code::RolledBack, "no"))));
        let operation = watch.borrow().clone();
        let states: Vec<_> = operation.steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Done, StepState::Undone, StepState::Skipped]);
        assert_eq!(operation.steps[1].evidence.as_deref(), Some("HTTP 500; is as before"));
        assert_eq!((operation.steps[0].ms, &operation.lasts), (Some(7), &None));
        let failure = operation.failure.as_ref().unwrap();
        assert_eq!((&failure.steps, failure.operation.as_ref()), (&operation.steps, Some(&operation.id)));
    }
}
