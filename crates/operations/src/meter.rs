//! What is measured of the work of this process: how often something came out how, and how long it took. Made for
//! Prometheus: what is counted only grows, and durations are counted by fixed bounds.
use crate::probe::{Answered, Ask, Listing, ProbeFailure};
use domain::{ModelId, OperationState, Reason};
use futures::future::BoxFuture;
use higress::{HigressError, ModelList, Wire, WireAnswer, WireRequest};
use reqwest::StatusCode;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::StoreError;
use tokio::time::Instant;

/// The bounds by which durations are counted, in seconds: from a read in memory to a switch that has to be undone.
pub const BOUNDS: [f64; 11] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0];

/// Durations of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many were not longer than the bound of the same place, and longer than the one before it.
    counts: [u64; BOUNDS.len()],
    /// All of them, also those beyond the last bound.
    pub count: u64,
    pub sum: Duration,
}

impl Histogram {
    fn note(&mut self, took: Duration) {
        self.count += 1;
        self.sum = self.sum.saturating_add(took);
        let places = self.counts.iter_mut().zip(BOUNDS);
        if let Some((count, _)) = places.into_iter().find(|(_, bound)| took.as_secs_f64() <= *bound) {
            *count += 1;
        }
    }

    /// Each bound, and how many were not longer.
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        BOUNDS.into_iter().zip(sums)
    }
}

/// Durations by what they are of. Keys come from fixed sets, so there are not too many.
#[derive(Debug)]
pub struct Durations<K>(Mutex<BTreeMap<K, Histogram>>);

impl<K> Default for Durations<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone> Durations<K> {
    /// One more.
    pub fn note(&self, of: K, took: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().note(took);
    }

    /// All so far.
    pub fn read(&self) -> BTreeMap<K, Histogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Somebody who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Upstream {
    Console,
    Store,
    /// A question to a model, over the gateway.
    Gateway,
    /// A provider's own list of models.
    Provider,
}

impl Upstream {
    /// Its name as a label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Store => "store",
            Self::Gateway => "gateway",
            Self::Provider => "provider",
        }
    }
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// An answer, be it that there is nothing.
    Ok,
    /// An answer that says no.
    Refused,
    /// No answer, or half of one.
    Unanswered,
}

impl Came {
    /// As a label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What the operations measure.
#[derive(Debug, Default)]
pub struct Meter {
    /// By kind and end. Of one that a crash or a restart broke off, what came after it was taken up.
    pub operations: Durations<(String, OperationState)>,
    pub calls: Durations<(Upstream, Came)>,
}

impl Meter {
    /// Who listens to the store.
    pub fn of_store(self: &Arc<Self>) -> store::Listener {
        let meter = self.clone();
        Arc::new(move |error: Option<&StoreError>, took| {
            let came = match error {
                None | Some(StoreError::NotFound | StoreError::PreconditionFailed) => Came::Ok,
                Some(StoreError::Unavailable { .. }) => Came::Unanswered,
                Some(_) => Came::Refused,
            };
            meter.calls.note((Upstream::Store, came), took);
        })
    }
}

/// Somebody who is called, with a meter between.
pub struct Metered<T: ?Sized> {
    inner: Arc<T>,
    meter: Arc<Meter>,
}

impl<T: ?Sized> Metered<T> {
    pub fn new(inner: Arc<T>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }

    async fn timed<A>(
        &self,
        upstream: Upstream,
        call: impl Future<Output = A>,
        came: impl FnOnce(&A) -> Came,
    ) -> A {
        let begun = Instant::now();
        let answer = call.await;
        self.meter.calls.note((upstream, came(&answer)), begun.elapsed());
        answer
    }
}

impl Wire for Metered<dyn Wire> {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        let came = |answer: &Result<WireAnswer, HigressError>| match answer {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => Came::Ok,
            Ok(answer) if answer.status.as_u16() < 400 => Came::Ok,
            Ok(_) => Came::Refused,
            Err(_) => Came::Unanswered,
        };
        Box::pin(self.timed(Upstream::Console, self.inner.send(request), came))
    }
}

impl Ask for Metered<dyn Ask> {
    fn ask<'a>(
        &'a self,
        key: &'a SecretString,
        model: &'a ModelId,
    ) -> BoxFuture<'a, Result<Answered, ProbeFailure>> {
        Box::pin(self.timed(Upstream::Gateway, self.inner.ask(key, model), came))
    }

    fn list_models<'a>(
        &'a self,
        list: &'a ModelList,
        key: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<Listing, ProbeFailure>> {
        Box::pin(self.timed(Upstream::Provider, self.inner.list_models(list, key), came))
    }

    fn effective(&self) -> Duration {
        self.inner.effective()
    }
}

fn came<T>(answer: &Result<T, ProbeFailure>) -> Came {
    match answer {
        Ok(_) => Came::Ok,
        Err(failure) if matches!(failure.reason, Reason::Timeout | Reason::DnsTls) => Came::Unanswered,
        Err(_) => Came::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_at_every_bound_that_it_does_not_exceed() {
        let durations = Durations::default();
        for millis in [5, 6, 600_000] {
            durations.note("a", Duration::from_millis(millis));
        }
        let of_a = &durations.read()["a"];
        let up_to: Vec<_> = of_a.up_to().map(|(_, count)| count).collect();
        assert_eq!(up_to, [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!((of_a.count, of_a.sum), (3, Duration::from_millis(600_011)));
        assert!(of_a.up_to().map(|(bound, _)| bound).is_sorted());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_counted_by_what_came_of_it() {
        let meter = Arc::new(Meter::default());
        let listener = meter.of_store();
        let lost = StoreError::Unavailable { message: "x".into(), timeout: None };
        for error in [None, Some(&StoreError::NotFound), Some(&lost)] {
            listener(error, Duration::from_secs(1));
        }
        let counts: Vec<_> = meter.calls.read().into_iter().map(|(of, seen)| (of, seen.count)).collect();
        assert_eq!(counts, [((Upstream::Store, Came::Ok), 2), ((Upstream::Store, Came::Unanswered), 1)]);
    }
}
