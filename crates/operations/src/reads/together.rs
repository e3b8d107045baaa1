//! Many plans at once, one read for all of them.
use super::{Agents, ConsoleState};
use domain::Failure;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Mutex;

/// A read that several share. Nobody gets what was read before he asked.
pub struct Together<T> {
    asked: AtomicU64,
    last: Mutex<Option<(u64, T)>>,
}

/// What plans read of the whole installation.
#[derive(Default)]
pub struct PlanReads {
    pub console: Together<Result<Arc<ConsoleState>, Failure>>,
    pub agents: Together<Arc<Agents>>,
}

impl<T> Default for Together<T> {
    fn default() -> Self {
        Self { asked: AtomicU64::new(0), last: Mutex::new(None) }
    }
}

impl<T: Clone> Together<T> {
    /// The outcome of `read`, or of one that somebody else began after this was called.
    pub async fn read(&self, read: impl Future<Output = T>) -> T {
        let mine = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut last = self.last.lock().await;
        if let Some((_, value)) = last.as_ref().filter(|(newest, _)| *newest >= mine) {
            return value.clone();
        }
        let newest = self.asked.load(Ordering::Acquire);
        let value = read.await;
        *last = Some((newest, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn who_asks_during_a_read_waits_for_the_next_one_and_shares_it() {
        let (together, reads, go_on) = (Together::default(), AtomicU64::new(0), Notify::new());
        let read = async || {
            let number = reads.fetch_add(1, Ordering::AcqRel) + 1;
            go_on.notified().await;
            number
        };
        let late = async {
            while reads.load(Ordering::Acquire) == 0 {
                tokio::task::yield_now().await;
            }
            let later = futures::future::join_all((0..3).map(|_| together.read(read())));
            go_on.notify_one();
            let (later, ()) = futures::join!(later, async {
                while reads.load(Ordering::Acquire) < 2 {
                    tokio::task::yield_now().await;
                }
                go_on.notify_one();
            });
            later
        };
        let (first, later) = futures::join!(together.read(read()), late);
        assert_eq!((first, later, reads.load(Ordering::Acquire)), (1, vec![2, 2, 2], 2));
    }
}
