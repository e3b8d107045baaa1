//! The side column: how busy the gateway is, and what was changed last.
use super::{HOUR, log::OperationLog, meter::Meter};
use crate::{
    components::{
        panel::Panel,
        scale::Scale,
        sparkline::{Sparkline, bars},
    },
    error::ApiError,
    pages::answered,
    text::{formats::number, t},
};
use domain::{Metrics, MetricsHistory, Operation};
use leptos::prelude::*;

/// The figures of now, and requests a minute of the last hour.
pub fn gateway(metrics: Result<Metrics, ApiError>, history: Result<MetricsHistory, ApiError>) -> AnyView {
    let chart = history.ok().map(|history| chart(&history));
    view! { <Panel title=t().gateway()>{answered(metrics, meters)} {chart}</Panel> }.into_any()
}

/// What was changed last, and the way to all of it.
pub fn log(operations: Result<Vec<Operation>, ApiError>) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="log-title">
            <header class="panel-head">
                <h2 id="log-title">{t().log()}</h2>
                <a href="/agm/activity" aria-label=t().all_operations()>{t().all()} " →"</a>
            </header>
            {answered(operations, |operations| view! { <OperationLog operations/> }.into_any())}
        </section>
    }
    .into_any()
}

fn meters(metrics: Metrics) -> AnyView {
    let mut why = metrics.unavailable;
    let percent = |value: Option<u32>| value.map(u64::from);
    view! {
        <dl class="meters">
            <Meter
                label=t().cpu() long=t().cpu_long() value=percent(metrics.cpu) scale=Scale::Percent
                unavailable=why.remove("cpu")
            />
            <Meter
                label=t().memory() long=t().memory_long() value=percent(metrics.memory) scale=Scale::Percent
                unavailable=why.remove("memory")
            />
            <Meter
                label=t().connections() long=t().connections_long() value=metrics.connections scale=Scale::Doubling
                unavailable=why.remove("connections")
            />
            <Meter
                label=t().rpm() long=t().rpm_long() value=metrics.rpm scale=Scale::Doubling
                unavailable=why.remove("rpm")
            />
        </dl>
        <p class="meter-note">{t().meter_note()}</p>
    }
    .into_any()
}

fn chart(history: &MetricsHistory) -> AnyView {
    let values: Vec<_> = history.samples.iter().map(|sample| sample.rpm).collect();
    let bars = bars(&values, history.every_seconds, HOUR);
    let said = match (bars.iter().flatten().max(), bars.last().copied().flatten()) {
        (Some(most), Some(now)) => t().rpm_hour_said(&number(*most), &number(now)),
        (Some(most), None) => t().rpm_hour_said(&number(*most), t().unknown()),
        (None, _) => t().no_figures().to_owned(),
    };
    view! {
        <figure class="traffic">
            <Sparkline values=bars label=format!("{}: {said}", t().rpm_hour())/>
            <figcaption aria-hidden="true">{t().rpm_hour()}</figcaption>
        </figure>
    }
    .into_any()
}
