//! The fault campaign and its matrix. Built for release they take a minute or two, otherwise ten times as long.
mod campaign;
mod matrix;

use std::thread;

/// Threads for one test.
fn jobs() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
