//! Which trouble fits which passage, and which runs meet it there.
use super::{Scenario, Trial, Tried, attempt};
use crate::{
    campaign::Unheld,
    fault::{DISK_ERRORS, Fault},
    script::{Strike, Trouble},
    world::Base,
};
use domain::ContainerAct;
use sandbox::controller::Generation;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, slice,
};

const HOUR: i64 = 3_600;
const TEN_YEARS: i64 = 315_360_000;

/// A passage and a trouble.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub passage: String,
    pub trouble: String,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.passage, self.trouble)
    }
}

/// A way of the process on which it is troubled: a change, and what went wrong before.
#[derive(Clone, Debug)]
pub struct Course {
    pub name: &'static str,
    scenario: Scenario,
    before: Vec<Strike>,
    seed: u64,
}

impl Course {
    fn trial(&self, strike: Option<Strike>) -> Trial {
        let strikes = self.before.iter().cloned().chain(strike).collect();
        Trial { scenario: self.scenario, strikes, seed: self.seed, trace: false }
    }

    /// The run in which nothing more goes wrong.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn rehearse(&self, base: &Base) -> Result<Tried, Unheld> {
        attempt(&self.trial(None), base)
    }
}

fn strike(passage: &str, after: u32, trouble: Trouble) -> Strike {
    Strike { passage: passage.to_owned(), after, trouble }
}

/// All courses: each change alone, its undoing, and its recovery after a crash, so that a second one strikes there.
pub fn courses() -> Vec<Course> {
    let mut seeds = 1..;
    let mut course = |name, scenario, before: &[Strike]| {
        let seed = seeds.next().unwrap_or_default();
        Course { name, scenario, before: before.to_vec(), seed }
    };
    let refused = strike("gateway GET", 0, Trouble::Exchange(Fault::BadGateway));
    let dies = |passage, after| strike(passage, after, Trouble::CrashAfter);
    let (first, second) = (Generation::V1_1, Generation::V1_2);
    vec![
        course("switch", Scenario::Switch, &[]),
        course("manager", Scenario::Manager, &[]),
        course("add provider", Scenario::AddProvider, &[]),
        course("remove provider", Scenario::RemoveProvider, &[]),
        course("undo", Scenario::Undo, &[]),
        course("start", Scenario::Start, &[]),
        course("first start", Scenario::FirstStart, &[]),
        course("switch, refused", Scenario::Switch, slice::from_ref(&refused)),
        course("switch, crashed at its route", Scenario::Switch, &[dies("console PUT route", 0)]),
        course("switch, crashed at its config", Scenario::Switch, &[dies("store PUT", 1)]),
        course("add provider, crashed", Scenario::AddProvider, &[dies("console POST provider", 0)]),
        course("remove provider, crashed", Scenario::RemoveProvider, &[dies("console DELETE route", 0)]),
        course("manager, crashed at its file", Scenario::Manager, &[dies("disk rename openclaw.json", 0)]),
        course("worker of 1.1", Scenario::Worker(first), &[]),
        course("worker of 1.2", Scenario::Worker(second), &[]),
        course("Manager of 1.1", Scenario::Kept(first), &[]),
        course("Manager of 1.2", Scenario::Kept(second), &[]),
        course("worker of 1.1, twice", Scenario::Twice(first), &[]),
        course("worker of 1.2, twice", Scenario::Twice(second), &[]),
        course("worker of 1.1, crashed", Scenario::Worker(first), &[dies("controller-1.1 PUT worker", 0)]),
        course("worker of 1.2, crashed", Scenario::Worker(second), &[dies("controller-1.2 PUT worker", 0)]),
        course("worker of 1.1, refused", Scenario::Worker(first), slice::from_ref(&refused)),
        course("worker of 1.2, refused", Scenario::Worker(second), slice::from_ref(&refused)),
        course("leader of 1.1", Scenario::Leader(first), &[]),
        course("leader of 1.2", Scenario::Leader(second), &[]),
        course("undo of 1.1", Scenario::TakenBack(first), &[]),
        course("undo of 1.2", Scenario::TakenBack(second), &[]),
        course("worker of 1.2, started again", Scenario::StartedAgain, &[]),
        course("sleep on 1.1", Scenario::Act(first, ContainerAct::Sleep), &[]),
        course("sleep on 1.2", Scenario::Act(second, ContainerAct::Sleep), &[]),
        course("wake on 1.2", Scenario::Act(second, ContainerAct::Wake), &[]),
        course("restart on 1.1", Scenario::Act(first, ContainerAct::Restart), &[]),
        course("restart on 1.2", Scenario::Act(second, ContainerAct::Restart), &[]),
    ]
}

/// The troubles that fit a passage, by name.
fn troubles(passage: &str) -> Vec<(String, Trouble)> {
    let process = [
        ("crash before".to_owned(), Trouble::CrashBefore),
        ("crash after".to_owned(), Trouble::CrashAfter),
        ("panic".to_owned(), Trouble::Panic),
    ];
    let Some((system, what)) = passage.split_once(' ') else { return Vec::new() };
    if system == "disk" {
        return match what.split(' ').next() {
            Some("short") => vec![("short write".to_owned(), Trouble::Short)],
            _ => {
                let errors = DISK_ERRORS.map(|(number, name)| (name.to_owned(), Trouble::Disk(number)));
                errors.into_iter().chain(process).collect()
            }
        };
    }
    let writes = !what.starts_with("GET");
    let faults = Fault::ANY.iter().chain(if writes { Fault::WRITES } else { &[] }).copied();
    let faults: BTreeSet<Fault> = faults.filter(|fault| fault.fits(system)).collect();
    let around = [
        ("clock -1 h".to_owned(), Trouble::Jump(-HOUR)),
        ("clock +10 y".to_owned(), Trouble::Jump(TEN_YEARS)),
        ("client gone".to_owned(), Trouble::Leave),
        ("SIGTERM".to_owned(), Trouble::Terminate),
    ];
    let of_agents = system.starts_with("controller");
    let edit = (system == "console" || system == "store") && !what.ends_with('s') || of_agents;
    let edit = edit.then(|| ("foreign edit".to_owned(), Trouble::Edit));
    let put_back = of_agents.then(|| ("put back".to_owned(), Trouble::PutBack));
    let exchanges = faults.into_iter().map(|fault| (format!("{fault:?}"), Trouble::Exchange(fault)));
    exchanges.chain(process).chain(around).chain(edit).chain(put_back).collect()
}

/// The cells with their runs. `share`: how many courses stand for a cell, each with one place on it; none: all of them,
/// each with every place.
///
/// # Errors
/// A course cannot be run.
pub fn plan(base: &Base, share: Option<usize>) -> Result<BTreeMap<Cell, Vec<Trial>>, Unheld> {
    let mut passes: BTreeMap<String, Vec<(Course, u32)>> = BTreeMap::new();
    for course in courses() {
        let rehearsed = course.rehearse(base)?;
        if !rehearsed.reached || !rehearsed.broken.is_empty() {
            return Err(Unheld(format!("{}: {:?}", course.name, rehearsed.broken)));
        }
        for (passage, times) in rehearsed.passed {
            passes.entry(passage).or_default().push((course.clone(), times));
        }
    }
    let mut cells = BTreeMap::new();
    for (passage, by) in &passes {
        for (number, (name, trouble)) in troubles(passage).into_iter().enumerate() {
            let cell = Cell { passage: passage.clone(), trouble: name };
            let trials = match share {
                None => by
                    .iter()
                    .flat_map(|(course, times)| (0..*times).map(move |after| (course, after)))
                    .collect(),
                Some(share) => some_of(by, number, share),
            };
            let trial = |(course, after): (&Course, u32)| course.trial(Some(strike(passage, after, trouble)));
            cells.insert(cell, trials.into_iter().map(trial).collect());
        }
    }
    Ok(cells)
}

/// Other courses and other places for each trouble, so that the cells of a passage together meet all of them.
fn some_of(by: &[(Course, u32)], number: usize, share: usize) -> Vec<(&Course, u32)> {
    let chosen =
        (0..share.min(by.len())).filter_map(|turn| by.get((number + turn * by.len() / share) % by.len()));
    let place = |times: u32| u32::try_from(number).unwrap_or_default() % times.max(1);
    chosen.map(|(course, times)| (course, place(*times))).collect()
}
