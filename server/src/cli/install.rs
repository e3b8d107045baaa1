//! `agm install` and `agm uninstall`: the way to agm through the AI gateway.
use super::{
    Call, DryRun,
    error::CliError,
    file::{agree_and_carry_out, agreed},
    machine::Machine,
    show::{document, plan as plan_lines, print, word},
};
use crate::http::Seen;
use clap::Args;
use domain::{
    DomainName, Install, InstallationState, Mutation, Plan, Reach, Surroundings, SystemHealth, SystemState,
};
use std::path::PathBuf;

#[derive(Args)]
pub struct InstallArgs {
    /// Where the gateway reaches agm: an IPv4 address or a dotted name, and a port [default: where agm listens, when the
    /// gateway is on the same machine].
    #[arg(long, value_name = "HOST:PORT")]
    reach: Option<Reach>,
    /// The domain that agm is reached under [default: manager-local.hiclaw.io].
    #[arg(long, value_name = "NAME")]
    domain: Option<DomainName>,
    #[command(flatten)]
    change: Change,
}

#[derive(Args)]
pub struct UninstallArgs {
    #[command(flatten)]
    change: Change,
}

#[derive(Args)]
struct Change {
    #[command(flatten)]
    dry_run: DryRun,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Leave the files of this machine and its server alone. They are left alone too when the server is named.
    #[arg(long)]
    no_files: bool,
    /// The folder that the paths of this machine are taken in.
    #[arg(long, hide = true, default_value = "/", value_name = "DIR")]
    root: PathBuf,
}

impl Change {
    fn machine(&self, call: &Call) -> Result<Option<Machine>, CliError> {
        if self.no_files { Ok(None) } else { Machine::found(call, &self.root) }
    }
}

/// What starts a server that no files start.
const START: &str = "agm serve";
/// What starts the one of this machine with the data directory of its files.
const START_HERE: &str = "agm script monitor-server start";

/// `agm install`.
pub async fn install(call: &Call, args: &InstallArgs) -> Result<(), CliError> {
    match args.change.machine(call)? {
        Some(machine) if args.change.dry_run.dry_run => {
            machine.preview()?;
            if !call.client.answers().await {
                let later = "what would be registered at the gateway is planned by the server, which does not run yet";
                return document(call.json, &None::<Plan>, || vec![later.into()]);
            }
        }
        Some(machine) => machine.set_up(call, args.change.yes).await?,
        None => {}
    }
    let shown = state(call).await.map_err(|error| not_running(error, START))?;
    for line in found(&shown) {
        eprintln!("{line}");
    }
    let wish = Install { reach: args.reach.clone(), domain: args.domain.clone() };
    let plan: Plan = call.client.post(&["plans"], &Mutation::Install(wish)).await?;
    let done_already = plan.changes.is_empty();
    if args.change.dry_run.dry_run {
        return document(call.json, &plan, || plan_lines(&plan));
    }
    agree_and_carry_out(call, &plan, args.change.yes).await?;
    if call.json {
        return Ok(());
    }
    if done_already {
        let Seen { evidence } = call.client.act(&["installation", "proof"]).await?;
        print(&evidence)?;
    }
    let addresses = state(call).await?.addresses;
    addresses.iter().try_for_each(|address| print(address))
}

/// `agm uninstall`.
pub async fn uninstall(call: &Call, args: &UninstallArgs) -> Result<(), CliError> {
    let Change { yes, dry_run, .. } = &args.change;
    let machine = args.change.machine(call)?;
    let start = if machine.is_some() { START_HERE } else { START };
    let registered = match &machine {
        Some(machine) if machine.is_unregistered()? => false,
        Some(machine) => {
            let hint = format!("Stop that server, and start the one of this machine with `{START_HERE}`.");
            machine.refuse_another(call, &hint).await.map(|()| true)?
        }
        None => true,
    };
    let plan: Option<Plan> = match registered || call.client.answers().await {
        true => {
            let asked = call.client.post(&["plans"], &Mutation::Uninstall).await;
            Some(asked.map_err(|error| not_running(error, start))?)
        }
        false => None,
    };
    let something_goes = machine.as_ref().map_or(Ok(false), Machine::preview_removal)?;
    if dry_run.dry_run {
        return document(call.json, &plan, || plan.as_ref().map_or_else(nothing_registered, plan_lines));
    }
    let is_asked = plan.as_ref().is_some_and(|plan| !plan.changes.is_empty());
    match &plan {
        Some(plan) => agree_and_carry_out(call, plan, *yes).await?,
        None => document(call.json, &plan, nothing_registered)?,
    }
    let Some(machine) = machine else { return Ok(()) };
    if something_goes && !is_asked && !yes {
        agreed("Stop the server and remove these files?", "nobody to ask: say --yes, or --no-files".into())?;
    }
    machine.take_down().await
}

fn nothing_registered() -> Vec<String> {
    vec!["nothing is registered from here".into()]
}

async fn state(call: &Call) -> Result<InstallationState, CliError> {
    call.client.get(&["installation"]).await
}

/// The running server does the work; `start` starts it.
fn not_running(error: CliError, start: &str) -> CliError {
    match error {
        CliError::Unreachable { url, reason } => {
            let reason = format!("{reason}. Start it with `{start}`, or name it with --url");
            CliError::Unreachable { url, reason }
        }
        other => other,
    }
}

/// What agm stands in, and which of the systems that it needs do not answer.
fn found(state: &InstallationState) -> Vec<String> {
    let needed = |system: &&SystemHealth| {
        let stands_alone = state.surroundings == Surroundings::Higress;
        system.state == SystemState::Down && !(stands_alone && system.name == "manager")
    };
    let line = |system: &SystemHealth| {
        let why = system.error.as_deref().unwrap_or("no reason is known");
        format!("{} does not answer: {why}{}", system.name, advice(&system.name))
    };
    let surroundings = format!("{}: {}", word(&state.surroundings), state.evidence);
    std::iter::once(surroundings).chain(state.systems.iter().filter(needed).map(line)).collect()
}

/// What to do about a system that does not answer.
fn advice(system: &str) -> &'static str {
    match system {
        "higress" => {
            ". Is HICLAW_AI_GATEWAY_ADMIN_URL the console's address, and HICLAW_ADMIN_PASSWORD its password?"
        }
        "gateway" => ". Is HICLAW_AI_GATEWAY_URL its address?",
        "store" => ". Models of agents cannot be changed without it. Is HICLAW_FS_ENDPOINT its address?",
        "manager" => ". Its model cannot be changed without it. Is OPENCLAW_CONFIG_PATH its config?",
        "storage" => ". The data directory (AGM_DATA_DIR) must be writable for agm.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found_with(surroundings: &str, down: &str) -> Vec<String> {
        let state = json!({"surroundings": surroundings, "evidence": "e", "objects": [], "addresses": [],
            "systems": [{"name": "higress", "state": "up"}, {"name": down, "state": "down", "error": "refused"}]});
        found(&serde_json::from_value(state).unwrap())
    }

    #[test]
    fn what_is_down_is_said_with_the_next_step() {
        let said = found_with("hiclaw_manager", "store");
        assert_eq!(said[0], "hiclaw_manager: e");
        assert!(
            said[1].starts_with("store does not answer: refused. ") && said[1].contains("HICLAW_FS_ENDPOINT")
        );
        assert_eq!(found_with("hiclaw_manager", "manager").len(), 2);
        assert_eq!(found_with("higress", "manager").len(), 1, "there is none");
    }
}
