//! Who may change what. A target is held by one operation, others are refused; shared objects are queued for.
use domain::{Code, Failure, OperationId, ProviderName, RouteName, Target};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock},
    time::{Instant, timeout_at},
};

/// How long an operation queues for shared objects.
const QUEUE: Duration = Duration::from_secs(60);

/// A shared object. The order of the variants and names is the order of locking, so no two operations can wait for
/// each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// The console's one document of all providers.
    Providers,
    Route(RouteName),
    /// What agm is reached by.
    Entry,
}

/// Whether others may use the object at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// It must stay as it is.
    Read,
    /// It is changed.
    Write,
}

/// The shared objects that an operation relies on or changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(BTreeMap<Shared, Hold>);

impl Needs {
    /// Adds one; a write outweighs a read.
    pub fn add(&mut self, object: Shared, hold: Hold) {
        let held = self.0.entry(object).or_insert(hold);
        *held = (*held).max(hold);
    }

    /// True when holding `self` is enough for `other`.
    pub fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|(object, hold)| self.0.get(object).is_some_and(|held| held >= hold))
    }
}

/// All locks of this process.
#[derive(Default)]
pub struct Locks {
    targets: Mutex<BTreeMap<String, Holder>>,
    shared: Mutex<BTreeMap<Shared, Arc<RwLock<()>>>>,
}

/// Who has a target.
#[derive(Clone, Debug)]
struct Holder {
    operation: Option<OperationId>,
    /// Why nobody may have it, until the server is restarted.
    blocked: Option<String>,
}

/// Held targets; they are free again when this is dropped.
pub struct HeldTargets {
    locks: Arc<Locks>,
    names: Vec<String>,
    by: OperationId,
    released: AtomicBool,
}

/// Held shared objects; they are free again when this is dropped.
pub struct HeldShared {
    _guards: Vec<Guard>,
}

enum Guard {
    Read { _guard: OwnedRwLockReadGuard<()> },
    Write { _guard: OwnedRwLockWriteGuard<()> },
}

/// The lock name of an agent.
pub fn target_name(target: &Target) -> String {
    target.to_string()
}

/// The lock name of a provider as a target.
pub fn provider_name(name: &ProviderName) -> String {
    format!("provider:{name}")
}

impl Locks {
    /// Holds targets for an operation, or says which operation has one of them.
    pub fn hold(self: &Arc<Self>, names: Vec<String>, by: &OperationId) -> Result<HeldTargets, Failure> {
        let mut held = locked(&self.targets);
        if planted::is(planted::Bug::LockNotTaken) {
            return Ok(self.held(Vec::new(), by));
        }
        if let Some((name, holder)) = names.iter().find_map(|name| Some((name, held.get(name)?))) {
            return Err(holder.refusal(name));
        }
        let holder = Holder { operation: Some(by.clone()), blocked: None };
        held.extend(names.iter().map(|name| (name.clone(), holder.clone())));
        Ok(self.held(names, by))
    }

    fn held(self: &Arc<Self>, names: Vec<String>, by: &OperationId) -> HeldTargets {
        HeldTargets { locks: self.clone(), names, by: by.clone(), released: AtomicBool::new(false) }
    }

    /// Nobody may have these targets until the server is restarted.
    pub fn block(&self, names: Vec<String>, operation: Option<OperationId>, why: String) {
        let holder = Holder { operation, blocked: Some(why) };
        locked(&self.targets).extend(names.into_iter().map(|name| (name, holder.clone())));
    }

    /// Queues for shared objects, in their order.
    pub async fn queue(&self, needs: &Needs) -> Result<HeldShared, Failure> {
        let deadline = Instant::now() + QUEUE;
        let mut guards = Vec::new();
        for (object, hold) in &needs.0 {
            let lock = locked(&self.shared).entry(object.clone()).or_default().clone();
            let guard = async {
                match hold {
                    Hold::Read => Guard::Read { _guard: lock.read_owned().await },
                    Hold::Write => Guard::Write { _guard: lock.write_owned().await },
                }
            };
            guards.push(timeout_at(deadline, guard).await.map_err(|_| queued_too_long(object))?);
        }
        Ok(HeldShared { _guards: guards })
    }
}

impl Holder {
    fn refusal(&self, name: &str) -> Failure {
        let failure = match &self.blocked {
            None => Failure::new(Code::Busy, format!("another operation works on {name}"))
                .hint("Wait for it to finish; `agm watch ID` follows it, `agm history` lists all."),
            Some(why) => Failure::new(Code::Busy, format!("{name} is locked: {why}"))
                .hint("Restart agm when that is done."),
        };
        Failure { operation: self.operation.clone(), ..failure }
    }
}

impl HeldTargets {
    /// What is held.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Lets them go now.
    pub fn release(&self) {
        if self.released.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut held = locked(&self.locks.targets);
        let ours = |holder: &Holder| holder.blocked.is_none() && holder.operation.as_ref() == Some(&self.by);
        for name in &self.names {
            if held.get(name).is_some_and(ours) {
                held.remove(name);
            }
        }
    }

    /// True after [`HeldTargets::release`].
    pub fn is_released(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }
}

impl Drop for HeldTargets {
    fn drop(&mut self) {
        self.release();
    }
}

fn queued_too_long(object: &Shared) -> Failure {
    let what = match object {
        Shared::Providers => "the providers".to_owned(),
        Shared::Route(name) => format!("route {name}"),
        Shared::Entry => "what agm is reached by".to_owned(),
    };
    Failure::new(Code::Busy, format!("other operations changed {what} for more than {} s", QUEUE.as_secs()))
        .hint("Nothing was changed. Try again when they are done.")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: char) -> OperationId {
        format!("0000000000000000000000000{last}").parse().unwrap()
    }

    fn route(name: &str) -> Shared {
        Shared::Route(name.parse().unwrap())
    }

    #[test]
    fn a_held_target_is_refused_with_its_holder_until_it_is_free() {
        let locks = Arc::new(Locks::default());
        let held = locks.hold(vec!["worker:alice".into()], &id('1')).unwrap();
        let refused = locks.hold(vec!["manager".into(), "worker:alice".into()], &id('2')).err().unwrap();
        assert_eq!((refused.code, refused.operation), (Code::Busy, Some(id('1'))));
        let manager = locks.hold(vec!["manager".into()], &id('3'));
        assert!(manager.is_ok(), "a refused hold must hold nothing");
        drop(held);
        assert!(locks.hold(vec!["worker:alice".into()], &id('4')).is_ok());
    }

    #[test]
    fn a_blocked_target_says_why_and_others_are_free() {
        let locks = Arc::new(Locks::default());
        locks.block(vec!["worker:alice".into()], None, "look at its record".into());
        let refused = locks.hold(vec!["worker:alice".into()], &id('1')).err().unwrap();
        assert_eq!((refused.code, refused.operation), (Code::Busy, None));
        assert!(refused.message.contains("look at its record"), "{}", refused.message);
        assert!(locks.hold(vec!["worker:bob".into()], &id('1')).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn readers_share_a_route_and_a_writer_queues() {
        let locks = Locks::default();
        let (mut read, mut write) = (Needs::default(), Needs::default());
        read.add(route("a"), Hold::Read);
        write.add(route("a"), Hold::Write);
        let first = locks.queue(&read).await.unwrap();
        let second = locks.queue(&read).await.unwrap();
        assert_eq!(locks.queue(&write).await.err().unwrap().code, Code::Busy);
        drop((first, second));
        assert!(locks.queue(&write).await.is_ok());
    }

    #[test]
    fn a_write_covers_a_read_but_not_the_other_way() {
        let (mut small, mut large) = (Needs::default(), Needs::default());
        small.add(route("a"), Hold::Read);
        large.add(route("a"), Hold::Write);
        large.add(route("a"), Hold::Read);
        large.add(Shared::Providers, Hold::Read);
        assert!(large.cover(&small) && !small.cover(&large));
    }
}
