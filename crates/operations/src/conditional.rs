//! Whether the object store honours conditional writes. Without them nobody can tell whether an agent's files are still
//! what the plan saw, so no agent is changed on a store that ignores them.
use crate::clients::Clients;
use domain::{Code, Failure};
use std::{
    sync::{OnceLock, Weak},
    time::Duration,
};
use store::StoreError;

/// How long to wait before a store that could not answer is asked again.
const AGAIN: Duration = Duration::from_secs(15);

/// What the store said, once it did.
#[derive(Default)]
pub struct Conditional(OnceLock<Result<(), &'static str>>);

impl Conditional {
    /// # Errors
    /// `UPSTREAM_UNAVAILABLE` when the store was seen to ignore conditions. A store that has not answered yet
    /// passes.
    pub fn check(&self) -> Result<(), Failure> {
        match self.0.get() {
            None | Some(Ok(())) => Ok(()),
            Some(Err(lacks)) => Err(lacking(lacks)),
        }
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

/// Asks the store until it answers, for as long as the clients live.
pub async fn find_out(clients: Weak<Clients>) {
    while let Some(clients) = clients.upgrade() {
        let answer = match clients.clock.new_id() {
            Ok(id) => clients.store.probe(&id).await.map_err(Some),
            Err(error) => {
                tracing::warn!(%error, "the store cannot be tried");
                Err(None)
            }
        };
        let found = match answer {
            Ok(()) => Ok(()),
            Err(Some(StoreError::NoConditionalWrites(lacks))) => {
                tracing::error!("{}", lacking(lacks));
                Err(lacks)
            }
            Err(why) => {
                if let Some(error) = why {
                    tracing::debug!(%error, "whether the store honours conditional writes is not known yet");
                }
                drop(clients);
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        clients.conditional.0.get_or_init(|| found);
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_definite_no_refuses() {
        let cell = Conditional::default();
        assert_eq!(cell.check(), Ok(()));
        cell.0.get_or_init(|| Err("If-Match is ignored"));
        let failure = cell.check().unwrap_err();
        assert_eq!((failure.code, failure.system.as_deref()), (Code::UpstreamUnavailable, Some("store")));
        assert!(failure.message.contains("If-Match is ignored"), "{failure}");
    }
}
