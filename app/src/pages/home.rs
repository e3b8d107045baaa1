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
mod unread;
mod wall;

use super::{Live, query::Query};
use crate::{
    api::{self, Caller},
    error::ApiError,
    text::t,
};
use domain::{Assignments, Backups, DeepHealth, Drift, Metrics, MetricsHistory, Operation, Worker};
use floor::Floor;
use futures::join;
use leptos::prelude::*;
use leptos_meta::Title;
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
    drift: Result<Drift, ApiError>,
}

impl Seen {
    async fn now() -> Self {
        let (assignments, workers, health, metrics, operations, backups, drift) = join!(
            api::assignments(),
            api::workers(),
            api::deep_health(),
            api::metrics(),
            api::operations(NEWEST),
            backups(),
            drift(),
        );
        let history = Caller::take().map(|caller| caller.operations.metrics_history(HOUR));
        Self { assignments, workers, health, metrics, history, operations, backups, drift }
    }
}

async fn backups() -> Result<Backups, ApiError> {
    Ok(Caller::take()?.operations.backups().await?)
}

async fn drift() -> Result<Drift, ApiError> {
    Ok(Caller::take()?.operations.drift().await?)
}

/// The office: everybody, what they run, and how the installation does.
#[component]
pub fn HomePage() -> impl IntoView {
    let wanted = Query::current().get("find").to_owned();
    let page = Suspend::new(async move { page(Seen::now().await, &wanted) });
    view! {
        <Title text=t().nav_home()/>
        <h1 class="sr">{t().nav_home()}</h1>
        {page}
    }
    .into_any()
}

fn page(seen: Seen, wanted: &str) -> AnyView {
    let (systems, unread) = match seen.health {
        Ok(health) => (health.systems, None),
        Err(error) => (Vec::new(), Some(unread::systems(error))),
    };
    // Why it cannot be looked at is told by what could not be read.
    let alarm = trouble::alarm(&systems, seen.assignments.as_ref().ok(), seen.drift.as_ref().ok());
    let wall = wall::wall(&systems, seen.drift.as_ref().ok());
    let floor = Floor::of(&systems, seen.assignments, seen.workers);
    let search = floor.is_large().then(|| search::field(wanted));
    let floor = floor.view(wanted);
    let gateway = side::gateway(seen.metrics, seen.history);
    view! {
        <div class="home">
            <Live id="alarm" topics="office operations backups">{alarm}</Live>
            <section class="panel office" aria-labelledby="office">
                <header class="wall">
                    <h2 id="office" class="sign">{t().office()}</h2>
                    <Live id="wall" topics="office operations providers routes backups">{wall} {unread}</Live>
                </header>
                {search}
                {floor}
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Code, Failure};

    #[test]
    fn what_could_not_be_read_is_said_with_the_way_on() {
        let failed = |why: &str| ApiError::from(Failure::new(Code::Internal, why).hint("Free some space."));
        let seen = Seen {
            assignments: Err(failed("no assignments")),
            workers: Err(failed("no workers")),
            health: Err(failed("no health")),
            metrics: Err(failed("no metrics")),
            history: Err(failed("no history")),
            operations: Err(failed("no operations")),
            backups: Err(failed("the folder is away")),
            drift: Err(failed("no drift")),
        };
        let html = page(seen, "").to_html();
        for part in ["assignments", "workers", "health", "metrics", "operations"] {
            assert_eq!(html.matches(&format!("no {part}")).count(), 1, "{part}: {html}");
        }
        let of = |id: &str| {
            let start = format!("{id}\"");
            html.split("<div id=\"").find(|part| part.starts_with(&start)).unwrap()
        };
        let wall = of("wall");
        assert!(wall.contains(t().systems_unread()) && wall.contains("/agm/doctor"), "{wall}");
        let backups = of("last-backup");
        for part in [t().last_backup_unread(), "the folder is away", "Free some space.", "/agm/backups"] {
            assert!(backups.contains(part), "{part}: {backups}");
        }
        assert!(!html.contains(t().no_backup()), "{html}");
    }
}
