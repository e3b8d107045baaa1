use leptos::prelude::*;

/// How many blocks a whole bar has.
const BLOCKS: u64 = 10;
/// A block and what lies between two, on a grid of whole pixels.
const WIDE: u64 = 7;
const GAP: u64 = 2;
const HIGH: u64 = 10;

/// A share in blocks. Decoration: the figure stands beside it.
#[component]
pub fn Blocks(
    share: u64,
    of: u64,
    /// Whether it is more than is good.
    #[prop(optional)]
    hot: bool,
) -> impl IntoView {
    let lit = lit(share, of);
    let class = if hot { "blocks hot" } else { "blocks" };
    let row = |blocks: std::ops::Range<u64>| {
        blocks.map(|block| format!("M{} 0h{WIDE}v{HIGH}h-{WIDE}z", block * (WIDE + GAP))).collect::<String>()
    };
    view! {
        <svg class=class viewBox=format!("0 0 {} {HIGH}", BLOCKS * (WIDE + GAP)) aria-hidden="true">
            <path class="block" d=row(lit..BLOCKS)></path>
            <path class="block-lit" d=row(0..lit)></path>
        </svg>
    }
    .into_any()
}

/// Something is never shown as nothing.
fn lit(share: u64, of: u64) -> u64 {
    let blocks = (u128::from(share) * u128::from(BLOCKS)).div_ceil(u128::from(of.max(1)));
    u64::try_from(blocks).unwrap_or(BLOCKS).min(BLOCKS)
}

#[cfg(test)]
mod tests {
    use super::lit;

    #[test]
    fn something_is_never_nothing_and_all_is_full() {
        assert_eq!([0, 1, 50, 100, 250].map(|share| lit(share, 100)), [0, 1, 5, 10, 10]);
        assert_eq!([lit(0, 0), lit(3, 0), lit(u64::MAX, u64::MAX)], [0, 10, 10]);
    }
}
