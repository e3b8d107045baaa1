use super::*;
use proptest::prelude::*;

/// Feeds events and collects the effects, notes on disk apart.
fn run(saga: Saga, events: &[Event]) -> (Saga, Vec<Effect>) {
    let (saga, effects) = run_with_records(saga, events);
    (saga, effects.into_iter().filter(|effect| *effect != Record).collect())
}

fn run_with_records(saga: Saga, events: &[Event]) -> (Saga, Vec<Effect>) {
    events.iter().fold((saga, Vec::new()), |(saga, mut all), event| {
        let (saga, effects) = next(&saga, *event);
        all.extend(effects);
        (saga, all)
    })
}

use Certainty::{Rejected, Unknown};
use Effect::{Apply, Close, Finish, Record, Right, Stop, Undo, Verify, Watch, WriteIntent};
use Event::*;

#[test]
fn all_well() {
    let (end, effects) =
        run(Saga::new(2, Some(1), 0), &[Begin, IntentWritten, Applied(0), Applied(1), Verified]);
    assert_eq!(effects, [WriteIntent, Apply(0), Apply(1), Verify, Finish(Outcome::Committed)]);
    assert_eq!(end.phase, Phase::Settling(Outcome::Committed));
}

#[test]
fn the_turn_back_and_the_end_are_made_durable_before_they_happen() {
    let back = [Begin, IntentWritten, Applied(0), Failed(1, Unknown), Undone(1), Undone(0)];
    let (end, effects) = run_with_records(Saga::new(2, None, 0), &back);
    assert_eq!(effects[3..], [Record, Undo(1), Undo(0), Record, Finish(Outcome::RolledBack)]);
    assert!(end.may_come_late, "the write that was undone may still arrive");
    let (_, effects) = run_with_records(Saga::new(0, None, 0), &[Begin, IntentWritten, Verified]);
    assert_eq!(effects[1..], [Verify, Record, Finish(Outcome::Committed)]);
    let (_, effects) = run_with_records(Saga::new(1, None, 0), &[Begin, IntentFailed]);
    assert_eq!(effects[1..], [Finish(Outcome::RolledBack)], "what is not on disk needs no end there");
}

#[test]
fn a_change_found_after_a_crash_goes_on_only_when_all_of_it_is_there() {
    let intent = run(Saga::new(2, Some(1), 3), &[Begin]).0;
    let (_, effects) = run(intent.clone(), &[Found { all_new: true }, Verified]);
    assert_eq!(effects, [Verify, Finish(Outcome::Committed)]);
    let (end, effects) = run(intent, &[Found { all_new: false }, Undone(1), Undone(0)]);
    assert_eq!(effects, [Undo(1), Undo(0), Finish(Outcome::RolledBack)]);
    assert!(end.may_come_late);
    let turned = run(Saga::new(2, None, 0), &[Begin, IntentWritten, Applied(0), Failed(1, Unknown)]).0;
    let (_, effects) = run(turned, &[Found { all_new: true }]);
    assert_eq!(effects, [Undo(1)], "what was turned back stays turned back");
}

#[test]
fn what_strays_while_settling_is_put_right_and_watched_on() {
    let told = run(Saga::new(1, Some(0), 0), &[Begin, IntentWritten, Applied(0), Verified]).0;
    let (end, effects) = run(told, &[Quiet, Strayed(0), Righted(0), LastQuiet, Strayed(0)]);
    let committed = Outcome::Committed;
    assert_eq!(effects, [Watch, Right(committed, 0), Watch, Close(committed)]);
    assert_eq!(end.phase, Phase::Done(committed));
}

#[test]
fn a_stuck_undo_is_tried_again_until_a_person_takes_over() {
    let events = [Begin, IntentWritten, Applied(0), Failed(1, Rejected), UndoFailed(0), Retry, Undone(0)];
    let (_, effects) = run(Saga::new(2, None, 0), &events);
    assert_eq!(effects[3..], [Undo(0), Stop, Undo(0), Finish(Outcome::RolledBack)]);
    let given_up = [&events[..5], &[GiveUp]].concat();
    let (_, effects) = run(Saga::new(2, None, 0), &given_up);
    assert_eq!(effects.last(), Some(&Finish(Outcome::GivenUp)));
}

#[test]
fn another_try_of_a_stuck_undo_begins_with_the_last_step() {
    let events =
        [Begin, IntentWritten, Applied(0), Applied(1), Failed(2, Rejected), Undone(1), UndoFailed(0), Retry];
    let (_, effects) = run(Saga::new(3, None, 0), &events);
    assert_eq!(effects[4..], [Undo(1), Undo(0), Stop, Undo(1)]);
}

#[test]
fn a_rejected_step_is_not_undone_but_those_before_it_are() {
    let events = [Begin, IntentWritten, Applied(0), Applied(1), Failed(2, Rejected), Undone(1), Undone(0)];
    let (_, effects) = run(Saga::new(3, Some(1), 9), &events);
    assert_eq!(effects[4..], [Undo(1), Undo(0), Finish(Outcome::RolledBack)]);
}

#[test]
fn an_unknown_outcome_before_the_pivot_is_undone_at_once() {
    let (_, effects) = run(Saga::new(3, Some(2), 9), &[Begin, IntentWritten, Applied(0), Failed(1, Unknown)]);
    assert_eq!(effects.last(), Some(&Undo(1)));
}

#[test]
fn the_pivot_itself_goes_back_when_it_was_not_seen_done() {
    let (_, effects) = run(Saga::new(2, Some(0), 9), &[Begin, IntentWritten, Failed(0, Unknown)]);
    assert_eq!(effects.last(), Some(&Undo(0)));
}

#[test]
fn after_the_pivot_retries_go_forward_and_then_back() {
    let events = [Begin, IntentWritten, Applied(0), Failed(1, Unknown), Failed(1, Unknown)];
    let (_, effects) = run(Saga::new(2, Some(0), 1), &events);
    assert_eq!(effects[2..], [Apply(1), Apply(1), Undo(1)]);
}

#[test]
fn a_refused_retry_does_not_hide_an_earlier_try_that_may_have_worked() {
    let events = [Begin, IntentWritten, Applied(0), Failed(1, Unknown), Failed(1, Rejected)];
    assert_eq!(run(Saga::new(2, Some(0), 1), &events).1.last(), Some(&Undo(1)));
}

#[test]
fn a_read_back_that_failed_is_repeated_only_while_it_tells_nothing() {
    let begun = [Begin, IntentWritten, Applied(0), VerifyFailed(Unknown)];
    assert_eq!(run(Saga::new(1, Some(0), 1), &begun).1.last(), Some(&Verify));
    assert_eq!(run(Saga::new(1, None, 1), &begun).1.last(), Some(&Undo(0)));
    let other = [Begin, IntentWritten, Applied(0), VerifyFailed(Rejected)];
    assert_eq!(run(Saga::new(1, Some(0), 1), &other).1.last(), Some(&Undo(0)));
}

#[test]
fn cancelling_waits_for_the_step_under_way_and_comes_too_late_at_the_pivot() {
    let early = [Begin, IntentWritten, Cancel, Applied(0), Undone(0)];
    assert_eq!(
        run(Saga::new(2, Some(1), 0), &early).1[1..],
        [Apply(0), Undo(0), Finish(Outcome::RolledBack)]
    );
    let late = [Begin, IntentWritten, Applied(0), Cancel, Applied(1), Verified];
    assert_eq!(run(Saga::new(2, Some(1), 0), &late).1.last(), Some(&Finish(Outcome::Committed)));
    assert_eq!(run(Saga::new(2, Some(1), 0), &[Cancel]).1, [Finish(Outcome::RolledBack)]);
    assert_eq!(
        run(Saga::new(2, Some(1), 0), &[Begin, Cancel, IntentWritten]).1[1..],
        [Finish(Outcome::RolledBack)]
    );
}

#[test]
fn foreign_work_is_left_and_reported_and_the_rest_is_undone() {
    let events = [Begin, IntentWritten, Applied(0), Failed(1, Unknown), UndoForeign(1), Undone(0)];
    let (_, effects) = run(Saga::new(2, None, 0), &events);
    assert_eq!(effects[3..], [Undo(1), Undo(0), Finish(Outcome::LeftForeign)]);
}

#[test]
fn an_undo_that_fails_stops_there_when_retries_are_used_up() {
    let events =
        [Begin, IntentWritten, Applied(0), Failed(1, Unknown), UndoFailed(1), UndoFailed(1), Undone(0)];
    let (end, effects) = run(Saga::new(2, None, 1), &events);
    assert_eq!(effects[3..], [Undo(1), Undo(1), Stop]);
    assert_eq!(end.phase, Phase::Stuck(1));
}

fn event() -> impl Strategy<Value = Event> {
    let step = 0..4usize;
    let certainty = prop_oneof![Just(Rejected), Just(Unknown)];
    prop_oneof![
        Just(Begin),
        Just(IntentWritten),
        Just(IntentFailed),
        step.clone().prop_map(Applied),
        (step.clone(), certainty.clone()).prop_map(|(s, c)| Failed(s, c)),
        Just(Verified),
        certainty.prop_map(VerifyFailed),
        step.clone().prop_map(Undone),
        step.clone().prop_map(UndoForeign),
        step.clone().prop_map(UndoFailed),
        Just(Cancel),
        any::<bool>().prop_map(|all_new| Found { all_new }),
        Just(Retry),
        Just(GiveUp),
        Just(Quiet),
        Just(LastQuiet),
        step.clone().prop_map(Strayed),
        step.prop_map(Righted),
    ]
}

/// An event that answers the effect under way.
fn answer(effect: Effect, pick: u8, steps: usize) -> Event {
    match (effect, pick % 4) {
        (WriteIntent, 0) => IntentFailed,
        (WriteIntent, _) => IntentWritten,
        (Apply(step), 0) => Failed(step, Rejected),
        (Apply(step), 1) => Failed(step, Unknown),
        (Apply(step), _) => Applied(step),
        (Verify, 0) => VerifyFailed(Rejected),
        (Verify, 1) => VerifyFailed(Unknown),
        (Verify, _) => Verified,
        (Undo(step), 0) => UndoForeign(step),
        (Undo(step), 1) => UndoFailed(step),
        (Undo(step), _) => Undone(step),
        (Stop, 0) => GiveUp,
        (Stop, _) => Retry,
        (Watch, 0) if steps > 0 => Strayed(usize::from(pick) % steps),
        (Finish(_) | Watch, 1) => LastQuiet,
        (Finish(_) | Watch, _) => Quiet,
        (Right(_, step), _) => Righted(step),
        (Record | Close(_), _) => Begin,
    }
}

/// What an observer outside knows, by which each transition is judged.
#[derive(Default)]
struct Ledger {
    intent: bool,
    verified: bool,
    turned_on_disk: bool,
    touched: Vec<usize>,
    /// All that was to be undone: another try of a stuck undo begins with the last of them.
    turned: Vec<usize>,
    unsure: Vec<usize>,
    foreign: bool,
    given_up: bool,
    told: Option<Outcome>,
}

impl Ledger {
    fn heard(&mut self, pending: Option<Effect>, event: Event, steps: usize, done: bool) {
        match (pending, event) {
            (_, Found { .. }) if self.told.is_none() && !done => {
                // Nobody knows any more which of them were begun.
                self.touched = (0..steps).collect();
            }
            (Some(WriteIntent), IntentWritten) => self.intent = true,
            (Some(Verify), Verified) => self.verified = true,
            (Some(Stop), GiveUp) => self.given_up = true,
            (Some(Stop), Retry) => self.touched.clone_from(&self.turned),
            // A later try that is refused says nothing of an earlier one whose outcome is not known.
            (Some(Apply(step)), Failed(failed, Rejected))
                if step == failed && !self.unsure.contains(&step) =>
            {
                self.touched.retain(|s| *s != step);
            }
            (Some(Apply(step)), Failed(failed, Unknown)) if step == failed => self.unsure.push(step),
            (Some(Undo(step)), Undone(done)) if step == done => self.touched.retain(|s| *s != step),
            (Some(Undo(step)), UndoForeign(done)) if step == done => {
                self.foreign = true;
                self.touched.retain(|s| *s != step);
            }
            _ => {}
        }
    }

    fn told(&mut self, effect: Effect, found: bool) -> Result<(), TestCaseError> {
        match effect {
            WriteIntent => prop_assert!(self.touched.is_empty()),
            Record => self.turned_on_disk = true,
            Apply(step) => {
                prop_assert!(self.intent && !found, "a step before the intent or after a crash");
                if !self.touched.contains(&step) {
                    self.touched.push(step);
                }
            }
            Verify => prop_assert!(self.intent || found),
            Undo(step) => {
                prop_assert_eq!(self.touched.iter().max(), Some(&step), "undo out of order or of nothing");
                let new = self.touched.iter().filter(|step| !self.turned.contains(step));
                self.turned.extend(new.copied().collect::<Vec<_>>());
                prop_assert!(self.turned_on_disk, "undo before the turn is on disk");
            }
            Stop => prop_assert!(!self.touched.is_empty()),
            Finish(outcome) => {
                prop_assert!(self.told.replace(outcome).is_none(), "two ends");
                match outcome {
                    Outcome::Committed => prop_assert!(self.verified, "committed without reading back"),
                    Outcome::RolledBack => prop_assert!(self.touched.is_empty() && !self.foreign),
                    Outcome::LeftForeign => prop_assert!(self.touched.is_empty() && self.foreign),
                    Outcome::GivenUp => prop_assert!(self.given_up),
                }
            }
            Watch => prop_assert!(self.told.is_some()),
            Right(outcome, _) | Close(outcome) => prop_assert_eq!(self.told, Some(outcome)),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Arbitrary events, fitting ones mixed with late, doubled and senseless ones, and crashes.
    #[test]
    fn no_order_of_events_breaks_an_invariant(
        steps in 0..4usize, pivot in proptest::option::of(0..4usize), retries in 0..3u32,
        picks in proptest::collection::vec((any::<u8>(), event(), 0..4u8), 0..80),
    ) {
        let mut saga = Saga::new(steps, pivot, retries);
        let (mut ledger, mut pending, mut found) = (Ledger::default(), None, false);
        for (pick, stray, kind) in picks {
            let event = match pending {
                None => Begin,
                Some(_) if kind == 0 => stray,
                Some(effect) => answer(effect, pick, steps),
            };
            let done = saga.is_done();
            let (after, effects) = next(&saga, event);
            if done {
                prop_assert_eq!(&after, &saga);
                prop_assert!(effects.is_empty(), "something after the end");
            }
            found |= matches!(event, Found { .. }) && !done;
            ledger.heard(pending, event, steps, done);
            for effect in &effects {
                ledger.told(*effect, found)?;
                pending = Some(*effect);
            }
            prop_assert!(effects.iter().rev().skip(1).all(|effect| *effect == Record), "{:?}", effects);
            saga = after;
        }
    }

    /// Answers of any kind lead to an end: nothing waits for ever.
    #[test]
    fn every_course_ends(steps in 0..4usize, pivot in proptest::option::of(0..4usize), retries in 0..3u32, picks: [u8; 40]) {
        let (mut saga, mut effects) = next(&Saga::new(steps, pivot, retries), Begin);
        // After these, all goes well.
        for pick in picks.into_iter().chain([3; 8]) {
            let Some(effect) = effects.last().copied() else { break };
            (saga, effects) = next(&saga, answer(effect, pick, steps));
        }
        prop_assert!(saga.outcome().is_some(), "{:?}", saga);
        prop_assert!(next(&saga, LastQuiet).0.is_done() || matches!(saga.phase, Phase::Righting(..)), "{:?}", saga);
    }

    /// A crash at any point, and another one during the recovery, end like one: all undone or all there.
    #[test]
    fn recovery_may_crash_at_any_point(
        steps in 1..4usize, before in proptest::collection::vec(any::<u8>(), 0..12), again in 0..6usize, all_new: bool,
    ) {
        let (mut saga, mut effects) = next(&Saga::new(steps, None, 0), Begin);
        let mut durable = saga.clone();
        for pick in before {
            if effects.contains(&Record) || effects == [WriteIntent] {
                durable = saga.clone();
            }
            let Some(effect) = effects.last().copied() else { break };
            (saga, effects) = next(&saga, answer(effect, pick, steps));
        }
        let once = recovered(&durable, all_new, None);
        let twice = recovered(&durable, all_new, Some(again));
        prop_assert_eq!(once.outcome(), twice.outcome());
    }
}

/// Recovers with all going well; with a crash after so many effects it starts over from what was durable by then.
fn recovered(durable: &Saga, all_new: bool, crash_after: Option<usize>) -> Saga {
    let (mut saga, mut effects) = next(durable, Found { all_new });
    let mut durable = durable.clone();
    let mut left = crash_after;
    while saga.outcome().is_none() {
        if effects.contains(&Record) {
            durable = saga.clone();
        }
        if left == Some(0) {
            return recovered(&durable, all_new, None);
        }
        left = left.map(|n| n - 1);
        let Some(effect) = effects.last().copied() else { break };
        (saga, effects) = next(&saga, answer(effect, 3, saga.steps));
    }
    saga
}
