//! One run of the campaign: a world, people, a rival, faults and crashes, all by one seed.
use crate::{
    admin::{Admin, Told},
    book::{Broken, Invariant},
    check::{self, Final},
    fault::{Fault, Seen, Weather},
    process::Process,
    rival::rival,
    trace::Trace,
    world::{Base, World},
};
use domain::{Operation, OperationState};
use fastrand::Rng;
use planted::Bug;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// After this time of trouble the faults stop, whether or not all wishes were asked for.
const TROUBLE: Duration = Duration::from_secs(900);
/// How long an operation may be under way when nothing fails any more.
const SLOWEST: Duration = Duration::from_secs(180);
/// How long everything may take to settle after the last operation: until the workers have pulled, or a controller has had
/// its pass over every agent, and 30 s.
pub(crate) const CALM: Duration = Duration::from_secs(390);

/// How to run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A bug that is planted for this run.
    pub bug: Option<Bug>,
    /// Keep the lines of the course.
    pub trace: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub seed: u64,
    /// Of the course: two runs of one seed have one.
    pub hash: String,
    pub seen: Seen,
    /// How many operations ended how, and what people were told instead of an end.
    pub ends: BTreeMap<String, u64>,
    pub told: BTreeMap<String, u64>,
    pub broken: Vec<Broken>,
    /// Overwrites that the console gives nobody the means to avoid.
    pub races: u64,
    pub lines: Vec<String>,
}

/// What a seed makes of a run.
struct Profile {
    admins: usize,
    wishes: usize,
    impatience: u32,
    single_minded: bool,
    /// Faults in 1,000 exchanges, and in 1,000 calls of the disk.
    faults: u32,
    /// The one way in which writes fail.
    only: Option<Fault>,
    disk_faults: u32,
    edits: usize,
    crashes: usize,
    /// Seconds that the clock jumps.
    jump: Option<i64>,
}

impl Profile {
    fn of(chance: &mut Rng) -> Self {
        let one_of = |chance: &mut Rng, from: &[u32]| from[chance.usize(..from.len())];
        Self {
            admins: chance.usize(1..=4),
            wishes: chance.usize(1..=3),
            impatience: one_of(chance, &[0, 0, 30, 80]),
            single_minded: chance.u32(0..8) == 0,
            faults: one_of(chance, &[0, 4, 8, 16, 40]),
            only: chance.bool().then(|| Fault::WRITES[chance.usize(..Fault::WRITES.len())]),
            disk_faults: one_of(chance, &[0, 0, 0, 1, 4]),
            edits: [0, 0, 4, 8][chance.usize(..4)],
            crashes: [0, 0, 1, 2, 3][chance.usize(..5)],
            jump: (chance.u32(0..10) == 0).then(|| [-3_600, 3_600, 315_360_000][chance.usize(..3)]),
        }
    }
}

/// Runs a seed to its end.
///
/// # Errors
/// The runtime or the world cannot be built.
pub fn run(seed: u64, options: Options, base: &Base) -> std::io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    fastrand::seed(seed);
    planted::plant(options.bug);
    let outcome = runtime.block_on(course(seed, options, base));
    drop(runtime);
    planted::plant(None);
    outcome
}

async fn course(seed: u64, options: Options, base: &Base) -> std::io::Result<Outcome> {
    let mut chance = Rng::with_seed(seed);
    let profile = Profile::of(&mut chance);
    let weather = Weather::new(chance.fork(), profile.faults, profile.only);
    let trace = Trace::begin(options.trace);
    let world = World::new(None, base, weather, profile.disk_faults, trace).await?;
    let calm = Weather::new(chance.fork(), 0, None);
    let first = World::new(None, base, calm, 0, Trace::begin(false)).await?;
    let told = Arc::new(Told::default());
    let process = Process::new(world.clone());
    let mut everything = JoinSet::new();
    everything.spawn(process.clone().keep_alive());
    trouble(&profile, &mut chance, &world, &process, &told).await;

    world.calm();
    world.trace.note(format_args!("the faults stop"));
    // A crash that was on its way still comes.
    sleep(Duration::from_secs(1)).await;
    process.alive().await;
    world.arrived().await;
    all_ended(&process).await;
    sleep(CALM).await;
    let alive = process.alive().await;
    let operations = oldest_first(&alive.operations.operations());
    let last = Final { world: &world, first: &first, told: &told, operations: &operations, base, seed };
    check::check(&last).await;
    restarts_quietly(&world, &process, &operations).await;
    everything.abort_all();
    // It holds the world, which would hold it for ever.
    world.served_by(None);

    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for operation in &operations {
        *ends.entry(format!("{:?}", operation.state)).or_default() += 1;
    }
    Ok(Outcome {
        seed,
        hash: world.trace.hash(),
        seen: world.weather.seen(),
        ends,
        told: told.counts(),
        broken: world.book.all_broken(),
        races: world.book.races(),
        lines: world.trace.lines(),
    })
}

/// Waits until no operation is under way, but not longer than one may take.
async fn all_ended(process: &Process) {
    for _ in 0..SLOWEST.as_secs() {
        let operations = process.alive().await.operations.operations();
        if operations.iter().all(|operation| operation.state.is_final()) {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Everybody at work, until all wishes are asked for.
async fn trouble(
    profile: &Profile,
    chance: &mut Rng,
    world: &Arc<World>,
    process: &Arc<Process>,
    told: &Arc<Told>,
) {
    let mut people = JoinSet::new();
    for number in 1..=profile.admins {
        let admin = Admin {
            name: format!("admin-{number}"),
            process: process.clone(),
            world: world.clone(),
            told: told.clone(),
            chance: chance.fork(),
            wishes: profile.wishes,
            impatience: profile.impatience,
            single_minded: profile.single_minded,
        };
        people.spawn(admin.work());
    }
    people.spawn(rival(world.clone(), chance.fork(), profile.edits));
    people.spawn(killer(process.clone(), chance.fork(), profile.crashes));
    if let Some(jump) = profile.jump {
        let (world, after) = (world.clone(), chance.u64(1..60));
        people.spawn(async move {
            sleep(Duration::from_secs(after)).await;
            world.weather.count("clock Jump".into());
            world.jump(jump);
        });
    }
    let all = async { while people.join_next().await.is_some() {} };
    if timeout(TROUBLE, all).await.is_err() {
        world.trace.note(format_args!("not all wishes were asked for"));
    }
}

async fn killer(process: Arc<Process>, mut chance: Rng, times: usize) {
    for _ in 0..times {
        sleep(Duration::from_millis(chance.u64(100..25_000))).await;
        match chance.bool() {
            true => process.kill(),
            // In the midst of an operation.
            false => process.kill_at_write(chance.u64(1..8), Duration::from_millis(chance.u64(0..60))),
        }
    }
}

/// A start that finds everything ended does nothing, and knows what the last life knew.
pub(crate) async fn restarts_quietly(world: &World, process: &Process, operations: &[Arc<Operation>]) {
    let before = world.book.writes();
    if let Some(alive) = process.now() {
        alive.life.end();
    }
    sleep(Duration::from_secs(1)).await;
    let alive = process.alive().await;
    sleep(CALM).await;
    let open = |operation: &Arc<Operation>| operation.settled.is_none();
    if world.book.writes() != before && !operations.iter().any(open) {
        let what = format!("a start wrote {} times with nothing left to do", world.book.writes() - before);
        world.book.broken(Invariant::RecoveryIdempotent, what);
    }
    let now: BTreeMap<_, _> =
        alive.operations.operations().iter().map(|one| (one.id.clone(), one.state)).collect();
    for was in operations.iter().filter(|was| !check::may_be_forgotten(was)) {
        let is = now.get(&was.id);
        // What a person was called for may have come right by itself.
        if is != Some(&was.state) && was.state != OperationState::NeedsOperator {
            let what = format!("{} was {:?} before a restart and is {is:?} after it", was.id, was.state);
            world.book.broken(Invariant::RecoveryIdempotent, what);
        }
    }
}

pub(crate) fn oldest_first(operations: &[Arc<Operation>]) -> Vec<Arc<Operation>> {
    let mut operations = operations.to_vec();
    operations.sort_by(|a, b| a.id.cmp(&b.id));
    operations
}
