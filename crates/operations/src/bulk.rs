//! One model for many agents: every target is an operation of its own, begun and followed by one task.
use crate::{Operations, Running, journal::RequestMark};
use domain::{
    Bulk, BulkPlan, Code, Context, Failure, Mutation, Operation, OperationId, OperationState, Refused,
    SetModels, Step, StepName, StepState, Target,
};
use futures::{StreamExt, stream, stream::FuturesUnordered};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;
use tracing::Instrument;

/// How many targets are worked on at once when the request does not say.
const AT_ONCE: u8 = 4;
/// The most that a request may say.
const MOST: u8 = 8;

/// A request for many targets that was begun. Dropping it stops nothing.
pub struct BulkRunning {
    id: OperationId,
    watch: watch::Receiver<Arc<Bulk>>,
}

impl BulkRunning {
    /// Its id; every operation of the request carries it.
    pub fn id(&self) -> &OperationId {
        &self.id
    }

    /// How far it is; changes when an operation begins or ends.
    pub fn watch(&self) -> watch::Receiver<Arc<Bulk>> {
        self.watch.clone()
    }

    /// Waits for the end. That targets failed is told by the [`Bulk`], not as an error.
    pub async fn finished(mut self) -> Result<Arc<Bulk>, Failure> {
        let ended = self.watch.wait_for(|bulk| bulk.finished).await.map(|bulk| bulk.clone());
        ended.map_err(|_| {
            Failure::new(Code::Internal, format!("request {} broke off without a word", self.id))
                .hint("Its operations go on; `agm history` lists them. Repeating it with the same Idempotency-Key continues.")
        })
    }
}

/// Who begins operations.
trait Begin: Send + Sync + 'static {
    /// Begins one in a task of its own.
    fn begin(
        &self,
        mutation: Mutation,
        context: Context,
    ) -> impl Future<Output = Result<Running, Failure>> + Send;
}

impl Begin for Operations {
    async fn begin(&self, mutation: Mutation, context: Context) -> Result<Running, Failure> {
        self.submit(mutation, context).await
    }
}

impl Operations {
    /// Begins the switch of many agents, in a task of its own. With an idempotency key, repeating the request goes on
    /// where it was broken off: targets that were begun are not begun again.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the request itself is wrong, `IDEMPOTENCY_MISMATCH` when its key began something else that
    /// is among the [`Operations::operations`]. What becomes of each target is told by the result.
    pub fn set_models(&self, wish: SetModels, context: Context) -> Result<BulkRunning, Failure> {
        let id = match &context.idempotency_key {
            None => self.0.clients.clock.new_id()?,
            Some(key) => self.id_under_key(&context.actor, key, &wish)?,
        };
        start(self.clone(), wish, context, id)
    }

    /// The id of a request with this key, unless the key came with another request.
    fn id_under_key(&self, actor: &str, key: &str, wish: &SetModels) -> Result<OperationId, Failure> {
        // No single operation has this hash, so one that has the key is another request.
        let mark = RequestMark { actor: actor.into(), key: key.into(), hash: String::new() };
        self.0.engine.log.begun_by(&mark)?;
        let id = keyed_id(actor, key, wish)?;
        let all = self.operations();
        let other = |operation: &&Arc<Operation>| {
            operation.bulk.as_ref().is_some_and(|bulk| *bulk != id && has_same_key(bulk, &id))
        };
        match all.iter().find(other) {
            None => Ok(id),
            Some(operation) => {
                let message = "this Idempotency-Key came with another request";
                let mut failure =
                    Failure::new(Code::IdempotencyMismatch, message).hint("Use a new key for a new request.");
                failure.operation = Some(operation.id.clone());
                Err(failure)
            }
        }
    }

    /// What [`Operations::set_models`] would change, one plan a target. Changes nothing.
    pub async fn plan_models(&self, wish: &SetModels) -> Result<BulkPlan, Failure> {
        check(wish)?;
        let at_once = usize::from(wish.concurrency.unwrap_or(AT_ONCE));
        let plan = |target: &Target| {
            let mutation = Mutation::SetModel { target: target.clone(), wish: wish.wish() };
            let target = target.to_string();
            async move { (target, self.plan(&mutation).await) }
        };
        let made: Vec<_> = stream::iter(wish.targets.iter().map(plan)).buffered(at_once).collect().await;
        let mut all = BulkPlan { success: true, plans: Vec::new(), refused: Vec::new() };
        for (target, plan) in made {
            match plan {
                Ok(plan) => all.plans.push(plan),
                Err(failure) => {
                    all.success = false;
                    all.refused.push(Refused { target, failure });
                }
            }
        }
        Ok(all)
    }
}

/// The letters of an id, 5 bits each.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many letters of a keyed id say whose request it is and under which key, the first included.
const KEY_LETTERS: usize = 13;

/// The id of a request under an idempotency key is made of the request itself, so that every operation of it tells, also
/// after a restart, what else came with the key: the first half is of actor and key, the second of what was asked for.
/// It begins with 7, which no id of an operation does before the year 9000.
fn keyed_id(actor: &str, key: &str, wish: &SetModels) -> Result<OperationId, Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::new(Code::Internal, error.to_string());
    let who = serde_json::to_vec(&(actor, key)).map_err(|error| broken(&error))?;
    let what = serde_json::to_vec(wish).map_err(|error| broken(&error))?;
    let letters = |bytes: &[u8], count: usize| -> String {
        let hash = *blake3::hash(bytes).as_bytes();
        hash.iter().take(count).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
    };
    let text = format!("7{}{}", letters(&who, KEY_LETTERS - 1), letters(&what, 26 - KEY_LETTERS));
    text.parse().map_err(|error: domain::NameError| broken(&error))
}

fn has_same_key(one: &OperationId, other: &OperationId) -> bool {
    one.as_str().get(..KEY_LETTERS) == other.as_str().get(..KEY_LETTERS)
}

fn start(
    begin: impl Begin,
    wish: SetModels,
    context: Context,
    id: OperationId,
) -> Result<BulkRunning, Failure> {
    check(&wish)?;
    let board = Board::new(id.clone(), &wish.targets);
    let watch = board.tell.subscribe();
    let course = Course { begin, wish, context, board };
    tokio::spawn(async move { course.run().await }.in_current_span());
    Ok(BulkRunning { id, watch })
}

fn check(wish: &SetModels) -> Result<(), Failure> {
    if wish.targets.is_empty() {
        return Err(Failure::field("targets", "name at least one agent"));
    }
    let mut seen = BTreeSet::new();
    if let Some(index) = wish.targets.iter().position(|target| !seen.insert(target)) {
        let message = format!("{} is named twice", wish.targets[index]);
        return Err(Failure::field(format!("targets[{index}]"), message));
    }
    if wish.concurrency.is_some_and(|at_once| !(1..=MOST).contains(&at_once)) {
        return Err(Failure::field("concurrency", format!("must be 1 to {MOST}")));
    }
    Ok(())
}

/// A request that runs.
struct Course<B> {
    begin: B,
    wish: SetModels,
    context: Context,
    board: Board,
}

impl<B: Begin> Course<B> {
    /// Begins as many at once as was asked for, until all are begun or too many have failed; then waits for those that
    /// run.
    async fn run(self) {
        let mut waiting = self.wish.targets.iter().enumerate();
        let mut running = FuturesUnordered::new();
        let wide = usize::from(self.wish.concurrency.unwrap_or(AT_ONCE));
        let mut canary = self.wish.canary;
        let mut failed = 0;
        let most = self.wish.stop_after_failures.map_or(u32::MAX, |most| most.get());
        loop {
            let width = if canary { 1 } else { wide };
            while running.len() < width && failed < most {
                let Some((index, target)) = waiting.next() else { break };
                running.push(self.one(index, target));
            }
            let Some(committed) = running.next().await else { break };
            failed += u32::from(!committed);
            if canary && !committed {
                break;
            }
            canary = false;
        }
        drop(running);
        self.board.finish();
    }

    /// Leads one target to its end. Tells whether it was committed, and no restart of it failed.
    async fn one(&self, index: usize, target: &Target) -> bool {
        let mutation = Mutation::SetModel { target: target.clone(), wish: self.wish.wish() };
        let context = Context {
            idempotency_key: self.context.idempotency_key.as_ref().map(|key| format!("{key}/{target}")),
            bulk: Some(self.board.id.clone()),
            ..self.context.clone()
        };
        let mut watch = match self.begin.begin(mutation, context).await {
            Ok(running) => running.watch(),
            Err(failure) => {
                self.board.put(index, Slot::Refused(Box::new(failure)));
                return false;
            }
        };
        let begun = watch.borrow().clone();
        self.board.put(index, Slot::Begun(begun));
        let ended = watch.wait_for(|operation| operation.has_ended()).await.map(|ended| ended.clone());
        let last = ended.unwrap_or_else(|_| watch.borrow().clone());
        let restart = |step: &Step| step.name == StepName::Restart && step.state == StepState::Failed;
        let committed = last.state == OperationState::Committed && !last.steps.iter().any(restart);
        self.board.put(index, Slot::Begun(last));
        committed
    }
}

/// What is known of one target.
#[derive(Clone)]
enum Slot {
    NotBegun,
    Refused(Box<Failure>),
    Begun(Arc<Operation>),
}

/// What those who watch the request see.
struct Board {
    id: OperationId,
    targets: Vec<String>,
    slots: Mutex<Vec<Slot>>,
    tell: watch::Sender<Arc<Bulk>>,
}

impl Board {
    fn new(id: OperationId, targets: &[Target]) -> Self {
        let targets: Vec<_> = targets.iter().map(Target::to_string).collect();
        let slots = vec![Slot::NotBegun; targets.len()];
        let tell = watch::Sender::new(Arc::new(seen(&id, &targets, &slots, false)));
        Self { id, targets, slots: Mutex::new(slots), tell }
    }

    fn put(&self, index: usize, slot: Slot) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots[index] = slot;
        self.tell.send_replace(Arc::new(seen(&self.id, &self.targets, &slots, false)));
    }

    fn finish(&self) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell.send_replace(Arc::new(seen(&self.id, &self.targets, &slots, true)));
    }
}

fn seen(id: &OperationId, targets: &[String], slots: &[Slot], finished: bool) -> Bulk {
    let mut bulk = Bulk {
        id: id.clone(),
        success: true,
        finished,
        results: Vec::new(),
        refused: Vec::new(),
        not_begun: Vec::new(),
    };
    for (target, slot) in targets.iter().zip(slots) {
        bulk.success &=
            matches!(slot, Slot::Begun(operation) if operation.state == OperationState::Committed);
        match slot {
            Slot::NotBegun => bulk.not_begun.push(target.clone()),
            Slot::Refused(failure) => {
                bulk.refused.push(Refused { target: target.clone(), failure: (**failure).clone() });
            }
            Slot::Begun(operation) => bulk.results.push((**operation).clone()),
        }
    }
    bulk
}

#[cfg(test)]
mod tests;
