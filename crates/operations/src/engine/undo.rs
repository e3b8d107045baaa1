//! Taking back what an operation did, step by step.
use super::course::Course;
use crate::edits::{Edit, Put, Side};
use domain::{OperationState, StepState, rules::Event};
use higress::Observation;
use planted::crash_point;
use std::time::Duration;
use tokio::time::sleep;

/// Between two tries to undo an object.
const UNDO_PAUSE: Duration = Duration::from_millis(500);

impl Course {
    /// Brings back what a step replaced.
    pub async fn undo(&mut self, step: usize) -> Event {
        let progress = self.progress.clone();
        progress.state(OperationState::Compensating);
        let Some(edit) = self.edit(self.undone_by(step)) else { return self.left_as_it_is(step) };
        let object = edit.object();
        crash_point("undo.before");
        let put = self.engine.put(edit, Side::Before, &self.ghosts).await;
        crash_point("undo.after");
        self.left.retain(|left| *left != object);
        match put {
            Ok(put @ (Put::There | Put::Written)) => {
                let seen =
                    if put == Put::Written { "was written, is as before again" } else { "is as before" };
                progress.undone(step + 1, Some(StepState::Undone), seen);
                Event::Undone(step)
            }
            Ok(Put::Foreign) => {
                progress.undone(step + 1, None, "not undone: somebody else changed it meanwhile");
                self.left.push(object);
                Event::UndoForeign(step)
            }
            Err(failure) => {
                progress.undone(step + 1, None, &format!("not undone: {}", failure.message));
                self.left.push(object);
                self.take_back_what_came_late(step).await;
                sleep(UNDO_PAUSE).await;
                Event::UndoFailed(step)
            }
        }
    }

    /// A step that wrote nothing has nothing to undo; what was done with a container stays, whatever came of it.
    fn left_as_it_is(&mut self, step: usize) -> Event {
        let operation = self.progress.operation();
        match operation.steps.get(step + 1) {
            Some(acted) if acted.name.is_lasting() && acted.state != StepState::Pending => {
                self.progress.undone(step + 1, None, "not undone: the container stays as it is");
                self.left.push(format!("the container of {}", acted.object.as_deref().unwrap_or_default()));
                Event::UndoForeign(step)
            }
            _ => Event::Undone(step),
        }
    }

    /// The undo of a step may need another object of this operation that a late request of an earlier one has changed
    /// meanwhile, such as the provider of a route. What this operation did itself stays until it is undone in its turn.
    async fn take_back_what_came_late(&self, undoing: usize) {
        let came_late = |edit: &Edit| self.ghosts.iter().any(|ghost| ghost.object() == edit.object());
        for (step, edit) in self.edits().filter(|(step, edit)| *step != undoing && came_late(edit)) {
            let put = match edit.observe(&self.engine.clients).await {
                Ok(Observation::AllOld) => continue,
                Ok(Observation::AllNew) if step < undoing => continue,
                Ok(_) => self.engine.put(edit, Side::Before, &self.ghosts).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = put {
                let object = edit.object();
                tracing::warn!(object, error = %failure, "what came late stays yet");
            }
        }
    }

    /// The step whose object an undo of this step restores: its own.
    fn undone_by(&self, step: usize) -> usize {
        if planted::is(planted::Bug::UndoInWrongOrder) { self.work.len() - 1 - step } else { step }
    }
}
