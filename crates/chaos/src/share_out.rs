//! Runs shared out among threads.
use crate::{campaign::Unheld, locked::locked};
use std::{
    ops::ControlFlow,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ScopedJoinHandle},
};

/// Begins `tasks` in their order, each on the first of `threads` threads (at least one) that is free. `take` gets one
/// outcome after the other, as they come; when it breaks, nothing more is begun.
///
/// # Errors
/// A task failed or panicked. The other threads do the rest all the same.
pub fn share_out<T, O>(
    tasks: impl Iterator<Item = T> + Send,
    threads: usize,
    work: impl Fn(T) -> Result<O, Unheld> + Sync,
    take: impl FnMut(O) -> ControlFlow<()> + Send,
) -> Result<(), Unheld> {
    let (tasks, take, enough) = (Mutex::new(tasks), Mutex::new(take), AtomicBool::new(false));
    let worker = || -> Result<(), Unheld> {
        while !enough.load(Ordering::Acquire) {
            let Some(task) = locked(&tasks).next() else { break };
            let outcome = work(task)?;
            if (*locked(&take))(outcome).is_break() {
                enough.store(true, Ordering::Release);
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        let ends: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
        ends.into_iter().try_for_each(|end| end.map_err(|_| Unheld("a run panicked".into()))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was taken of 100 tasks until `last`, and whether all went well.
    fn taken(
        threads: usize,
        last: u32,
        work: impl Fn(u32) -> Result<u32, Unheld> + Sync,
    ) -> (Vec<u32>, bool) {
        let mut taken = Vec::new();
        let shared = share_out(0..100, threads, work, |number| {
            taken.push(number);
            if number == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (taken, shared.is_ok())
    }

    #[test]
    fn every_task_is_done_once() {
        for threads in [0, 1, 4] {
            let (mut all, good) = taken(threads, 100, Ok);
            all.sort_unstable();
            assert!(good && all.into_iter().eq(0..100), "{threads} threads");
        }
    }

    #[test]
    fn one_thread_keeps_the_order_and_begins_nothing_after_a_break() {
        assert_eq!(taken(1, 7, Ok), ((0..8).collect(), true));
    }

    #[test]
    fn a_failure_and_a_panic_are_told() {
        let fails = |number: u32| if number == 5 { Err(Unheld("no disk".into())) } else { Ok(number) };
        assert_eq!(taken(1, 100, fails), ((0..5).collect(), false));
        let panics = |number: u32| if number == 5 { panic!("a planned panic") } else { Ok(number) };
        assert_eq!(taken(1, 100, panics), ((0..5).collect(), false));
    }
}
