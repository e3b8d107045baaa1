//! Working out an operation's plan while holding what it needs.
use super::{Asked, Engine, progress::Progress, watches::Debt};
use crate::{
    edits::Edit,
    locks::HeldShared,
    plans::{self, Looked},
    prepare::{self, Past, Prepared},
};
use domain::{Code, Failure, Mutation, OperationId, StepState};
use std::sync::Arc;
use tokio::time::Instant;

/// How often the plan is made again because other operations wrote meanwhile.
const REPLANS: usize = 16;

impl Engine {
    /// Plans, and holds what the plan needs, until the operation ends.
    pub(super) async fn plan(
        self: &Arc<Self>,
        asked: &Asked,
        progress: &Progress,
    ) -> Result<(Prepared, HeldShared), Failure> {
        progress.running(0);
        let began = Instant::now();
        match self.hold_plan(asked, progress).await {
            Ok((prepared, held)) => {
                progress.ended(0, StepState::Done, began.elapsed(), prepared.summary());
                progress.planned(&prepared.plan, prepared.lasts.clone());
                Ok((prepared, held))
            }
            Err(failure) => {
                progress.ended(0, StepState::Failed, began.elapsed(), failure.message.clone());
                Err(failure)
            }
        }
    }

    /// Works a mutation out as things are now; holds nothing.
    pub async fn prepare(
        self: &Arc<Self>,
        mutation: &Mutation,
        id: OperationId,
    ) -> Result<Prepared, Failure> {
        let past = match mutation {
            Mutation::Undo { operation } => Some(Past::new(self.record(operation).await?, &self.log.list())),
            _ => None,
        };
        prepare::prepare(&self.clients, &self.installation, mutation, id, past.as_ref()).await
    }

    async fn hold_plan(
        self: &Arc<Self>,
        asked: &Asked,
        progress: &Progress,
    ) -> Result<(Prepared, HeldShared), Failure> {
        let (prepared, held) = self.stable_plan(asked, progress).await?;
        self.refuse_owed(&prepared)?;
        if let Some(kept) = &asked.kept {
            plans::compare(kept, &prepared)?;
        }
        Ok((prepared, held))
    }

    /// Nothing is planned on what an earlier operation has yet to undo or to put right, not even where it is only looked
    /// at: that may be gone in a moment. Operations that run are queued for before; what is open now was broken off, or
    /// its undo does not get through.
    fn refuse_owed(&self, prepared: &Prepared) -> Result<(), Failure> {
        let owed = |(object, seen): (&String, &Looked)| {
            let debt = self.watches.debt(object, &seen.hash)?;
            Some((object.clone(), debt))
        };
        // Whoever takes a provider away relies on it that no route leads there: also on those that he did not see.
        let absent = |name| self.watches.absent_route(name, |object| prepared.looked.contains_key(object));
        let mut removed = prepared.edits().filter_map(Edit::removed_provider);
        let owed = prepared.looked.iter().find_map(owed).or_else(|| removed.find_map(absent));
        let Some((object, debt)) = owed else { return Ok(()) };
        let message = match debt {
            Debt::Open(id) => format!("operation {id} has not ended, and may undo what it did to {object}"),
            Debt::Strayed => {
                self.watches.hurry();
                format!("{object} is not as an earlier operation told; that is being looked at and put right")
            }
        };
        Err(Failure::new(Code::Busy, message).hint("Nothing was changed. Try again in a moment."))
    }

    /// A plan that others may have made old is made again while holding.
    async fn stable_plan(
        self: &Arc<Self>,
        asked: &Asked,
        progress: &Progress,
    ) -> Result<(Prepared, HeldShared), Failure> {
        let id = progress.operation().id.clone();
        let plan = || self.prepare(&asked.mutation, id.clone());
        for _ in 0..REPLANS {
            let writes = self.console_writes();
            let prepared = plan().await?;
            let held = self.locks.queue(&prepared.needs).await?;
            if self.console_writes() == writes {
                return Ok((prepared, held));
            }
            let again = plan().await?;
            if prepared.needs.cover(&again.needs) {
                return Ok((again, held));
            }
        }
        Err(Failure::new(Code::Busy, "other operations kept changing what this one needs")
            .hint("Nothing was changed. Try again when they are done."))
    }
}
