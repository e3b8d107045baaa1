//! `agm history`: what was changed, taking it back, and whether the record of it is whole.
use super::{
    Call, DryRun,
    client::Client,
    data::data_dir,
    error::CliError,
    follow::{begun_to_the_end, to_the_end},
    past,
    show::{self, document},
};
use clap::Args;
use domain::{Code, Failure, Operation, OperationId, OperationState, Plan, Target};
use operations::{AUDIT_FILE, Break, Verified};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// The data directory of `--verify` [default: as the settings say, that of an installation, ./agm-data].
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
            true => {
                let rehearsal = [("dry_run", "true".to_owned())];
                let path = ["operations", operation.as_str(), "undo"];
                let plan: Plan = call.client.act_with(&path, &rehearsal).await?;
                document(call.json, &plan, || show::plan(&plan))
            }
            false => {
                let begun = call.client.act(&["operations", operation.as_str(), "undo"]).await;
                let begun = begun.map_err(|error| error.midway(None))?;
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
    document(json, &found, || past::lines(&found.operations))
}

#[derive(Serialize)]
struct Report {
    file: String,
    entries: usize,
    objects: usize,
    links: usize,
    foreign: usize,
    breaks: Vec<Broken>,
    /// Operations that have ended by the journal and have no line. None: the journal cannot be read.
    missing: Option<Vec<OperationId>>,
}

#[derive(Serialize)]
struct Broken {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    what: String,
}

impl Report {
    fn new(file: String, verified: Verified, ended: Option<Vec<OperationId>>) -> Self {
        let broken = |Break { line, object, what }| Broken { line, object, what };
        let Verified { entries, objects, links, foreign, breaks, operations } = verified;
        let without_line = |ended: Vec<OperationId>| {
            ended.into_iter().filter(|id| !operations.contains(id)).collect::<Vec<_>>()
        };
        let breaks = breaks.into_iter().map(broken).collect();
        Self { file, entries, objects, links, foreign, breaks, missing: ended.map(without_line) }
    }

    fn is_whole(&self) -> bool {
        self.breaks.is_empty() && self.missing.iter().all(Vec::is_empty)
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
        lines.extend(self.missing.iter().flatten().map(|id| {
            format!(
                "! {id} has ended by the journal and has no line: lines are missing, at the end for example"
            )
        }));
        if self.missing.is_none() {
            lines.push("the journal cannot be read: lines that are missing at the end cannot be seen".into());
        }
        lines.extend(self.is_whole().then(|| "the trail is whole".to_owned()));
        lines
    }
}

/// `agm history --verify`: false when a chain is broken.
pub fn verify(json: bool, args: &History) -> Result<bool, CliError> {
    let folder = data_dir(args.data_dir.clone())?;
    let path = folder.join(AUDIT_FILE);
    // Before the trail: what ends meanwhile has its line then.
    let ended = ended_by_journal(&folder);
    let text =
        std::fs::read(&path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    let report = Report::new(path.display().to_string(), operations::verify(&text), ended);
    document(json, &report, || report.lines())?;
    Ok(report.is_whole())
}

/// The operations that have ended by the records in the journal. None: there is none that can be read.
fn ended_by_journal(folder: &Path) -> Option<Vec<OperationId>> {
    #[derive(Deserialize)]
    struct Body {
        operation: Operation,
    }
    let mut ended = Vec::new();
    for entry in std::fs::read_dir(folder.join("journal")).ok()? {
        let path = entry.ok()?.path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        // A record that the server has just let go is no sign of anything.
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.ok()?,
        };
        // Checksums, a header, and the body, in which only the images are sealed.
        let body = text.splitn(3, '\n').nth(2)?;
        let Body { operation } = serde_json::from_str(body).ok()?;
        if matches!(operation.state, OperationState::Committed | OperationState::RolledBack) {
            ended.push(operation.id);
        }
    }
    ended.sort();
    Some(ended)
}
