//! What the controller itself does not keep from happening: it compares nothing, so a write that is carried out once more
//! takes the place of a newer one.
use super::*;
use crate::{campaign::installation, fault::Fault, script::Trouble};
use planted::Bug;
use sandbox::controller::Generation;

/// Two switches, of which the write of the first one is carried out twice.
fn doubled(generation: Generation, passage: &str, seed: u64, base: &Base) -> Tried {
    let trouble = Trouble::Exchange(Fault::DuplicateApply);
    let strikes = vec![Strike { passage: passage.to_owned(), after: 0, trouble }];
    attempt(&Trial { scenario: Scenario::Twice(generation), strikes, seed, trace: false }, base).unwrap()
}

#[test]
fn a_doubled_write_over_a_newer_one_is_found_by_the_watch_and_put_right() {
    let base = installation().unwrap();
    for (generation, passage) in
        [(Generation::V1_1, "controller-1.1 PUT worker"), (Generation::V1_2, "controller-1.2 PUT worker")]
    {
        let watched: Vec<Tried> = (1..=4).map(|seed| doubled(generation, passage, seed, &base)).collect();
        assert!(watched.iter().all(|tried| tried.reached && tried.broken.is_empty()), "{watched:?}");
        let righted = |tried: &Tried| tried.passed[passage] > 2;
        assert!(watched.iter().any(righted), "two switches, and a write that brings the second one back");
        planted::plant(Some(Bug::NoSettleCheck));
        let unwatched: Vec<Tried> = (1..=4).map(|seed| doubled(generation, passage, seed, &base)).collect();
        planted::plant(None);
        assert!(unwatched.iter().any(|tried| !tried.broken.is_empty()), "without a watch it stays");
    }
}
