//! The doctor: every check of the installation, all at once, each bounded in time.
//!
//! [`installation`], [`gateway`], [`providers`], [`agents`] and [`own`] each make the checks of one part, [`door`],
//! [`identity`],
//! [`locked`], [`skew`] and [`writes`] one each; [`asked`] makes those that cost something, [`lists`] remembers which models providers
//! listed, and [`memory`] all else.
mod agents;
mod asked;
mod door;
mod gateway;
mod identity;
mod installation;
mod lists;
mod locked;
mod memory;
mod own;
mod providers;
mod report;
mod skew;
mod writes;

pub use lists::{LastList, Lists};
pub use memory::Memory;

use crate::{
    Config, Inner, Operations,
    reads::{self, Agents},
};
use agents::Examined;
use asked::Answers;
use domain::{
    AiRoute, Check, Code, Doctor, Failure, is_default_password,
    rules::{self, RoutingView},
};
use higress::ConsumerDoc;
use installation::Installation;
use secrecy::ExposeSecret;
use std::{path::PathBuf, sync::Arc, time::Duration};
use url::Url;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the checks need to know of the settings.
pub struct Known {
    console: Url,
    /// The console's admin.
    user: String,
    /// Whether its password is one that everybody tries first. The password itself is not kept.
    default_password: bool,
    /// Whether the address of the Manager's OpenClaw is known.
    asks_manager: bool,
    pub data_dir: PathBuf,
}

impl Known {
    /// Takes it from the settings.
    pub fn of(config: &Config) -> Self {
        let (console, user) = (config.console.url.clone(), config.console.user.clone());
        let default_password = is_default_password(&user, config.console.password.expose_secret());
        let (asks_manager, data_dir) = (config.manager.url.is_some(), config.data_dir.clone());
        Self { console, user, default_password, asks_manager, data_dir }
    }
}

/// What the console stores, as far as it could be read and understood.
struct Stored {
    console: Arc<reads::ConsoleState>,
    view: RoutingView,
    routes: Vec<AiRoute>,
}

impl Operations {
    /// Makes every check that costs nothing. `answers`: what the models answered last.
    async fn examine(&self, answers: Option<&Answers>) -> Doctor {
        let Inner { clients, engine, known, sampler, gateway, .. } = &*self.0;
        let observed_at = clients.clock.now();
        let live = bounded(async { Ok(clients.console.live_routes().await?) });
        let consumers = bounded(async { Ok(clients.console.consumers().await?) });
        let (health, hiclaw, installation, own, door, console, agents, live, consumers, workers) = futures::join!(
            self.health(),
            bounded(self.hiclaw()),
            Box::pin(Installation::look(clients, known)),
            Box::pin(own::checks(engine, &known.data_dir)),
            Box::pin(door::check(clients, gateway)),
            bounded(self.console()),
            bounded(self.agents()),
            live,
            consumers,
            bounded(self.workers()),
        );
        let unread = console.as_ref().err().cloned();
        let stored = console.and_then(|console| self.understood(console, agents.as_deref().ok()));
        let asked_at = answers.map(|answers| answers.at.clone());
        let mut doctor =
            Doctor { systems: health.systems.clone(), checks: Vec::new(), observed_at, asked_at };
        doctor.add(installation.checks(&health, known));
        doctor.add(own);
        doctor.add([identity::check(&hiclaw)]);
        doctor.add([own::writable(&health), gateway::readable(unread.as_ref(), &stored)]);
        doctor.add([writes::check(&engine.log.list()), door]);
        let (seen, routes) = (agents.as_deref().ok(), stored.as_ref().ok());
        let (metrics, locked) =
            futures::join!(sampler.first(), locked::check(clients, gateway, seen, routes));
        doctor.add(gateway::systems(&health, &metrics));
        doctor.add([gateway::statistics(&sampler.usage(), answers), locked]);
        let (lists, holder) = (&clients.lists, &*clients.holder);
        let examined = Examined { agents: &agents, stored: &stored, lists, answers, holder };
        doctor.add(examined.checks(&consumers, &workers, &health));
        doctor.add(gateway::routes(&stored, &live, &examined.shut_out()));
        doctor.add(self.of_providers(&stored, agents.as_deref().map_err(Clone::clone)));
        doctor
    }

    fn of_providers(&self, stored: &Result<Stored, Failure>, agents: Result<&Agents, Failure>) -> Vec<Check> {
        let Inner { installation, last_tests, engine, .. } = &*self.0;
        let seen = stored.as_ref().map_err(Clone::clone).and_then(|stored| {
            let views = reads::provider_views(&stored.console, agents?, installation, last_tests)?;
            Ok((stored, views))
        });
        match seen {
            Ok((stored, views)) => providers::checks(&stored.console, &views, &engine.log.list()),
            Err(why) => providers::unread(&why),
        }
    }

    fn understood(
        &self,
        console: Arc<reads::ConsoleState>,
        agents: Option<&Agents>,
    ) -> Result<Stored, Failure> {
        let installation = &self.0.installation;
        let view = match agents {
            Some(agents) => reads::routing_view(&console, agents, installation),
            None => reads::view_for_routes(&console, installation),
        }?;
        let routes = rules::ai_routes(&view);
        Ok(Stored { console, view, routes })
    }
}

/// An answer in time, or why there is none.
async fn bounded<T>(ask: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(PATIENCE, ask).await.unwrap_or_else(|_| {
        Err(Failure::new(Code::UpstreamTimeout, format!("no answer within {} s", PATIENCE.as_secs())))
    })
}

/// The consumers of the gateway, or why they are not known.
type Consumers = Result<Vec<ConsumerDoc>, Failure>;
