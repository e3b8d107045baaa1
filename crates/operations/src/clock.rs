//! The time of day as it goes on the wire, and ids that sort by it.
use domain::{Code, Failure, NameError, OperationId, Timestamp};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use ulid::Ulid;

/// Tells the time of day. Cheap to clone; clones share the last id.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    wall: Box<dyn Fn() -> SystemTime + Send + Sync>,
    last: Mutex<Ulid>,
}

impl Default for Clock {
    /// The host's clock.
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now().as_str()).finish()
    }
}

impl Clock {
    /// A clock that asks `wall`, which may jump both ways.
    pub fn new(wall: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { wall: Box::new(wall), last: Mutex::new(Ulid::nil()) }))
    }

    /// Now, to the second.
    pub fn now(&self) -> Timestamp {
        rfc3339(OffsetDateTime::from((self.0.wall)()))
    }

    /// Now, as the host tells it.
    pub fn wall(&self) -> SystemTime {
        (self.0.wall)()
    }

    /// From now on every new id is greater than this one.
    pub fn go_beyond(&self, id: &OperationId) {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = id.as_str().parse().map_or(*last, |id: Ulid| id.max(*last));
    }

    /// A new id. Ids sort by time, and each is greater than the one before, also when the clock stands or goes back.
    ///
    /// # Errors
    /// [`Code::Internal`] when no greater id is left.
    pub fn new_id(&self) -> Result<OperationId, Failure> {
        let used_up = || Failure::new(Code::Internal, "there is no later operation id");
        let millis = self.millis();
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        let id = if last.timestamp_ms() >= millis {
            last.increment().ok_or_else(used_up)?
        } else {
            Ulid::from_parts(millis, fastrand::u128(..))
        };
        *last = id;
        id_of(id)
    }

    /// Sorts behind all ids that are older than `age`, and before all others.
    ///
    /// # Errors
    /// As [`Clock::new_id`].
    pub fn oldest_id(&self, age: Duration) -> Result<OperationId, Failure> {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        id_of(Ulid::from_parts(self.millis().saturating_sub(age), 0))
    }

    fn millis(&self) -> u64 {
        let millis = (self.0.wall)().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        u64::try_from(millis).unwrap_or(u64::MAX)
    }
}

fn id_of(id: Ulid) -> Result<OperationId, Failure> {
    id.to_string().parse().map_err(|error: NameError| Failure::new(Code::Internal, error.to_string()))
}

/// To the second.
fn rfc3339(at: OffsetDateTime) -> Timestamp {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    // Formatting a valid time with an offset of zero cannot fail before the year 10000.
    Timestamp::from_rfc3339(whole.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::atomic::AtomicU64, sync::atomic::Ordering};

    #[test]
    fn ids_rise_while_the_clock_stands_or_goes_back() {
        let seconds = Arc::new(AtomicU64::new(1_000_000));
        let wall = seconds.clone();
        let clock = Clock::new(move || UNIX_EPOCH + Duration::from_secs(wall.load(Ordering::Relaxed)));
        let mut ids = vec![clock.new_id().unwrap(), clock.new_id().unwrap()];
        seconds.store(10, Ordering::Relaxed);
        ids.push(clock.new_id().unwrap());
        seconds.store(2_000_000, Ordering::Relaxed);
        ids.push(clock.new_id().unwrap());
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        let of = |age| clock.oldest_id(Duration::from_secs(age)).unwrap();
        assert!(of(0) < ids[3] && ids[2] < of(0) && of(1_000_000) < ids[0], "{ids:?}");
        assert_eq!(clock.now().as_str(), "1970-01-24T03:33:20Z");
    }
}
