//! `agm doctor`
use super::{Call, error::CliError, show};
use crate::http::{Doctor, Finding};
use std::process::ExitCode;

/// Prints what the server found; 0 when nothing is wrong, else 1.
pub async fn run(call: &Call) -> Result<ExitCode, CliError> {
    let seen: Doctor = call.client.get(&["doctor"]).await?;
    show::document(call.json, &seen, || {
        let settings = seen.settings.iter();
        let settings = settings
            .map(|told| format!("{}\t{}\t{}", told.name, told.value.as_deref().unwrap_or("-"), told.source));
        let mut lines: Vec<_> = settings.chain(seen.systems.iter().map(system)).collect();
        lines.extend(seen.findings.iter().flat_map(finding));
        lines.extend(seen.findings.is_empty().then(|| "nothing is wrong".to_owned()));
        lines
    })?;
    Ok(if seen.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn system(system: &domain::SystemHealth) -> String {
    let ms = system.ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let said = system.error.as_deref().or(system.version.as_deref()).unwrap_or_default();
    format!("{}\t{}\t{ms}\t{said}", system.name, show::word(&system.state)).trim_end().to_owned()
}

fn finding(finding: &Finding) -> impl Iterator<Item = String> {
    let problem = format!("! {} {}", finding.about, finding.problem);
    std::iter::once(problem).chain(finding.fix.as_ref().map(|fix| format!("  fix: {fix}")))
}
