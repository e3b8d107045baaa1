//! The colours of the chips, by which providers that stand side by side are told apart.
use crate::sprite::hash;
use domain::ProviderName;

/// How many colours there are, and how many cores of a chip: together so many looks.
pub const COLOURS: usize = 10;
pub const CORES: usize = 3;

/// How a provider's chip looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tint {
    pub colour: usize,
    pub core: usize,
}

impl Tint {
    /// The look of each provider: the colour that its name has, or the next one that is free. When all are in use, another
    /// core makes each a new one; more providers than looks share them.
    pub fn of_all(names: &[ProviderName]) -> Vec<Self> {
        let mut used = [0_usize; COLOURS];
        let own = |name: &ProviderName| hash(name.as_str()) as usize % COLOURS;
        let mut order: Vec<usize> = (0..names.len()).collect();
        // By name, so that it does not depend on how the list is sorted.
        order.sort_by_key(|at| &names[*at]);
        let mut tints = vec![Self { colour: 0, core: 0 }; names.len()];
        for at in order {
            let start = own(&names[at]);
            let next = (0..COLOURS).map(|step| (start + step) % COLOURS);
            let colour = next.min_by_key(|colour| used[*colour]).unwrap_or(start);
            tints[at] = Self { colour, core: used[colour] % CORES };
            used[colour] += 1;
        }
        tints
    }

    /// The classes that make a chip look so.
    pub fn class(self) -> String {
        format!("chip-art tint-{} core-{}", self.colour, self.core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tints(names: &[&str]) -> Vec<Tint> {
        Tint::of_all(&names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn no_two_providers_look_the_same_as_long_as_there_are_looks() {
        let names: Vec<_> = (0..COLOURS * CORES).map(|n| format!("provider-{n}")).collect();
        let all = tints(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}: {one:?}");
        }
        let few = tints(&["deepseek", "glm-two", "moonshot", "qwen", "zhipuai"]);
        let mut colours: Vec<_> = few.iter().map(|tint| tint.colour).collect();
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), few.len(), "as long as there are colours, each has its own");
    }

    #[test]
    fn a_look_is_that_of_the_name_wherever_it_stands() {
        let (there, back) =
            (tints(&["deepseek", "moonshot", "qwen"]), tints(&["qwen", "moonshot", "deepseek"]));
        assert_eq!(there, back.into_iter().rev().collect::<Vec<_>>());
        assert_eq!(tints(&["qwen"])[0].colour, hash("qwen") as usize % COLOURS);
    }
}
