//! The switches of a console: quirks, delays, faults for coming requests, and places where a request waits.
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::faults::{Effect, Fault, Release, Request, RequestMatch, StoreCall, StoreVerb, Trouble};

/// A request that waits before a call to the API server, so that others can go first. Dropping it lets the request go.
#[derive(Debug)]
pub struct Hold {
    reached: watch::Receiver<bool>,
    _release: watch::Sender<()>,
}

impl Hold {
    /// Waits until a request stands there.
    pub async fn reached(&mut self) {
        if self.reached.wait_for(|reached| *reached).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

struct Barrier {
    requests: RequestMatch,
    call: StoreCall,
    reached: watch::Sender<bool>,
    release: watch::Receiver<()>,
}

#[derive(Default)]
struct Settings {
    release: Release,
    controller: bool,
    image_conflict: bool,
    latency: Duration,
    faults: Vec<Fault>,
    barriers: Vec<Barrier>,
}

/// The switches of one console.
#[derive(Default)]
pub struct Switches {
    settings: Mutex<Settings>,
    /// Requests that write, right now.
    writers: AtomicUsize,
    /// Calls to the API server that stood in somebody's way.
    crowded_calls: AtomicU64,
}

/// A request that may write, for as long as it is worked on.
pub(super) struct Writer(Arc<Switches>);

impl Writer {
    pub(super) fn enter(switches: &Arc<Switches>) -> Self {
        switches.writers.fetch_add(1, Ordering::Relaxed);
        Self(switches.clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.writers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Switches {
    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays another release.
    pub fn set_release(&self, release: Release) {
        self.lock().release = release;
    }

    pub(super) fn release(&self) -> Release {
        self.lock().release
    }

    /// Whether the controller answers, which `/v1/services` needs. It was down where the recordings come from.
    pub fn set_controller(&self, up: bool) {
        self.lock().controller = up;
    }

    pub(super) fn controller(&self) -> bool {
        self.lock().controller
    }

    /// The first 2.2.4 image: after an upgrade every write to an AI plugin is a conflict (higress#4591).
    pub fn set_image_conflict(&self, on: bool) {
        self.lock().image_conflict = on;
    }

    pub(super) fn image_conflict(&self) -> bool {
        self.lock().image_conflict
    }

    /// Time that every request takes.
    pub fn set_latency(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    pub(super) fn latency(&self) -> Duration {
        self.lock().latency
    }

    /// Adds a fault; the oldest that matches a request comes first.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Holds the next matching request before a call to the API server.
    pub fn hold(&self, requests: RequestMatch, call: StoreCall) -> Hold {
        let (reached, reached_seen) = watch::channel(false);
        let (release_sender, release) = watch::channel(());
        self.lock().barriers.push(Barrier { requests, call, reached, release });
        Hold { reached: reached_seen, _release: release_sender }
    }

    /// Forgets all faults and holds.
    pub fn clear(&self) {
        let mut settings = self.lock();
        settings.faults.clear();
        settings.barriers.clear();
    }

    /// The effects on a request. One that fails in the store stays until the store is called.
    pub(super) fn take(&self, request: &Request) -> Option<Effect> {
        let mut settings = self.lock();
        let hit = settings.faults.iter().position(|fault| {
            fault.requests.matches(request)
                && !matches!(fault.effect, Effect::StoreFails(..))
                && fault.times > 0
        })?;
        let fault = &mut settings.faults[hit];
        fault.times -= 1;
        let effect = fault.effect.clone();
        settings.faults.retain(|fault| fault.times > 0);
        Some(effect)
    }

    /// Lets time pass where several requests write at once, so that they interleave as on a real console; waits at a hold,
    /// and says whether the call is to fail.
    pub(super) async fn before_store(
        &self,
        request: &Request,
        verb: StoreVerb,
        plural: &'static str,
        name: &str,
    ) -> Option<Trouble> {
        if self.writers.load(Ordering::Relaxed) > 1 {
            tokio::time::sleep(self.uneven_pause(verb)).await;
        }
        if let Some(mut release) = self.barrier(request, verb, plural, name) {
            // An error means that the hold was dropped: the request may go on.
            while release.changed().await.is_ok() {}
        }
        self.store_trouble(request, verb, plural, name)
    }

    /// One to three milliseconds before a look (rarely twelve) and up to one before a write, in an order that looks random
    /// and is the same every time. So chosen that writers get in each other's way as often as on a real console.
    fn uneven_pause(&self, verb: StoreVerb) -> Duration {
        let call = self.crowded_calls.fetch_add(1, Ordering::Relaxed);
        let mixed = (call ^ (call >> 3)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Duration::from_millis(match verb {
            StoreVerb::Read | StoreVerb::List if mixed >> 60 == 0 => 12,
            StoreVerb::Read | StoreVerb::List => 1 + (mixed >> 60) % 3,
            StoreVerb::Create | StoreVerb::Replace | StoreVerb::Delete => mixed >> 63,
        })
    }

    fn barrier(
        &self,
        request: &Request,
        verb: StoreVerb,
        plural: &str,
        name: &str,
    ) -> Option<watch::Receiver<()>> {
        let mut settings = self.lock();
        let hit = settings.barriers.iter_mut().position(|barrier| {
            barrier.requests.matches(request) && barrier.call.reached(verb, plural, name)
        })?;
        let barrier = settings.barriers.remove(hit);
        barrier.reached.send_replace(true);
        Some(barrier.release)
    }

    fn store_trouble(&self, request: &Request, verb: StoreVerb, plural: &str, name: &str) -> Option<Trouble> {
        let mut settings = self.lock();
        let mut trouble = None;
        for fault in &mut settings.faults {
            if let Effect::StoreFails(call, kind) = &mut fault.effect
                && fault.requests.matches(request)
                && call.reached(verb, plural, name)
            {
                fault.times -= 1;
                trouble = Some(*kind);
                break;
            }
        }
        settings.faults.retain(|fault| fault.times > 0);
        trouble
    }
}

impl std::fmt::Debug for Switches {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = self.lock();
        out.debug_struct("Switches")
            .field("release", &settings.release)
            .field("controller", &settings.controller)
            .field("faults", &settings.faults)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn request(path: &str) -> Request {
        Request { method: Method::PUT, path: path.to_owned() }
    }

    #[test]
    fn a_fault_hits_as_often_as_it_was_told() {
        let switches = Switches::default();
        switches.inject(Fault { requests: RequestMatch::any("/v1/**"), times: 2, effect: Effect::Drop });
        assert!(switches.take(&request("/v1/a")).is_some());
        assert!(switches.take(&request("/other")).is_none());
        assert!(switches.take(&request("/v1/b")).is_some());
        assert!(switches.take(&request("/v1/c")).is_none());
    }
}
