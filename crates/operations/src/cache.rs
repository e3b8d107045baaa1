//! A value that is read again when it is old. Many readers at once cost one read.
use domain::Failure;
use std::{
    future::Future,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// One cached read.
pub struct Cache<T> {
    ttl: Duration,
    /// Counts own writes; what was read before the newest is not served again.
    epoch: AtomicU64,
    entry: RwLock<Option<Entry<T>>>,
    flight: Mutex<()>,
}

struct Entry<T> {
    epoch: u64,
    began: Instant,
    ended: Instant,
    result: Result<Arc<T>, Failure>,
}

impl<T> Cache<T> {
    /// Serves a value for `ttl` after its read began.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, epoch: AtomicU64::new(0), entry: RwLock::new(None), flight: Mutex::new(()) }
    }

    /// Forgets what was read, also by a read that is under way.
    pub fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// The value, read by `load` when there is none that is young enough. Readers that come while a read is under way
    /// share its outcome, also its failure; a failure is not kept for later ones.
    pub async fn get<F, R>(&self, load: F) -> Result<Arc<T>, Failure>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        let asked = Instant::now();
        if let Some(value) = self.young() {
            return Ok(value);
        }
        let _flight = self.flight.lock().await;
        if let Some(result) = self.since(asked) {
            return result;
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let began = Instant::now();
        let result = load().await.map(Arc::new);
        let entry = Entry { epoch, began, ended: Instant::now(), result: result.clone() };
        *self.entry.write().unwrap_or_else(PoisonError::into_inner) = Some(entry);
        result
    }

    fn young(&self) -> Option<Arc<T>> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entry.as_ref().filter(|e| self.is_current(e) && e.began.elapsed() < self.ttl)?;
        entry.result.as_ref().ok().cloned()
    }

    /// What a read that ended after `asked` gave.
    fn since(&self, asked: Instant) -> Option<Result<Arc<T>, Failure>> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entry.as_ref().filter(|e| self.is_current(e) && e.ended >= asked)?;
        Some(entry.result.clone())
    }

    fn is_current(&self, entry: &Entry<T>) -> bool {
        entry.epoch == self.epoch.load(Ordering::Acquire)
    }
}

/// A value made of two others, made again when one of them is another one.
pub struct Derived<A, B, T>(RwLock<Option<Made<A, B, T>>>);

struct Made<A, B, T> {
    of: (Arc<A>, Arc<B>),
    value: Arc<T>,
}

impl<A, B, T> Default for Derived<A, B, T> {
    fn default() -> Self {
        Self(RwLock::new(None))
    }
}

impl<A, B, T> Derived<A, B, T> {
    /// The value for these two.
    pub fn of(&self, a: &Arc<A>, b: &Arc<B>, make: impl FnOnce(&A, &B) -> T) -> Arc<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let same = |made: &&Made<A, B, T>| Arc::ptr_eq(&made.of.0, a) && Arc::ptr_eq(&made.of.1, b);
        if let Some(made) = known.as_ref().filter(same) {
            return made.value.clone();
        }
        drop(known);
        let value = Arc::new(make(a, b));
        let made = Made { of: (a.clone(), b.clone()), value: value.clone() };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(made);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Code;
    use std::sync::atomic::AtomicUsize;

    #[tokio::test]
    async fn readers_at_once_cost_one_read_and_a_write_makes_the_next_read_new() {
        let cache = Cache::new(Duration::from_secs(3600));
        let reads = AtomicUsize::new(0);
        let load = || async {
            tokio::task::yield_now().await;
            Ok(reads.fetch_add(1, Ordering::SeqCst))
        };
        let (a, b, c) = tokio::join!(cache.get(load), cache.get(load), cache.get(load));
        assert_eq!((*a.unwrap(), *b.unwrap(), *c.unwrap()), (0, 0, 0));
        assert_eq!(*cache.get(load).await.unwrap(), 0);
        cache.clear();
        assert_eq!(*cache.get(load).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_was_read_before_a_write_is_not_kept() {
        let cache = Cache::new(Duration::from_secs(3600));
        let during = cache.get(|| async {
            cache.clear();
            Ok(1)
        });
        assert_eq!(*during.await.unwrap(), 1);
        assert_eq!(*cache.get(|| async { Ok(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let cache = Cache::new(Duration::from_secs(3600));
        let failed = cache.get(|| async { Err(Failure::new(Code::Internal, "no")) }).await;
        assert!(failed.is_err());
        assert_eq!(*cache.get(|| async { Ok(3) }).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn an_old_value_is_read_again() {
        let cache = Cache::new(Duration::ZERO);
        assert_eq!(*cache.get(|| async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*cache.get(|| async { Ok(2) }).await.unwrap(), 2);
    }

    #[test]
    fn a_derived_value_is_made_once_for_the_same_two() {
        let derived = Derived::default();
        let (a, b, other) = (Arc::new(1), Arc::new(2), Arc::new(5));
        assert_eq!(*derived.of(&a, &b, |a, b| a + b), 3);
        assert_eq!(*derived.of(&a, &b, |_, _| unreachable!("both are known")), 3);
        assert_eq!(*derived.of(&a, &other, |a, b| a + b), 6);
    }
}
