//! The fault matrix. `AGM_MATRIX=all` runs every cell on every course at every place.
use crate::jobs;
use chaos::{PLANNED, installation, matrix};
use std::panic;

/// Courses that stand for a cell in the quick share.
const SHARE: usize = 1;

/// What the matrix must have: a change of the engine that no longer passes one of these makes a hole.
const PASSAGES: [&str; 46] = [
    "console GET providers",
    "console GET routes",
    "console GET consumers",
    "console GET provider",
    "console GET route",
    "console POST provider",
    "console POST route",
    "console PUT provider",
    "console PUT route",
    "console DELETE provider",
    "console DELETE route",
    "store GET",
    "store PUT",
    "store DELETE",
    "controller-1.1 GET",
    "controller-1.1 PUT worker",
    "controller-1.1 PUT manager",
    "controller-1.2 GET",
    "controller-1.2 PUT worker",
    "controller-1.2 PUT manager",
    "gateway GET",
    "provider GET",
    "disk create seal key draft",
    "disk short seal key draft",
    "disk write seal key draft",
    "disk sync seal key draft",
    "disk rename seal key",
    "disk read seal key",
    "disk lock lock",
    "disk create record draft",
    "disk short record draft",
    "disk write record draft",
    "disk sync record draft",
    "disk rename record",
    "disk syncdir journal folder",
    "disk list journal folder",
    "disk read record",
    "disk append audit",
    "disk short audit",
    "disk write audit",
    "disk sync audit",
    "disk rename openclaw.json",
    "disk rename registry",
    "disk short config draft",
    "disk sync config draft",
    "disk syncdir workspace",
];

#[test]
fn every_trouble_at_every_passage_is_survived() {
    quiet();
    let base = installation().unwrap();
    let all = std::env::var("AGM_MATRIX").is_ok_and(|wanted| wanted == "all");
    let cells = matrix::plan(&base, (!all).then_some(SHARE)).unwrap();
    let verdicts = matrix::hold(&cells, jobs(), &base).unwrap();
    let (mut runs, mut holes, mut broken) = (0, Vec::new(), Vec::new());
    for (cell, verdict) in &verdicts {
        runs += verdict.runs;
        let word = match (&verdict.broken, verdict.reached) {
            (Some((trial, tried)), _) => {
                broken.push(format!("{cell}: {:?}\n  {trial:?}", tried.broken));
                "BROKEN"
            }
            (None, 0) => {
                holes.push(cell.to_string());
                "not reached"
            }
            (None, _) => "ok",
        };
        println!("{cell}: {word} {:?}", verdict.ends);
    }
    let lacking = PASSAGES.iter().filter(|passage| !verdicts.keys().any(|cell| cell.passage == **passage));
    holes.extend(lacking.map(|passage| format!("{passage} x everything")));
    println!("{} cells, {runs} runs, {} not reached, {} broken", verdicts.len(), holes.len(), broken.len());
    for what in &broken {
        println!("{what}");
    }
    assert!(holes.is_empty(), "not reached: {holes:#?}");
    assert!(broken.is_empty(), "promises were broken");
}

/// Panics that were planned say nothing.
fn quiet() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(PLANNED) {
            loud(info);
        }
    }));
}
