//! The course of a run: every exchange, fault, edit and outcome with its virtual time. Two runs of one seed have one
//! course.
use crate::locked::locked;
use std::{
    fmt,
    sync::{Mutex, MutexGuard},
};
use tokio::time::Instant;

/// A course that is written down while it happens.
pub struct Trace {
    began: Instant,
    told: Mutex<Told>,
}

struct Told {
    hash: blake3::Hasher,
    /// None: only the hash is kept.
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Begins now; with `keep` every line is kept.
    pub fn begin(keep: bool) -> Self {
        let told = Told { hash: blake3::Hasher::new(), lines: keep.then(Vec::new) };
        Self { began: Instant::now(), told: Mutex::new(told) }
    }

    /// Milliseconds of virtual time since the beginning.
    pub fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Adds a line.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let line = format!("{:>8} {what}", self.millis());
        let mut told = self.told();
        told.hash.update(line.as_bytes()).update(b"\n");
        if let Some(lines) = &mut told.lines {
            lines.push(line);
        }
    }

    /// The hash of all lines so far.
    pub fn hash(&self) -> String {
        self.told().hash.finalize().to_hex().to_string()
    }

    /// The kept lines.
    pub fn lines(&self) -> Vec<String> {
        self.told().lines.clone().unwrap_or_default()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        locked(&self.told)
    }
}
