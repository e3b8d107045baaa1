//! How the Manager takes up its config: a watch on the folder, and a pause until the file is quiet, as OpenClaw does.
use super::{ReadConfig, agent::Agent};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Watches until dropped.
pub struct ConfigWatch {
    _events: RecommendedWatcher,
    _task: AbortOnDropHandle<()>,
}

impl ConfigWatch {
    /// Takes up what is there, and every later version once the file was quiet for `debounce`.
    pub fn start(
        config: PathBuf,
        agent: Arc<Agent>,
        read: ReadConfig,
        debounce: Duration,
    ) -> io::Result<Self> {
        let folder = config
            .parent()
            .map(Path::to_owned)
            .ok_or_else(|| io::Error::other("the config has no folder"))?;
        let (changed, events) = mpsc::unbounded_channel();
        let name = config.file_name().map(ToOwned::to_owned);
        let report = move |event: notify::Result<notify::Event>| match event {
            Ok(event)
                if !event.kind.is_access()
                    && event.paths.iter().any(|path| path.file_name() == name.as_deref()) =>
            {
                // Nobody listens any more once the agent is gone.
                changed.send(()).unwrap_or_default();
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the sandbox's Manager lost its file watch"),
        };
        let mut watcher = notify::recommended_watcher(report).map_err(io::Error::other)?;
        watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        load(&config, &agent, read);
        let task = tokio::spawn(follow(config, agent, read, debounce, events));
        Ok(Self { _events: watcher, _task: AbortOnDropHandle::new(task) })
    }
}

async fn follow(
    config: PathBuf,
    agent: Arc<Agent>,
    read: ReadConfig,
    debounce: Duration,
    mut events: mpsc::UnboundedReceiver<()>,
) {
    while events.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(debounce, events.recv()).await {}
        load(&config, &agent, read);
    }
}

/// A missing file changes nothing: the process keeps what it has.
fn load(config: &Path, agent: &Agent, read: ReadConfig) {
    match fs::read(config) {
        Ok(bytes) => agent.take_up(read(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => agent.take_up(Err(error.to_string())),
    }
}
