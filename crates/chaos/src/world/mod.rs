//! The simulated world: the sandbox's real console and store called in process, a gateway that decides by the console's
//! live configuration, and a disk in memory. What the process under test does to it goes through one [`Life`].
mod clock;
mod console;
mod controlled;
mod files;
mod gateway;
mod installation;
mod intent;
mod store;
mod trouble;

pub use console::{admin_call, admin_call_on, controller_call};
pub use controlled::{FIRST_MODEL, Kept, WORKER};
pub use gateway::decide_for;
pub use installation::Base;
pub use trouble::PLANNED;

use crate::{
    book::{Book, Moment},
    fault::Weather,
    life::Life,
    locked::locked,
    script::Script,
    theirs::Theirs,
    trace::Trace,
};
use axum::Router;
use console::Peer;
use disk::MemDisk;
use domain::{Operation, OperationState};
use operations::{Clock, Operations, Outside};
use sandbox::{
    console::Console,
    controller::Generation,
    s3::{Objects, Service},
};
use serde_json::Value;
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Whose models are changed.
pub const AGENTS: [&str; 6] = ["manager", "alice", "bob", "carol", "dave", "erin"];

/// Where the Manager's files lie.
pub const WORKSPACE: &str = "/manager";
/// Where the process under test keeps its own state.
pub const DATA: &str = "/data";
/// The host under which agents call the gateway.
const GATEWAY_HOST: &str = "aigw-local.hiclaw.io";

/// The world of one run.
pub struct World {
    pub console: Console,
    router: Router,
    pub objects: Arc<Objects>,
    store: Service,
    pub bucket: String,
    /// None: HiClaw is its files.
    controlled: Option<controlled::Controlled>,
    keys: sandbox::s3::Keys,
    disk: Mutex<MemDisk>,
    pub weather: Weather,
    pub script: Script,
    /// Of 1,000 calls of the disk so many fail.
    disk_rate: u32,
    pub book: Book,
    pub theirs: Theirs,
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
    /// A copy of the installation that goes its own way, with a controller of this generation, if one is named.
    pub async fn new(
        controller: Option<Generation>,
        base: &Base,
        weather: Weather,
        disk_rate: u32,
        trace: Trace,
    ) -> std::io::Result<Arc<Self>> {
        let mut world = Self::of_files(base, weather, disk_rate, trace)?;
        if let Some(generation) = controller {
            let controlled =
                controlled::Controlled::start(generation, &world.console, &world.objects).await?;
            world.bucket = generation.bucket();
            world.controlled = Some(controlled);
        }
        Ok(Arc::new(world))
    }

    fn of_files(base: &Base, weather: Weather, disk_rate: u32, trace: Trace) -> std::io::Result<Self> {
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
            bucket: still.bucket.to_owned(),
            controlled: None,
            keys: still.keys.clone(),
            disk: Mutex::new(disk),
            weather,
            script: Script::default(),
            disk_rate,
            book: Book::default(),
            theirs: Theirs::default(),
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
        Ok(world)
    }

    /// The ways out for one life of the process.
    pub fn outside(self: &Arc<Self>, life: &Life) -> Outside {
        self.script.another_life();
        let world = self.clone();
        Outside {
            wire: Some(Arc::new(console::Wired::new(Peer::Console, self.clone(), life.clone()))),
            controller: Some(Arc::new(console::Wired::new(Peer::Controller, self.clone(), life.clone()))),
            store_http: Some(store::client(self.clone(), life.clone())),
            http: Some(self.http.clone()),
            ask: Some(Arc::new(gateway::Asked::new(self.clone(), life.clone()))),
            disk: Arc::new(files::Files::new(self.clone(), life.clone(), self.disk())),
            clock: Clock::new(move || world.wall()),
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

    /// The next moment in the order of events.
    pub fn moment(&self) -> Moment {
        self.book.moment(self.trace.millis())
    }

    /// Waits until the last late request has arrived and the last one without an answer was given up.
    pub async fn arrived(&self) {
        while self.under_way.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// A request goes out; it is under way until the answer is dropped. One that gets no answer is trouble for as long as
    /// it is waited for.
    fn sets_out(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
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

    /// Whose models are changed.
    pub fn agents(&self) -> Vec<&'static str> {
        match self.kept() {
            [] => AGENTS.to_vec(),
            kept => kept.iter().map(|kept| kept.agent).collect(),
        }
    }

    /// A JSON object of the store; none when it is not there or no JSON.
    pub fn stored(&self, key: &str) -> Option<Value> {
        let object = self.objects.get(&self.bucket, key).ok()?;
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
