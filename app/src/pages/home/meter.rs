use leptos::prelude::*;

const BLOCKS: u32 = 14;

/// How a figure fills the blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Of 100.
    Percent,
    /// One block per doubling: a count without an upper end.
    Doubling,
}

/// How many of the blocks are lit. Something is never shown as nothing.
fn lit(value: u64, scale: Scale) -> u32 {
    let blocks = match scale {
        Scale::Percent => (value.min(100) as u32 * BLOCKS).div_ceil(100),
        Scale::Doubling => u64::BITS - value.leading_zeros(),
    };
    blocks.min(BLOCKS)
}

/// A figure in blocks and digits; without a value a dash, and why.
#[component]
pub fn Meter(
    label: &'static str,
    /// What the label stands for.
    long: &'static str,
    value: Option<u64>,
    scale: Scale,
    #[prop(into)] unavailable: Option<String>,
) -> impl IntoView {
    let on = value.map_or(0, |value| lit(value, scale));
    let blocks = (0..BLOCKS)
        .map(|block| {
            let hot = scale == Scale::Percent && block >= BLOCKS - 3;
            let class = match (block < on, hot) {
                (true, true) => "on hot",
                (true, false) => "on",
                (false, _) => "",
            };
            view! { <i class=class></i> }
        })
        .collect_view();
    let digits = match (value, scale) {
        (Some(value), Scale::Percent) => format!("{value}%"),
        (Some(value), Scale::Doubling) => value.to_string(),
        (None, _) => "—".into(),
    };
    view! {
        <div class="meter">
            <dt title=long>{label} <span class="sr">" "{long}</span></dt>
            <dd>
                <span class="meter-blocks" aria-hidden="true">{blocks}</span>
                <span class="meter-digits">{digits}</span>
                {unavailable.map(|why| view! { <span class="meter-why">{why}</span> })}
            </dd>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_nothing_and_all_is_full() {
        assert_eq!([0, 1, 50, 100, 250].map(|v| lit(v, Scale::Percent)), [0, 1, 7, 14, 14]);
        assert_eq!([0, 1, 12, 150, u64::MAX].map(|v| lit(v, Scale::Doubling)), [0, 1, 4, 8, 14]);
    }
}
