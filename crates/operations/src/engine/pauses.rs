//! The pauses between two tries.
use super::Engine;
use std::time::Duration;
use tokio::time::sleep;

/// Pauses of which each is twice as long as the one before, up to the longest.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Between two tries to look, to undo or to write on disk while that fails.
    pub const UNANSWERED: Self = Self::new(Duration::from_secs(1), Duration::from_secs(30));

    /// From the first pause up to the longest.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// How long to wait now. The next pause is twice as long.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

impl Engine {
    /// Waits that long. None: the server stops.
    pub async fn pause(&self, length: Duration) -> Option<()> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            () = sleep(length) => Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_twice_the_one_before_and_never_longer_than_the_longest() {
        let mut pauses = Pauses::UNANSWERED;
        let seconds: Vec<u64> = (0..7).map(|_| pauses.next_pause().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }
}
