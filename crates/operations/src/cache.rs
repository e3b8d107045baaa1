//! A value that is read again when it is old. Many readers at once cost one read.
use crate::scrub;
use domain::{Code, Failure};
use std::{
    future::Future,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Mutex,
    task::JoinError,
    time::{Instant, timeout},
};
use tracing::Instrument;

/// While a value is read again, the one before it may be served until it is so many times as old as is young.
const STALE: u32 = 5;
/// How long a reader waits for a new value when he could have the one before it.
const PATIENCE: Duration = Duration::from_millis(100);

/// One cached read.
pub struct Cache<T>(Arc<Inner<T>>);

struct Inner<T> {
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
    /// Serves a value for `ttl` after its read ended. Later it is read again, and served meanwhile for [`STALE`] times
    /// `ttl` after its read began: what it tells is of that time.
    pub fn new(ttl: Duration) -> Self {
        let (epoch, entry, flight) = (AtomicU64::new(0), RwLock::new(None), Mutex::new(()));
        Self(Arc::new(Inner { ttl, epoch, entry, flight }))
    }

    /// Forgets what was read, also by a read that is under way.
    pub fn clear(&self) {
        self.0.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// The value, read by `load` when there is none that is young. When that takes long, the one before it, and the read
    /// goes on. Readers that come while a read is under way share its outcome, also its failure; after a failure nothing
    /// is served until a read succeeds. Must be called within a tokio runtime.
    pub async fn get<F, R>(&self, load: F) -> Result<Arc<T>, Failure>
    where
        T: Send + Sync + 'static,
        F: FnOnce() -> R + Send + 'static,
        R: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        if self.0.stale().is_none() {
            return self.fresh(load).await;
        }
        if let Some(value) = self.0.young() {
            return Ok(value);
        }
        let inner = self.0.clone();
        let mut reading = tokio::spawn(async move { inner.read(load).await }.in_current_span());
        match timeout(PATIENCE, &mut reading).await {
            Ok(read) => read.unwrap_or_else(broken_off),
            Err(_) => match self.0.stale() {
                Some(value) => Ok(value),
                None => reading.await.unwrap_or_else(broken_off),
            },
        }
    }

    /// As [`Cache::get`], but waits for the new value however long that takes.
    pub async fn fresh<F, R>(&self, load: F) -> Result<Arc<T>, Failure>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        match self.0.young() {
            Some(value) => Ok(value),
            None => self.0.read(load).await,
        }
    }
}

impl<T> Inner<T> {
    async fn read<F, R>(&self, load: F) -> Result<Arc<T>, Failure>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        let asked = Instant::now();
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
        self.value(|entry| entry.ended.elapsed() < self.ttl && self.is_bearable(entry))
    }

    fn stale(&self) -> Option<Arc<T>> {
        self.value(|entry| self.is_bearable(entry))
    }

    fn value(&self, fits: impl Fn(&Entry<T>) -> bool) -> Option<Arc<T>> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        entry.as_ref().filter(|e| self.is_current(e) && fits(e))?.result.as_ref().ok().cloned()
    }

    /// What a read that ended after `asked` gave.
    fn since(&self, asked: Instant) -> Option<Result<Arc<T>, Failure>> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entry.as_ref().filter(|e| self.is_current(e) && e.ended >= asked)?;
        Some(entry.result.clone())
    }

    fn is_bearable(&self, entry: &Entry<T>) -> bool {
        entry.began.elapsed() < self.ttl * STALE
    }

    fn is_current(&self, entry: &Entry<T>) -> bool {
        entry.epoch == self.epoch.load(Ordering::Acquire)
    }
}

fn broken_off<T>(error: JoinError) -> Result<T, Failure> {
    Err(Failure::new(Code::Internal, format!("a read broke off: {}", scrub::broken_off(&error))))
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

    /// Forgets the value: what it is made of beside the two is another.
    pub fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use tokio::{sync::Notify, time::advance};

    const TTL: Duration = Duration::from_secs(2);

    fn failure() -> Failure {
        Failure::new(Code::Internal, "no")
    }

    /// A load that gives this at once.
    fn at_once(value: i32) -> impl FnOnce() -> std::future::Ready<Result<i32, Failure>> + Send + 'static {
        move || std::future::ready(Ok(value))
    }

    /// A load that gives this when it is told to.
    fn when(
        told: &Arc<Notify>,
        result: Result<i32, Failure>,
    ) -> impl FnOnce() -> futures::future::BoxFuture<'static, Result<i32, Failure>> + Send + 'static {
        let told = told.clone();
        move || {
            Box::pin(async move {
                told.notified().await;
                result
            })
        }
    }

    #[tokio::test]
    async fn readers_at_once_cost_one_read_and_a_write_makes_the_next_read_new() {
        let cache = Cache::new(Duration::from_secs(3600));
        let reads = Arc::new(AtomicUsize::new(0));
        let load = || {
            let reads = reads.clone();
            move || async move {
                tokio::task::yield_now().await;
                Ok(reads.fetch_add(1, Ordering::SeqCst))
            }
        };
        let (a, b, c) = tokio::join!(cache.get(load()), cache.get(load()), cache.get(load()));
        assert_eq!((*a.unwrap(), *b.unwrap(), *c.unwrap()), (0, 0, 0));
        assert_eq!(*cache.get(load()).await.unwrap(), 0);
        cache.clear();
        assert_eq!(*cache.get(load()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_was_read_before_a_write_is_not_kept() {
        let cache = Arc::new(Cache::new(Duration::from_secs(3600)));
        let written = cache.clone();
        let during = cache.get(move || async move {
            written.clear();
            Ok(1)
        });
        assert_eq!(*during.await.unwrap(), 1);
        assert_eq!(*cache.get(at_once(2)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let cache = Cache::new(Duration::from_secs(3600));
        assert!(cache.get(|| std::future::ready(Err(failure()))).await.is_err());
        assert_eq!(*cache.get(at_once(3)).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn without_a_time_to_live_each_value_is_read_again() {
        let cache = Cache::new(Duration::ZERO);
        assert_eq!(*cache.get(at_once(1)).await.unwrap(), 1);
        assert_eq!(*cache.get(at_once(2)).await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_value_is_read_again_and_served_only_while_that_takes_long() {
        let (cache, told) = (Cache::new(TTL), Arc::new(Notify::new()));
        assert_eq!(*cache.get(at_once(1)).await.unwrap(), 1);
        advance(TTL / 2).await;
        assert_eq!(*cache.get(at_once(2)).await.unwrap(), 1, "young");
        advance(TTL).await;
        assert_eq!(*cache.get(at_once(3)).await.unwrap(), 3, "the new one is there at once");
        advance(TTL).await;
        assert_eq!(*cache.get(when(&told, Ok(4))).await.unwrap(), 3, "the new one takes long");
        told.notify_one();
        assert_eq!(*cache.fresh(at_once(5)).await.unwrap(), 4, "the read went on, and is shared");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_panics_is_told_without_its_text() {
        let cache = Cache::new(TTL);
        cache.get(at_once(1)).await.unwrap();
        advance(TTL * 2).await;
        let defect = || async { panic!("sk-planted") };
        let failure = cache.get(defect).await.unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (Code::Internal, "a read broke off: it panicked")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_served_beyond_the_bound_however_long_the_next_read_takes() {
        let (cache, told) = (Cache::new(TTL), Arc::new(Notify::new()));
        assert_eq!(*cache.get(at_once(1)).await.unwrap(), 1);
        advance(TTL * STALE - PATIENCE / 2).await;
        let late = async {
            advance(PATIENCE).await;
            told.notify_one();
        };
        let (value, ()) = tokio::join!(cache.get(when(&told, Ok(2))), late);
        assert_eq!(*value.unwrap(), 2, "the one before grew too old meanwhile");
        advance(TTL * STALE).await;
        assert!(cache.get(|| std::future::ready(Err(failure()))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_look_that_failed_nothing_old_is_served() {
        let (cache, told) = (Cache::new(TTL), Arc::new(Notify::new()));
        assert_eq!(*cache.get(at_once(1)).await.unwrap(), 1);
        advance(TTL).await;
        assert_eq!(*cache.get(when(&told, Err(failure()))).await.unwrap(), 1, "nobody knows yet");
        told.notify_one();
        assert!(cache.fresh(at_once(2)).await.is_err(), "who waits shares the failure");
        advance(PATIENCE).await;
        assert!(cache.get(|| std::future::ready(Err(failure()))).await.is_err());
        advance(PATIENCE).await;
        assert_eq!(*cache.get(at_once(3)).await.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_ends_also_what_is_served_while_the_next_read_is_under_way() {
        let (cache, told) = (Cache::new(TTL), Arc::new(Notify::new()));
        assert_eq!(*cache.get(at_once(1)).await.unwrap(), 1);
        advance(TTL).await;
        assert_eq!(*cache.get(when(&told, Ok(2))).await.unwrap(), 1);
        cache.clear();
        told.notify_one();
        assert_eq!(*cache.get(at_once(3)).await.unwrap(), 3, "neither what was nor what is being read");
    }

    #[test]
    fn a_derived_value_is_made_once_for_the_same_two() {
        let derived = Derived::default();
        let (a, b, other) = (Arc::new(1), Arc::new(2), Arc::new(5));
        assert_eq!(*derived.of(&a, &b, |a, b| a + b), 3);
        assert_eq!(*derived.of(&a, &b, |_, _| unreachable!("both are known")), 3);
        assert_eq!(*derived.of(&a, &other, |a, b| a + b), 6);
        derived.clear();
        assert_eq!(*derived.of(&a, &other, |a, b| a * b), 5);
    }
}
