//! The program dies at every point before and after a step that lasts, is started again, and must bring everything to the
//! state before or after the change; then it dies again while it does so.
//!
//! A point is passed several times, so a cell is a point and how often it was passed before. How often that is, is learnt
//! from a run without a crash. On a busy machine a later run may pass it less often: such a cell is killed in the end, is
//! told, and does not count for its point. `make test` runs a share in which every point stands; `AGM_KILL=all` runs every cell.
mod installation;
mod program;
mod scenario;
mod told_to_stop;

use domain::{Mutation, Operation, OperationState, StepName, StepState};
use futures::{StreamExt, stream};
use installation::{Contents, Installation, difference};
use program::Program;
use scenario::Scenario;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Cells that are tried at the same time.
const AT_ONCE: usize = 4;
/// Of so many cells `make test` runs one.
const SHARE: usize = 6;

/// What changes must pass: a point that is not passed any more is a hole. A watch passes its own points later.
const EVERYWHERE: [&str; 23] = [
    "intent.before",
    "intent.after",
    "record.before",
    "record.after",
    "apply.before",
    "apply.after",
    "console.before",
    "console.after",
    "store.before",
    "store.after",
    "controller.before",
    "controller.after",
    "restart.before",
    "restart.after",
    "asleep",
    "rename.before",
    "rename.after",
    "verify.after",
    "undo.before",
    "undo.after",
    "audit.before",
    "audit.written",
    "audit.after",
];

/// How often each point is passed.
type Passes = BTreeMap<String, usize>;

/// A scenario that nothing disturbed.
struct Rehearsed {
    scenario: Scenario,
    passes: Passes,
    before: Contents,
    after: Contents,
}

/// Where a process dies, and where the next one does; the last one lives.
#[derive(Clone, Debug)]
struct Cell {
    scenario: Scenario,
    crashes: Vec<String>,
}

/// What became of a cell.
struct Survived {
    name: String,
    /// The last crash.
    point: String,
    /// Whether it came.
    reached: bool,
    /// None: the change was not begun.
    end: Option<OperationState>,
    /// From the start of the last process to the outcome.
    recovery: Duration,
}

impl Cell {
    fn name(&self) -> String {
        format!("{:?} {}", self.scenario, self.crashes.join(", then "))
    }
}

fn passes(at: &Installation) -> Passes {
    let mut passes = Passes::new();
    for name in std::fs::read_to_string(at.data().join("points")).unwrap_or_default().lines() {
        *passes.entry(name.to_owned()).or_default() += 1;
    }
    passes
}

fn points_file(at: &Installation) -> String {
    at.data().join("points").display().to_string()
}

async fn rehearse(scenario: Scenario) -> Rehearsed {
    let at = Installation::of(scenario).await;
    let mutation = scenario.prepare(&at).await;
    let before = at.contents();
    let mut program = at.program(&[(planted::PASSED, &points_file(&at))]);
    assert!(program.listens().await);
    let ended = program.run(&mutation).await;
    let wanted = match scenario {
        Scenario::Refused => OperationState::RolledBack,
        _ => OperationState::Committed,
    };
    assert_eq!(ended.state, wanted, "{scenario:?}: {ended:?}");
    let settled = program.follow(&ended.id, "settled").await;
    if scenario.restarts() {
        restarted(&settled, "undisturbed");
    }
    let after = at.contents();
    assert_eq!(after == before, wanted == OperationState::RolledBack, "{}", difference(&before, &after));
    let passes = passes(&at);
    program.kill().await;
    Rehearsed { scenario, passes, before, after }
}

/// Every time that a point is passed: `record.after:1`.
fn each_pass(passes: &Passes) -> impl Iterator<Item = String> {
    passes.iter().flat_map(|(name, count)| (0..*count).map(move |before| format!("{name}:{before}")))
}

/// `record.after` of `record.after:1`.
fn point_name(pass: &str) -> &str {
    pass.split(':').next().unwrap_or_default()
}

/// A share of the cells in which each of the last points stands, or all.
fn chosen<T>(mut cells: Vec<(Cell, T)>) -> Vec<(Cell, T)> {
    if std::env::var("AGM_KILL").is_ok_and(|wanted| wanted == "all") {
        return cells;
    }
    let point = |cell: &Cell| cell.crashes.last().map(|at| point_name(at).to_owned());
    cells.sort_by_key(|(cell, _)| point(cell));
    let mut seen = BTreeSet::new();
    let taken = cells
        .into_iter()
        .enumerate()
        .filter(|(number, (cell, _))| seen.insert(point(cell)) || number % SHARE == 0);
    taken.map(|(_, cell)| cell).collect()
}

/// One life that ends at a point, or, where that is not reached, when nothing happens any more. The change is asked for in
/// the first life only.
async fn live_and_die(at: &Installation, point: &str, mutation: Option<&Mutation>) -> bool {
    let mut program = at.program(&[(planted::VARIABLE, point)]);
    if program.listens().await
        && let Some(mutation) = mutation
    {
        // Whether the process still had the time to answer does not matter.
        drop(program.begin(mutation).await);
    }
    if program.crashed().await {
        return true;
    }
    program.kill().await;
    false
}

/// The change, as the last process tells it. None: it was not begun.
async fn outcome(program: &Program, known: &BTreeSet<String>) -> Option<Operation> {
    let all = program.operations().await;
    let new: Vec<_> = all.into_iter().filter(|operation| !known.contains(operation.id.as_str())).collect();
    assert!(new.len() < 2, "{new:?}");
    Some(program.follow(&new.first()?.id, "end").await)
}

async fn survive(cell: &Cell, rehearsed: &Rehearsed) -> Survived {
    let name = cell.name();
    let at = Installation::of(cell.scenario).await;
    let mutation = cell.scenario.prepare(&at).await;
    let known = journalled(&at);
    let first = at.contents();
    assert!(first == rehearsed.before, "{name} begins otherwise:\n{}", difference(&rehearsed.before, &first));
    let mut asked = Some(&mutation);
    let mut reached = false;
    for point in &cell.crashes {
        reached = live_and_die(&at, point, asked.take()).await;
    }
    let torn = at.half_written();
    let began = Instant::now();
    let mut program = at.program(&[]);
    assert!(program.listens().await, "{name}: it does not start");
    let ended = outcome(&program, &known).await;
    let recovery = began.elapsed();
    let end = ended.as_ref().map(|operation| operation.state);
    if cell.scenario.restarts()
        && let Some(ended) = ended.as_ref().filter(|ended| ended.state == OperationState::Committed)
    {
        restarted(&program.follow(&ended.id, "settled").await, &name);
    }
    let now = at.contents();
    let (is, told) = match end {
        Some(OperationState::Committed) => (&rehearsed.after, "committed"),
        None | Some(OperationState::RolledBack) => (&rehearsed.before, "rolled back"),
        Some(_) => panic!("{name}: {ended:?}"),
    };
    assert_eq!(&now, is, "{name}: told as {told}, but\n{}", difference(is, &now));
    let left: Vec<_> = at.half_written().intersection(&torn).cloned().collect();
    assert!(left.is_empty(), "{name}: {left:?} is left");
    at.assert_books_whole(&name);
    let next = program.run(&cell.scenario.next(&at)).await;
    assert_eq!(next.state, OperationState::Committed, "{name}: the next change: {next:?}");
    at.assert_books_whole(&name);
    program.kill().await;
    Survived { name, point: cell.crashes.last().cloned().unwrap_or_default(), reached, end, recovery }
}

/// It has come to rest, and the worker was seen to run again.
fn restarted(operation: &Operation, name: &str) {
    assert!(operation.settled.is_some(), "{name}: {operation:?}");
    let step = operation.steps.iter().find(|step| step.name == StepName::Restart).unwrap();
    assert_eq!(step.state, StepState::Done, "{name}: {step:?}");
}

/// The operations of earlier lives.
fn journalled(at: &Installation) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(at.data().join("journal")) else { return BTreeSet::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    entries.map(name).filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect()
}

async fn survive_all(cells: Vec<(Cell, &Rehearsed)>) -> Vec<Survived> {
    let runs = cells.iter().map(|(cell, rehearsed)| survive(cell, rehearsed));
    stream::iter(runs).buffer_unordered(AT_ONCE).collect().await
}

fn report(what: &str, survived: &[Survived]) {
    for cell in survived {
        let end = cell.end.map_or("not begun".to_owned(), |state| format!("{state:?}"));
        let reached = if cell.reached { "" } else { ", its last point was not reached" };
        println!("{}: {end} after {} ms{reached}", cell.name, cell.recovery.as_millis());
    }
    let tried: BTreeSet<_> = survived.iter().map(|cell| point_name(&cell.point)).collect();
    let reached: BTreeSet<_> =
        survived.iter().filter(|cell| cell.reached).map(|cell| point_name(&cell.point)).collect();
    assert_eq!(reached, tried, "{what}: every point ends a process");
    let mut times: Vec<_> = survived.iter().map(|cell| cell.recovery.as_millis()).collect();
    times.sort_unstable();
    let (min, median, max) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{what}: {} cells; start to outcome in ms: {min} / {median} / {max} (min / median / max)",
        times.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_anywhere_leaves_all_old_or_all_new() {
    let rehearsed: Vec<Rehearsed> =
        stream::iter(Scenario::ALL).map(rehearse).buffered(AT_ONCE).collect().await;
    let passed = |point: &&str| rehearsed.iter().any(|rehearsed| rehearsed.passes.contains_key(*point));
    let holes: Vec<_> = EVERYWHERE.into_iter().filter(|point| !passed(point)).collect();
    assert!(holes.is_empty(), "no change passes {holes:?}");
    let cells = rehearsed.iter().flat_map(|rehearsed| {
        let cell = move |point| (Cell { scenario: rehearsed.scenario, crashes: vec![point] }, rehearsed);
        each_pass(&rehearsed.passes).map(cell)
    });
    let survived = survive_all(chosen(cells.collect())).await;
    report("one crash", &survived);
    let ends: BTreeSet<_> = survived.iter().map(|cell| format!("{:?}", cell.end)).collect();
    assert_eq!(ends.len(), 3, "both outcomes, and changes that were not begun: {ends:?}");
}

/// The first deaths after which there is something to take up: nothing done, half done, all done, half undone, and all done
/// but for what nobody saw of a restart.
const FIRST: [(Scenario, &str); 6] = [
    (Scenario::Switch, "intent.after:0"),
    (Scenario::Switch, "console.after:0"),
    (Scenario::Switch, "verify.after:0"),
    (Scenario::Refused, "undo.after:0"),
    (Scenario::AddProvider, "console.after:0"),
    (Scenario::Controlled, "restart.after:0"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_recovers_leaves_all_old_or_all_new() {
    let learn = |(scenario, point): (Scenario, &'static str)| async move {
        let rehearsed = rehearse(scenario).await;
        let at = Installation::of(scenario).await;
        let mutation = scenario.prepare(&at).await;
        assert!(live_and_die(&at, point, Some(&mutation)).await, "{point} is reached");
        let mut program = at.program(&[(planted::PASSED, &points_file(&at))]);
        assert!(program.listens().await);
        let ended = outcome(&program, &BTreeSet::new()).await.unwrap();
        let passes = passes(&at);
        assert!(ended.state.is_final());
        program.kill().await;
        (point, passes, rehearsed)
    };
    let learnt: Vec<_> = stream::iter(FIRST).map(learn).buffered(AT_ONCE).collect().await;
    let cells = learnt.iter().flat_map(|(first, passes, rehearsed)| {
        let crashes = each_pass(passes).map(|second| vec![(*first).to_owned(), second]);
        crashes.map(move |crashes| (Cell { scenario: rehearsed.scenario, crashes }, rehearsed))
    });
    report("two crashes", &survive_all(chosen(cells.collect())).await);
}
