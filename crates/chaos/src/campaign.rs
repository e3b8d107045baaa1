//! Many runs, on several threads, and what came of all of them.
use crate::{
    run::{Options, Outcome, run},
    share_out::share_out,
    world::Base,
};
use std::{
    collections::BTreeMap,
    fmt, io,
    ops::ControlFlow,
    time::{Duration, Instant},
};

/// How many broken runs are kept.
const KEPT: usize = 20;

/// What a campaign does.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    pub runs: u64,
    /// The first run has it, each later one the next number.
    pub seed: u64,
    /// Threads.
    pub jobs: usize,
    pub options: Options,
    /// End at the first broken promise.
    pub stop_at_first: bool,
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub runs: u64,
    pub exchanges: u64,
    /// Runs in which anything went wrong on purpose.
    pub faulted: u64,
    pub faults: BTreeMap<String, u64>,
    pub ends: BTreeMap<String, u64>,
    pub told: BTreeMap<String, u64>,
    pub races: u64,
    /// Broken promises.
    pub breaks: u64,
    /// The first runs that broke one, by seed.
    pub broken: BTreeMap<u64, Outcome>,
    pub took: Duration,
}

/// Why a campaign could not be held.
#[derive(Debug)]
pub struct Unheld(pub(crate) String);

impl fmt::Display for Unheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unheld {}

impl From<io::Error> for Unheld {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The installation that every run begins with.
///
/// # Errors
/// The sandbox cannot be installed.
pub fn installation() -> Result<Base, Unheld> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(Base::install()).map_err(Unheld)
}

impl Campaign {
    /// Holds it.
    ///
    /// # Errors
    /// The world cannot be built.
    pub fn hold(&self, base: &Base) -> Result<Report, Unheld> {
        let (began, mut report) = (Instant::now(), Report::default());
        let seeds = (0..self.runs).map(|number| self.seed.wrapping_add(number));
        let take = |outcome: Outcome| {
            let enough = self.stop_at_first && !outcome.broken.is_empty();
            report.add(outcome);
            if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        share_out(seeds, self.jobs, |seed| self.one(seed, base), take)?;
        report.took = began.elapsed();
        Ok(report)
    }

    /// One run. What breaks without the planted bug too does not count: it says nothing of the bug.
    fn one(&self, seed: u64, base: &Base) -> Result<Outcome, Unheld> {
        let mut outcome = run(seed, self.options, base)?;
        if self.options.bug.is_some() && !outcome.broken.is_empty() {
            let without = run(seed, Options { bug: None, ..self.options }, base)?;
            if !without.broken.is_empty() {
                outcome.broken.clear();
            }
        }
        Ok(outcome)
    }
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        self.runs += 1;
        self.exchanges += outcome.seen.exchanges;
        self.faulted += u64::from(!outcome.seen.faults.is_empty());
        self.races += outcome.races;
        self.breaks += outcome.broken.len() as u64;
        sum(&mut self.faults, &outcome.seen.faults);
        sum(&mut self.ends, &outcome.ends);
        sum(&mut self.told, &outcome.told);
        if !outcome.broken.is_empty() && self.broken.len() < KEPT {
            self.broken.insert(outcome.seed, outcome);
        }
    }
}

fn sum(all: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (what, count) in more {
        *all.entry(what.clone()).or_default() += count;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = 100.0 * self.faulted as f64 / self.runs.max(1) as f64;
        let faults: u64 = self.faults.values().sum();
        writeln!(f, "runs              {} in {:.1} s", self.runs, self.took.as_secs_f64())?;
        writeln!(f, "exchanges         {}", self.exchanges)?;
        writeln!(f, "faults injected   {faults}, in {share:.1} % of the runs")?;
        for (what, count) in &self.faults {
            writeln!(f, "  {count:>8} {what}")?;
        }
        writeln!(f, "operations        {}", self.ends.values().sum::<u64>())?;
        for (what, count) in &self.ends {
            writeln!(f, "  {count:>8} {what}")?;
        }
        writeln!(f, "people were told")?;
        for (what, count) in &self.told {
            writeln!(f, "  {count:>8} {what}")?;
        }
        writeln!(f, "unavoidable races {} (the console's providers have no versions)", self.races)?;
        write!(f, "invariant breaks  {}", self.breaks)?;
        for (seed, outcome) in &self.broken {
            for broken in &outcome.broken {
                write!(f, "\n  seed {seed}: {:?}: {}", broken.invariant, broken.what)?;
            }
        }
        Ok(())
    }
}
