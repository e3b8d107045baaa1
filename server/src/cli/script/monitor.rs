//! `monitor-server.sh`
use super::{Refusal, keeper::Keeper, log};
use crate::{
    cli::{
        Call,
        here::{data_dir, told_beside},
    },
    packaging::Kind,
    pid::Running,
};
use std::{
    fs,
    io::{Read, Seek},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

const USAGE: &str = "monitor-server.sh {start|stop|restart|status}";

/// The log in the data directory, whoever starts the server.
const LOG: &str = "log/agm.log";

/// How long a start may take. It waits for nobody else but may have operations to take up.
const START: Duration = Duration::from_secs(30);
/// How long an end may take: longer than the server waits for what is under way.
const STOP: Duration = Duration::from_secs(45);
/// How often it is looked whether it is so far.
const LOOK: Duration = Duration::from_millis(50);

/// Sees to it that the server of this data directory runs, in the hands of what starts it by these files where that can be
/// asked, and that it answers; one that runs is started again where systemd's unit of it is new. Says what it did.
pub async fn bring_up(
    call: &Call,
    root: &Path,
    data: &Path,
    kind: Kind,
    unit_is_new: bool,
) -> Result<Vec<String>, Refusal> {
    let mut said = Vec::new();
    let keeper = Keeper::of(kind, root);
    if let Some(keeper) = keeper {
        // Of two servers of one data directory the second does not start.
        let by_hand = Running::of(data).filter(|pid| !keeper.runs(*pid));
        if let Some(pid) = by_hand {
            said.push(end(pid, None).await?);
        }
        if let Err(Refusal(mut lines)) = keeper.reread() {
            if by_hand.is_some() {
                match start_own(call, root, data).await {
                    Ok(pid) => lines.push(format!("Monitor server started again by hand (PID: {pid})")),
                    Err(Refusal(more)) => lines.extend(more),
                }
            }
            return Err(Refusal(lines));
        }
    }
    match (Running::of(data), keeper) {
        // supervisord starts it again by itself.
        (Some(pid), Some(keeper)) if pid.is_another_program() || unit_is_new && keeper == Keeper::Systemd => {
            keeper.ask("restart")?;
            let now = until_it_answers(call, data, Awaited::Kept).await?;
            said.push(format!("Monitor server restarted with this program (PID: {now})"));
        }
        (Some(_), Some(_)) => {
            until_it_answers(call, data, Awaited::Kept).await?;
        }
        (Some(pid), None) => {
            until_it_answers(call, data, Awaited::Found(pid)).await?;
            if pid.is_another_program() {
                said.push(format!(
                    "WARNING: the server (PID: {pid}) runs another program than this one: `agm script monitor-server restart`"
                ));
            }
        }
        (None, _) => said.push(start(call, root, data).await?),
    }
    Ok(said)
}

/// Starts, stops or looks at the server of the data directory: through what else has it in its hands, where there is
/// something, so that the two do not work against each other.
pub async fn run(call: &Call, args: Vec<String>) -> Result<(), Refusal> {
    let words: Vec<_> = args.iter().map(String::as_str).collect();
    let root = Path::new("/");
    let data = data_dir(root)?;
    match words.as_slice() {
        [] | ["start"] => Ok(log(&start(call, root, &data).await?)?),
        ["stop"] => Ok(log(&stop(root, &data).await?)?),
        ["restart"] => {
            log(&stop(root, &data).await?)?;
            Ok(log(&start(call, root, &data).await?)?)
        }
        ["status"] => status(call, &data).await,
        _ => Err(Refusal::usage(USAGE)),
    }
}

async fn start(call: &Call, root: &Path, data: &Path) -> Result<String, Refusal> {
    if let Some(pid) = Running::of(data) {
        return Ok(format!("Monitor server already running (PID: {pid})"));
    }
    let pid = match Keeper::found(root) {
        Some(keeper) => {
            keeper.ask("start")?;
            until_it_answers(call, data, Awaited::Kept).await?
        }
        None => start_own(call, root, data).await?,
    };
    Ok(format!("Monitor server started (PID: {pid})"))
}

async fn start_own(call: &Call, root: &Path, data: &Path) -> Result<Running, Refusal> {
    until_it_answers(call, data, Awaited::Own(Process::start(root, data)?)).await
}

/// The server whose answer is waited for.
enum Awaited {
    /// One that a keeper starts, and starts again.
    Kept,
    /// One that was running, and that nobody starts again.
    Found(Running),
    Own(Process),
}

impl Awaited {
    /// Fails where it never will answer.
    fn lives(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Found(pid) if !pid.is_server() => {
                Err(Refusal::line(format!("ERROR: the server ended meanwhile (PID: {pid}); start it again")))
            }
            Self::Own(process) => process.lives(),
            Self::Kept | Self::Found(_) => Ok(()),
        }
    }
}

/// Waits until the server of the data directory answers.
async fn until_it_answers(call: &Call, data: &Path, mut awaited: Awaited) -> Result<Running, Refusal> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if let Some(pid) = Running::of(data)
            && call.client.answers().await
        {
            return Ok(pid);
        }
        awaited.lives()?;
        sleep(LOOK).await;
    }
    let (url, log) = (call.client.url(), data.join(LOG));
    let sentence = format!("ERROR: the server did not answer at {url} in {} s", START.as_secs());
    Err(Refusal(vec![sentence, format!("Its log: {}", log.display())]))
}

/// Stops the server, and says what came of it.
pub async fn stop(root: &Path, data: &Path) -> Result<String, Refusal> {
    match Running::of(data) {
        // One that was started by hand is none of the keeper's.
        Some(pid) => end(pid, Keeper::found(root).filter(|keeper| keeper.runs(pid))).await,
        None => Ok("Monitor server not running".into()),
    }
}

async fn end(pid: Running, keeper: Option<Keeper>) -> Result<String, Refusal> {
    match keeper {
        Some(keeper) => keeper.ask("stop")?,
        None => pid.terminate().map_err(|error| Refusal::line(format!("ERROR: process {pid}: {error}")))?,
    }
    let deadline = Instant::now() + STOP;
    while pid.is_server() {
        if Instant::now() > deadline {
            let seconds = STOP.as_secs();
            return Err(Refusal::line(format!(
                "ERROR: the server has not ended in {seconds} s (PID: {pid})"
            )));
        }
        sleep(LOOK).await;
    }
    Ok(format!("Monitor server stopped (PID: {pid})"))
}

async fn status(call: &Call, data: &Path) -> Result<(), Refusal> {
    let answers = call.client.answers().await;
    match Running::of(data) {
        Some(pid) if answers => Ok(log(&format!("Monitor server running (PID: {pid})"))?),
        Some(pid) => {
            log(&format!("Monitor server running (PID: {pid})"))?;
            log(&format!("ERROR: it does not answer at {}", call.client.url()))?;
            Err(Refusal::said())
        }
        None => {
            log("Monitor server not running")?;
            if answers {
                let url = call.client.url();
                log(&format!("WARNING: at {url} answers a server that does not use {}", data.display()))?;
            }
            Err(Refusal::said())
        }
    }
}

/// A server that was started from here, until it answers.
struct Process {
    child: Child,
    /// What it says before it has a log.
    said: fs::File,
}

impl Process {
    /// Tells it what a keeper would tell it.
    fn start(root: &Path, data: &Path) -> Result<Self, Refusal> {
        let failed =
            |error: std::io::Error| Refusal::line(format!("ERROR: the server cannot be started: {error}"));
        let said = tempfile::tempfile().map_err(failed)?;
        let child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["serve", "--data-dir"])
            .arg(data)
            .arg("--log-file")
            .arg(data.join(LOG))
            .envs(told_beside(root)?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said.try_clone().map_err(failed)?)
            // Whoever interrupts what runs in the terminal does not mean the server.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Self { child, said })
    }

    fn lives(&mut self) -> Result<(), Refusal> {
        let Ok(Some(status)) = self.child.try_wait() else { return Ok(()) };
        let mut said = String::new();
        // What cannot be read is not told.
        drop(self.said.rewind().and_then(|()| self.said.read_to_string(&mut said)));
        let mut lines = vec![format!("ERROR: the server ended at once ({status})")];
        lines.extend(said.lines().map(str::to_owned));
        Err(Refusal(lines))
    }
}
