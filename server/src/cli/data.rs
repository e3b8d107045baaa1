//! `agm data export|import`: agm's own data directory as one file. No server is asked, and none may use the directory.
use super::{
    client::passphrase,
    error::CliError,
    here,
    portable::PassphraseArg,
    show::document,
    whole_file::{self, NotWritten},
};
use clap::{Args, Subcommand};
use operations::{Archived, NotExported, export_data, import_data};
use serde::Serialize;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

#[derive(Subcommand)]
pub enum Command {
    /// Write all that agm keeps to a file that a passphrase opens: journal, history, backups, and the keys that seal them.
    /// Stop the server first.
    Export {
        file: PathBuf,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        of: DataDir,
        #[command(flatten)]
        passphrase: PassphraseArg,
    },
    /// Bring such a file into a data directory that is empty or not there.
    Import {
        file: PathBuf,
        #[command(flatten)]
        of: DataDir,
        #[command(flatten)]
        passphrase: PassphraseArg,
    },
}

/// Which data directory.
#[derive(Args)]
pub struct DataDir {
    /// The data directory [default: as the settings say, that of an installation, ./agm-data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Which directory went to which file, or came from it.
#[derive(Serialize)]
struct Moved<'a> {
    data_dir: &'a Path,
    file: &'a Path,
    #[serde(flatten)]
    archived: Archived,
}

/// Where the server of this machine keeps its state: as a command says, as the settings do, where an installation keeps it,
/// or in the folder at hand.
pub fn data_dir(said: Option<PathBuf>) -> Result<PathBuf, CliError> {
    said.map_or_else(|| here::data_dir_at_hand(Path::new("/")), Ok)
}

/// Runs the command.
pub fn run(json: bool, command: Command) -> Result<(), CliError> {
    let (file, dir, archived) = match command {
        Command::Export { file, force, of, passphrase: given } => {
            let (dir, passphrase) =
                (data_dir(of.data_dir)?, passphrase(given.passphrase_file.as_deref(), true)?);
            let export = |half: &mut File| {
                export_data(&dir, &passphrase, half).map_err(|why| match why {
                    NotExported::Failed(failure) => NotWritten::Failed(failure),
                    NotExported::Unwritten(error) => NotWritten::Io(error),
                })
            };
            let archived = whole_file::write(&file, force, export)?;
            (file, dir, archived)
        }
        Command::Import { file, of, passphrase: given } => {
            let opened = File::open(&file);
            let opened = opened.map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
            let passphrase = passphrase(given.passphrase_file.as_deref(), false)?;
            let dir = data_dir(of.data_dir)?;
            let archived = import_data(&dir, passphrase, opened)?;
            (file, dir, archived)
        }
    };
    let moved = Moved { data_dir: &dir, file: &file, archived };
    document(json, &moved, || {
        let Archived { files, bytes } = moved.archived;
        vec![format!("{}\t{}\t{files} files\t{bytes} bytes", dir.display(), file.display())]
    })
}

#[cfg(test)]
mod tests {
    use crate::packaging;

    #[test]
    fn what_this_program_puts_beside_the_state_does_not_leave_with_it() {
        for name in [crate::pid::NAME, packaging::MANIFEST, packaging::BEFORE] {
            assert!(operations::NO_STATE.contains(&name), "{name}");
        }
    }
}
