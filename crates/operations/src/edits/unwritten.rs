//! Writes that were not seen done: whether they surely left no trace.
use super::{Edit, Side};
use crate::clients::Clients;
use domain::Failure;
use higress::{HigressError, Observation, Outcome, WriteError};
use planted::Bug;

/// A write that failed.
#[derive(Debug)]
pub struct Unwritten {
    pub failure: Failure,
    /// The object is seen or known to be as it was and to stay so: there is nothing of ours to undo.
    pub untouched: bool,
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self { failure, untouched: false }
    }
}

impl From<WriteError> for Unwritten {
    fn from(error: WriteError) -> Self {
        // A refused AI route may be live all the same, so only an error that came before the write leaves no trace.
        let before_the_write = matches!(
            error.error,
            HigressError::Setup { .. }
                | HigressError::Unreachable { .. }
                | HigressError::Refused
                | HigressError::NotInitialised
                | HigressError::NotAConsole
                | HigressError::Changed { .. }
        );
        let planted = match error.error {
            HigressError::Timeout => planted::is(Bug::TimeoutMeansNotApplied),
            HigressError::Conflict { .. } => planted::is(Bug::ConflictMeansNothingHappened),
            _ => false,
        };
        let untouched = error.outcome == Outcome::NotApplied && (before_the_write || planted);
        Self { failure: error.into(), untouched }
    }
}

impl Edit {
    /// A write that answered with an error may have been done, or may yet be: only a look can tell the first, and what
    /// was not answered at all must be fenced off.
    pub(super) async fn settle(
        &self,
        clients: &Clients,
        written: Result<(), hiclaw::Error>,
    ) -> Result<&'static str, Unwritten> {
        let Err(error) = written else { return Ok("written") };
        if error.wrote_nothing() {
            return Err(Unwritten { failure: error.into(), untouched: true });
        }
        let may_come_late = error.may_come_late();
        let failure = Failure::from(error);
        match self.observe(clients).await {
            Ok(Observation::AllNew) => Ok("the answer was lost, and the object was read back as written"),
            Ok(Observation::AllOld) if may_come_late => Err(Unwritten { failure, untouched: false }),
            // What was to be made anew can still be when what stands there now is taken away, and what compares nothing
            // can still be written over anything.
            Ok(Observation::Foreign)
                if may_come_late && (self.hash(Side::Before).is_empty() || !self.is_fenced()) =>
            {
                Err(Unwritten { failure, untouched: false })
            }
            // Over another version a late write is refused.
            Ok(Observation::AllOld | Observation::Foreign) => Err(Unwritten { failure, untouched: true }),
            Err(_) => Err(failure.into()),
        }
    }
}
