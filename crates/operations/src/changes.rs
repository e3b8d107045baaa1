//! Planning and making changes, and following them.
use crate::{
    Inner, Operations, Running,
    engine::{self, Asked},
    prepare::{self, Prepared},
};
use domain::{Context, Failure, Mutation, Operation, OperationId, Plan, Target};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

impl Operations {
    /// Opens the data directory and takes up what an earlier life of the server left. When the directory cannot be read
    /// or written now, reads go on, and each change tries again and is refused until it can.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when another process has the directory, or when it is of a newer agm or half imported.
    pub async fn recover(&self) -> Result<(), Failure> {
        match self.0.engine.books().await {
            Ok(_) => Ok(()),
            Err(error) if error.is_lasting() => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "nothing can be changed until the data directory can be written");
                tokio::spawn(engine::open_later(Arc::downgrade(&self.0.engine)));
                Ok(())
            }
        }
    }

    /// Whether changes can be written down, which they must be before they are made.
    pub async fn can_change(&self) -> Result<(), Failure> {
        self.0.engine.books().await?.journal.probe().await?;
        Ok(())
    }

    /// OpenClaw reloads by itself when its file changes, so this only tells how, after seeing the agent alive.
    pub async fn reload(&self, target: &Target) -> Result<&'static str, Failure> {
        if let Target::Worker(_) = target {
            self.agents().await?.get(target)?;
        }
        Ok(self.0.clients.holder.reload(target).await?.how)
    }

    /// What the mutation would change. Changes nothing.
    pub async fn plan(&self, mutation: &Mutation) -> Result<Plan, Failure> {
        let mutation = self.opened(mutation.clone()).await?;
        Ok(self.prepare(&mutation).await?.plan)
    }

    pub(crate) async fn prepare(&self, mutation: &Mutation) -> Result<Prepared, Failure> {
        let Inner { clients, engine, .. } = &*self.0;
        prepare::check(clients, mutation)?;
        // Boxed: what lies below is deeper than the compiler follows from the page that asks for a plan.
        Box::pin(engine.prepare(mutation, clients.clock.new_id()?)).await
    }

    /// Begins a mutation in a task of its own, after a backup. Fails at once when the request is bad, the target is held,
    /// or nothing can be written down.
    pub async fn submit(&self, mutation: Mutation, context: Context) -> Result<Running, Failure> {
        self.begin(Asked { mutation, context, kept: None }).await
    }

    pub(crate) async fn begin(&self, asked: Asked) -> Result<Running, Failure> {
        let asked = Asked { mutation: self.opened(asked.mutation).await?, ..asked };
        prepare::check(&self.0.clients, &asked.mutation)?;
        let back_up = |asked: &Asked| self.begin_backup(&asked.mutation, &asked.context);
        self.0.engine.submit(asked, back_up).await
    }

    /// Puts back what an operation replaced, as an operation of its own.
    pub async fn undo(&self, operation: OperationId, context: Context) -> Result<Running, Failure> {
        self.submit(Mutation::Undo { operation }, context).await
    }

    /// Asks an operation that runs to stop and to go back, which it does unless the change is live already.
    pub fn cancel(&self, id: &OperationId) -> Result<(), Failure> {
        self.0.engine.cancel(id)
    }

    /// Takes over an operation that cannot be undone: what is where stays there, and its targets are free again.
    pub fn release(&self, id: &OperationId) -> Result<(), Failure> {
        self.0.engine.give_up(id)
    }

    /// The newest 200, newest first.
    pub fn operations(&self) -> Vec<Arc<Operation>> {
        self.0.engine.log.list()
    }

    /// Follows one operation; one that is long over is read from the audit log.
    pub async fn operation(&self, id: &OperationId) -> Result<watch::Receiver<Arc<Operation>>, Failure> {
        let unknown = match self.0.engine.log.find(id) {
            Ok(watch) => return Ok(watch),
            Err(failure) => failure,
        };
        match self.0.engine.books().await?.audit.find(id).await? {
            Some(operation) => Ok(watch::channel(Arc::new(operation)).1),
            None => Err(unknown),
        }
    }

    /// Refuses new operations and waits for those that run, at most so long; the next start takes up the rest. For
    /// shutdown.
    pub async fn drain(&self, limit: Duration) {
        self.0.engine.drain(limit).await;
    }
}
