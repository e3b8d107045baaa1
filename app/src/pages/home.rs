pub mod alarm;
pub mod desk;
mod floor;
mod log;
pub mod meter;
mod quick;
mod rooms;
mod search;
mod side;
mod trouble;
mod wall;

use super::Live;
use crate::{
    api::{self, Caller},
    error::ApiError,
    text::t,
};
use domain::{Assignments, Backups, DeepHealth, Metrics, MetricsHistory, Operation, Worker};
use floor::Floor;
use futures::join;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use std::time::Duration;

/// How many operations the log shows.
const NEWEST: usize = 5;
/// How far back the chart goes.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Everything that the page shows, each part read for itself: one that cannot be had leaves the others.
struct Seen {
    assignments: Result<Assignments, ApiError>,
    workers: Result<Vec<Worker>, ApiError>,
    health: Result<DeepHealth, ApiError>,
    metrics: Result<Metrics, ApiError>,
    history: Result<MetricsHistory, ApiError>,
    operations: Result<Vec<Operation>, ApiError>,
    backups: Result<Backups, ApiError>,
}

impl Seen {
    async fn now() -> Self {
        let (assignments, workers, health, metrics, operations, backups) = join!(
            api::assignments(),
            api::workers(),
            api::deep_health(),
            api::metrics(),
            api::operations(NEWEST),
            backups(),
        );
        let history = Caller::take().map(|caller| caller.operations.metrics_history(HOUR));
        Self { assignments, workers, health, metrics, history, operations, backups }
    }
}

async fn backups() -> Result<Backups, ApiError> {
    Ok(Caller::take()?.operations.backups().await?)
}

/// The office: everybody, what they run, and how the installation does.
#[component]
pub fn HomePage() -> impl IntoView {
    let wanted = use_query_map().read_untracked().get("find").unwrap_or_default();
    let page = Suspend::new(async move { page(Seen::now().await, &wanted) });
    view! {
        <Title text=t().nav_home/>
        <h1 class="sr">{t().nav_home}</h1>
        {page}
    }
    .into_any()
}

fn page(seen: Seen, wanted: &str) -> AnyView {
    let systems = seen.health.map(|health| health.systems).unwrap_or_default();
    let alarm = trouble::alarm(&systems, seen.assignments.as_ref().ok());
    let wall = wall::wall(&systems, seen.assignments.as_ref().ok());
    let floor = Floor::of(&systems, seen.assignments, seen.workers);
    let search = floor.is_large().then(|| search::field(wanted));
    let floor = floor.view(wanted);
    let gateway = side::gateway(seen.metrics, seen.history);
    view! {
        <div class="home">
            <Live id="alarm" topics="office operations">{alarm}</Live>
            <section class="panel office" aria-labelledby="office">
                <header class="wall">
                    <h2 id="office" class="sign">{t().office}</h2>
                    <Live id="wall" topics="office">{wall}</Live>
                </header>
                {search}
                <Live id="floor" topics="office operations">{floor}</Live>
            </section>
            <div class="side">
                <Live id="gateway" topics="metrics">{gateway}</Live>
                <Live id="log" topics="operations">{side::log(seen.operations)}</Live>
            </div>
            {quick::actions()}
            <Live id="last-backup" topics="backups operations">{quick::last_backup(seen.backups)}</Live>
        </div>
    }
    .into_any()
}
