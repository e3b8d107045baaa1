//! How busy the host and the gateway are, measured in the background so that a read never waits.
use super::prometheus::{self, Reading};
use crate::{Clock, scrub};
use domain::{Metrics, Timestamp};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};
use sysinfo::System;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// Between two measurements.
const EVERY: Duration = Duration::from_secs(5);
/// How far back requests per minute look.
const WINDOW: Duration = Duration::from_secs(60);
/// The first figures should not take a whole interval: a processor's load needs two looks at this distance or more.
const FIRST: Duration = Duration::from_millis(500);
/// Envoy's page has some hundred KB; more than this is none.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// Measures from its start for as long as it lives.
pub struct Sampler {
    latest: Arc<RwLock<Arc<Metrics>>>,
    task: OnceLock<AbortOnDropHandle<()>>,
}

impl Sampler {
    /// Has no figures yet.
    pub fn new(clock: &Clock) -> Self {
        let first = Metrics {
            cpu: None,
            memory: None,
            connections: None,
            rpm: None,
            timestamp: clock.now(),
            unavailable: ["cpu", "memory", "connections", "rpm"]
                .map(|name| (name.into(), "not yet measured".into()))
                .into(),
        };
        Self { latest: Arc::new(RwLock::new(Arc::new(first))), task: OnceLock::new() }
    }

    /// Begins, once. Must be called within a tokio runtime.
    pub fn start(&self, http: reqwest::Client, page: Option<Url>, clock: Clock) {
        self.task.get_or_init(|| {
            AbortOnDropHandle::new(tokio::spawn(measure(http, page, clock, self.latest.clone())))
        });
    }

    /// The newest figures.
    pub fn latest(&self) -> Arc<Metrics> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn measure(http: reqwest::Client, page: Option<Url>, clock: Clock, latest: Arc<RwLock<Arc<Metrics>>>) {
    let mut system = System::new().map_err(|error| error.to_string());
    let mut history = History::default();
    if let Ok(system) = &mut system {
        system.refresh_cpu_usage();
    }
    history.add(Instant::now(), scrape(&http, page.as_ref()).await);
    tokio::time::sleep(FIRST).await;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Ok(system) = &mut system {
            system.refresh_cpu_usage();
            system.refresh_memory();
        }
        history.add(Instant::now(), scrape(&http, page.as_ref()).await);
        let metrics = Arc::new(figures(&system, &history, clock.now()));
        *latest.write().unwrap_or_else(PoisonError::into_inner) = metrics;
    }
}

fn figures(system: &Result<System, String>, history: &History, now: Timestamp) -> Metrics {
    let mut unavailable = BTreeMap::new();
    let mut known = |name: &str, figure: Result<u64, String>| {
        figure.map_err(|why| unavailable.insert(name.to_owned(), why)).ok()
    };
    let system = system.as_ref().map_err(Clone::clone);
    let cpu = system.clone().map(|system| system.global_cpu_usage().round() as u64);
    let memory = system.and_then(|system| match system.total_memory() {
        0 => Err("the host does not say".to_owned()),
        total => Ok(system.used_memory().saturating_mul(100) / total),
    });
    let percent = |figure: u64| u32::try_from(figure.min(100)).unwrap_or(100);
    Metrics {
        cpu: known("cpu", cpu).map(percent),
        memory: known("memory", memory).map(percent),
        connections: known("connections", history.connections()),
        rpm: known("rpm", history.per_minute()),
        timestamp: now,
        unavailable,
    }
}

/// The readings of the last minute, and why there is none now.
#[derive(Default)]
struct History {
    readings: VecDeque<(Instant, Reading)>,
    missing: Option<String>,
}

impl History {
    fn add(&mut self, at: Instant, reading: Result<Reading, String>) {
        match reading {
            Ok(reading) => {
                self.missing = None;
                self.readings.push_back((at, reading));
            }
            Err(why) => {
                self.missing = Some(why);
                self.readings.clear();
            }
        }
        // One reading older than the window is kept, so that the whole window is covered.
        while self.readings.get(1).is_some_and(|(second, _)| at.duration_since(*second) >= WINDOW) {
            self.readings.pop_front();
        }
    }

    fn connections(&self) -> Result<u64, String> {
        let (_, reading) = self.newest()?;
        let open = reading.connections.ok_or("the gateway's page does not count connections")?;
        Ok(open.max(0.0) as u64)
    }

    fn per_minute(&self) -> Result<u64, String> {
        let (last, newest) = self.newest()?;
        if newest.requests.is_empty() {
            return Err("the gateway's page does not count requests".into());
        }
        let first = self
            .readings
            .front()
            .map(|(at, _)| *at)
            .filter(|at| at < last)
            .ok_or("not yet measured twice")?;
        let pairs = self.readings.iter().zip(self.readings.iter().skip(1));
        let requests: f64 = pairs.map(|((_, a), (_, b))| prometheus::requests_between(a, b)).sum();
        let minutes = last.duration_since(first).as_secs_f64() / 60.0;
        Ok((requests / minutes).round() as u64)
    }

    fn newest(&self) -> Result<&(Instant, Reading), String> {
        if let Some(why) = &self.missing {
            return Err(why.clone());
        }
        self.readings.back().ok_or_else(|| "not yet measured".to_owned())
    }
}

async fn scrape(http: &reqwest::Client, page: Option<&Url>) -> Result<Reading, String> {
    let page = page.ok_or("no address of the gateway's metrics is configured")?;
    let read = async {
        let mut answer = http.get(page.clone()).timeout(EVERY).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_PAGE {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    };
    let body = read.await.map_err(|error: reqwest::Error| scrub::http_error(&error))?;
    let body = body.ok_or("the gateway's page is too large")?;
    Ok(prometheus::read(&String::from_utf8_lossy(&body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(requests: f64) -> Result<Reading, String> {
        Ok(Reading { requests: [("a".to_owned(), requests)].into(), connections: Some(2.0) })
    }

    #[test]
    fn requests_per_minute_need_two_readings_and_look_back_one_minute() {
        let start = Instant::now();
        let mut history = History::default();
        assert!(history.per_minute().is_err());
        history.add(start, reading(100.0));
        assert_eq!(history.connections(), Ok(2));
        assert!(history.per_minute().is_err());
        history.add(start + Duration::from_secs(30), reading(110.0));
        assert_eq!(history.per_minute(), Ok(20));
        for minute in 1..5 {
            history.add(start + Duration::from_secs(30 + 60 * minute), reading(110.0));
        }
        assert_eq!(history.per_minute(), Ok(0));
        assert!(history.readings.len() <= 2);
    }

    #[test]
    fn a_gateway_that_is_gone_gives_no_figure_but_a_reason() {
        let start = Instant::now();
        let mut history = History::default();
        history.add(start, reading(1.0));
        history.add(start + EVERY, Err("connection refused".into()));
        assert_eq!(history.per_minute(), Err("connection refused".into()));
        assert_eq!(history.connections(), Err("connection refused".into()));
    }
}
