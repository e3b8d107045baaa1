use super::scale::Scale;
use leptos::prelude::*;

/// How many blocks a whole bar has.
const BLOCKS: u32 = 10;
/// A block and what lies between two, on a grid of whole pixels.
const WIDE: u32 = 7;
const GAP: u32 = 2;
const HIGH: u32 = 10;

/// A figure in blocks. Decoration: it stands beside them in digits.
#[component]
pub fn Blocks(value: u64, scale: Scale) -> impl IntoView {
    let lit = scale.lit(value, BLOCKS);
    let class = if scale.is_hot(value) { "blocks hot" } else { "blocks" };
    let row = |blocks: std::ops::Range<u32>| {
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
