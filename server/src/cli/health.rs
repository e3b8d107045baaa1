//! `agm health`: every system, and which HiClaw it is.
use super::{
    Call,
    error::CliError,
    show::{document, word},
};
use domain::{DeepHealth, HiclawIdentity, SystemHealth, SystemState};
use std::process::ExitCode;

/// Asks the server, which asks every system; 0 when all of them answer, else 1.
pub async fn run(call: &Call) -> Result<ExitCode, CliError> {
    let seen: DeepHealth = call.client.find(&["health"], &[("deep", "true".to_owned())]).await?;
    document(call.json, &seen, || {
        let why = seen.hiclaw_unknown.iter().map(|why| format!("  {why}"));
        let unknown = || std::iter::once("hiclaw\tunknown".to_owned()).chain(why).collect();
        let hiclaw = seen.hiclaw.as_ref().map_or_else(unknown, identity);
        std::iter::once(seen.status.clone()).chain(hiclaw).chain(seen.systems.iter().map(system)).collect()
    })?;
    let well = seen.systems.iter().all(|system| system.state == SystemState::Up);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// `hiclaw  1.2  controller`, and what speaks for it and against it.
fn identity(hiclaw: &HiclawIdentity) -> Vec<String> {
    let head = format!("hiclaw\t{}\t{}", hiclaw.generation, hiclaw.adapter);
    let doubt = hiclaw.doubt.iter().map(|doubt| format!("  ! {doubt}"));
    std::iter::once(head).chain(hiclaw.evidence.iter().map(|said| format!("  {said}"))).chain(doubt).collect()
}

fn system(system: &SystemHealth) -> String {
    let ms = system.ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let more = system.error.as_ref().or(system.version.as_ref()).map_or("", String::as_str);
    format!("{}\t{}\t{ms}\t{more}", system.name, word(&system.state)).trim_end().to_owned()
}
