use leptos::prelude::*;
use std::time::Duration;

/// How wide a bar is, and what lies between two.
const BAR: usize = 7;
const GAP: usize = 2;
/// The highest bar, in steps, and how high a step is: bars stand on a grid of whole pixels.
const STEPS: u64 = 14;
const STEP: u64 = 3;
/// How many of the newest bars are lit.
const LIT: usize = 3;
/// How many bars a span of time is shown as.
const BARS: usize = 30;

/// Bars of one figure over time, the newest last. None is a gap, which is no zero: a zero has the lowest bar.
#[component]
pub fn Sparkline(
    values: Vec<Option<u64>>,
    /// The same in words.
    label: String,
    /// What a bar of full height stands for; else the highest value.
    #[prop(optional)]
    full: Option<u64>,
) -> impl IntoView {
    let most = full.or_else(|| values.iter().flatten().copied().max()).unwrap_or_default();
    let (width, height) = (values.len() * (BAR + GAP), STEPS * STEP);
    let newest = values.len().saturating_sub(LIT);
    let (mut old, mut lit, mut gaps) = (String::new(), String::new(), String::new());
    for (place, value) in values.into_iter().enumerate() {
        let x = place * (BAR + GAP);
        match value {
            Some(value) => {
                let high = steps(value, most) * STEP;
                let bars = if place < newest { &mut old } else { &mut lit };
                bars.push_str(&format!("M{x} {}h{BAR}v{high}h-{BAR}z", height - high));
            }
            None => gaps.push_str(&format!("M{} {}h{STEP}v{STEP}h-{STEP}z", x + GAP, height - STEP)),
        }
    }
    view! {
        <svg class="sparkline" role="img" aria-label=label viewBox=format!("0 0 {width} {height}")>
            <path class="bar-gap" d=gaps></path>
            <path class="bar" d=old></path>
            <path class="bar-lit" d=lit></path>
        </svg>
    }
    .into_any()
}

/// The bars of the last time, the newest last, of values that were measured every so many seconds: the highest figure of
/// each part of the time. A bar without a figure is a gap.
pub fn bars(values: &[Option<u64>], every_seconds: u64, last: Duration) -> Vec<Option<u64>> {
    let each = last.as_secs() / BARS as u64 / every_seconds.max(1);
    let each = usize::try_from(each).unwrap_or(1).max(1);
    let mut bars: Vec<_> =
        values.rchunks(each).take(BARS).map(|chunk| chunk.iter().copied().flatten().max()).collect();
    bars.resize(BARS, None);
    bars.reverse();
    bars
}

/// How many steps a value is high. Something is higher than nothing.
fn steps(value: u64, most: u64) -> u64 {
    let more = u128::from(value) * u128::from(STEPS - 1);
    let more = more.div_ceil(u128::from(most.max(1)));
    1 + u64::try_from(more).unwrap_or(STEPS).min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn the_highest_is_full_and_nothing_is_one_step() {
        assert_eq!([0, 1, 50, 100].map(|value| steps(value, 100)), [1, 2, 8, 14]);
        assert_eq!(steps(0, 0), 1);
        assert_eq!(steps(u64::MAX, u64::MAX), STEPS);
        assert_eq!(steps(250, 100), STEPS, "more than full is full");
    }

    #[test]
    fn bars_hold_a_part_of_the_time_and_end_with_now() {
        let values: Vec<_> = (0..30).map(Some).collect();
        let made = bars(&values, 10, HOUR);
        assert_eq!(made.len(), BARS);
        assert_eq!(made[BARS - 3..], [Some(5), Some(17), Some(29)]);
        assert_eq!(made[..BARS - 3], [None; BARS - 3]);
        assert_eq!(bars(&values, 10, HOUR / 4)[BARS - 2..], [Some(26), Some(29)]);
    }

    #[test]
    fn what_was_not_measured_is_a_gap_and_not_a_zero() {
        let made = bars(&[Some(4), None, Some(0)], 120, HOUR);
        assert_eq!(made[BARS - 3..], [Some(4), None, Some(0)]);
        assert_eq!(bars(&[], 10, HOUR), [None; BARS]);
    }
}
