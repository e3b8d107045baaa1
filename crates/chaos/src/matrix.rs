//! The fault matrix: every fault at every passage. What a change passes on its way is learnt from a run without trouble;
//! then each passage is troubled in each way that fits it, in every change that comes by it, and at the end of each run
//! every promise is checked.
//!
//! A cell is a passage and a trouble. A cell that no run reaches is a hole in the matrix.
mod cells;
mod scenario;

pub use cells::{Cell, Course, courses, plan};
pub use scenario::Scenario;

use crate::{
    admin::{Admin, Told},
    book::Broken,
    campaign::Unheld,
    check::{self, Final},
    fault::Weather,
    process::{Alive, Process},
    run::{CALM, oldest_first, restarts_quietly},
    script::Strike,
    share_out::share_out,
    trace::Trace,
    world::{Base, World},
};
use domain::{Context, Door, Mutation, Operation};
use fastrand::Rng;
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// No change takes longer before anything strikes.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// How long a stop waits for what runs.
const DRAIN: Duration = Duration::from_secs(30);

/// What a run shall suffer.
#[derive(Clone, Debug)]
pub struct Trial {
    pub scenario: Scenario,
    pub strikes: Vec<Strike>,
    pub seed: u64,
    /// Keep the lines of the run.
    pub trace: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Tried {
    /// All strikes struck.
    pub reached: bool,
    pub broken: Vec<Broken>,
    /// The state of the change in the end; none: it was not begun.
    pub end: Option<String>,
    /// What was passed in the last life.
    pub passed: BTreeMap<String, u32>,
    pub lines: Vec<String>,
}

/// All runs of a cell.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub runs: usize,
    pub reached: usize,
    /// The first run that broke a promise.
    pub broken: Option<(Trial, Tried)>,
    /// How often the change ended how.
    pub ends: BTreeMap<String, usize>,
}

/// Runs a trial to its end.
///
/// # Errors
/// The runtime or the world cannot be built.
pub fn attempt(trial: &Trial, base: &Base) -> Result<Tried, Unheld> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    fastrand::seed(trial.seed);
    let tried = runtime.block_on(course(trial, base));
    drop(runtime);
    Ok(tried?)
}

async fn course(trial: &Trial, base: &Base) -> std::io::Result<Tried> {
    let mut chance = Rng::with_seed(trial.seed);
    let controller = trial.scenario.controller();
    let calm = Weather::new(chance.fork(), 0, None);
    let world = World::new(controller, base, calm, 0, Trace::begin(trial.trace)).await?;
    let calm = Weather::new(chance.fork(), 0, None);
    let first = World::new(controller, base, calm, 0, Trace::begin(false)).await?;
    world.weather.calm();
    let told = Arc::new(Told::default());
    let process = Process::new(world.clone());
    let mut everything = JoinSet::new();
    if trial.scenario == Scenario::FirstStart {
        world.script.arm(trial.strikes.iter().cloned());
    }
    everything.spawn(process.clone().keep_alive());
    let admin = Admin {
        name: "admin".into(),
        process: process.clone(),
        world: world.clone(),
        told: told.clone(),
        chance: chance.fork(),
        wishes: 0,
        impatience: 0,
        single_minded: false,
    };
    let mutation = trial.scenario.prepare(&admin).await;
    let known = process.alive().await.operations.operations().len();
    if trial.scenario != Scenario::FirstStart {
        world.script.arm(trial.strikes.iter().cloned());
    }
    world.trace.note(format_args!("the script begins"));
    begin_trial(trial, admin, mutation).await;
    quiet(&world, &process).await;
    let alive = process.alive().await;
    let (reached, passed) = (world.script.struck() == trial.strikes.len(), world.script.passed());
    world.script.arm([]);
    let operations = oldest_first(&alive.operations.operations());
    let last =
        Final { world: &world, first: &first, told: &told, operations: &operations, base, seed: trial.seed };
    check::check(&last).await;
    restarts_quietly(&world, &process, &operations).await;
    everything.abort_all();
    Ok(Tried {
        reached,
        broken: world.book.all_broken(),
        end: operations.get(known).map(|operation| format!("{:?}", operation.state)),
        passed,
        lines: world.trace.lines(),
    })
}

/// Waits for the time to settle after the last strike: it may hit what a watch writes, or a crash what was to go on.
async fn quiet(world: &World, process: &Process) {
    loop {
        let struck = world.script.struck();
        process.alive().await;
        world.arrived().await;
        sleep(CALM).await;
        if world.script.struck() == struck {
            return;
        }
    }
}

/// Asks for the change. The one who asks may go away, and the process may be told to stop.
async fn begin_trial(trial: &Trial, mut admin: Admin, mutation: Mutation) {
    let (process, world) = (admin.process.clone(), admin.world.clone());
    let alive = process.alive().await;
    if trial.starts_again() {
        alive.life.end();
    }
    let alive = match timeout(PATIENCE, process.alive()).await {
        Ok(alive) => alive,
        Err(_) => return,
    };
    let (operations, life) = (alive.operations.clone(), alive.life.clone());
    tokio::select! {
        biased;
        () = world.script.leave.notified() => {}
        () = world.script.terminate.notified() => {
            operations.drain(DRAIN).await;
            life.end();
        }
        () = asks(trial.scenario, &mut admin, alive, mutation) => {}
    }
}

async fn asks(scenario: Scenario, admin: &mut Admin, alive: Alive, mutation: Mutation) {
    admin.ask(alive, mutation).await;
    if let Some(next) = scenario.then() {
        // Of two that end and begin in the same second either may count as the later one.
        sleep(Duration::from_secs(2)).await;
        let alive = admin.process.alive().await;
        admin.ask(alive, next).await;
    }
}

impl Trial {
    /// Whether it strikes at a start: then the process is started once more.
    fn starts_again(&self) -> bool {
        self.scenario == Scenario::Start
    }
}

/// Runs all trials of all cells, on several threads.
///
/// # Errors
/// The world cannot be built, or a run panicked.
pub fn hold(
    cells: &BTreeMap<Cell, Vec<Trial>>,
    jobs: usize,
    base: &Base,
) -> Result<BTreeMap<Cell, Verdict>, Unheld> {
    let mut verdicts: BTreeMap<Cell, Verdict> = BTreeMap::new();
    let trials = cells.iter().flat_map(|(cell, trials)| trials.iter().map(move |trial| (cell, trial)));
    let take = |(cell, trial, tried): (&Cell, &Trial, Tried)| {
        verdicts.entry(cell.clone()).or_default().add(trial, tried);
        ControlFlow::Continue(())
    };
    share_out(trials, jobs, |(cell, trial)| Ok((cell, trial, attempt(trial, base)?)), take)?;
    Ok(verdicts)
}

impl Verdict {
    fn add(&mut self, trial: &Trial, tried: Tried) {
        self.runs += 1;
        self.reached += usize::from(tried.reached);
        *self.ends.entry(tried.end.clone().unwrap_or_else(|| "not begun".into())).or_default() += 1;
        if !tried.broken.is_empty() && self.broken.is_none() {
            self.broken = Some((trial.clone(), tried));
        }
    }
}

/// The context of the one who asks.
fn context() -> Context {
    Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None, bulk: None }
}

/// An operation that nothing disturbs, to its settling.
async fn undisturbed(admin: &Admin, mutation: Mutation) -> Option<Arc<Operation>> {
    let alive = admin.process.alive().await;
    let running = alive.operations.submit(mutation, context()).await.ok()?;
    let mut watch = running.watch();
    let settled = watch.wait_for(|operation| operation.settled.is_some()).await.ok()?;
    Some(settled.clone())
}

#[cfg(test)]
mod tests;
