//! News: what a page shows of a topic is no longer what it was.
//!
//! The board counts the news of each topic, and a listener compares its counts with those that it has told. So nothing
//! piles up for a listener that is slow, and news of one topic that come close together are told once.
mod look;
#[cfg(test)]
mod tests;

pub use look::{Looker, Looking};

use domain::Topic;
use futures::{Stream, stream};
use std::{fmt, str::FromStr, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// A listener is told no more often. What comes meanwhile is told together.
const PACE: Duration = Duration::from_millis(250);

/// How often each topic had news, by [`Topic::ALL`].
type Counts = [u64; Topic::ALL.len()];

/// What a listener is told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Each topic once, in the order of [`Topic::ALL`]; never empty.
    pub topics: Vec<Topic>,
    /// Where the news are after this.
    pub mark: Mark,
}

/// A place in the news of one life of the server: what came after it can be told. Goes over the wire as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    life: u32,
    counts: Counts,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.life)?;
        self.counts.iter().try_for_each(|count| write!(f, "-{count}"))
    }
}

/// This text is no [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the news")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let mut parts = text.split('-');
        let life = parts.next().and_then(|part| u32::from_str_radix(part, 16).ok()).ok_or(NoMark)?;
        let mut counts = Counts::default();
        for count in &mut counts {
            *count = parts.next().and_then(|part| part.parse().ok()).ok_or(NoMark)?;
        }
        if parts.next().is_some() { Err(NoMark) } else { Ok(Self { life, counts }) }
    }
}

/// Where news are put up. Clones are the same board.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

struct Inner {
    life: u32,
    counts: watch::Sender<Counts>,
}

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(Inner { life: fastrand::u32(..), counts: watch::Sender::default() }))
    }
}

impl Board {
    /// Puts up that these topics have news.
    pub fn tell(&self, topics: &[Topic]) {
        if !topics.is_empty() {
            self.0.counts.send_modify(|counts| topics.iter().for_each(|topic| counts[*topic as usize] += 1));
        }
    }

    /// Where the news are now.
    pub fn mark(&self) -> Mark {
        Mark { life: self.0.life, counts: *self.0.counts.borrow() }
    }

    /// The news from now on, or since a mark; since one of another life of the server, or none at all, every topic has
    /// news. Ends when the board is gone. `looking` is kept as long as the stream is.
    pub fn listen(&self, since: Option<&str>, looking: Arc<Looking>) -> impl Stream<Item = News> + use<> {
        let counts = self.0.counts.subscribe();
        let now = *counts.borrow();
        let told = match since.map(Mark::from_str) {
            None => now,
            Some(Ok(mark)) if mark.life == self.0.life => mark.counts,
            Some(_) => now.map(|count| count.wrapping_sub(1)),
        };
        let listener =
            Listener { life: self.0.life, counts, told, not_before: Instant::now(), _looking: looking };
        stream::unfold(listener, |mut listener| async move { Some((listener.next().await?, listener)) })
    }
}

/// Where one listener is.
struct Listener {
    life: u32,
    counts: watch::Receiver<Counts>,
    told: Counts,
    not_before: Instant,
    _looking: Arc<Looking>,
}

impl Listener {
    async fn next(&mut self) -> Option<News> {
        let told = self.told;
        self.counts.wait_for(|counts| *counts != told).await.ok()?;
        sleep_until(self.not_before).await;
        self.told = *self.counts.borrow_and_update();
        self.not_before = Instant::now() + PACE;
        let pairs = self.told.iter().zip(&told).zip(Topic::ALL);
        let topics = pairs.filter(|((now, before), _)| now != before).map(|(_, topic)| topic).collect();
        Some(News { topics, mark: Mark { life: self.life, counts: self.told } })
    }
}
