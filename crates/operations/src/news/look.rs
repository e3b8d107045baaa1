//! Looks at the installation, which tells nobody when it changes, for as long as somebody listens.
use super::Board;
use crate::{
    Operations, Seen,
    reads::{AssignmentsSeen, ConsoleState},
    scrub,
};
use domain::{
    AiRoute, Assignment, Code, DeepHealth, Failure, Observed, Provider, SystemState, Topic, Worker,
};
use higress::ProviderDoc;
use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

/// One look in so many asks every system how it is; it calls each, where the others are served from reads that are
/// cached.
const HEALTH_EACH: u32 = 5;
/// After a look that took long, the installation is left alone for so many times as long.
const REST: u32 = 9;

/// Begins to look when somebody listens, and stops when nobody does.
pub struct Looker {
    every: Duration,
    board: Board,
    now: Mutex<Weak<Looking>>,
    known: Arc<Mutex<Known>>,
}

/// The task that looks. It ends when the last listener drops this.
pub struct Looking {
    _task: AbortOnDropHandle<()>,
}

impl Looker {
    /// Looks at nothing yet; puts what it finds up there.
    pub fn new(every: Duration, board: Board) -> Self {
        Self { every, board, now: Mutex::default(), known: Arc::default() }
    }

    /// The task that looks; begun when nobody else listens. Must be called within a tokio runtime.
    pub fn join(&self, operations: impl Fn() -> Option<Operations> + Send + Sync + 'static) -> Arc<Looking> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(looking) = now.upgrade() {
            return looking;
        }
        let course = Arc::new(Course {
            every: self.every,
            board: self.board.clone(),
            known: self.known.clone(),
            operations: Box::new(operations),
        });
        let looking = Arc::new(Looking { _task: AbortOnDropHandle::new(tokio::spawn(supervise(course))) });
        *now = Arc::downgrade(&looking);
        looking
    }
}

/// What the task that looks works with.
struct Course {
    every: Duration,
    board: Board,
    known: Arc<Mutex<Known>>,
    /// None: they are gone, and with them what there is to look at.
    operations: Box<dyn Fn() -> Option<Operations> + Send + Sync>,
}

/// Goes on looking when a look panicked.
async fn supervise(course: Arc<Course>) {
    loop {
        let run = AbortOnDropHandle::new(tokio::spawn(course.clone().run()));
        let Err(error) = run.await else { return };
        tracing::error!(why = scrub::broken_off(&error), "a look for news broke off");
        sleep(course.every).await;
    }
}

impl Course {
    async fn run(self: Arc<Self>) {
        for number in 0u32.. {
            let Some(operations) = (self.operations)() else { return };
            let began = Instant::now();
            let sight = Sight::take(&operations, number.is_multiple_of(HEALTH_EACH)).await;
            drop(operations);
            let topics = self.known.lock().unwrap_or_else(PoisonError::into_inner).note(sight);
            self.board.tell(&topics);
            sleep(self.every.max(began.elapsed() * REST)).await;
        }
    }
}

/// What one look saw.
struct Sight {
    workers: Result<Arc<Seen<Vec<Worker>>>, Failure>,
    assignments: Result<Arc<Result<AssignmentsSeen, Failure>>, Failure>,
    providers: Result<Arc<Seen<Vec<Provider>>>, Failure>,
    routes: Result<Arc<Seen<Vec<AiRoute>>>, Failure>,
    console: Result<Arc<ConsoleState>, Failure>,
    health: Option<DeepHealth>,
}

impl Sight {
    async fn take(operations: &Operations, with_health: bool) -> Self {
        operations.look().await;
        let health = async {
            match with_health {
                true => Some(operations.health().await),
                false => None,
            }
        };
        let (workers, assignments, providers, routes, console, health) = futures::join!(
            operations.workers(),
            operations.all_assignments(),
            operations.providers(),
            operations.routes(),
            operations.console(),
            health,
        );
        Self { workers, assignments, providers, routes, console, health }
    }
}

/// What the looks before saw. It outlives the task, so that what changes while nobody listens is told to the next who does.
#[derive(Default)]
struct Known {
    workers: Last<Arc<Seen<Vec<Worker>>>>,
    assignments: Last<Arc<Result<AssignmentsSeen, Failure>>>,
    providers: Last<Arc<Seen<Vec<Provider>>>>,
    routes: Last<Arc<Seen<Vec<AiRoute>>>>,
    /// Its providers have settings that no view of them shows.
    console: Last<Arc<ConsoleState>>,
    health: Last<Vec<(String, SystemState)>>,
}

impl Known {
    /// Takes what was seen, and says which topics are not as they were.
    fn note(&mut self, sight: Sight) -> Vec<Topic> {
        let states = |health: DeepHealth| {
            health.systems.into_iter().map(|system| (system.name, system.state)).collect::<Vec<_>>()
        };
        let workers = self.workers.note(sight.workers, |a, b| a.value == b.value);
        let assignments = self.assignments.note(sight.assignments, |a, b| same_assignments(a, b));
        let health = sight.health.map(states).is_some_and(|now| self.health.note(Ok(now), |a, b| a == b));
        let settings = self.console.note(sight.console, |a, b| same_providers(a, b));
        let providers = self.providers.note(sight.providers, |a, b| a.value == b.value) || settings;
        let routes = self.routes.note(sight.routes, |a, b| a.value == b.value);
        let office = workers || assignments || health;
        let changed = [(office, Topic::Office), (providers, Topic::Providers), (routes, Topic::Routes)];
        changed.into_iter().filter(|(changed, _)| *changed).map(|(_, topic)| topic).collect()
    }
}

/// The last outcome of a read. Of a failure only its code counts: its words may tell times.
struct Last<T>(Option<Result<T, Code>>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Last<T> {
    /// Whether there was another outcome before.
    fn note(&mut self, now: Result<T, Failure>, same: impl FnOnce(&T, &T) -> bool) -> bool {
        let now = now.map_err(|failure| failure.code);
        let changed = match (&self.0, &now) {
            (None, _) => false,
            (Some(Ok(before)), Ok(now)) => !same(before, now),
            (Some(Err(before)), Err(now)) => before != now,
            (Some(_), _) => true,
        };
        self.0 = Some(now);
        changed
    }
}

fn same_providers(a: &ConsoleState, b: &ConsoleState) -> bool {
    a.providers.iter().map(ProviderDoc::json).eq(b.providers.iter().map(ProviderDoc::json))
}

fn same_assignments(
    before: &Result<AssignmentsSeen, Failure>,
    now: &Result<AssignmentsSeen, Failure>,
) -> bool {
    match (before, now) {
        (Ok(before), Ok(now)) => {
            let unknown = |seen: &AssignmentsSeen| seen.workers_unknown.as_ref().map(|why| why.code);
            let pairs = before.by_target.iter().zip(&now.by_target);
            unknown(before) == unknown(now)
                && before.by_target.len() == now.by_target.len()
                && pairs.into_iter().all(|((a, x), (b, y))| a == b && same_assignment(&x.value, &y.value))
        }
        (Err(before), Err(now)) => before.code == now.code,
        _ => false,
    }
}

/// Whether they say the same; each look has a time of its own.
fn same_assignment(before: &Assignment, now: &Assignment) -> bool {
    let observed = Observed { observed_at: now.observed.observed_at.clone(), ..before.observed.clone() };
    Assignment { observed, ..before.clone() } == *now
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use std::{
        collections::BTreeMap,
        sync::atomic::{AtomicU32, Ordering::SeqCst},
    };

    fn at(second: u32) -> Timestamp {
        Timestamp::from_rfc3339(format!("2026-01-01T00:00:{second:02}Z"))
    }

    fn seen<T>(value: T, second: u32) -> Arc<Seen<T>> {
        Arc::new(Seen { value, observed_at: at(second) })
    }

    fn assignment(in_sync: bool, second: u32) -> Assignment {
        let observed = serde_json::json!({
            "primary": "p/m", "model": "m", "route": "r", "provider": "p", "contextWindow": 5,
            "inSync": in_sync, "observedAt": at(second),
        });
        serde_json::from_value(serde_json::json!({ "observed": observed })).unwrap()
    }

    fn stored(providers: Vec<ProviderDoc>) -> ConsoleState {
        let at = Timestamp::from_rfc3339("2026-01-15T10:00:00Z".into());
        ConsoleState { at, providers, routes: Vec::new(), consumers: Vec::new(), keys: Default::default() }
    }

    #[test]
    fn a_setting_that_no_view_shows_is_news_of_the_providers() {
        let with = |setting: &str| {
            let json = serde_json::json!({"name": "a", "type": "moonshot", "tokens": [], "rawConfigs": {"moonshotFileId": setting}});
            Sight { console: Ok(Arc::new(stored(vec![ProviderDoc::parse(json).unwrap()]))), ..sight(true, 1) }
        };
        let mut known = Known::default();
        known.note(with("one"));
        assert_eq!(known.note(with("one")), []);
        assert_eq!(known.note(with("two")), [Topic::Providers]);
    }

    fn sight(in_sync: bool, second: u32) -> Sight {
        let manager = (domain::Target::Manager, seen(assignment(in_sync, second), second));
        let assignments = AssignmentsSeen { by_target: BTreeMap::from([manager]), workers_unknown: None };
        Sight {
            workers: Ok(seen(Vec::new(), second)),
            assignments: Ok(Arc::new(Ok(assignments))),
            providers: Ok(seen(Vec::new(), second)),
            routes: Ok(seen(Vec::new(), second)),
            console: Ok(Arc::new(stored(Vec::new()))),
            health: None,
        }
    }

    fn health(state: SystemState, ms: u64) -> Option<DeepHealth> {
        let system =
            domain::SystemHealth { name: "store".into(), state, ms: Some(ms), version: None, error: None };
        Some(DeepHealth { status: String::new(), systems: vec![system], hiclaw: None, hiclaw_unknown: None })
    }

    #[test]
    fn only_what_is_another_one_is_news() {
        let mut known = Known::default();
        assert_eq!(known.note(sight(true, 1)), [], "nothing was known before");
        assert_eq!(known.note(sight(true, 2)), [], "another time is no news");
        assert_eq!(known.note(sight(false, 3)), [Topic::Office]);
        assert_eq!(known.note(sight(false, 4)), []);
    }

    #[test]
    fn that_something_cannot_be_read_any_more_is_news_once() {
        let mut known = Known::default();
        let failing = |message: &str, second| {
            let failure = Failure::new(Code::UpstreamUnavailable, message);
            Sight { routes: Err(failure.clone()), providers: Err(failure), ..sight(true, second) }
        };
        known.note(sight(true, 1));
        assert_eq!(known.note(failing("no answer in 7 ms", 2)), [Topic::Providers, Topic::Routes]);
        assert_eq!(known.note(failing("no answer in 8 ms", 3)), []);
        assert_eq!(known.note(sight(true, 4)), [Topic::Providers, Topic::Routes]);
    }

    #[test]
    fn a_system_that_goes_down_is_news_and_its_latency_is_not() {
        let mut known = Known::default();
        let mut note = |health| known.note(Sight { health, ..sight(true, 1) });
        assert_eq!(note(health(SystemState::Up, 5)), []);
        assert_eq!(note(None), []);
        assert_eq!(note(health(SystemState::Up, 9)), []);
        assert_eq!(note(health(SystemState::Down, 9)), [Topic::Office]);
    }

    /// Every look panics here, so that each is counted and none needs an installation.
    #[tokio::test(start_paused = true)]
    async fn one_task_looks_while_somebody_listens_also_after_a_panic() {
        let every = Duration::from_secs(3);
        let looker = Looker::new(every, Board::default());
        let looks = Arc::new(AtomicU32::new(0));
        let join = || {
            let looks = looks.clone();
            looker.join(move || {
                looks.fetch_add(1, SeqCst);
                panic!("a look that goes wrong")
            })
        };
        let (first, second) = (join(), join());
        tokio::time::sleep(every * 10 - every / 2).await;
        assert_eq!(looks.load(SeqCst), 10, "one task for both");
        drop(first);
        tokio::time::sleep(every).await;
        assert_eq!(looks.load(SeqCst), 11, "one listens still");
        drop(second);
        tokio::time::sleep(every * 10).await;
        assert_eq!(looks.load(SeqCst), 11, "nobody listens");
        let _third = join();
        tokio::time::sleep(every / 2).await;
        assert_eq!(looks.load(SeqCst), 12, "somebody listens again");
    }
}
