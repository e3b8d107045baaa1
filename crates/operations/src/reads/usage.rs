//! Who used which model: the gateway's counters, and what they grew by in the last hour.
use super::metrics::NOT_YET;
use crate::history::HOUR;
use domain::{ModelUsage, Timestamp, Usage, Used};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// The labels of the gateway's counters come from outside, so there may be any number of them.
const MOST: usize = 1_000;
/// What a counter grew by is summed up by minutes.
const MINUTE: Duration = Duration::from_secs(60);

/// A model and who used it; none: without a key.
pub type Pair = (String, Option<String>);

/// What was used by each.
pub type Counted = BTreeMap<Pair, Used>;

/// The newest counters, and how they grew.
pub struct UsageBook {
    counted: Counted,
    read: Option<Instant>,
    observed_at: Timestamp,
    unavailable: Option<String>,
    left_out: usize,
    minutes: VecDeque<Minute>,
}

/// How the counters grew in about a minute.
struct Minute {
    began: Instant,
    measured: Duration,
    used: Counted,
}

impl UsageBook {
    /// Nothing is known yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            counted: Counted::new(),
            read: None,
            observed_at: now,
            unavailable: Some(NOT_YET.into()),
            left_out: 0,
            minutes: VecDeque::new(),
        }
    }

    /// Takes the newest counters, or why there are none.
    pub fn add(&mut self, at: Instant, now: Timestamp, read: Result<Counted, String>) {
        self.observed_at = now;
        match read {
            Ok(counted) => {
                self.unavailable = None;
                let counted = self.bounded(counted);
                // What came in a longer time cannot be said to have come in the last hour.
                if let Some(before) = self.read.filter(|before| at.duration_since(*before) <= MINUTE) {
                    self.note_growth(before, at, &counted);
                }
                self.counted = counted;
                self.read = Some(at);
            }
            Err(why) => self.unavailable = Some(why),
        }
        while self.minutes.front().is_some_and(|minute| at.duration_since(minute.began) > HOUR) {
            self.minutes.pop_front();
        }
    }

    /// Not more than can be kept; those that are known already go first, so that their growth stays whole.
    fn bounded(&mut self, counted: Counted) -> Counted {
        let all = counted.len();
        let (mut kept, new): (Counted, Counted) =
            counted.into_iter().partition(|(pair, _)| self.counted.contains_key(pair));
        let room = MOST.saturating_sub(kept.len());
        kept.extend(new.into_iter().take(room));
        self.left_out = all - kept.len();
        kept
    }

    fn note_growth(&mut self, before: Instant, at: Instant, counted: &Counted) {
        let is_full = |minute: &Minute| at.duration_since(minute.began) > MINUTE;
        if self.minutes.back().is_none_or(is_full) {
            self.minutes.push_back(Minute { began: before, measured: Duration::ZERO, used: Counted::new() });
        }
        let Some(minute) = self.minutes.back_mut() else { return };
        minute.measured += at.duration_since(before);
        for (pair, now) in counted {
            let grown = grown(self.counted.get(pair), *now);
            if grown != Used::default() {
                add(minute.used.entry(pair.clone()).or_default(), grown);
            }
        }
    }

    /// All that is known.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage {
            rows: Vec::new(),
            measured_seconds: self.minutes.iter().map(|minute| minute.measured).sum::<Duration>().as_secs(),
            left_out: self.left_out,
            observed_at: self.observed_at.clone(),
            unavailable: self.unavailable.clone(),
        };
        if usage.unavailable.is_none() {
            usage.rows = self.rows();
        }
        usage
    }

    fn rows(&self) -> Vec<ModelUsage> {
        let mut hour = Counted::new();
        for (pair, used) in self.minutes.iter().flat_map(|minute| &minute.used) {
            add(hour.entry(pair.clone()).or_default(), *used);
        }
        let pairs: BTreeSet<&Pair> = self.counted.keys().chain(hour.keys()).collect();
        let row = |pair: &Pair| ModelUsage {
            model: pair.0.clone(),
            consumer: pair.1.clone(),
            since_start: self.counted.get(pair).copied().unwrap_or_default(),
            last_hour: hour.get(pair).copied().unwrap_or_default(),
        };
        let mut rows: Vec<_> = pairs.into_iter().map(row).collect();
        let tokens = |used: Used| used.input_tokens.saturating_add(used.output_tokens);
        rows.sort_by_key(|row| Reverse((tokens(row.since_start), tokens(row.last_hour))));
        rows
    }
}

/// How much came between two readings. Counters that fell were reset by a restart of the gateway, so all they show is
/// new; so is all of a pair that was not there before.
fn grown(before: Option<&Used>, now: Used) -> Used {
    let less = |before: &Used| {
        Some(Used {
            requests: now.requests.checked_sub(before.requests)?,
            input_tokens: now.input_tokens.checked_sub(before.input_tokens)?,
            output_tokens: now.output_tokens.checked_sub(before.output_tokens)?,
        })
    };
    before.and_then(less).unwrap_or(now)
}

fn add(sum: &mut Used, more: Used) {
    sum.requests = sum.requests.saturating_add(more.requests);
    sum.input_tokens = sum.input_tokens.saturating_add(more.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(more.output_tokens);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(requests: u64) -> Used {
        Used { requests, input_tokens: 10 * requests, output_tokens: requests }
    }

    fn pair(model: &str) -> Pair {
        (model.to_owned(), Some("manager".to_owned()))
    }

    fn now() -> Timestamp {
        Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into())
    }

    /// A book and a clock that only goes on when told.
    struct Reader {
        book: UsageBook,
        at: Instant,
    }

    impl Reader {
        fn start() -> Self {
            Self { book: UsageBook::new(now()), at: Instant::now() }
        }

        fn read(&mut self, after: u64, counted: &[(&str, u64)]) {
            self.at += Duration::from_secs(after);
            let counted = counted.iter().map(|(model, requests)| (pair(model), used(*requests))).collect();
            self.book.add(self.at, now(), Ok(counted));
        }

        /// Requests since the start and in the last hour, by model.
        fn requests(&self) -> Vec<(String, u64, u64)> {
            let rows = self.book.usage().rows.into_iter();
            rows.map(|row| (row.model, row.since_start.requests, row.last_hour.requests)).collect()
        }
    }

    #[test]
    fn the_first_reading_tells_what_was_before_and_later_ones_what_came() {
        let mut reader = Reader::start();
        assert_eq!(reader.book.usage().unavailable.as_deref(), Some("not yet measured"));
        reader.read(0, &[("a", 5)]);
        assert_eq!((reader.requests(), reader.book.usage().measured_seconds), (vec![("a".into(), 5, 0)], 0));
        reader.read(5, &[("a", 7), ("b", 30)]);
        reader.read(5, &[("a", 8), ("b", 30)]);
        assert_eq!(reader.requests(), [("b".into(), 30, 30), ("a".into(), 8, 3)]);
        assert_eq!(reader.book.usage().measured_seconds, 10);
    }

    #[test]
    fn what_appears_after_the_first_look_grew_from_nothing_also_where_that_look_saw_nothing() {
        let mut reader = Reader::start();
        reader.book.add(reader.at, now(), Err("connection refused".into()));
        reader.read(5, &[]);
        reader.read(5, &[("a", 4)]);
        reader.read(5, &[("a", 5)]);
        assert_eq!(reader.requests(), [("a".into(), 5, 5)]);
    }

    #[test]
    fn one_counter_that_fell_tells_that_all_of_its_pair_began_anew() {
        let used = |requests, input_tokens| Used { requests, input_tokens, output_tokens: 0 };
        assert_eq!(grown(Some(&used(5, 900)), used(7, 40)), used(7, 40));
        assert_eq!(grown(Some(&used(5, 900)), used(7, 940)), used(2, 40));
        assert_eq!(grown(None, used(7, 40)), used(7, 40));
    }

    #[test]
    fn a_restart_of_the_gateway_begins_the_counters_anew_and_loses_nothing_of_the_hour() {
        let mut reader = Reader::start();
        reader.read(0, &[("a", 5), ("gone", 1)]);
        reader.read(5, &[("a", 9), ("gone", 2)]);
        reader.read(5, &[("a", 3)]);
        assert_eq!(reader.requests(), [("a".into(), 3, 7), ("gone".into(), 0, 1)]);
    }

    #[test]
    fn what_is_older_than_an_hour_does_not_count() {
        let mut reader = Reader::start();
        reader.read(0, &[("a", 0)]);
        reader.read(5, &[("a", 100)]);
        for _ in 0..(3600 / 5) {
            reader.read(5, &[("a", 100)]);
            let measured = reader.book.usage().measured_seconds;
            assert!(measured <= 3600, "{measured}");
        }
        assert_eq!(reader.requests(), [("a".into(), 100, 0)]);
        assert!(reader.book.usage().measured_seconds > 3600 - 120);
        assert!(reader.book.minutes.len() <= 61, "{}", reader.book.minutes.len());
    }

    #[test]
    fn what_was_not_measured_is_not_said_to_be_of_the_last_hour() {
        let mut reader = Reader::start();
        reader.read(0, &[("a", 1)]);
        reader.book.add(reader.at, now(), Err("connection refused".into()));
        let usage = reader.book.usage();
        assert_eq!((usage.unavailable.as_deref(), usage.rows.len()), (Some("connection refused"), 0));
        reader.read(600, &[("a", 1_000)]);
        assert_eq!(
            (reader.requests(), reader.book.usage().measured_seconds),
            (vec![("a".into(), 1_000, 0)], 0)
        );
    }

    #[test]
    fn the_number_of_rows_is_bounded_and_those_that_are_known_stay() {
        let mut reader = Reader::start();
        reader.read(0, &[("zz", 1)]);
        let names: Vec<_> = (0..MOST + 5).map(|number| format!("m{number}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).chain([("zz", 2)]).collect();
        reader.read(5, &many);
        let usage = reader.book.usage();
        assert_eq!((usage.rows.len(), usage.left_out), (MOST, 6));
        assert!(reader.requests().contains(&("zz".into(), 2, 1)));
    }
}
