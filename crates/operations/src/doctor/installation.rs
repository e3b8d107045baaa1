//! What HiClaw brings: the console, the store, the Manager.
use super::{
    Known, bounded,
    report::{failed, failure, ok, unknown, warning},
    skew,
};
use crate::{clients::Clients, conditional};
use domain::{Check, CheckId, DeepHealth, Failure, SystemHealth, SystemState, Target, Timestamp};
use hiclaw::TakenUp;
use higress::{HigressError, SystemInfo};

/// Releases of the console whose quirks agm knows.
const TESTED: [&str; 4] = ["2.2.1", "2.2.2", "2.2.3", "2.2.4"];

/// What was observed of it.
pub struct Installation {
    info: Result<SystemInfo, Failure>,
    account: Result<(), HigressError>,
    date: Result<i64, String>,
    /// When the store was last seen to honour conditions.
    conditional: Result<Timestamp, Failure>,
    manager: Result<TakenUp, Failure>,
}

impl Installation {
    /// Asks all at once.
    pub async fn look(clients: &Clients, known: &Known) -> Self {
        let info = bounded(async { Ok(clients.console.system_info().await?) });
        let account = async {
            let call = tokio::time::timeout(super::PATIENCE, clients.console.ping());
            call.await.unwrap_or(Err(HigressError::Timeout))
        };
        let conditional = bounded(conditional::known(clients));
        let manager = bounded(async { Ok(clients.holder.reload(&Target::Manager).await?) });
        let date = skew::ahead(clients, &known.console);
        let (info, account, date, conditional, manager) =
            futures::join!(info, account, date, Box::pin(conditional), manager);
        Self { info, account, date, conditional, manager }
    }

    /// The checks of it; `health` says whether the store answers.
    pub fn checks(&self, health: &DeepHealth, known: &Known) -> Vec<Check> {
        let mut checks = self.console(known);
        checks.push(self.version());
        checks.push(skew::check(&self.date));
        checks.extend(self.store(health));
        checks.push(self.manager(known));
        checks
    }

    fn console(&self, known: &Known) -> Vec<Check> {
        let (id, about) = (CheckId::ConsoleReachable, "console");
        let address = known.console.origin().ascii_serialization();
        let reachable = ok(id, about, format!("answers at {address}"));
        let password = |why: &str| unknown(CheckId::ConsolePassword, known.user.clone(), why);
        match &self.account {
            Ok(()) => {
                let signed_in = format!("the console knows {} as its admin", known.user);
                vec![reachable, ok(CheckId::ConsoleSignIn, about, signed_in), password_of(known)]
            }
            Err(error @ (HigressError::Refused | HigressError::NotInitialised)) => {
                let refused = failure(CheckId::ConsoleSignIn, about, &Failure::from(error.clone()), "");
                vec![reachable, refused, password("nobody could sign in")]
            }
            Err(error) => {
                let why = "the console does not answer";
                let fix = "Start it, or correct HICLAW_AI_GATEWAY_ADMIN_URL.";
                let down = failure(id, format!("console at {address}"), &Failure::from(error.clone()), fix);
                vec![down, unknown(CheckId::ConsoleSignIn, about, why), password(why)]
            }
        }
    }

    fn version(&self) -> Check {
        let (id, about) = (CheckId::ConsoleVersion, "console");
        match &self.info {
            Err(why) => unknown(id, about, why.message.clone()),
            Ok(info) if TESTED.contains(&info.version.as_str()) => {
                ok(id, about, format!("version {}, which agm was tested with", info.version))
            }
            Ok(info) => {
                let evidence = format!("version {}; agm was tested with {}", info.version, TESTED.join(", "));
                warning(id, about, evidence).fix(
                    "Try a change with --dry-run first, or use one of these releases: others may answer differently.",
                )
            }
        }
    }

    fn store(&self, health: &DeepHealth) -> [Check; 2] {
        let fix = "Start it, or correct HICLAW_FS_ENDPOINT, the bucket and the store's keys.";
        let reachable =
            system(CheckId::StoreReachable, health, "store", "answers, and lets the bucket be read", fix);
        let id = CheckId::StoreConditionalWrites;
        let conditional = match &self.conditional {
            Ok(at) => {
                let done = "a scratch object was written, twice protected from a stale write, and removed";
                ok(id, "store", format!("{done} at {at}"))
            }
            Err(why) if reachable.state != domain::CheckState::Ok => {
                unknown(id, "store", why.message.clone())
            }
            Err(why) => failure(id, "store", why, fix),
        };
        [reachable, conditional]
    }

    fn manager(&self, known: &Known) -> Check {
        let id = CheckId::ManagerAnswers;
        match &self.manager {
            Ok(taken) if known.asks_manager => ok(id, "manager", taken.evidence.clone()),
            Ok(taken) => unknown(id, "manager", taken.evidence.clone()).fix("Set AGM_MANAGER_URL."),
            Err(why) => failed(id, "manager", why.message.clone()).fix(
                "OpenClaw does not run, or not at AGM_MANAGER_URL: look at the log of the Manager's container, and restart it if it must be.",
            ),
        }
    }
}

/// What a check of health says of a system.
pub fn system(id: CheckId, health: &DeepHealth, name: &str, well: &str, fix: &str) -> Check {
    let answered = |system: &SystemHealth| match system.ms {
        Some(ms) => format!("{well} (after {ms} ms)"),
        None => well.to_owned(),
    };
    match health.systems.iter().find(|system| system.name == name) {
        None => unknown(id, name, "it was not asked"),
        Some(system) if system.state == SystemState::Up => ok(id, name, answered(system)),
        Some(system) => {
            failed(id, name, system.error.clone().unwrap_or_else(|| "it does not answer".into())).fix(fix)
        }
    }
}

fn password_of(known: &Known) -> Check {
    let id = CheckId::ConsolePassword;
    if known.default_password {
        return warning(id, known.user.clone(), "signs in to the console with a password that everybody tries first").fix(
            "Change it in the Higress Console, and set HICLAW_ADMIN_PASSWORD to the new one for HiClaw and for agm.",
        );
    }
    ok(id, known.user.clone(), "its password is none of those that everybody tries first")
}
