//! The figures of the last hour.
use domain::MetricsSample;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// How far back anything is kept.
pub const HOUR: Duration = Duration::from_secs(60 * 60);

/// Samples of the last hour, the oldest first.
#[derive(Default)]
pub struct History(VecDeque<(Instant, MetricsSample)>);

impl History {
    /// Adds the newest and forgets what is too old.
    pub fn add(&mut self, at: Instant, sample: MetricsSample) {
        self.0.push_back((at, sample));
        while self.0.front().is_some_and(|(oldest, _)| at.duration_since(*oldest) >= HOUR) {
            self.0.pop_front();
        }
    }

    /// Those that are younger than `last`.
    pub fn since(&self, now: Instant, last: Duration) -> Vec<MetricsSample> {
        let young = self.0.iter().filter(|(at, _)| now.duration_since(*at) < last);
        young.map(|(_, sample)| sample.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn an_hour_is_kept_and_a_part_of_it_can_be_asked_for() {
        let (start, mut history) = (Instant::now(), History::default());
        for minute in 0..90 {
            let at = Timestamp::from_rfc3339(format!("minute {minute}"));
            let sample = MetricsSample { at, cpu: None, memory: None, connections: None, rpm: Some(minute) };
            history.add(start + Duration::from_secs(60 * minute), sample);
        }
        let now = start + Duration::from_secs(60 * 89);
        let minutes = |last: u64| {
            let samples = history.since(now, Duration::from_secs(60 * last));
            samples.iter().map(|sample| sample.rpm.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(minutes(600), (30..90).collect::<Vec<_>>());
        assert_eq!(minutes(2), [88, 89]);
        assert_eq!(history.since(now + HOUR, HOUR), [], "a sampler that stopped has no new figures");
    }
}
