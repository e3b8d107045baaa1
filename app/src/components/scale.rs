//! How figures fill blocks, and how they are said.
use crate::text::{formats::number, t};

/// From so many percent on there is little left.
const HOT: u64 = 80;

/// What all blocks together stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Of 100.
    Percent,
    /// Of a whole.
    Of(u64),
    /// One block per doubling: a count without an upper end.
    Doubling,
}

impl Scale {
    /// How many of the blocks are lit. Something is never shown as nothing.
    pub fn lit(self, value: u64, blocks: u32) -> u32 {
        let lit = match self {
            Self::Percent => return Self::Of(100).lit(value, blocks),
            Self::Of(whole) => (u128::from(value) * u128::from(blocks)).div_ceil(u128::from(whole.max(1))),
            Self::Doubling => u128::from(u64::BITS - value.leading_zeros()),
        };
        u32::try_from(lit).unwrap_or(blocks).min(blocks)
    }

    /// Whether so much is more than is good.
    pub fn is_hot(self, value: u64) -> bool {
        self == Self::Percent && value >= HOT
    }

    /// The figure in digits.
    pub fn say(self, value: u64) -> String {
        match self {
            Self::Percent => format!("{value}%"),
            Self::Of(_) | Self::Doubling => number(value),
        }
    }

    /// What a block stands for, where the figure alone does not tell.
    pub fn note(self) -> Option<&'static str> {
        (self == Self::Doubling).then(|| t().scale_doubling())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_nothing_and_all_is_full() {
        assert_eq!([0, 1, 50, 100, 250].map(|value| Scale::Percent.lit(value, 14)), [0, 1, 7, 14, 14]);
        assert_eq!([0, 1, 50, 100, 250].map(|value| Scale::Of(100).lit(value, 10)), [0, 1, 5, 10, 10]);
        assert_eq!(
            [(0, 0), (3, 0), (u64::MAX, u64::MAX)].map(|(v, of)| Scale::Of(of).lit(v, 10)),
            [0, 10, 10]
        );
    }

    #[test]
    fn a_count_lights_a_block_more_when_it_doubles() {
        let lit = |value| Scale::Doubling.lit(value, 10);
        assert_eq!([0, 1, 2, 3, 4, 12, 150, u64::MAX].map(lit), [0, 1, 2, 2, 3, 4, 8, 10]);
        assert_eq!(Scale::Doubling.lit(1_500, 14), 11);
    }

    #[test]
    fn only_a_percentage_is_hot_and_only_a_count_explains_its_scale() {
        assert_eq!([79, 80].map(|value| Scale::Percent.is_hot(value)), [false, true]);
        assert!(!Scale::Doubling.is_hot(u64::MAX));
        assert_eq!([Scale::Percent.note(), Scale::Doubling.note()], [None, Some(t().scale_doubling())]);
        assert_eq!([Scale::Percent.say(7), Scale::Doubling.say(1_500)], ["7%", "1,500"]);
    }
}
