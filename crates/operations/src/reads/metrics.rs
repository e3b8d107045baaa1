//! How busy the host and the gateway are, measured in the background so that a read never waits.
use super::{
    prometheus::{self, Reading},
    usage::{Counted, UsageBook},
};
use crate::{Clock, history::History, news::Board, scrub};
use domain::{Metrics, MetricsHistory, MetricsSample, Timestamp, Topic, Usage};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};
use sysinfo::System;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// Between two measurements.
const EVERY: Duration = Duration::from_secs(5);
/// One measurement in so many goes into the history.
const KEPT_EACH: u32 = 2;
/// How far back requests per minute look.
const WINDOW: Duration = Duration::from_secs(60);
/// The first figures should not take a whole interval: a processor's load needs two looks at this distance or more.
const FIRST: Duration = Duration::from_millis(500);
/// Envoy's page has some hundred KB; more than this is none.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// Why there are no figures before the first measurement.
pub const NOT_YET: &str = "not yet measured";

/// Measures from its start for as long as it lives.
pub struct Sampler {
    measured: Arc<RwLock<Measured>>,
    /// Whether there were figures.
    begun: watch::Sender<bool>,
    task: OnceLock<AbortOnDropHandle<()>>,
}

/// What is measured with.
pub struct Instruments {
    pub http: reqwest::Client,
    /// The gateway's Prometheus page.
    pub page: Option<Url>,
    pub clock: Clock,
    /// Where it is told that there is a new sample.
    pub board: Board,
}

/// What was measured.
struct Measured {
    latest: Arc<Metrics>,
    history: History,
    usage: UsageBook,
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
                .map(|name| (name.into(), NOT_YET.into()))
                .into(),
        };
        let usage = UsageBook::new(clock.now());
        let measured = Measured { latest: Arc::new(first), history: History::default(), usage };
        Self {
            measured: Arc::new(RwLock::new(measured)),
            begun: watch::Sender::new(false),
            task: OnceLock::new(),
        }
    }

    /// Begins, once. Must be called within a tokio runtime.
    pub fn start(&self, instruments: Instruments) {
        self.task.get_or_init(|| {
            AbortOnDropHandle::new(tokio::spawn(measure(
                instruments,
                self.measured.clone(),
                self.begun.clone(),
            )))
        });
    }

    /// The newest figures.
    pub fn latest(&self) -> Arc<Metrics> {
        self.measured().latest.clone()
    }

    /// The newest figures; where the first are being made, those.
    pub async fn first(&self) -> Arc<Metrics> {
        if self.task.get().is_some() {
            drop(timeout(EVERY, self.begun.subscribe().wait_for(|begun| *begun)).await);
        }
        self.latest()
    }

    /// The figures of the last time, at most an hour.
    pub fn history(&self, last: Duration) -> MetricsHistory {
        let samples = self.measured().history.since(Instant::now(), last);
        MetricsHistory { every_seconds: (EVERY * KEPT_EACH).as_secs(), samples }
    }

    /// Who used which model.
    pub fn usage(&self) -> Usage {
        self.measured().usage.usage()
    }

    fn measured(&self) -> RwLockReadGuard<'_, Measured> {
        self.measured.read().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn measure(instruments: Instruments, measured: Arc<RwLock<Measured>>, begun: watch::Sender<bool>) {
    let Instruments { http, page, clock, board } = instruments;
    let mut system = System::new().map_err(|error| error.to_string());
    let mut readings = Readings::default();
    if let Ok(system) = &mut system {
        system.refresh_cpu_usage();
    }
    readings.add(Instant::now(), scrape(&http, page.as_ref()).await);
    tokio::time::sleep(FIRST).await;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0u32.. {
        tick.tick().await;
        if let Ok(system) = &mut system {
            system.refresh_cpu_usage();
            system.refresh_memory();
        }
        let mut read = scrape(&http, page.as_ref()).await;
        let (at, now) = (Instant::now(), clock.now());
        let used = read.as_mut().map(|reading| std::mem::take(&mut reading.used)).map_err(|why| why.clone());
        readings.add(at, read);
        let kept = number.is_multiple_of(KEPT_EACH);
        measured.write().unwrap_or_else(PoisonError::into_inner).add(
            at,
            figures(&system, &readings, now),
            used,
            kept,
        );
        begun.send_replace(true);
        if kept {
            board.tell(&[Topic::Metrics]);
        }
    }
}

impl Measured {
    fn add(&mut self, at: Instant, figures: Metrics, used: Result<Counted, String>, kept: bool) {
        self.usage.add(at, figures.timestamp.clone(), used);
        if kept {
            self.history.add(at, sample(&figures));
        }
        self.latest = Arc::new(figures);
    }
}

fn sample(figures: &Metrics) -> MetricsSample {
    MetricsSample {
        at: figures.timestamp.clone(),
        cpu: figures.cpu,
        memory: figures.memory,
        connections: figures.connections,
        rpm: figures.rpm,
    }
}

fn figures(system: &Result<System, String>, readings: &Readings, now: Timestamp) -> Metrics {
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
        connections: known("connections", readings.connections()),
        rpm: known("rpm", readings.per_minute()),
        timestamp: now,
        unavailable,
    }
}

/// The readings of the last minute, and why there is none now.
#[derive(Default)]
struct Readings {
    readings: VecDeque<(Instant, Reading)>,
    missing: Option<String>,
}

impl Readings {
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
        self.readings.back().ok_or_else(|| NOT_YET.to_owned())
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
    use crate::history::HOUR;

    fn reading(requests: f64) -> Result<Reading, String> {
        Ok(Reading {
            requests: [("a".to_owned(), requests)].into(),
            connections: Some(2.0),
            ..Reading::default()
        })
    }

    #[test]
    fn requests_per_minute_need_two_readings_and_look_back_one_minute() {
        let start = Instant::now();
        let mut readings = Readings::default();
        assert!(readings.per_minute().is_err());
        readings.add(start, reading(100.0));
        assert_eq!(readings.connections(), Ok(2));
        assert!(readings.per_minute().is_err());
        readings.add(start + Duration::from_secs(30), reading(110.0));
        assert_eq!(readings.per_minute(), Ok(20));
        for minute in 1..5 {
            readings.add(start + Duration::from_secs(30 + 60 * minute), reading(110.0));
        }
        assert_eq!(readings.per_minute(), Ok(0));
        assert!(readings.readings.len() <= 2);
    }

    #[test]
    fn a_gateway_that_is_gone_gives_no_figure_but_a_reason() {
        let start = Instant::now();
        let mut readings = Readings::default();
        readings.add(start, reading(1.0));
        readings.add(start + EVERY, Err("connection refused".into()));
        assert_eq!(readings.per_minute(), Err("connection refused".into()));
        assert_eq!(readings.connections(), Err("connection refused".into()));
    }

    /// Paused, so that an hour takes no time. The host is looked at all the same.
    #[tokio::test(start_paused = true)]
    async fn an_hour_of_samples_is_kept_and_each_is_told() {
        let clock = Clock::default();
        let (sampler, board) = (Sampler::new(&clock), Board::default());
        assert_eq!(sampler.history(HOUR).samples, []);
        let before = board.mark();
        let http = higress::http_client(EVERY).unwrap();
        sampler.start(Instruments { http, page: None, clock, board: board.clone() });
        tokio::time::sleep(Duration::from_secs(25)).await;
        let history = sampler.history(HOUR);
        assert_eq!((history.every_seconds, history.samples.len()), (10, 3));
        assert!(history.samples.iter().all(|sample| sample.rpm.is_none() && sample.memory.is_some()));
        assert_ne!(board.mark(), before);
        tokio::time::sleep(HOUR).await;
        assert_eq!(sampler.history(HOUR).samples.len(), 360);
        assert_eq!(sampler.history(Duration::from_secs(60)).samples.len(), 6);
        let why = sampler.usage().unavailable;
        assert_eq!(why.as_deref(), Some("no address of the gateway's metrics is configured"));
    }
}
