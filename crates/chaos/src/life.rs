//! One life of the process under test, from its start to a crash.
use std::future::{Future, pending};
use tokio_util::sync::CancellationToken;

/// Which life a call belongs to, and whether that is over. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Life {
    number: u32,
    over: CancellationToken,
}

impl Life {
    /// The `number`th life begins.
    pub fn begin(number: u32) -> Self {
        Self { number, over: CancellationToken::new() }
    }

    /// Counted from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The process is gone. What it waited for never comes.
    pub fn end(&self) {
        self.over.cancel();
    }

    /// True after [`Life::end`].
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Waits for the end.
    pub async fn ended(&self) {
        self.over.cancelled().await;
    }

    /// The outcome of `work`, or nothing ever when the life ends first.
    pub async fn lasting<T>(&self, work: impl Future<Output = T>) -> T {
        match self.over.run_until_cancelled(work).await {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }
}
