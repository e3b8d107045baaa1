//! `agm history`: what was changed, taking it back, and whether the record of it is whole.
use super::{
    Call, DryRun,
    client::Client,
    error::CliError,
    follow::{begun_to_the_end, change, to_the_end},
    show::{self, document},
};
use clap::Args;
use domain::{Code, Failure, Mutation, Operation, OperationId, OperationState, Target};
use operations::{AUDIT_FILE, Break, Verified};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Args)]
#[command(group = clap::ArgGroup::new("deed").args(["undo", "cancel", "release", "verify"]))]
pub struct History {
    /// Only operations for this agent: manager, worker:NAME or NAME.
    #[arg(long, conflicts_with = "deed")]
    target: Option<Target>,
    /// At most so many [default: 20].
    #[arg(long, conflicts_with = "deed")]
    limit: Option<usize>,
    /// Put back what an operation replaced, where that is still what is there.
    #[arg(long, value_name = "OPERATION")]
    undo: Option<OperationId>,
    /// Ask an operation that runs to stop and to go back.
    #[arg(long, value_name = "OPERATION")]
    cancel: Option<OperationId>,
    /// Take over an operation that needs an operator: what is where stays there, and its targets can be changed again.
    #[arg(long, value_name = "OPERATION")]
    release: Option<OperationId>,
    /// Check the audit trail of a data directory on this machine; asks no server.
    #[arg(long)]
    verify: bool,
    /// The data directory of `--verify` [default: AGM_DATA_DIR, ./agm-data].
    #[arg(long, value_name = "DIR", requires = "verify")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    dry_run: DryRun,
}

/// How many operations are shown.
const SHOWN: usize = 20;

impl History {
    /// Whether no server is asked.
    pub fn is_offline(&self) -> bool {
        self.verify
    }
}

/// Runs the command against a server.
pub async fn run(call: &Call, args: History) -> Result<(), CliError> {
    if let Some(operation) = args.undo {
        return match args.dry_run.dry_run {
            true => change(call, &Mutation::Undo { operation }, true).await,
            false => {
                let begun = call.client.act(&["operations", operation.as_str(), "undo"]).await?;
                begun_to_the_end(call, begun).await
            }
        };
    }
    if args.dry_run.dry_run {
        return Err(CliError::Usage("--dry-run goes with --undo".into()));
    }
    if let Some(operation) = args.cancel {
        return cancel(call, &operation).await;
    }
    if let Some(operation) = args.release {
        let released: Operation = call.client.act(&["operations", operation.as_str(), "release"]).await?;
        return document(call.json, &released, || show::operation(&released));
    }
    list(&call.client, call.json, args.target, args.limit).await
}

/// Here to have been undone is what was wanted.
async fn cancel(call: &Call, id: &OperationId) -> Result<(), CliError> {
    call.client.act::<Operation>(&["operations", id.as_str(), "cancel"]).await?;
    let ended = to_the_end(call, id.as_str()).await?;
    document(call.json, &ended, || show::operation(&ended))?;
    match (ended.state, ended.failure) {
        (OperationState::RolledBack, _) => Ok(()),
        (_, Some(failure)) => Err(CliError::Failed(failure)),
        (_, None) => {
            Err(Failure::new(Code::Conflict, "it could not be stopped: the change was live already")
                .hint(format!("Take it back with `agm history --undo {id}`."))
                .into())
        }
    }
}

async fn list(
    client: &Client,
    json: bool,
    target: Option<Target>,
    limit: Option<usize>,
) -> Result<(), CliError> {
    let limit = ("limit", limit.unwrap_or(SHOWN).to_string());
    let query: Vec<_> =
        std::iter::once(limit).chain(target.map(|target| ("target", target.to_string()))).collect();
    let found: app::api::Operations = client.find(&["operations"], &query).await?;
    document(json, &found, || found.operations.iter().map(line).collect())
}

/// `2026-01-01T00:00:00Z  01JD…  committed  set_model  worker:alice  admin via cli`
fn line(operation: &Operation) -> String {
    let undoes = operation.undoes.as_ref().map(|id| format!("\tundoes {id}")).unwrap_or_default();
    // What was refused before there was a plan has written nothing.
    let open = operation.settled.is_none() && operation.plan.is_some() && operation.state.is_final();
    let watched = if open { "\twatched" } else { "" };
    format!(
        "{}\t{}\t{} via {}{undoes}{watched}",
        operation.started_at,
        show::outcome(operation),
        operation.actor,
        operation.via
    )
}

#[derive(Serialize)]
struct Report {
    file: String,
    entries: usize,
    objects: usize,
    links: usize,
    foreign: usize,
    breaks: Vec<Broken>,
}

#[derive(Serialize)]
struct Broken {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    what: String,
}

impl Report {
    fn new(file: String, verified: Verified) -> Self {
        let broken = |Break { line, object, what }| Broken { line, object, what };
        let Verified { entries, objects, links, foreign, breaks } = verified;
        Self { file, entries, objects, links, foreign, breaks: breaks.into_iter().map(broken).collect() }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("entries\t{}", self.entries),
            format!("objects\t{}", self.objects),
            format!("links\t{}\t{} after a change by somebody else", self.links, self.foreign),
        ];
        lines.extend(self.breaks.iter().map(|broken| {
            let object = broken.object.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
            format!("! line {}{object}: {}", broken.line, broken.what)
        }));
        lines.extend(self.breaks.is_empty().then(|| "the trail is whole".to_owned()));
        lines
    }
}

/// `agm history --verify`: false when a chain is broken.
pub fn verify(json: bool, args: &History) -> Result<bool, CliError> {
    let said = || std::env::var_os("AGM_DATA_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let folder = args.data_dir.clone().or_else(said).unwrap_or_else(|| "agm-data".into());
    let path = folder.join(AUDIT_FILE);
    let text =
        std::fs::read(&path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    let report = Report::new(path.display().to_string(), operations::verify(&text));
    document(json, &report, || report.lines())?;
    Ok(report.breaks.is_empty())
}
