//! The simulated world: the sandbox's real console and store called in process, a gateway that decides by the console's
//! live configuration, and a disk in memory. What the process under test does to it goes through one [`Life`].
mod console;
mod files;
mod gateway;
mod store;

pub use console::{admin_call, admin_call_on};

use crate::{
    book::{Book, Invariant, Moment},
    fault::{Fault, Weather},
    life::Life,
    rival::{MARK, mark},
    script::{Script, Trouble},
    trace::Trace,
};
use axum::Router;
use disk::MemDisk;
use domain::{Operation, OperationId, OperationState};
use operations::{Clock, Config, ConsoleConfig, ManagerConfig, Operations, Outside, StoreConfig, Timing};
use sandbox::{
    Still,
    console::Console,
    s3::{Objects, Service},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use time::OffsetDateTime;
use tokio::time::Instant;

/// Whose models are changed.
pub const AGENTS: [&str; 6] = ["manager", "alice", "bob", "carol", "dave", "erin"];

/// Where the Manager's files lie.
pub const WORKSPACE: &str = "/manager";
/// Where the process under test keeps its own state.
pub const DATA: &str = "/data";
/// The host under which agents call the gateway.
const GATEWAY_HOST: &str = "aigw-local.hiclaw.io";
/// More calls of the disk and the clock than any process has to make without waiting for anything.
const CIRCLES: u32 = 5_000;
/// What a planned panic says.
pub const PLANNED: &str = "a planned panic";
/// More exchanges than any run needs.
const ENDLESS: u64 = 4_000;
/// Seconds since 1970 at which every run begins.
pub const BEGINS: u64 = 1_780_000_000;

/// What every run begins with.
pub struct Base {
    pub still: Still,
    http: reqwest::Client,
}

impl Base {
    /// Installs the demo.
    ///
    /// # Errors
    /// The sandbox cannot be installed, or no client can be made.
    pub async fn install() -> Result<Self, String> {
        let begins = i64::try_from(BEGINS).unwrap_or_default();
        let at = OffsetDateTime::from_unix_timestamp(begins).map_err(|error| error.to_string())?;
        let still = Still::install(at).await.map_err(|error| error.to_string())?;
        let http = higress::http_client(Duration::from_secs(5)).map_err(|error| error.to_string())?;
        Ok(Self { still, http })
    }
}

/// The world of one run.
pub struct World {
    pub console: Console,
    router: Router,
    pub objects: Arc<Objects>,
    store: Service,
    pub bucket: &'static str,
    keys: sandbox::s3::Keys,
    disk: Mutex<MemDisk>,
    pub weather: Weather,
    pub script: Script,
    /// Of 1,000 calls of the disk so many fail.
    disk_rate: u32,
    pub book: Book,
    pub trace: Trace,
    began: Instant,
    /// Never asked: the installation has no Manager to call. It is made once because that takes long.
    http: reqwest::Client,
    /// After how many writes, and how long after that, the process ends.
    fuse: Mutex<Option<(u64, Duration)>>,
    /// Requests that are still on their way.
    under_way: AtomicUsize,
    /// Of the process that serves.
    operations: Mutex<Option<Operations>>,
    /// How many calls there were in this millisecond.
    at_once: Mutex<(u64, u32)>,
    /// Agents that nobody served at the beginning.
    unserved: Vec<String>,
    /// Seconds that the wall clock jumped.
    jumped: Mutex<i64>,
}

impl World {
    /// A copy of the installation that goes its own way.
    pub fn new(base: &Base, weather: Weather, disk_rate: u32, trace: Trace) -> std::io::Result<Arc<Self>> {
        let still = &base.still;
        let disk = MemDisk::new();
        for (file, bytes) in &still.workspace {
            disk.put(&Path::new(WORKSPACE).join(file), bytes)?;
        }
        disk.put(&Path::new(DATA).join(".here"), b"")?;
        let (console, objects) = (still.console.fork(), Arc::new(still.objects.fork()));
        let mut world = Self {
            router: console.router(),
            console,
            store: Service::new(still.keys.clone(), objects.clone()),
            objects,
            bucket: still.bucket,
            keys: still.keys.clone(),
            disk: Mutex::new(disk),
            weather,
            script: Script::default(),
            disk_rate,
            book: Book::default(),
            trace,
            began: Instant::now(),
            http: base.http.clone(),
            fuse: Mutex::default(),
            under_way: AtomicUsize::new(0),
            operations: Mutex::default(),
            at_once: Mutex::default(),
            jumped: Mutex::new(0),
            unserved: Vec::new(),
        };
        world.unserved = world.unserved_now();
        Ok(Arc::new(world))
    }

    /// The ways out for one life of the process.
    pub fn outside(self: &Arc<Self>, life: &Life) -> Outside {
        self.script.another_life();
        let world = self.clone();
        Outside {
            wire: Some(Arc::new(console::Wired::new(self.clone(), life.clone()))),
            store_http: Some(store::client(self.clone(), life.clone())),
            http: Some(self.http.clone()),
            ask: Some(Arc::new(gateway::Asked::new(self.clone(), life.clone()))),
            disk: Arc::new(files::Files::new(self.clone(), life.clone(), self.disk())),
            clock: Clock::new(move || world.wall()),
        }
    }

    /// What the process under test is told about the installation.
    pub fn config(&self) -> Config {
        Config {
            console: ConsoleConfig {
                url: url("http://console.hiclaw.io:8001"),
                user: "admin".into(),
                password: "admin".into(),
            },
            gateway: url("http://gateway.hiclaw.io:8080"),
            gateway_host: Some(GATEWAY_HOST.into()),
            gateway_metrics: None,
            store: StoreConfig {
                endpoint: url("http://store.hiclaw.io:9000"),
                access_key: self.keys.access.clone(),
                secret_key: self.keys.secret.clone().into(),
                bucket: self.bucket.into(),
            },
            manager: ManagerConfig {
                config_path: Path::new(WORKSPACE).join("openclaw.json"),
                url: None,
                gateway_key: None,
            },
            containers: None,
            hiclaw_provider: Some("qwen".into()),
            allow_private_upstreams: false,
            upstream_map: Default::default(),
            data_dir: PathBuf::from(DATA),
            timing: Timing { cache: Duration::ZERO, ..Timing::default() },
        }
    }

    /// The disk as the present process has it.
    pub fn disk(&self) -> MemDisk {
        locked(&self.disk).clone()
    }

    /// The process ended: what was not synced may be lost.
    pub fn restart_disk(&self, loss: disk::Loss<'_>) {
        let mut disk = locked(&self.disk);
        *disk = disk.restart(loss);
    }

    /// A process that goes round in circles without waiting for anything lets no time pass, so nothing else would ever
    /// stop it.
    fn spins_not(&self) {
        let now = self.trace.millis();
        let mut at_once = locked(&self.at_once);
        *at_once = if at_once.0 == now { (now, at_once.1 + 1) } else { (now, 0) };
        if at_once.1 > CIRCLES {
            *at_once = (now, 0);
            drop(at_once);
            self.book.broken(Invariant::EndsInTime, "the process goes round in circles");
            panic!("the process goes round in circles");
        }
    }

    /// The wall clock, which may jump.
    fn wall(&self) -> SystemTime {
        self.spins_not();
        let now = UNIX_EPOCH + Duration::from_secs(BEGINS) + self.began.elapsed();
        let jumped = *locked(&self.jumped);
        let by = Duration::from_secs(jumped.unsigned_abs());
        if jumped < 0 { now - by } else { now + by }
    }

    /// Lets the wall clock jump.
    pub fn jump(&self, seconds: i64) {
        *locked(&self.jumped) += seconds;
    }

    /// What the next exchange suffers. A process that asks without end gets no answer any more.
    async fn suffers(
        &self,
        life: &Life,
        system: &str,
        passage: &str,
        object: Option<&str>,
        writes: bool,
    ) -> Option<Fault> {
        if self.weather.exchanges() > ENDLESS {
            self.book.broken(Invariant::EndsInTime, "the process asks without end");
            std::future::pending::<()>().await;
        }
        match self.script.pass(&format!("{system} {passage}")) {
            Some(Trouble::Exchange(fault)) => Some(fault),
            Some(Trouble::CrashAfter) => Some(Fault::Unheard),
            Some(Trouble::CrashBefore) => {
                life.end();
                std::future::pending().await
            }
            Some(Trouble::Edit) => {
                if let Some(object) = object {
                    mark(self, object, &format!("{MARK}in-between.")).await;
                }
                None
            }
            Some(trouble) => {
                self.befalls(trouble);
                None
            }
            None => self.weather.next(system, writes),
        }
    }

    /// Trouble of the process itself.
    fn befalls(&self, trouble: Trouble) {
        self.trace.note(format_args!("{trouble:?}"));
        match trouble {
            Trouble::Panic => panic!("{PLANNED}"),
            Trouble::Jump(seconds) => self.jump(seconds),
            Trouble::Leave => self.script.leave.notify_one(),
            Trouble::Terminate => self.script.terminate.notify_one(),
            _ => {}
        }
    }

    /// The next moment in the order of events.
    pub fn moment(&self) -> Moment {
        self.book.moment(self.trace.millis())
    }

    /// An object of ours is about to be written outside: a durable journal must say so.
    fn writes_outside(&self, life: &Life, object: &str) {
        self.one_at_a_time();
        self.burn(life);
        if !self.is_intended(object) {
            self.book
                .broken(Invariant::IntentFirst, format!("{object} was written without a durable intent"));
        }
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        self.weather.calm();
        *locked(&self.fuse) = None;
    }

    /// Waits until the last late request has arrived.
    pub async fn arrived(&self) {
        while self.under_way.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// A request goes out; it is under way until the answer is dropped.
    fn sets_out(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
    }

    /// Ends the process so long after it begins its `nth` write from now on.
    pub fn arm(&self, nth: u64, after: Duration) {
        *locked(&self.fuse) = Some((nth, after));
    }

    fn burn(&self, life: &Life) {
        let mut fuse = locked(&self.fuse);
        let Some((left, after)) = *fuse else { return };
        if left > 1 {
            *fuse = Some((left - 1, after));
            return;
        }
        *fuse = None;
        self.weather.count("process Kill in an operation".into());
        let life = life.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            life.end();
        });
    }

    /// No two operations change one agent at the same time.
    fn one_at_a_time(&self) {
        let mut busy: BTreeMap<String, OperationId> = BTreeMap::new();
        for operation in self.operations_now() {
            let writes = matches!(
                operation.state,
                OperationState::Applying | OperationState::Verifying | OperationState::Compensating
            );
            for target in operation.targets.iter().filter(|_| writes) {
                if let Some(other) = busy.insert(target.clone(), operation.id.clone()) {
                    let what = format!("{other} and {} both change {target}", operation.id);
                    self.book.broken(Invariant::OneAtATime, what);
                }
            }
        }
    }

    /// What the process that serves knows.
    pub fn operations_now(&self) -> Vec<Arc<Operation>> {
        let operations = locked(&self.operations).clone();
        operations.iter().flat_map(Operations::operations).collect()
    }

    /// The agents whose operation is just taken back.
    fn undone(&self) -> Vec<String> {
        let all = self.operations_now().into_iter();
        let undone = all.filter(|operation| operation.state == OperationState::Compensating);
        undone.flat_map(|operation| operation.targets.clone()).collect()
    }

    /// The process serves with these, or does not serve.
    pub fn served_by(&self, operations: Option<Operations>) {
        *locked(&self.operations) = operations;
    }

    fn is_intended(&self, object: &str) -> bool {
        let disk = self.disk();
        let folder = Path::new(DATA).join("journal");
        let records = disk.durable_names(&folder).into_iter();
        let mut records = records.filter_map(|name| disk.durable(&folder.join(name)));
        records.any(|record| header(&record).is_some_and(|header| lists(&header, object)))
    }

    /// A JSON object of the store; none when it is not there or no JSON.
    pub fn stored(&self, key: &str) -> Option<Value> {
        let object = self.objects.get(self.bucket, key).ok()?;
        serde_json::from_slice(&object.body).ok()
    }

    /// A JSON file of the Manager.
    pub fn manager_file(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(&self.disk().get(&Path::new(WORKSPACE).join(name))?).ok()
    }
}

/// A request that has not arrived for the last time.
struct UnderWay(Arc<World>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The second line of a record of the journal.
fn header(record: &[u8]) -> Option<Value> {
    let line = record.split(|byte| *byte == b'\n').nth(1)?;
    serde_json::from_slice(line).ok()
}

fn lists(header: &Value, object: &str) -> bool {
    let objects = header["objects"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // Of the registry each worker's note is an object of its own.
    let mut names = objects.map(|name| name.split('#').next().unwrap_or(name));
    names.any(|name| name == object)
}

#[expect(clippy::expect_used, reason = "constants of this module")]
fn url(text: &str) -> url::Url {
    text.parse().expect("a URL")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
