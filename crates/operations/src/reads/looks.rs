//! The looks that cached reads are made of, each as a future of its own that goes on when nobody waits for it.
use super::{Agents, ConsoleState};
use crate::{Seen, clients::Clients};
use domain::{Failure, HiclawIdentity, Worker};
use futures::future::BoxFuture;
use std::sync::Arc;

/// A look that has not begun.
type Look<T> = Box<dyn FnOnce() -> BoxFuture<'static, Result<T, Failure>> + Send>;

/// At the console.
pub fn console(clients: &Arc<Clients>) -> Look<ConsoleState> {
    let clients = clients.clone();
    Box::new(|| Box::pin(async move { ConsoleState::read(&clients).await }))
}

/// At all agents, with our notes.
pub fn agents(clients: &Arc<Clients>) -> Look<Agents> {
    let clients = clients.clone();
    Box::new(|| Box::pin(async move { Ok(Agents::read_with_records(&clients).await) }))
}

/// At which HiClaw it is.
pub fn hiclaw(clients: &Arc<Clients>) -> Look<HiclawIdentity> {
    let clients = clients.clone();
    Box::new(|| Box::pin(async move { Ok(clients.holder.identity().await?) }))
}

/// At the state of all workers.
pub fn states(clients: &Arc<Clients>) -> Look<Seen<Vec<Worker>>> {
    let clients = clients.clone();
    Box::new(|| {
        Box::pin(async move {
            let observed_at = clients.clock.now();
            Ok(Seen { value: clients.holder.workers().await?, observed_at })
        })
    })
}
