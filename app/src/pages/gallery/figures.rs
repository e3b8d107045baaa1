//! Figures in blocks and bars.
use super::{shelf, specimen, wide};
use crate::{
    components::{blocks::Blocks, scale::Scale, sparkline::Sparkline},
    pages::home::meter::Meter,
    text::t,
};
use leptos::prelude::*;

pub fn view() -> AnyView {
    view! { {meters()} {bars()} {tiles()} }.into_any()
}

fn meters() -> AnyView {
    let meter = |value: Option<u64>, scale: Scale, why: Option<&'static str>| {
        view! {
            <dl class="meters">
                <Meter label=t().cpu() long=t().cpu_long() value scale unavailable=why.map(ToOwned::to_owned)/>
            </dl>
        }
        .into_any()
    };
    let blocks =
        [0, 1, 50, 100].map(|value| view! { <p><Blocks value scale=Scale::Percent/> " " {value} "%"</p> });
    shelf(
        "Meters",
        [
            specimen("nothing", meter(Some(0), Scale::Percent, None)),
            specimen("half", meter(Some(50), Scale::Percent, None)),
            specimen("hot", meter(Some(97), Scale::Percent, None)),
            specimen("a count", meter(Some(1_500), Scale::Doubling, None)),
            specimen("not to be had", meter(None, Scale::Percent, Some("the gateway does not tell"))),
            specimen("shares", blocks.collect_view().into_any()),
        ],
    )
}

fn bars() -> AnyView {
    let wave = |at: u64| Some((at * 7) % 23 + at / 2);
    let chart = |values: Vec<Option<u64>>, label: &str| {
        let label = label.to_owned();
        view! { <figure class="traffic"><Sparkline values label/></figure> }.into_any()
    };
    shelf(
        "Bars over time",
        [
            wide("whole", chart((0..30).map(wave).collect(), "thirty bars")),
            wide(
                "with gaps",
                chart((0..30).map(|at| wave(at).filter(|_| at % 5 > 1)).collect(), "with gaps"),
            ),
            wide("nothing happened", chart(vec![Some(0); 30], "all zero")),
            wide("nothing known", chart(vec![None; 30], "all gaps")),
        ],
    )
}

fn tiles() -> AnyView {
    let tile = |(name, value, worse): (&'static str, &'static str, bool)| {
        let (class, sign) = if worse { ("tile worse", " ▼") } else { ("tile", "") };
        view! { <div class=class><dt>{name}</dt><dd>{value} <span aria-hidden="true">{sign}</span></dd></div> }
    };
    let tiles = [
        (t().context(), "64K", true),
        (t().output(), "8K", false),
        (t().vision(), t().no(), true),
        (t().reasoning(), t().yes(), false),
    ];
    let tiles = view! {
        <dl class="tiles">{tiles.map(tile).collect_view()}</dl>
        <p class="field-hint">{t().figures_from(t().source(domain::LimitSource::KnownModels))}</p>
    };
    shelf("What a model can", [wide("two are worse than now", tiles.into_any())])
}
