use crate::components::{said::Said, scale::Scale};
use leptos::prelude::*;

const BLOCKS: u32 = 14;

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
    let on = value.map_or(0, |value| scale.lit(value, BLOCKS));
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
    let digits = value.map_or_else(|| "—".to_owned(), |value| scale.say(value));
    let note = scale.note().map(|note| view! { <span class="sr">" ("{note}")"</span> });
    view! {
        <div class="meter">
            <dt title=long>{label} <span class="sr">" "{long}</span></dt>
            <dd>
                <span class="meter-blocks" aria-hidden="true">{blocks}</span>
                <span class="meter-digits">{digits} {note}</span>
                {unavailable.map(|why| view! { <span class="meter-why"><Said text=why/></span> })}
            </dd>
        </div>
    }
    .into_any()
}
