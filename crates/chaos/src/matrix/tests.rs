//! What the controller itself does not keep from happening: it compares nothing, so a write that is carried out once more
//! takes the place of a newer one.
use super::*;
use crate::{campaign::installation, fault::Fault, script::Trouble};
use planted::Bug;
use sandbox::controller::Generation;

const PASSAGE: &str = "controller-1.2 PUT worker";

/// Two switches, of which the write of the first one is carried out twice.
fn doubled(seed: u64, base: &Base) -> Tried {
    let trouble = Trouble::Exchange(Fault::DuplicateApply);
    let strikes = vec![Strike { passage: PASSAGE.to_owned(), after: 0, trouble }];
    let scenario = Scenario::Twice(Generation::V1_2);
    attempt(&Trial { scenario, strikes, seed, trace: false }, base).unwrap()
}

#[test]
fn a_doubled_write_over_a_newer_one_is_found_by_the_watch_and_put_right() {
    let base = installation().unwrap();
    let watched: Vec<Tried> = (1..=4).map(|seed| doubled(seed, &base)).collect();
    assert!(watched.iter().all(|tried| tried.reached && tried.broken.is_empty()), "{watched:?}");
    // What was passed is counted from the strike on: the second switch, and the write that brings it back.
    assert!(watched.iter().any(|tried| tried.passed[PASSAGE] == 2), "{watched:?}");
    planted::plant(Some(Bug::NoSettleCheck));
    let unwatched: Vec<Tried> = (1..=4).map(|seed| doubled(seed, &base)).collect();
    planted::plant(None);
    assert!(unwatched.iter().any(|tried| !tried.broken.is_empty()), "without a watch it stays");
}
