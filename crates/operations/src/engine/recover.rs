//! Taking up what an earlier life of the server left: every record that has not ended is led to an end by looking.
use super::{
    Engine,
    books::Books,
    course::{Course, Stage},
    pauses::Pauses,
    progress::Progress,
    settle::Watch,
    span_of,
};
use crate::{
    audit::Stage as Noted,
    edits::Edit,
    journal::{Found, Kept, Quarantined, Record},
    locks::{HeldShared, HeldTargets},
};
use domain::{
    OperationState, StepState,
    rules::{Event, Outcome, Phase},
};
use futures::future::join_all;
use higress::Observation;
use std::sync::{Arc, Weak};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// How often an operation that was broken off is looked at before it is undone: about a minute.
const LOOKS: u32 = 7;

/// Tries to open the books until that is done, so that what an earlier life left does not wait for the next change.
pub async fn open_later(engine: Weak<Engine>) {
    let mut pauses = Pauses::UNANSWERED;
    loop {
        sleep(pauses.next_pause()).await;
        let Some(engine) = engine.upgrade().filter(|engine| !engine.stop.is_cancelled()) else { return };
        match engine.books().await {
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, "the data directory cannot be used yet"),
        }
    }
}

impl Engine {
    /// Holds the targets of all that has not ended, at once, and leads each to its end in a task of its own.
    pub fn take_up(self: &Arc<Self>, books: &Arc<Books>, found: Found) {
        for mut record in found.records {
            let was_open = !record.saga.is_done();
            self.believe_what_was_told(&mut record);
            // Of two that changed one object the later one answers for it, as it did before the restart.
            self.watches.take_over(edits_of(&record));
            let progress = Arc::new(Progress::resume(record.operation.clone()));
            self.log.add(record.operation.id.clone(), record.request.clone(), progress.watch());
            if record.saga.is_done() {
                if was_open {
                    let books = books.clone();
                    self.tasks.spawn(async move { books.keep(&record).await });
                }
                continue;
            }
            let course = self.course_of(books, progress, record);
            match course.saga.outcome() {
                Some(outcome) => {
                    let (carried, span) = (course.carried(None), span_of(&course.id()));
                    let watching = self.watch_again(course, outcome);
                    tokio::spawn(self.clone().carry(carried, watching).instrument(span));
                }
                None => self.recover(course),
            }
        }
        // Behind the records: what is under way goes on also where another record cannot be read.
        for broken in found.quarantined {
            self.quarantine(broken);
        }
    }

    /// An end that was told counts, also when it could not be written into the record any more: others may have built on it
    /// since, so nothing of it is undone by a look at how things are now.
    pub fn believe_what_was_told(&self, record: &mut Record) {
        let Ok(told) = self.log.find(&record.operation.id) else { return };
        let told = told.borrow().clone();
        let told_outcome = match told.state {
            OperationState::Committed => Outcome::Committed,
            OperationState::RolledBack => Outcome::RolledBack,
            OperationState::NeedsOperator => Outcome::GivenUp,
            _ => return,
        };
        let known = record.saga.outcome();
        record.saga.phase = match known {
            _ if told.settled.is_some() => Phase::Done(known.unwrap_or(told_outcome)),
            None => Phase::Settling(told_outcome),
            Some(_) => return,
        };
        record.saga.may_come_late |= known.is_none();
        record.operation = (*told).clone();
    }

    /// An operation that is taken up answers for its objects at once. Any call of it may still come.
    pub fn course_of(
        self: &Arc<Self>,
        books: &Arc<Books>,
        progress: Arc<Progress>,
        record: Record,
    ) -> Course {
        let control = self.controls.of(&record.operation.id);
        let mut course = Course::resume(self.clone(), books.clone(), progress, control, record);
        course.saga.may_come_late = true;
        course.answer();
        course
    }

    /// What the operation did to its targets is not known, so nothing may be changed there until a person has looked.
    fn quarantine(&self, broken: Quarantined) {
        let file = broken.file.display();
        tracing::error!(%file, why = broken.why, "a record of the journal cannot be read");
        let why = format!(
            "the record {file} of an earlier operation cannot be read ({}); look at {} and remove the file when they are right",
            broken.why,
            broken.objects.join(", ")
        );
        self.locks.block(broken.held, broken.id, why);
    }

    /// Watches the objects of an operation whose end was told on.
    pub fn watch_again(&self, course: Course, outcome: Outcome) -> impl Future<Output = ()> + Send + use<> {
        let operation = course.progress.operation();
        self.controls.forget(&operation.id);
        async move {
            // The log has it already, unless it could not be written.
            course.books.note(Noted::Ended, &operation, course.links(outcome)).await;
            Watch::resume(course).run(Event::Found { all_new: false }).await;
        }
    }

    fn recover(self: &Arc<Self>, course: Course) {
        let id = course.id();
        tracing::warn!(operation = %id, "taking up an operation that was broken off");
        match self.locks.hold(course.held.clone(), &id) {
            Ok(held) => {
                let held = Arc::new(held);
                let carried = course.carried(Some(held.clone()));
                let leading = self.clone().lead(course, held);
                self.tasks.spawn(self.clone().carry(carried, leading).instrument(span_of(&id)));
            }
            // Two records that were under way cannot have held one target.
            Err(failure) => tracing::error!(operation = %id, error = %failure, "it cannot be taken up"),
        }
    }

    /// After a crash, or after a panic which is treated as one: looks at all objects, then goes on by what was seen.
    pub async fn lead(self: Arc<Self>, mut course: Course, held: Arc<HeldTargets>) {
        let Some((shared, all_new)) = self.look(&course).await else { return };
        course.deadline = Instant::now() + self.timing.operation;
        let stage = if planted::is(planted::Bug::RecoveryAlwaysCommits) {
            course.saga.phase = Phase::Settling(Outcome::Committed);
            Stage::Ended(Outcome::Committed)
        } else {
            course.drive(Event::Found { all_new }).await
        };
        self.conclude(course, held, shared, stage).await;
    }

    /// Holds the shared objects and looks at all objects. True: all are as they were to become. What cannot be looked at
    /// in several tries is undone, which looks again until it can and lets a person take over. None: the server stops.
    async fn look(&self, course: &Course) -> Option<(HeldShared, bool)> {
        let mut pauses = Pauses::UNANSWERED;
        for tries_left in (0..LOOKS).rev() {
            let shared = course.grip().await?;
            let edits: Vec<_> = course.edits().collect();
            let seen = join_all(edits.iter().map(|(_, edit)| edit.observe(&self.clients))).await;
            match seen.into_iter().collect::<Result<Vec<_>, _>>() {
                Ok(seen) => {
                    for ((step, _), seen) in edits.iter().zip(&seen) {
                        if *seen == Observation::AllNew {
                            course.progress.found(step + 1, StepState::Done, "seen done after a restart");
                        }
                    }
                    let all_new = !seen.is_empty() && seen.iter().all(|seen| *seen == Observation::AllNew);
                    return Some((shared, all_new));
                }
                Err(failure) => {
                    tracing::warn!(error = %failure, "its objects cannot be looked at yet");
                    course.progress.state(OperationState::Compensating);
                    if tries_left == 0 {
                        return Some((shared, false));
                    }
                }
            }
            // Others may work on them meanwhile.
            drop(shared);
            self.pause(pauses.next_pause()).await?;
        }
        None
    }
}

fn edits_of(record: &Record) -> impl Iterator<Item = &Edit> {
    record.work.iter().filter_map(|kept| match kept {
        Kept::Write(edit) => Some(edit),
        Kept::Other => None,
    })
}
