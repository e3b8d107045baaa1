//! The operations of this process, newest last, and which idempotency key began which.
use domain::{Code, Context, Failure, Mutation, Operation, OperationId};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// How many are kept. Running ones are never dropped.
const KEPT: usize = 200;

/// Follows one operation.
pub type Watch = watch::Receiver<Arc<Operation>>;

/// The log.
#[derive(Default)]
pub struct Log(Mutex<VecDeque<Entry>>);

struct Entry {
    id: OperationId,
    request: Option<Request>,
    watch: Watch,
}

/// A request that came with an idempotency key. The same actor may repeat it.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    actor: String,
    key: String,
    /// Of the whole mutation, keys included, so it stays in memory.
    hash: blake3::Hash,
}

impl Request {
    /// None when the request carries no key.
    pub fn of(mutation: &Mutation, context: &Context) -> Result<Option<Self>, Failure> {
        let Some(key) = context.idempotency_key.clone() else { return Ok(None) };
        let bytes = serde_json::to_vec(mutation).map_err(|error| {
            Failure::new(Code::Internal, format!("the request cannot be written down: {error}"))
        })?;
        Ok(Some(Self { actor: context.actor.clone(), key, hash: blake3::hash(&bytes) }))
    }
}

impl Log {
    /// The operation that this request has begun already, if any.
    pub fn begun_by(&self, request: &Request) -> Result<Option<(OperationId, Watch)>, Failure> {
        let entries = self.entries();
        let same_key = |r: &Request| r.actor == request.actor && r.key == request.key;
        let Some(entry) = entries.iter().find(|e| e.request.as_ref().is_some_and(same_key)) else {
            return Ok(None);
        };
        if entry.request.as_ref() == Some(request) {
            return Ok(Some((entry.id.clone(), entry.watch.clone())));
        }
        let mut failure =
            Failure::new(Code::IdempotencyMismatch, "this Idempotency-Key came with another request")
                .hint("Use a new key for a new request.");
        failure.operation = Some(entry.id.clone());
        Err(failure)
    }

    /// Notes an operation that begins.
    pub fn add(&self, id: OperationId, request: Option<Request>, watch: Watch) {
        let mut entries = self.entries();
        entries.push_back(Entry { id, request, watch });
        while entries.len() > KEPT {
            let Some(oldest) = entries.iter().position(|e| e.watch.borrow().state.is_final()) else { break };
            entries.remove(oldest);
        }
    }

    /// Follows an operation.
    pub fn find(&self, id: &OperationId) -> Result<Watch, Failure> {
        let found = self.entries().iter().find(|e| e.id == *id).map(|e| e.watch.clone());
        found.ok_or_else(|| {
            Failure::new(Code::OperationNotFound, format!("there is no operation {id}"))
                .hint(format!("The last {KEPT} operations since the start of the server are kept."))
        })
    }

    /// Newest first.
    pub fn list(&self) -> Vec<Arc<Operation>> {
        self.entries().iter().rev().map(|e| e.watch.borrow().clone()).collect()
    }

    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
