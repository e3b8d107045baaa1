//! What can go wrong on the way to the store. Faults act on HTTP requests, before or after the store did its work.
use crate::switch::HangUp;
use http::{Method, Request, StatusCode};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Switches that stay until they are turned back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Added to every call.
    pub latency: Duration,
    /// Connections are closed without an answer.
    pub offline: bool,
    /// Every write is refused with 403 `AccessDenied`.
    pub read_only: bool,
    /// A store without compare-and-swap: `If-Match` and `If-None-Match` of writes count for nothing.
    pub ignore_conditions: bool,
}

/// Which calls a fault hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    #[default]
    All,
    /// GET and HEAD.
    Reads,
    /// PUT, POST and DELETE.
    Writes,
}

/// What happens to a call that is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status; nothing was done.
    Refused(StatusCode),
    /// Done, but answered with this status.
    AppliedThen(StatusCode),
    /// Done, and the connection is closed without an answer.
    AppliedUnanswered,
    /// Not done, and the connection is closed without an answer.
    HungUp,
    /// Done after this time.
    Late(Duration),
}

/// A fault for the next `times` calls that fit.
#[derive(Clone, Debug)]
pub struct Plan {
    fault: Fault,
    calls: Calls,
    path: String,
    times: usize,
}

impl Plan {
    /// Hits the next call of any kind, once.
    pub fn new(fault: Fault) -> Self {
        Self { fault, calls: Calls::All, path: String::new(), times: 1 }
    }

    /// Only these calls.
    pub fn on(self, calls: Calls) -> Self {
        Self { calls, ..self }
    }

    /// Only paths (`/bucket/key`) that hold this text.
    pub fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// So many times.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    fn hits(&self, method: &Method, path: &str) -> bool {
        let read = matches!(*method, Method::GET | Method::HEAD);
        let kind = match self.calls {
            Calls::All => true,
            Calls::Reads => read,
            Calls::Writes => !read,
        };
        self.times > 0 && kind && path.contains(&self.path)
    }
}

/// How many calls came, by what they asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// GET and HEAD of a bucket.
    pub lists: u64,
    /// GET and HEAD of an object.
    pub reads: u64,
    pub writes: u64,
}

/// The store's switches and planned faults.
#[derive(Default)]
pub struct Faults {
    tally: Mutex<Tally>,
    state: Mutex<(Switches, Vec<Plan>)>,
}

impl Faults {
    /// Turns all switches at once.
    pub fn set(&self, switches: Switches) {
        self.state().0 = switches;
    }

    /// How the switches are.
    pub fn switches(&self) -> Switches {
        self.state().0.clone()
    }

    /// Adds a fault; of several that fit, the oldest acts first.
    pub fn plan(&self, plan: Plan) {
        self.state().1.push(plan);
    }

    /// Forgets all planned faults and turns all switches back.
    pub fn clear(&self) {
        *self.state() = Default::default();
    }

    /// The calls that came since the store began, also those that were not answered.
    pub fn tally(&self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count<B>(&self, request: &Request<B>) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let names_object = request.uri().path().trim_matches('/').contains('/');
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        match (read, names_object) {
            (true, false) => tally.lists += 1,
            (true, true) => tally.reads += 1,
            (false, _) => tally.writes += 1,
        }
    }

    /// What this request must suffer; uses up one time of the plan that fits. Fails when the connection is to be closed.
    pub(super) fn next<B>(&self, request: &Request<B>) -> Result<(Duration, Option<Fault>), HangUp> {
        self.count(request);
        let mut state = self.state();
        if state.0.offline {
            return Err(HangUp);
        }
        let latency = state.0.latency;
        let hit = state.1.iter_mut().find(|plan| plan.hits(request.method(), request.uri().path()));
        let fault = hit.map(|plan| {
            plan.times -= 1;
            plan.fault
        });
        state.1.retain(|plan| plan.times > 0);
        match fault {
            Some(Fault::HungUp) => Err(HangUp),
            fault => Ok((latency, fault)),
        }
    }

    fn state(&self) -> MutexGuard<'_, (Switches, Vec<Plan>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
