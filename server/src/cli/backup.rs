//! `agm backup …`: the server's own backups.
use super::{
    Call,
    error::CliError,
    portable::{self, PassphraseArg},
    restore::Restore,
    sealed,
    show::{document, print},
};
use crate::http::{BackupLabel, YAML};
use clap::Subcommand;
use domain::{BackedUp, Backup, BackupContent, BackupId, BackupName, Backups};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// Take a backup now; one is taken before every change anyway.
    Create {
        #[arg(long)]
        name: Option<BackupName>,
    },
    /// All backups, newest first.
    List,
    /// Write a backup down as a declarative file. Its keys stay sealed.
    Show { backup: BackupId },
    /// Open a backup, or all of them, and tell what is in it. Exit code 1: one does not open.
    Verify { backup: Option<BackupId> },
    /// Write a backup, keys included, to a file that opens with a passphrase, here and elsewhere.
    Export {
        backup: BackupId,
        /// The file. Only you may read it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Write over what is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        passphrase: PassphraseArg,
    },
    /// Keep a file as a backup: an exported one, one that left the server sealed, or a declarative file.
    Import {
        /// `-` for standard input.
        file: PathBuf,
        #[arg(long)]
        name: Option<BackupName>,
        #[command(flatten)]
        passphrase: PassphraseArg,
    },
    /// Make another key to seal with. What was sealed before still opens.
    RotateKey,
    /// Seal all backups with the newest key.
    Reseal,
    /// Go back to a backup: its plan is shown, and applied after a yes.
    Restore(Box<Restore>),
}

/// Runs the command.
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    match command {
        Command::Create { name } => told(call, &call.client.post(&["backups"], &BackupLabel { name }).await?),
        Command::List => {
            let all: Backups = call.client.get(&["backups"]).await?;
            document(call.json, &all, || lines(&all))
        }
        Command::Show { backup } if call.json => {
            let content: BackupContent = call.client.get(&["backups", backup.as_str()]).await?;
            document(true, &content, Vec::new)
        }
        Command::Show { backup } => {
            print(call.client.text(&["backups", backup.as_str(), "file"], YAML).await?.trim_end())
        }
        Command::Verify { backup } => sealed::verify(call, backup).await,
        Command::Export { backup, out, force, passphrase } => {
            portable::export(call, backup, out, force, &passphrase).await
        }
        Command::Import { file, name, passphrase } => {
            told(call, &portable::import(call, &file, name, &passphrase).await?)
        }
        Command::RotateKey => sealed::rotate(call).await,
        Command::Reseal => sealed::reseal(call).await,
        Command::Restore(args) => args.run(call).await,
    }
}

fn told(call: &Call, done: &BackedUp) -> Result<(), CliError> {
    document(call.json, done, || {
        let same = (!done.new).then(|| "nothing has changed since this one".to_owned());
        std::iter::once(line(&done.backup)).chain(same).collect()
    })
}

fn lines(all: &Backups) -> Vec<String> {
    let missed = all
        .missed
        .iter()
        .map(|one| format!("! {}\tnone {} by {}: {}", one.at, one.reason, one.actor, one.message));
    let damaged = all.damaged.iter().map(|one| format!("! {}\tdamaged: {}", one.file, one.message));
    all.backups.iter().map(line).chain(missed).chain(damaged).collect()
}

/// `01JD…  2026-01-15T10:30:00Z  before set_model worker:alice  admin  3 providers, 4 routes, 6 agents  pinned  "name"`
fn line(backup: &Backup) -> String {
    let Backup { id, taken_at, actor, reason, name, pinned, providers, routes, agents, .. } = backup;
    let mut line = format!(
        "{id}\t{taken_at}\t{reason}\t{actor}\t{providers} providers, {routes} routes, {agents} agents"
    );
    if *pinned {
        line.push_str("\tpinned");
    }
    if let Some(name) = name {
        line.push_str(&format!("\t{name:?}", name = name.as_str()));
    }
    line
}
