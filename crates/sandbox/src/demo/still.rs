//! The demo without any server: what a simulation begins with.
use super::{install_console, install_store, install_workspace, store_secret};
use crate::{
    SandboxError,
    agents::Workspace,
    console::{Console, ConsoleOptions},
    s3::{Keys, Objects},
    world::{BUCKET, STORE_USER, io},
};
use std::{collections::BTreeMap, fs};
use time::OffsetDateTime;

/// The demo's console, bucket and Manager files, as they are before anything happens.
pub struct Still {
    pub console: Console,
    pub objects: Objects,
    pub bucket: &'static str,
    /// The store's one account.
    pub keys: Keys,
    /// The Manager's workspace by file name.
    pub workspace: BTreeMap<String, Vec<u8>>,
}

impl Still {
    /// Installs the demo. Everything in it that tells a time tells `at`, but for records of switches that were made before.
    pub async fn install(at: OffsetDateTime) -> Result<Self, SandboxError> {
        let console = Console::new(ConsoleOptions::default());
        install_console(&console.router()).await?;
        let objects = Objects::open(None).map_err(io("the bucket"))?;
        install_store(&objects, BUCKET, at).map_err(|error| SandboxError::state("the bucket", error))?;
        let folder = tempfile::tempdir().map_err(io("a temporary directory"))?;
        let workspace = Workspace::open(folder.path().to_owned()).map_err(io("the Manager's workspace"))?;
        install_workspace(&workspace, at).map_err(io("the Manager's workspace"))?;
        let workspace = files(&workspace).map_err(io("the Manager's workspace"))?;
        let keys = Keys { access: STORE_USER.into(), secret: store_secret() };
        Ok(Self { console, objects, bucket: BUCKET, keys, workspace })
    }
}

fn files(workspace: &Workspace) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(workspace.folder())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}
