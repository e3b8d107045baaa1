//! Which of a route's backends takes the next request: smooth weighted round robin, so that shares are exact and not
//! left to chance.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The turn of every route.
#[derive(Debug, Default)]
pub(super) struct Balance {
    turns: Mutex<HashMap<String, Vec<i64>>>,
}

impl Balance {
    /// The next backend of `route`, by index. None when no weight is above zero. A single backend takes everything.
    pub(super) fn next(&self, route: &str, weights: &[i64]) -> Option<usize> {
        if weights.len() == 1 {
            return Some(0);
        }
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.entry(route.to_owned()).or_default();
        if turn.len() != weights.len() {
            *turn = vec![0; weights.len()];
        }
        smooth(turn, weights)
    }
}

/// One step: everybody gains their weight, the one with the most takes the turn and pays the total.
fn smooth(turn: &mut [i64], weights: &[i64]) -> Option<usize> {
    let weight = |index: usize| weights.get(index).copied().unwrap_or(0).max(0);
    let total: i64 = (0..turn.len()).map(weight).sum();
    for (index, credit) in turn.iter_mut().enumerate() {
        *credit = if weight(index) == 0 { 0 } else { *credit + weight(index) };
    }
    let candidates = (0..turn.len()).filter(|index| weight(*index) > 0);
    let chosen = candidates.rev().max_by_key(|index| turn.get(*index).copied())?;
    *turn.get_mut(chosen)? -= total;
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_backend_takes_all_even_without_weight() {
        assert_eq!(Balance::default().next("r", &[0]), Some(0));
        assert_eq!(Balance::default().next("r", &[]), None);
        assert_eq!(Balance::default().next("r", &[0, -5]), None);
    }

    #[test]
    fn routes_have_turns_of_their_own() {
        let balance = Balance::default();
        assert_eq!(balance.next("a", &[50, 50]), Some(0));
        assert_eq!(balance.next("b", &[50, 50]), Some(0));
        assert_eq!(balance.next("a", &[50, 50]), Some(1));
    }

    proptest! {
        /// In a full round each backend gets as many turns as its weight, whatever the weights.
        #[test]
        fn a_round_gives_everyone_their_share(weights in proptest::collection::vec(-3i64..20, 2..6)) {
            let total: i64 = weights.iter().map(|w| (*w).max(0)).sum();
            prop_assume!(total > 0);
            let balance = Balance::default();
            let mut taken = vec![0; weights.len()];
            for _ in 0..total {
                taken[balance.next("r", &weights).unwrap()] += 1;
            }
            let shares: Vec<i64> = weights.iter().map(|w| (*w).max(0)).collect();
            prop_assert_eq!(taken, shares);
        }
    }
}
