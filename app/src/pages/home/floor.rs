//! The floor of the office: desks while there are few, rooms when there are many.
use super::{
    desk::{Desk, Seat},
    rooms,
};
use crate::{
    components::{avatar::FreeDesk, error_note::ErrorNote},
    error::ApiError,
    pages::Live,
    text::t,
};
use domain::{Assignments, SystemHealth, Worker};
use leptos::prelude::*;

/// More workers than this sit in rooms.
const MOST_DESKS: usize = 24;

/// Who sits where, and what could not be learnt about it.
pub struct Floor {
    manager: Seat,
    workers: Vec<Seat>,
    /// Nobody is known to work here, as opposed to: nobody could be asked.
    nobody: bool,
    failures: Vec<ApiError>,
}

impl Floor {
    /// Puts together what was read. Without the assignments, desks show what the workers themselves tell.
    pub fn of(
        systems: &[SystemHealth],
        assignments: Result<Assignments, ApiError>,
        workers: Result<Vec<Worker>, ApiError>,
    ) -> Self {
        let mut failures = Vec::new();
        let (manager, mut by_name) = match assignments {
            Ok(assignments) => (Some(assignments.manager), assignments.workers),
            Err(error) => {
                failures.push(error);
                Default::default()
            }
        };
        let (workers, nobody) = match workers {
            Ok(workers) => {
                let nobody = workers.is_empty();
                (workers, nobody)
            }
            Err(error) => {
                failures.push(error);
                (Vec::new(), false)
            }
        };
        let seats = workers.into_iter().map(|worker| {
            let now = by_name.remove(&worker.name);
            Seat::of(worker, now)
        });
        let workers = seats.collect();
        Self { manager: Seat::head(systems, manager), workers, nobody, failures }
    }

    /// Whether it has rooms.
    pub fn is_large(&self) -> bool {
        self.workers.len() > MOST_DESKS
    }

    /// The floor; when it is large, narrowed to those who fit `wanted`.
    pub fn view(self, wanted: &str) -> AnyView {
        let large = self.is_large();
        // The same cause keeps several reads from an answer: it is told once.
        let mut failures: Vec<domain::Failure> = Vec::new();
        for failure in self.failures.into_iter().map(domain::Failure::from) {
            if failures.iter().all(|known| known.message != failure.message) {
                failures.push(failure);
            }
        }
        let failed = !failures.is_empty();
        let failures = failures.into_iter().map(|failure| view! { <ErrorNote failure again=true/> });
        let seated = match (large, self.nobody) {
            (true, _) => rooms::view(self.workers, wanted),
            (false, true) => nobody(),
            (false, false) if self.workers.is_empty() && failed => ().into_any(),
            (false, false) => desks(self.workers),
        };
        view! {
            <div class="floor">
                <Live id="head" topics="office operations metrics">
                    {failures.collect_view()}
                    <Desk seat=self.manager/>
                </Live>
                <Live id="floor" topics="office operations">{seated}</Live>
            </div>
        }
        .into_any()
    }
}

fn desks(workers: Vec<Seat>) -> AnyView {
    let desks = workers.into_iter().map(|seat| view! { <li><Desk seat/></li> }).collect_view();
    view! {
        <ul class="desks">
            {desks}
            <li class="free">
                <FreeDesk/>
                <a class="btn small" href="/agm/models">{t().switch_many()}</a>
            </li>
        </ul>
    }
    .into_any()
}

fn nobody() -> AnyView {
    view! {
        <div class="nobody">
            <FreeDesk/>
            <p><b>{t().no_workers()}</b> " " {t().no_workers_hint()}</p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Code, Failure};
    use serde_json::json;

    fn assignments() -> Assignments {
        let observed = json!({"primary": null, "model": "m-1", "route": null, "provider": null, "contextWindow": null,
            "inSync": true, "observedAt": "2026-01-15T10:30:00Z"});
        serde_json::from_value(json!({"manager": {"observed": observed}, "workers": {}})).unwrap()
    }

    fn workers(count: usize) -> Vec<Worker> {
        let worker = |number| {
            json!({"name": format!("w-{number}"), "status": "idle", "model": "m-2", "since": null,
            "evidence": "container running", "runtime": "openclaw"})
        };
        (0..count).map(|number| serde_json::from_value(worker(number)).unwrap()).collect()
    }

    fn failure() -> ApiError {
        Failure::new(Code::Internal, "the store is away").into()
    }

    fn html(assignments: Result<Assignments, ApiError>, workers: Result<Vec<Worker>, ApiError>) -> String {
        Floor::of(&[], assignments, workers).view("").to_html()
    }

    #[test]
    fn an_office_where_nobody_works_says_so() {
        let html = html(Ok(assignments()), Ok(Vec::new()));
        assert!(html.contains(t().no_workers()) && html.contains("m-1"), "{html}");
    }

    #[test]
    fn workers_that_could_not_be_asked_for_are_not_said_to_be_none() {
        let html = html(Ok(assignments()), Err(failure()));
        assert!(html.contains("the store is away") && html.contains("m-1"), "{html}");
        assert!(!html.contains(t().no_workers()), "{html}");
    }

    #[test]
    fn without_assignments_desks_show_what_the_workers_tell_and_a_cause_is_told_once() {
        let shown = html(Err(failure()), Ok(workers(2)));
        assert!(shown.contains("m-2") && shown.contains("the store is away"), "{shown}");
        let nothing = html(Err(failure()), Err(failure()));
        assert_eq!(nothing.matches("the store is away").count(), 1, "{nothing}");
    }

    #[test]
    fn many_sit_in_rooms() {
        let desks = html(Ok(assignments()), Ok(workers(MOST_DESKS)));
        assert!(desks.contains("desks") && !desks.contains("room"), "{desks}");
        let rooms = html(Ok(assignments()), Ok(workers(MOST_DESKS + 1)));
        assert!(rooms.contains("class=\"room\"") && !rooms.contains("desks"), "{rooms}");
    }

    #[test]
    fn a_thousand_workers_stay_small() {
        let html = html(Ok(assignments()), Ok(workers(1_000)));
        assert!(html.len() < 950_000, "{} bytes", html.len());
    }
}
