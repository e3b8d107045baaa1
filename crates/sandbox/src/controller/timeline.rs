//! The controller's time: it goes by itself, or it stands still and a test moves it.
//!
//! Everything that waits does so here. So a jump over minutes wakes one sleeper after the other, in order, and lets each
//! do its work before the next is woken.
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// As on every clock.
    #[default]
    Real,
    /// Only by [`Timeline::advance`].
    Held,
}

/// When a sleeper wants to be woken, and its number.
type Place = (Duration, u64);

struct State {
    /// Since when it goes by itself.
    running: Option<Instant>,
    /// What had passed before that.
    passed: Duration,
    sleepers: BTreeMap<Place, oneshot::Sender<()>>,
    next: u64,
}

/// A clock with everybody who sleeps by it.
pub struct Timeline {
    began: OffsetDateTime,
    state: Mutex<State>,
    /// How many tasks are between two sleeps.
    working: watch::Sender<usize>,
    /// Held by whoever moves the clock.
    moving: tokio::sync::Mutex<()>,
}

/// Somebody who has lain down.
pub(super) struct Sleep {
    place: Place,
    woken: oneshot::Receiver<()>,
}

impl Timeline {
    pub(super) fn new(flow: Flow) -> Self {
        let running = (flow == Flow::Real).then(Instant::now);
        let state = State { running, passed: Duration::ZERO, sleepers: BTreeMap::new(), next: 0 };
        Self {
            began: OffsetDateTime::now_utc(),
            state: Mutex::new(state),
            working: watch::Sender::new(0),
            moving: tokio::sync::Mutex::default(),
        }
    }

    /// What has passed since it began.
    pub fn now(&self) -> Duration {
        self.lock().now()
    }

    /// The point in time that this stands for.
    pub(super) fn wall(&self) -> OffsetDateTime {
        self.began + self.now()
    }

    /// Moves on by `by`. Who wakes in between finishes its work before the next one wakes, and at the end nobody works.
    pub async fn advance(&self, by: Duration) {
        let _turn = self.moving.lock().await;
        let end = self.now() + by;
        loop {
            self.settled().await;
            if !self.wake_first(end) {
                break;
            }
        }
        self.lock().pass_to(end);
    }

    /// When the next sleeper wakes; none: everybody waits for somebody else.
    pub fn next_event(&self) -> Option<Duration> {
        let first = self.lock().sleepers.keys().next().copied();
        first.map(|(at, _)| at).filter(|at| *at < Duration::MAX)
    }

    /// From now on time goes by itself.
    pub fn let_go(&self) {
        let mut state = self.lock();
        state.running.get_or_insert_with(Instant::now);
        // Who slept by a clock that stood still has to look again.
        let sleepers = std::mem::take(&mut state.sleepers);
        drop(state);
        for sleeper in sleepers.into_values() {
            self.rouse(sleeper);
        }
    }

    /// Waits until nobody works.
    pub async fn settled(&self) {
        // The sender is ours, so the wait cannot fail.
        self.working.subscribe().wait_for(|working| *working == 0).await.ok();
    }

    fn begin(&self) {
        self.working.send_modify(|working| *working += 1);
    }

    fn end(&self) {
        self.working.send_modify(|working| *working = working.saturating_sub(1));
    }

    /// Sleeps for this long.
    pub(super) async fn sleep(&self, time: Duration) {
        self.sleep_until(self.now() + time).await;
    }

    /// Sleeps until then.
    pub(super) async fn sleep_until(&self, at: Duration) {
        while self.now() < at {
            let sleep = self.lie_down(at);
            self.wait(sleep).await;
        }
    }

    /// Takes a place among the sleepers. The caller counts as asleep from here on and has to [`Self::wait`] now.
    pub(super) fn lie_down(&self, at: Duration) -> Sleep {
        let (waker, woken) = oneshot::channel();
        let mut state = self.lock();
        let place = (at, state.next);
        state.next += 1;
        state.sleepers.insert(place, waker);
        drop(state);
        self.end();
        Sleep { place, woken }
    }

    /// The number by which a sleeper can be woken early.
    pub(super) fn wake(&self, place: Place) {
        let sleeper = self.lock().sleepers.remove(&place);
        if let Some(sleeper) = sleeper {
            self.rouse(sleeper);
        }
    }

    /// Sleeps until woken, by time or by somebody.
    pub(super) async fn wait(&self, mut sleep: Sleep) {
        let mut bed = Bed { timeline: self, place: Some(sleep.place) };
        self.woken(&mut sleep).await;
        bed.place = None;
    }

    async fn woken(&self, sleep: &mut Sleep) {
        let left = {
            let state = self.lock();
            state.running.map(|_| sleep.place.0.saturating_sub(state.now()))
        };
        let Some(left) = left.filter(|_| sleep.place.0 < Duration::MAX) else {
            (&mut sleep.woken).await.ok();
            return;
        };
        tokio::select! {
            _ = &mut sleep.woken => return,
            () = tokio::time::sleep(left) => {}
        }
        if self.lock().sleepers.remove(&sleep.place).is_some() {
            self.begin();
        } else {
            (&mut sleep.woken).await.ok();
        }
    }

    /// Jumps to the first who wants to wake by `end`, and wakes it.
    fn wake_first(&self, end: Duration) -> bool {
        let mut state = self.lock();
        let Some(place) = state.sleepers.keys().next().copied().filter(|(at, _)| *at <= end) else {
            return false;
        };
        state.pass_to(place.0);
        let sleeper = state.sleepers.remove(&place);
        drop(state);
        if let Some(sleeper) = sleeper {
            self.rouse(sleeper);
        }
        true
    }

    fn rouse(&self, sleeper: oneshot::Sender<()>) {
        self.begin();
        if sleeper.send(()).is_err() {
            self.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever is taken away in its sleep counts as at work again, since its task is about to end.
struct Bed<'a> {
    timeline: &'a Timeline,
    place: Option<Place>,
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        let place = self.place.take();
        if place.is_some_and(|place| self.timeline.lock().sleepers.remove(&place).is_some()) {
            self.timeline.begin();
        }
    }
}

/// A task that sleeps by a timeline, from its beginning to its end, whatever ends it.
pub(super) struct Shift(std::sync::Arc<Timeline>);

impl Shift {
    pub(super) fn begin(timeline: &std::sync::Arc<Timeline>) -> Self {
        timeline.begin();
        Self(timeline.clone())
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Sleep {
    pub(super) fn place(&self) -> Place {
        self.place
    }
}

impl State {
    fn now(&self) -> Duration {
        self.passed + self.running.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Time never goes back.
    fn pass_to(&mut self, at: Duration) {
        self.passed += at.saturating_sub(self.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_jump_wakes_sleepers_in_order_and_at_their_time() {
        let timeline = Arc::new(Timeline::new(Flow::Held));
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (name, seconds) in [("late", 30), ("early", 10)] {
            let (timeline, seen) = (timeline.clone(), seen.clone());
            let shift = Shift::begin(&timeline);
            tokio::spawn(async move {
                let _shift = shift;
                timeline.sleep(Duration::from_secs(seconds)).await;
                tokio::task::yield_now().await;
                seen.lock().unwrap().push((name, timeline.now().as_secs()));
                timeline.sleep(Duration::from_secs(25)).await;
                seen.lock().unwrap().push((name, timeline.now().as_secs()));
            });
        }
        timeline.advance(Duration::from_secs(5)).await;
        assert!(seen.lock().unwrap().is_empty());
        timeline.advance(Duration::from_secs(60)).await;
        assert_eq!(*seen.lock().unwrap(), [("early", 10), ("late", 30), ("early", 35), ("late", 55)]);
        assert_eq!(timeline.now().as_secs(), 65);
    }

    #[tokio::test]
    async fn a_clock_that_is_let_go_goes_by_itself() {
        let timeline = Arc::new(Timeline::new(Flow::Held));
        let (shift, sleeper) = (Shift::begin(&timeline), timeline.clone());
        let task = tokio::spawn(async move {
            let _shift = shift;
            sleeper.sleep(Duration::from_millis(5)).await;
        });
        tokio::task::yield_now().await;
        timeline.let_go();
        task.await.unwrap();
        assert!(timeline.now() >= Duration::from_millis(5));
    }

    #[tokio::test]
    async fn a_sleeper_that_is_taken_away_is_not_waited_for() {
        let timeline = Arc::new(Timeline::new(Flow::Held));
        let (shift, sleeper) = (Shift::begin(&timeline), timeline.clone());
        let task = tokio::spawn(async move {
            let _shift = shift;
            sleeper.sleep(Duration::from_secs(5)).await;
        });
        timeline.settled().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        timeline.advance(Duration::from_secs(60)).await;
        assert_eq!(timeline.next_event(), None);
    }
}
