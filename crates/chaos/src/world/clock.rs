//! The wall clock, which may jump, and a stop for who lets no time pass.
use super::{World, installation::BEGINS};
use crate::{book::Invariant, locked::locked};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More calls of the disk and the clock than any process has to make without waiting for anything.
const CIRCLES: u32 = 5_000;

impl World {
    /// A process that goes round in circles without waiting for anything lets no time pass, so nothing else would ever
    /// stop it.
    pub(super) fn spins_not(&self) {
        let now = self.trace.millis();
        let mut at_once = locked(&self.at_once);
        *at_once = if at_once.0 == now { (now, at_once.1 + 1) } else { (now, 0) };
        if at_once.1 > CIRCLES {
            *at_once = (now, 0);
            drop(at_once);
            self.book.broken(Invariant::EndsInTime, "the process goes round in circles");
            panic!("the process goes round in circles");
        }
    }

    /// The wall clock, which may jump.
    pub(super) fn wall(&self) -> SystemTime {
        self.spins_not();
        let now = UNIX_EPOCH + Duration::from_secs(BEGINS) + self.began.elapsed();
        let jumped = *locked(&self.jumped);
        let by = Duration::from_secs(jumped.unsigned_abs());
        if jumped < 0 { now - by } else { now + by }
    }

    /// Lets the wall clock jump.
    pub fn jump(&self, seconds: i64) {
        *locked(&self.jumped) += seconds;
    }
}
