//! Carries an operation to its end, whatever happens to the task that works on it. A panic is a crash of one operation:
//! what its record says is gone on with by looking, as after a restart.
use super::{
    Begun, Engine,
    books::Books,
    course::{Course, Stage},
    pauses::Pauses,
    progress::Progress,
};
use crate::{journal::Record, locks::HeldTargets, scrub};
use domain::{Code, Context, Failure, rules::Event};
use futures::future::BoxFuture;
use std::{future::Future, sync::Arc, time::Duration};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

/// Before an operation that broke off is gone on with.
const BROKEN_OFF: Pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(30));

/// What of an operation outlives the task that works on it.
#[derive(Clone)]
pub struct Carried {
    pub books: Arc<Books>,
    pub progress: Arc<Progress>,
    /// Released: the end was told. None: it was told in an earlier life.
    pub held: Option<Arc<HeldTargets>>,
}

impl Carried {
    fn was_told(&self) -> bool {
        self.held.as_ref().is_none_or(|held| held.is_released())
    }
}

impl Engine {
    /// Plans and does what was asked for, to its end.
    pub async fn supervise(self: Arc<Self>, begun: Begun) {
        let Begun { books, progress, held, .. } = &begun;
        let carried = Carried { books: books.clone(), progress: progress.clone(), held: Some(held.clone()) };
        let work = self.clone().begin(begun);
        self.carry(carried, work).await;
    }

    async fn begin(self: Arc<Self>, begun: Begun) {
        let Begun { books, asked, backup, progress, request, held } = begun;
        let Context { actor, door, .. } = &asked.context;
        tracing::info!(kind = asked.mutation.kind(), actor, via = door.as_str(), "an operation begins");
        let (prepared, shared) = match self.plan(&asked, &progress).await {
            Ok(planned) => planned,
            Err(failure) => return self.refuse(&books, &progress, &held, failure).await,
        };
        if let Err(error) = backup.await {
            tracing::error!(why = scrub::broken_off(&error), "the backup before a change broke off");
        }
        let control = self.controls.of(&progress.operation().id);
        let names = held.names().to_vec();
        let mut course = Course::begin(self.clone(), books, progress, control, prepared, names, request);
        let stage = course.drive(Event::Begin).await;
        self.conclude(course, held, shared, stage).await;
    }

    /// Does the work, and goes on by the record as often as it panics. Its targets stay held meanwhile.
    pub async fn carry(self: Arc<Self>, carried: Carried, work: impl Future<Output = ()> + Send + 'static) {
        let mut work: BoxFuture<'static, ()> = Box::pin(work);
        let mut pauses = BROKEN_OFF;
        // Not a panic: the runtime shuts down, or whoever asked for the work in person has gone.
        while let Err(error) = AbortOnDropHandle::new(tokio::spawn(work.in_current_span())).await
            && error.is_panic()
        {
            tracing::error!(why = scrub::broken_off(&error), "an operation broke off because of a defect");
            if self.pause(pauses.next_pause()).await.is_none() {
                return;
            }
            work = self.clone().go_on(carried.clone());
        }
    }

    fn go_on(self: Arc<Self>, carried: Carried) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let id = carried.progress.operation().id.clone();
            let mut pauses = BROKEN_OFF;
            loop {
                match carried.books.journal.load(&id).await {
                    Ok(record) => return Box::pin(self.go_on_by(carried, record)).await,
                    Err(error) => {
                        tracing::error!(%error, "its record cannot be read");
                    }
                }
                if self.pause(pauses.next_pause()).await.is_none() {
                    return;
                }
            }
        })
    }

    async fn go_on_by(self: Arc<Self>, carried: Carried, record: Option<Record>) {
        let was_told = carried.was_told();
        let Carried { books, progress, held } = carried;
        let failure = Failure::new(Code::Internal, "the operation broke off because of a defect");
        let Some(mut record) = record else {
            if let Some(held) = held.filter(|_| !was_told) {
                let failure = failure.hint("Nothing was changed. The log has the details.");
                self.refuse(&books, &progress, &held, failure).await;
            }
            return;
        };
        if was_told {
            self.believe_what_was_told(&mut record);
        }
        if record.saga.is_done() {
            return;
        }
        let mut course = self.course_of(&books, progress, record);
        match (course.saga.outcome(), held.filter(|_| !was_told)) {
            (Some(outcome), Some(held)) => {
                let Some(shared) = course.grip().await else { return };
                self.conclude(course, held, shared, Stage::Ended(outcome)).await;
            }
            (Some(outcome), None) => self.watch_again(course, outcome).await,
            (None, Some(held)) => {
                course.cause.get_or_insert(failure);
                self.lead(course, held).await;
            }
            (None, None) => tracing::error!("it was told an end that it does not have"),
        }
    }
}
