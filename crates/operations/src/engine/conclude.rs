//! Brings an operation to its end: what is stuck is tried again, the end is made to last, everything is let go, and only
//! then the end is told.
use super::{
    Engine,
    books::Books,
    course::{Course, Stage},
    pauses::Pauses,
    progress::Progress,
    settle::Watch,
};
use crate::{
    audit::Stage as Noted,
    locks::{HeldShared, HeldTargets},
};
use domain::{
    Failure, Operation, OperationState, Settled,
    rules::{Event, Outcome},
};
use planted::crash_point;
use std::sync::Arc;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

impl Engine {
    /// Ends an operation of which nothing was begun, such as one whose plan could not be made.
    pub async fn refuse(&self, books: &Books, progress: &Progress, held: &HeldTargets, failure: Failure) {
        let mut end = progress.at_end(OperationState::RolledBack, Some(failure), self.clock.now());
        end.settled = Some(Settled::nothing_written(self.clock.now()));
        books.note(Noted::Ended, &end, Vec::new()).await;
        self.controls.forget(&end.id);
        held.release();
        self.note_end(progress, &end);
        progress.publish(end);
    }

    /// Tells the end and lets everything go; what is stuck is kept and tried again until it is not.
    pub async fn conclude(
        self: Arc<Self>,
        mut course: Course,
        held: Arc<HeldTargets>,
        mut shared: HeldShared,
        mut stage: Stage,
    ) {
        let mut pauses = Pauses::UNANSWERED;
        let outcome = loop {
            let event = match stage {
                Stage::Ended(outcome) => break outcome,
                Stage::Stuck => {
                    self.caches.clear();
                    course.progress.publish(course.stuck());
                    // What others change meanwhile is seen at the next try.
                    drop(shared);
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = course.control.given_up() => Event::GiveUp,
                        () = sleep(pauses.next_pause()) => Event::Retry,
                    }
                }
            };
            let Some(again) = course.grip().await else { return };
            shared = again;
            course.deadline = Instant::now() + self.timing.operation;
            stage = course.drive(event).await;
        };
        let mut operation = course.told(outcome);
        if !course.begun {
            operation.settled = Some(Settled::nothing_written(self.clock.now()));
        }
        if self.end_lasts(&course, outcome, &operation).await.is_none() {
            return;
        }
        if course.begun {
            course.answer();
        }
        self.caches.clear();
        drop(shared);
        let carried = course.carried(None);
        self.controls.forget(&operation.id);
        held.release();
        self.note_end(&course.progress, &operation);
        course.progress.publish(operation);
        if course.begun {
            tokio::spawn(self.carry(carried, Watch::new(course).run(Event::Quiet)).in_current_span());
        }
    }

    fn note_end(&self, progress: &Progress, operation: &Operation) {
        let took = progress.age();
        let failure = operation.failure.as_ref().map(tracing::field::display);
        tracing::info!(state = ?operation.state, ms = took.as_millis() as u64, failure, "an operation ended");
        self.clients.meter.operations.note((operation.kind.clone(), operation.state), took);
    }

    /// An end that is not in the audit log is not told, and nobody builds on it: after a crash it would be looked for
    /// again, and the log would blame somebody else for it. None: the server stops.
    async fn end_lasts(&self, course: &Course, outcome: Outcome, operation: &Operation) -> Option<()> {
        let mut pauses = Pauses::UNANSWERED;
        loop {
            crash_point("audit.before");
            let noted = course.books.note(Noted::Ended, operation, course.links(outcome)).await;
            crash_point("audit.after");
            if noted || !course.begun {
                return Some(());
            }
            self.pause(pauses.next_pause()).await?;
        }
    }
}
