//! Mutexes that outlive the panics which a run plans.
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mutex guards, also after a panic while it was held.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
