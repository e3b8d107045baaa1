//! A reconciler's queue: one name at a time, each at most once, some only after a while, failed ones again and again.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::timeline::Timeline;

/// The first delay after a failure; each further one doubles it.
const FIRST_RETRY: Duration = Duration::from_millis(5);
const LONGEST_RETRY: Duration = Duration::from_secs(1000);

/// How a pass ended.
pub(super) enum Outcome {
    /// Well; the next one is due after this time.
    Again(Duration),
    /// Well, and nothing is left of the object.
    Gone,
    Failed,
}

/// What a pass is to work on.
pub(super) struct Item {
    pub(super) name: String,
    /// The object changed during the pass that has just ended, so this one begins before that one's status can be read.
    pub(super) hasty: bool,
}

#[derive(Default)]
struct State {
    ready: VecDeque<String>,
    active: Option<String>,
    /// The active name was asked for again.
    dirty: bool,
    hasty: BTreeSet<String>,
    /// Of several times the earliest counts: work in between does not put off what is due.
    delayed: BTreeMap<String, Duration>,
    failures: BTreeMap<String, u32>,
    /// Where the one who works by this queue sleeps.
    asleep: Option<(Duration, u64)>,
}

/// A queue and its clock.
pub(super) struct Queue {
    timeline: Arc<Timeline>,
    state: Mutex<State>,
}

impl Queue {
    pub(super) fn new(timeline: Arc<Timeline>) -> Self {
        Self { timeline, state: Mutex::default() }
    }

    /// Asks for a pass as soon as possible.
    pub(super) fn add(&self, name: &str) {
        let mut state = self.lock();
        state.add(name);
        self.wake(state);
    }

    /// Forgets everything. Whoever worked by it has to be gone.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        *state = State::default();
    }

    /// The next name; waits for it.
    pub(super) async fn next(&self) -> Item {
        loop {
            let sleep = {
                let mut state = self.lock();
                state.asleep = None;
                state.ripen(self.timeline.now());
                if let Some(name) = state.ready.pop_front() {
                    state.active = Some(name.clone());
                    let hasty = state.hasty.remove(&name);
                    return Item { name, hasty };
                }
                let due = state.delayed.values().min().copied().unwrap_or(Duration::MAX);
                let sleep = self.timeline.lie_down(due);
                state.asleep = Some(sleep.place());
                sleep
            };
            self.timeline.wait(sleep).await;
        }
    }

    /// The pass on the name that was given last has ended.
    pub(super) fn done(&self, name: &str, outcome: &Outcome) {
        let now = self.timeline.now();
        let mut state = self.lock();
        state.active = None;
        let delay = match outcome {
            Outcome::Again(delay) => {
                state.failures.remove(name);
                Some(*delay)
            }
            Outcome::Gone => {
                state.failures.remove(name);
                state.delayed.remove(name);
                None
            }
            Outcome::Failed => Some(state.retry(name)),
        };
        if let Some(delay) = delay {
            let due = state.delayed.entry(name.to_owned()).or_insert(Duration::MAX);
            *due = (now + delay).min(*due);
        }
        if std::mem::take(&mut state.dirty) {
            if state.ready.is_empty() {
                state.hasty.insert(name.to_owned());
            }
            state.add(name);
        }
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let asleep = state.asleep.take();
        drop(state);
        if let Some(place) = asleep {
            self.timeline.wake(place);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, name: &str) {
        if self.active.as_deref() == Some(name) {
            self.dirty = true;
        } else if !self.ready.iter().any(|ready| ready == name) {
            self.ready.push_back(name.to_owned());
        }
    }

    /// Moves what is due to what is ready.
    fn ripen(&mut self, now: Duration) {
        let due: Vec<String> =
            self.delayed.iter().filter(|(_, at)| **at <= now).map(|(name, _)| name.clone()).collect();
        for name in due {
            self.delayed.remove(&name);
            self.add(&name);
        }
    }

    fn retry(&mut self, name: &str) -> Duration {
        let failures = self.failures.entry(name.to_owned()).or_default();
        let delay = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(*failures)).min(LONGEST_RETRY);
        *failures += 1;
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::timeline::{Flow, Shift},
        *,
    };

    fn queue() -> (Arc<Timeline>, Arc<Queue>) {
        let timeline = Arc::new(Timeline::new(Flow::Held));
        (timeline.clone(), Arc::new(Queue::new(timeline)))
    }

    #[tokio::test]
    async fn a_name_that_changes_during_its_pass_is_taken_again_in_haste() {
        let (_, queue) = queue();
        queue.add("alice");
        queue.add("alice");
        let item = queue.next().await;
        assert!(!item.hasty);
        queue.add("alice");
        queue.done("alice", &Outcome::Again(Duration::from_secs(300)));
        assert!(queue.next().await.hasty);
    }

    #[tokio::test]
    async fn work_in_between_does_not_put_off_what_is_due() {
        let (timeline, queue) = queue();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (shift, works, notes) = (Shift::begin(&timeline), queue.clone(), seen.clone());
        let clock = timeline.clone();
        let task = tokio::spawn(async move {
            let _shift = shift;
            loop {
                let item = works.next().await;
                notes.lock().unwrap().push(clock.now().as_secs());
                works.done(&item.name, &Outcome::Again(Duration::from_secs(300)));
            }
        });
        queue.add("alice");
        timeline.advance(Duration::from_secs(100)).await;
        queue.add("alice");
        timeline.advance(Duration::from_secs(550)).await;
        task.abort();
        assert_eq!(*seen.lock().unwrap(), [0, 100, 300, 600]);
    }

    #[test]
    fn a_failure_is_tried_again_with_growing_delays() {
        let mut state = State::default();
        let delays: Vec<u128> = (0..4).map(|_| state.retry("alice").as_millis()).collect();
        assert_eq!(delays, [5, 10, 20, 40]);
        assert_eq!((0..40).map(|_| state.retry("alice")).max(), Some(LONGEST_RETRY));
    }
}
