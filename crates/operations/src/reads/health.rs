//! Whether every system answers.
use super::models::millis;
use crate::{clients::Clients, scrub};
use domain::{DeepHealth, Failure, HiclawIdentity, SystemHealth, SystemState};
use futures::future::join_all;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

/// A health answer that takes longer than this is no answer.
const PATIENCE: Duration = Duration::from_secs(5);
const NO_ANSWER: &str = "no answer in time";

/// Asks all systems at once; `storage` tries our own data directory.
pub async fn health(
    clients: &Clients,
    gateway: &Url,
    storage: impl Future<Output = Result<(), Failure>>,
    hiclaw: impl Future<Output = Result<Arc<HiclawIdentity>, Failure>>,
) -> DeepHealth {
    let console = async {
        let (info, account) = futures::join!(clients.console.system_info(), clients.console.ping());
        account.map_err(|error| error.to_string())?;
        Ok(info.ok().map(|info| info.version))
    };
    // Any answer shows that the gateway is up: it has nothing to say on this path.
    let answers = async {
        let call = clients.http.get(gateway.clone()).timeout(PATIENCE).send().await;
        call.map(|_| None).map_err(|error| scrub::http_error(&error))
    };
    let store = async { clients.store.ping().await.map(|()| None).map_err(|error| error.to_string()) };
    let of_hiclaw = join_all(clients.holder.systems().into_iter().map(|(name, look)| {
        timed(name, async { look.await.map(|()| None).map_err(|error| error.to_string()) })
    }));
    let storage = async { storage.await.map(|()| None).map_err(|failure| failure.message) };
    let hiclaw = async {
        match tokio::time::timeout(PATIENCE, hiclaw).await {
            Ok(seen) => seen.map_err(|failure| failure.message),
            Err(_) => Err(NO_ANSWER.to_owned()),
        }
    };
    let (console, answers, store, of_hiclaw, storage, hiclaw) = futures::join!(
        timed("higress", console),
        timed("gateway", answers),
        timed("store", store),
        of_hiclaw,
        timed("storage", storage),
        hiclaw,
    );
    let mut systems = vec![console, answers, store];
    systems.extend(of_hiclaw);
    systems.push(storage);
    let healthy = systems.iter().all(|system| system.state == SystemState::Up);
    let status = if healthy { "healthy" } else { "degraded" }.to_owned();
    let (hiclaw, hiclaw_unknown) = match hiclaw {
        Ok(hiclaw) => (Some(HiclawIdentity::clone(&hiclaw)), None),
        Err(why) => (None, Some(why)),
    };
    DeepHealth { status, systems, hiclaw, hiclaw_unknown }
}

async fn timed(name: &str, ask: impl Future<Output = Result<Option<String>, String>>) -> SystemHealth {
    let began = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, ask).await.unwrap_or_else(|_| Err(NO_ANSWER.to_owned()));
    let (state, ms, version, error) = match answer {
        Ok(version) => (SystemState::Up, Some(millis(began.elapsed())), version, None),
        Err(error) => (SystemState::Down, None, None, Some(error)),
    };
    SystemHealth { name: name.to_owned(), state, ms, version, error }
}
