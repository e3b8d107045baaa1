//! `agm-chaos`: holds a fault campaign and says what came of it.
use chaos::{Campaign, Options, Unheld, installation};
use clap::Parser;
use planted::Bug;
use std::{process::ExitCode, thread};

/// Runs the engine in a simulated world in which everything goes wrong, and checks every promise of a transaction.
#[derive(Parser)]
#[command(name = "agm-chaos")]
struct Arguments {
    /// How many runs.
    #[arg(long, default_value_t = 2_000)]
    runs: u64,
    /// The seed of the first run; each later one has the next number. A seed replays its run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; all cores when not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Plant a bug, and stop when it is found.
    #[arg(long)]
    plant: Option<Bug>,
    /// Print the course of the first run.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match hold(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// True: as it should be. Without a planted bug nothing may break; with one something must.
fn hold(arguments: &Arguments) -> Result<bool, Unheld> {
    let base = installation()?;
    let options = Options { bug: arguments.plant, trace: arguments.trace };
    if arguments.trace {
        for line in chaos::run(arguments.seed, options, &base)?.lines {
            println!("{line}");
        }
    }
    let campaign = Campaign {
        runs: arguments.runs,
        seed: arguments.seed,
        jobs: arguments.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)),
        options: Options { trace: false, ..options },
        stop_at_first: arguments.plant.is_some(),
    };
    let report = campaign.hold(&base)?;
    println!("{report}");
    Ok((report.breaks == 0) == arguments.plant.is_none())
}
