use super::*;
use proptest::prelude::*;

/// Feeds events and collects the effects.
fn run(saga: Saga, events: &[Event]) -> (Saga, Vec<Effect>) {
    events.iter().fold((saga, Vec::new()), |(saga, mut all), event| {
        let (saga, effects) = next(&saga, *event);
        all.extend(effects);
        (saga, all)
    })
}

use Certainty::{Rejected, Unknown};
use Effect::{Apply, Finish, Undo, Verify, WriteIntent};
use Event::*;

#[test]
fn all_well() {
    let (end, effects) =
        run(Saga::new(2, Some(1), 0), &[Begin, IntentWritten, Applied(0), Applied(1), Verified]);
    assert_eq!(effects, [WriteIntent, Apply(0), Apply(1), Verify, Finish(Outcome::Committed)]);
    assert_eq!(end.phase, Phase::Committed);
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
    assert_eq!(effects[3..], [Undo(1), Undo(0), Finish(Outcome::NeedsOperator)]);
}

#[test]
fn an_undo_that_fails_stops_there_when_retries_are_used_up() {
    let events =
        [Begin, IntentWritten, Applied(0), Failed(1, Unknown), UndoFailed(1), UndoFailed(1), Undone(0)];
    let (end, effects) = run(Saga::new(2, None, 1), &events);
    assert_eq!(effects[3..], [Undo(1), Undo(1), Finish(Outcome::NeedsOperator)]);
    assert_eq!(end.phase, Phase::NeedsOperator);
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
        step.prop_map(UndoFailed),
        Just(Cancel),
    ]
}

/// An event that answers the effect under way, or any event at all.
fn answer(effect: Effect, pick: u8) -> Event {
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
        (Finish(_), _) => Begin,
    }
}

fn is_final(phase: Phase) -> bool {
    matches!(phase, Phase::Committed | Phase::RolledBack | Phase::NeedsOperator)
}

/// What an observer outside knows, by which each transition is judged.
#[derive(Default)]
struct Ledger {
    intent: bool,
    verified: bool,
    touched: Vec<usize>,
    unsure: Vec<usize>,
    foreign: bool,
}

impl Ledger {
    fn heard(&mut self, pending: Option<Effect>, event: Event) {
        match (pending, event) {
            (Some(WriteIntent), IntentWritten) => self.intent = true,
            (Some(Verify), Verified) => self.verified = true,
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

    fn told(&mut self, effect: Effect) -> Result<(), TestCaseError> {
        match effect {
            WriteIntent => prop_assert!(self.touched.is_empty()),
            Apply(step) => {
                prop_assert!(self.intent, "a step before the intent");
                if !self.touched.contains(&step) {
                    self.touched.push(step);
                }
            }
            Verify => prop_assert!(self.intent),
            Undo(step) => {
                prop_assert_eq!(self.touched.iter().max(), Some(&step), "undo out of order or of nothing")
            }
            Finish(Outcome::Committed) => prop_assert!(self.verified, "committed without reading back"),
            Finish(Outcome::RolledBack) => prop_assert!(self.touched.is_empty() && !self.foreign),
            Finish(Outcome::NeedsOperator) => prop_assert!(self.foreign || !self.touched.is_empty()),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Arbitrary events, fitting ones mixed with late, doubled and senseless ones.
    #[test]
    fn no_order_of_events_breaks_an_invariant(
        steps in 0..4usize, pivot in proptest::option::of(0..4usize), retries in 0..3u32,
        picks in proptest::collection::vec((any::<u8>(), event(), 0..4u8), 0..60),
    ) {
        let mut saga = Saga::new(steps, pivot, retries);
        let (mut ledger, mut pending) = (Ledger::default(), None);
        for (pick, stray, kind) in picks {
            let event = match pending {
                None => Begin,
                Some(_) if kind == 0 => stray,
                Some(effect) => answer(effect, pick),
            };
            let ended = is_final(saga.phase);
            let (after, effects) = next(&saga, event);
            if ended {
                prop_assert_eq!(&after, &saga);
                prop_assert!(effects.is_empty(), "something after the end");
            }
            prop_assert!(effects.len() <= 1);
            ledger.heard(pending, event);
            for effect in effects {
                ledger.told(effect)?;
                pending = Some(effect);
            }
            saga = after;
        }
    }

    /// Answers of any kind lead to an end: nothing waits for ever.
    #[test]
    fn every_course_ends(steps in 0..4usize, pivot in proptest::option::of(0..4usize), retries in 0..3u32, picks: [u8; 40]) {
        let (mut saga, mut effects) = next(&Saga::new(steps, pivot, retries), Begin);
        for pick in picks {
            let Some(effect) = effects.first().copied() else { break };
            (saga, effects) = next(&saga, answer(effect, pick));
        }
        prop_assert!(is_final(saga.phase), "{:?}", saga);
    }
}
