//! How busy host and gateway are: each figure as it is now, and as it was.
use super::Range;
use crate::{
    components::{
        blocks::Blocks,
        moment::Moment,
        said::Said,
        scale::Scale,
        sparkline::{Sparkline, bars},
    },
    error::ApiError,
    pages::answered,
    text::t,
};
use domain::{Metrics, MetricsHistory, MetricsSample};
use leptos::prelude::*;

/// One figure over time.
struct Figure {
    title: &'static str,
    scale: Scale,
    now: Option<u64>,
    /// One for each bar, the newest last.
    bars: Vec<Option<u64>>,
    /// Why there is none now.
    unavailable: Option<String>,
}

/// The charts.
pub fn view(
    metrics: Result<Metrics, ApiError>,
    history: Result<MetricsHistory, ApiError>,
    range: Range,
) -> AnyView {
    answered(metrics, |metrics| {
        answered(history, |history| {
            let measured = metrics.timestamp.clone();
            let charts = figures(metrics, &history, range).into_iter().map(|figure| chart(figure, range));
            view! {
                <div class="charts">{charts.collect_view()}</div>
                <p class="measured">{t().monitor_measured()} " " <Moment at=measured/></p>
            }
            .into_any()
        })
    })
}

fn figures(metrics: Metrics, history: &MetricsHistory, range: Range) -> [Figure; 4] {
    let mut why = metrics.unavailable;
    let mut figure = |name, title, scale, now, of: fn(&MetricsSample) -> Option<u64>| {
        let values: Vec<_> = history.samples.iter().map(of).collect();
        let bars = bars(&values, history.every_seconds, range.duration());
        Figure { title, scale, now, bars, unavailable: why.remove(name) }
    };
    let (cpu, memory) = (metrics.cpu.map(u64::from), metrics.memory.map(u64::from));
    [
        figure("cpu", t().monitor_cpu(), Scale::Percent, cpu, |sample| sample.cpu.map(u64::from)),
        figure("memory", t().monitor_memory(), Scale::Percent, memory, |sample| sample.memory.map(u64::from)),
        figure("connections", t().monitor_connections(), Scale::Doubling, metrics.connections, |sample| {
            sample.connections
        }),
        figure("rpm", t().monitor_rpm(), Scale::Doubling, metrics.rpm, |sample| sample.rpm),
    ]
}

fn chart(figure: Figure, range: Range) -> AnyView {
    let Figure { title, scale, now, bars, unavailable } = figure;
    let most = bars.iter().flatten().copied().max().max(now);
    let full = if scale == Scale::Percent { 100 } else { most.unwrap_or_default() };
    let shown = now.map_or_else(|| "—".to_owned(), |now| scale.say(now));
    let note = scale.note().map(|note| view! { <span class="sr">" ("{note}")"</span> });
    let said = match most {
        Some(most) => t().monitor_most(&scale.say(most)),
        None => t().no_figures().to_owned(),
    };
    let span = t().monitor_range(range.minutes());
    view! {
        <section class="panel chart">
            <header class="panel-head">
                <h2>{title}</h2>
                <p class="chart-now" title=scale.note()><Blocks value=now.unwrap_or_default() scale/> <b>{shown}</b> {note}</p>
            </header>
            <figure>
                <Sparkline values=bars full label=format!("{title}, {span}: {said}")/>
                <figcaption aria-hidden="true"><span>{span}</span> <span>{said}</span> <span>{t().monitor_now()}</span></figcaption>
            </figure>
            {unavailable.map(|why| view! { <p class="note warn"><Said text=why/></p> })}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_figure_has_its_own_value_history_and_reason() {
        let metrics = json!({"cpu": 7, "memory": 40, "connections": null, "rpm": 12,
            "timestamp": "2026-01-15T10:30:00Z", "unavailable": {"connections": "the gateway hides them"}});
        let sample =
            json!({"at": "2026-01-15T10:30:00Z", "cpu": 6, "memory": 41, "connections": 3, "rpm": null});
        let history =
            MetricsHistory { every_seconds: 10, samples: vec![serde_json::from_value(sample).unwrap()] };
        let made = figures(serde_json::from_value(metrics).unwrap(), &history, Range::Hour);
        let now = made.each_ref().map(|figure| figure.now);
        let newest = made.each_ref().map(|figure| figure.bars.last().copied().flatten());
        assert_eq!(now, [Some(7), Some(40), None, Some(12)]);
        assert_eq!(newest, [Some(6), Some(41), Some(3), None]);
        let why = made.each_ref().map(|figure| figure.unavailable.as_deref());
        assert_eq!(why, [None, None, Some("the gateway hides them"), None]);
    }
}
