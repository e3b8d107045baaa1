mod figures;
mod usage;
mod workers;

use super::{
    Live, answered,
    query::{Query, address},
};
use crate::{
    api::{self, Caller},
    error::ApiError,
    text::t,
};
use domain::{Metrics, MetricsHistory, Usage, Worker};
use futures::join;
use leptos::prelude::*;
use leptos_meta::Title;
use std::time::Duration;

/// How far back the charts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Quarter,
    Hour,
}

impl Range {
    const ALL: [Self; 2] = [Self::Quarter, Self::Hour];

    /// Anything that is no range is the whole hour.
    fn read(query: &Query) -> Self {
        let asked = query.get("range");
        Self::ALL.into_iter().find(|range| range.name() == asked).unwrap_or(Self::Hour)
    }

    /// As it stands in the address.
    fn name(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
        }
    }

    fn minutes(self) -> u64 {
        match self {
            Self::Quarter => 15,
            Self::Hour => 60,
        }
    }

    fn duration(self) -> Duration {
        Duration::from_secs(60 * self.minutes())
    }
}

/// Everything that the page shows, each part read for itself: one that cannot be had leaves the others.
struct Seen {
    metrics: Result<Metrics, ApiError>,
    history: Result<MetricsHistory, ApiError>,
    usage: Result<Usage, ApiError>,
    workers: Result<Vec<Worker>, ApiError>,
}

impl Seen {
    async fn now(range: Range) -> Self {
        let (metrics, workers) = join!(api::metrics(), api::workers());
        let history = Caller::take().map(|caller| caller.operations.metrics_history(range.duration()));
        let usage = Caller::take().map(|caller| caller.operations.usage());
        Self { metrics, history, usage, workers }
    }
}

/// How busy host and gateway are and were, who used which model, and what is known of each worker.
#[component]
pub fn MonitorPage() -> impl IntoView {
    let query = Query::current();
    let range = Range::read(&query);
    let wanted = query.get("find").to_owned();
    let head = head(range, &wanted);
    let page = Suspend::new(async move {
        let Seen { metrics, history, usage, workers } = Seen::now(range).await;
        view! {
            <Live id="figures" topics="metrics">{figures::view(metrics, history, range)}</Live>
            {usage::panel(answered(usage, usage::view))}
            <section class="panel" aria-labelledby="workers-title">
                <header class="panel-head">
                    <h2 id="workers-title">{t().monitor_workers()}</h2>
                    {workers::find_form(range, &wanted)}
                </header>
                <Live id="workers" topics="office">{answered(workers, |all| workers::view(all, &wanted))}</Live>
            </section>
        }
    });
    view! {
        <Title text=t().monitor()/>
        <div class="monitor" data-pausable="">{head} {page}</div>
    }
    .into_any()
}

/// Title, how far back, and the switch that keeps the page as it is.
fn head(range: Range, wanted: &str) -> AnyView {
    let link = |one: Range| {
        let href = address("/agm/monitor", [("range", one.name()), ("find", wanted)]);
        let here = (one == range).then_some("true");
        view! { <li><a class="range" href=href aria-current=here>{t().monitor_range(one.minutes())}</a></li> }
    };
    view! {
        <header class="page-head">
            <h1>{t().monitor()}</h1>
            <p>{t().monitor_lead()}</p>
            <div class="monitor-tools">
                <ul class="ranges" aria-label=t().monitor_ranges()>{Range::ALL.map(link).collect_view()}</ul>
                <label class="pause">
                    <input r#type="checkbox" class="mark-row" data-pause="" autocomplete="off"/>
                    {t().monitor_pause()}
                </label>
            </div>
        </header>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_range_is_the_whole_hour() {
        let read = |range: &str| Range::read(&Query::of(&[("range", range)]));
        assert_eq!(
            ["15m", "1h", "", "2d"].map(read),
            [Range::Quarter, Range::Hour, Range::Hour, Range::Hour]
        );
        assert_eq!(Range::read(&Query::default()), Range::Hour);
    }
}
