//! How the end of an operation is told.
use super::course::Course;
use domain::{Code, Failure, Operation, OperationState, StepState, rules::Outcome};

/// How the failure of an operation that went back ends.
const UNDONE: &str = "everything was undone";
const UNCHANGED: &str = "nothing was changed";
/// How the failure of one that a person took over ends.
const TAKEN_OVER: &str = "; a person took it over, and nothing more is undone";

impl Course {
    /// The operation as its end is told.
    pub fn told(&self, outcome: Outcome) -> Operation {
        let state = match outcome {
            Outcome::Committed => OperationState::Committed,
            Outcome::RolledBack => OperationState::RolledBack,
            Outcome::LeftForeign | Outcome::GivenUp => OperationState::NeedsOperator,
        };
        let failure = match outcome {
            Outcome::Committed => None,
            Outcome::RolledBack => {
                let steps = &self.progress.operation().steps;
                let wrote = steps.iter().any(|step| step.state == StepState::Undone);
                Some(rolled_back(self.cause(), wrote))
            }
            Outcome::LeftForeign if self.edits().next().is_none() => {
                Some(needs_operator(self.cause(), &self.left).hint(LOOK))
            }
            Outcome::LeftForeign => Some(needs_operator(self.cause(), &self.left).hint(COMPARE)),
            Outcome::GivenUp => {
                let mut failure = needs_operator(self.cause(), &self.left).hint(COMPARE);
                // Taken up after a restart, its record says so already.
                if !failure.message.ends_with(TAKEN_OVER) {
                    failure.message.push_str(TAKEN_OVER);
                }
                Some(failure)
            }
        };
        let mut operation = self.progress.at_end(state, failure, self.engine.clock.now());
        self.announce_restarts(&mut operation);
        operation
    }

    /// The operation while a person has to look and its undo is tried again and again.
    pub fn stuck(&self) -> Operation {
        let failure = needs_operator(self.cause(), &self.left).hint(STUCK);
        self.progress.at_end(OperationState::NeedsOperator, Some(failure), self.engine.clock.now())
    }

    fn cause(&self) -> Failure {
        self.cause.clone().unwrap_or_else(|| {
            Failure::new(Code::UpstreamUnavailable, "the server stopped before the change was done")
        })
    }
}

/// A failed test, a refused plan or a full disk say so by their own codes; any other failure is told as what was undone.
fn rolled_back(cause: Failure, wrote: bool) -> Failure {
    // Taken up after a crash, the cause of its record may have been told before.
    let told = cause.code == Code::RolledBack
        && (cause.message.ends_with(UNDONE) || cause.message.ends_with(UNCHANGED));
    let says_it_itself = matches!(cause.code, Code::ModelNotReachable | Code::StorageUnavailable)
        || cause.code == Code::ReadOnlyTarget && !wrote;
    if told || says_it_itself {
        return cause;
    }
    let end = if wrote { UNDONE } else { UNCHANGED };
    Failure { code: Code::RolledBack, message: format!("{}; {end}", cause.message), ..cause }
}

/// What to do about objects that are neither as before nor as wished.
const COMPARE: &str = "Compare these objects with the plan's before and after and decide which is right; the steps say what is where.";
/// What to do about a container of which nobody saw what was wanted.
const LOOK: &str = "Look at the container: it may be as it was, or yet become what was wanted.";
/// What to do about an undo that does not get through.
const STUCK: &str = "The undo is tried again by itself until it gets through. To keep things as they are and to free the targets: `agm history --release ID`.";

fn needs_operator(cause: Failure, left: &[String]) -> Failure {
    if cause.code == Code::NeedsOperator {
        return cause;
    }
    let message = match left {
        [] => cause.message.clone(),
        left => format!("{}; not undone: {}", cause.message, left.join(", ")),
    };
    Failure { code: Code::NeedsOperator, message, ..cause }
}
