//! The quick share of the campaign, and whether it can find anything.
use crate::jobs;
use chaos::{Campaign, Options, installation, run};
use planted::Bug;

/// Runs of the quick share.
const RUNS: u64 = 2_000;
/// A planted bug that needs more runs than this to be found could as well be there.
const ENOUGH: u64 = 5_000;

fn campaign(runs: u64, bug: Option<Bug>) -> Campaign {
    let options = Options { bug, trace: false };
    Campaign { runs, seed: 1, jobs: jobs(), options, stop_at_first: bug.is_some() }
}

#[test]
fn no_promise_breaks() {
    let report = campaign(RUNS, None).hold(&installation().unwrap()).unwrap();
    println!("{report}");
    assert_eq!((report.runs, report.breaks), (RUNS, 0));
    assert!(report.faulted > RUNS / 2, "a campaign without faults proves nothing");
}

#[test]
fn every_planted_bug_is_found() {
    let base = installation().unwrap();
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        let report = campaign(ENOUGH, Some(bug)).hold(&base).unwrap();
        match report.broken.iter().next() {
            Some((seed, outcome)) => {
                let broken = &outcome.broken[0];
                println!("{bug}: seed {seed}, {} runs: {:?}: {}", report.runs, broken.invariant, broken.what);
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn one_seed_has_one_course() {
    let base = installation().unwrap();
    for seed in 1..=30 {
        let options = Options { trace: true, ..Options::default() };
        let (one, other) = (run(seed, options, &base).unwrap(), run(seed, options, &base).unwrap());
        assert_eq!(one.hash, other.hash, "seed {seed} {}", parting(&one.lines, &other.lines));
    }
}
/// Where two courses part.
fn parting(one: &[String], other: &[String]) -> String {
    let at = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let around = |lines: &[String]| lines[at.saturating_sub(3)..(at + 3).min(lines.len())].join("\n");
    format!("line {at}:\n{}\n---\n{}", around(one), around(other))
}
