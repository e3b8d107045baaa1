//! What the server counts about itself.
use http::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Answers by class of status, and refused sign-ins.
#[derive(Default)]
pub struct Counters {
    answers: [AtomicU64; 5],
    pub refused_sign_ins: AtomicU64,
}

impl Counters {
    /// Counts one answer.
    pub fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Relaxed);
    }

    /// `1xx` to `5xx` with their counts.
    pub fn answers(&self) -> impl Iterator<Item = (usize, u64)> {
        self.answers.iter().enumerate().map(|(index, count)| (index + 1, count.load(Relaxed)))
    }
}
