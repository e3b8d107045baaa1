//! `agm doctor`
use super::{Call, error::CliError, show, whole_file};
use app::api::Examination;
use clap::Args;
use domain::{Check, CheckState, SystemHealth};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Args)]
pub struct DoctorArgs {
    /// Test each provider too, ask the model of each agent for one token, and try the store with a scratch object, which
    /// is removed again. What they say is remembered, and told by later calls without this flag.
    #[arg(long)]
    probe: bool,
    /// Show also what is well.
    #[arg(long)]
    all: bool,
    /// Write all that helps to find out what is wrong to an archive (tar, gzip), for a bug report: this report, drift,
    /// providers, routes, operations, figures and the newest lines of the log. No key is in it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["probe", "all"])]
    bundle: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "bundle")]
    force: bool,
}

/// Prints what was found; 0 when all is well, 1 for warnings, 2 when something does not work. What could not be looked at
/// counts for nothing: what hindered it is a finding of its own.
pub async fn run(call: &Call, args: &DoctorArgs) -> Result<ExitCode, CliError> {
    if let Some(file) = &args.bundle {
        return bundle(call, file, args.force).await;
    }
    let seen: Examination = match args.probe {
        true => call.client.act_with(&["doctor", "probe"], &[]).await?,
        false => call.client.get(&["doctor"]).await?,
    };
    let worst = seen.doctor.worst();
    show::document(call.json, &seen, || {
        let settings = seen.settings.iter();
        let settings = settings
            .map(|told| format!("{}\t{}\t{}", told.name, told.value.as_deref().unwrap_or("-"), told.source));
        let mut lines: Vec<_> = settings.chain(seen.doctor.systems.iter().map(system)).collect();
        let shown = seen.doctor.checks.iter().filter(|check| args.all || check.state != CheckState::Ok);
        lines.extend(shown.flat_map(check));
        lines.push(verdict(&seen.doctor.checks, worst));
        lines
    })?;
    Ok(ExitCode::from(match worst {
        CheckState::Ok | CheckState::Unknown => 0,
        CheckState::Warning => 1,
        CheckState::Failed => 2,
    }))
}

async fn bundle(call: &Call, file: &Path, over: bool) -> Result<ExitCode, CliError> {
    let bytes = call.client.bytes(&["doctor", "bundle"]).await?;
    whole_file::write(file, over, |half| Ok(half.write_all(&bytes)?))?;
    let written = serde_json::json!({"file": file, "bytes": bytes.len()});
    show::document(call.json, &written, || vec![format!("{}\t{} bytes", file.display(), bytes.len())])?;
    Ok(ExitCode::SUCCESS)
}

fn system(system: &SystemHealth) -> String {
    let ms = system.ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let said = system.error.as_deref().or(system.version.as_deref()).unwrap_or_default();
    format!("{}\t{}\t{ms}\t{said}", system.name, show::word(&system.state)).trim_end().to_owned()
}

/// `! agent_allowed worker:dave: cannot use its model …`, with what to do in a line of its own.
fn check(check: &Check) -> impl Iterator<Item = String> {
    let mark = match check.state {
        CheckState::Ok => ' ',
        CheckState::Unknown => '?',
        CheckState::Warning => '~',
        CheckState::Failed => '!',
    };
    let found = format!("{mark} {} {}: {}", check.id.id(), check.about, check.evidence);
    std::iter::once(found).chain(check.fix.as_ref().map(|fix| format!("  fix: {fix}")))
}

fn verdict(checks: &[Check], worst: CheckState) -> String {
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let (failed, warnings) = (count(CheckState::Failed), count(CheckState::Warning));
    let unknown = match count(CheckState::Unknown) {
        0 => String::new(),
        n => format!(" ({n} checks could not be made)"),
    };
    match worst {
        CheckState::Ok | CheckState::Unknown => format!("nothing is wrong{unknown}"),
        CheckState::Warning | CheckState::Failed => format!("{failed} failed, {warnings} warnings{unknown}"),
    }
}
