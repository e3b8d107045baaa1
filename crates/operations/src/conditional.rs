//! Whether the object store honours conditional writes. Without them nobody can tell whether an agent's files are still
//! what the plan saw, so no agent is changed on a store that ignores them.
use crate::clients::Clients;
use domain::{Code, Failure, Timestamp};
use std::{
    sync::{Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use store::StoreError;

/// How long to wait before a store that could not answer is asked again.
const AGAIN: Duration = Duration::from_secs(15);
/// A scratch object that is older was left by a process that was killed; none is at work for so long.
const LEFT_BEHIND: Duration = Duration::from_mins(10);

/// What the store said last: since when it is known to honour conditions, or which it ignores. A store that was seen to
/// ignore one stays refused until agm is restarted.
#[derive(Default)]
pub struct Conditional(Mutex<Option<Result<Timestamp, &'static str>>>);

impl Conditional {
    /// # Errors
    /// `UPSTREAM_UNAVAILABLE` when the store was seen to ignore conditions. A store that has not answered yet
    /// passes.
    pub fn check(&self) -> Result<(), Failure> {
        match *self.said() {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(lacks)) => Err(lacking(lacks)),
        }
    }

    /// Takes an answer, which is none when it does not tell.
    fn take(&self, answer: Option<Result<Timestamp, &'static str>>) {
        let mut said = self.said();
        if !matches!(*said, Some(Err(_))) {
            *said = answer;
        }
    }

    fn said(&self) -> MutexGuard<'_, Option<Result<Timestamp, &'static str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that ignores conditions, and in what.
pub fn lacking(lacks: &str) -> Failure {
    let message = format!("the object store does not honour conditional writes: {lacks}");
    let mut failure = Failure::new(Code::UpstreamUnavailable, message).hint(
        "Agents cannot be changed safely on this store. Use one with conditional writes, such as a current MinIO, and restart agm.",
    );
    failure.system = Some("store".into());
    failure
}

/// When the store was last seen to honour conditions; asks it when that is not known.
pub async fn known(clients: &Clients) -> Result<Timestamp, Failure> {
    let said = clients.conditional.said().clone();
    match said {
        Some(known) => known.map_err(lacking),
        None => ask(clients).await,
    }
}

/// Tries it on a scratch object, and remembers what that showed. Those that others left go.
pub async fn ask(clients: &Clients) -> Result<Timestamp, Failure> {
    let (id, oldest) = (clients.clock.new_id()?, clients.clock.oldest_id(LEFT_BEHIND)?);
    let answer = clients.store.probe(&id).await;
    if let Err(error) = clients.store.sweep(&oldest).await {
        tracing::debug!(%error, "scratch objects of others were not looked for");
    }
    let at = clients.clock.now();
    let (said, outcome) = match answer {
        Ok(()) => (Some(Ok(at.clone())), Ok(at)),
        Err(StoreError::NoConditionalWrites(lacks)) => (Some(Err(lacks)), Err(lacking(lacks))),
        Err(error) => (None, Err(hiclaw::Error::from(error).into())),
    };
    clients.conditional.take(said);
    clients.conditional.check()?;
    outcome
}

/// Asks the store until it answers, for as long as the clients live.
pub async fn find_out(clients: Weak<Clients>) {
    while let Some(clients) = clients.upgrade() {
        match (known(&clients).await, clients.conditional.check()) {
            (Ok(_), _) => return,
            (Err(_), Err(lacks)) => return tracing::error!("{lacks}"),
            (Err(error), Ok(())) => {
                tracing::debug!(%error, "whether the store honours conditional writes is not known yet");
            }
        }
        drop(clients);
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_definite_no_refuses_and_it_stays() {
        let cell = Conditional::default();
        assert_eq!(cell.check(), Ok(()));
        let yes = || Some(Ok(Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into())));
        for (answer, known) in [(yes(), true), (None, false), (yes(), true)] {
            cell.take(answer);
            assert_eq!((cell.check(), cell.said().is_some()), (Ok(()), known));
        }
        for answer in [Some(Err("If-Match is ignored")), yes(), None] {
            cell.take(answer);
            let failure = cell.check().unwrap_err();
            assert_eq!((failure.code, failure.system.as_deref()), (Code::UpstreamUnavailable, Some("store")));
            assert!(failure.message.contains("If-Match is ignored"), "{failure}");
        }
    }
}
