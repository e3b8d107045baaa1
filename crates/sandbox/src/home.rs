//! Where a sandbox keeps its state, so that it survives a restart.
use crate::{
    console::Console,
    controller::{Generation, Kept},
    files,
    world::{SandboxError, io},
};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// A directory given by the user, or a temporary one.
pub(crate) struct Home {
    root: PathBuf,
    /// Removed with everything in it when dropped.
    temporary: Option<TempDir>,
    /// Held so that no second sandbox writes here.
    _lock: Option<File>,
}

impl Home {
    /// Makes the directory where it is missing. Fails while another sandbox uses it.
    pub fn open(dir: Option<PathBuf>) -> Result<Self, SandboxError> {
        let Some(root) = dir else {
            let temporary = tempfile::Builder::new().prefix("agm-sandbox-").tempdir();
            let temporary = temporary.map_err(io("a temporary directory"))?;
            return Ok(Self { root: temporary.path().to_owned(), temporary: Some(temporary), _lock: None });
        };
        fs::create_dir_all(&root).map_err(io("the sandbox directory"))?;
        let root = root.canonicalize().map_err(io("the sandbox directory"))?;
        let lock = File::create(root.join("lock")).map_err(io("the sandbox directory"))?;
        lock.try_lock().map_err(|error| io("the sandbox directory")(error.into()))?;
        Ok(Self { root, temporary: None, _lock: Some(lock) })
    }

    /// Exists once a sandbox has run here.
    pub fn console(&self) -> PathBuf {
        self.root.join("console.json")
    }

    /// None: the bucket need not outlive this run.
    pub fn bucket(&self) -> Option<PathBuf> {
        self.temporary.is_none().then(|| self.root.join("bucket.json"))
    }

    pub fn containers(&self) -> PathBuf {
        self.root.join("containers.json")
    }

    /// The controller's token of the admin.
    pub fn token(&self) -> PathBuf {
        self.root.join("cli-token")
    }

    /// What the installer of HiClaw v1.0 makes the Manager's container from.
    pub fn env_file(&self) -> PathBuf {
        self.root.join("hiclaw-manager.env")
    }

    /// Exists where a controller has run.
    pub fn controller(&self) -> PathBuf {
        self.root.join("controller.json")
    }

    /// What the controller of this generation kept here; none: it has none. Fails when another generation ran here.
    pub fn controller_kept(&self, generation: Generation) -> Result<Option<Kept>, SandboxError> {
        let what = "the controller's state";
        let kept = files::read_json(&self.controller()).map_err(io(what))?;
        let kept: Option<Kept> =
            kept.map(serde_json::from_value).transpose().map_err(|error| SandboxError::state(what, error))?;
        match (&kept, generation.controller()) {
            (Some(kept), Some(version)) if kept.version == version => {}
            (None, None) => {}
            (Some(kept), _) => {
                return Err(SandboxError::state(what, format!("it is of {}", kept.version)));
            }
            (None, Some(_)) => {
                return Err(SandboxError::state(what, "another generation ran here, without one"));
            }
        }
        Ok(kept)
    }

    pub fn workspace(&self) -> PathBuf {
        self.root.join("manager-workspace")
    }

    /// Gives the console the state that an earlier run saved.
    pub fn restore(&self, console: &Console) -> Result<(), SandboxError> {
        let saved = files::read_json(&self.console()).map_err(io("the console's state"))?;
        let saved = saved.ok_or_else(|| SandboxError::state("the console's state", "the file is gone"))?;
        console.import(saved).map_err(|error| SandboxError::state("the console's state", error))
    }
}

/// Writes the state of something after each of its changes.
pub(crate) struct Saving {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Saving {
    /// Saves once, so that a disk that cannot be written is noticed at the start.
    pub fn start<E>(changed: watch::Receiver<u64>, file: PathBuf, export: E) -> Result<Self, SandboxError>
    where
        E: Fn() -> Value + Send + 'static,
    {
        files::write_json(&file, &export()).map_err(io("the state"))?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(keep(export, file, changed, stop.clone()));
        Ok(Self { stop, task: AbortOnDropHandle::new(task) })
    }

    /// Writes what is not yet on disk, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the sandbox's saving had failed");
        }
    }
}

async fn keep(
    export: impl Fn() -> Value,
    file: PathBuf,
    mut changed: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    loop {
        let last = tokio::select! {
            alive = changed.changed() => alive.is_err(),
            () = stop.cancelled() => true,
        };
        if let Err(error) = files::write_json(&file, &export()) {
            tracing::error!(%error, file = %file.display(), "the sandbox could not save its state");
        }
        if last {
            return;
        }
    }
}
