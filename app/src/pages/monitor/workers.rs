//! What is known of each worker, and what that rests on.
use super::Range;
use crate::{
    act::Act,
    components::{
        avatar::Face,
        badge::{Badge, Tone},
        button::{Kind, Press},
        moment::Moment,
        said::Said,
        table::{Cell, Row, RowHead, Table, head},
    },
    pages::{find::FindForm, home::desk},
    text::t,
};
use domain::{ContainerAct, ContainerSeen, NotFromHere, Target, Worker, WorkerStatus};
use leptos::prelude::*;
use std::collections::BTreeSet;

/// What the search narrows.
const LIST: &str = "worker-rows";

/// The search among the workers.
pub fn find_form(range: Range, wanted: &str) -> AnyView {
    let kept = vec![("range", range.name().to_owned())];
    view! {
        <FindForm
            action="/agm/monitor#workers-title" class="find-agent" hint=t().find_worker() wanted=wanted.to_owned()
            list=LIST kept
        />
    }
    .into_any()
}

/// The table.
pub fn view(workers: Vec<Worker>, wanted: &str) -> AnyView {
    if workers.is_empty() {
        return view! { <div class="empty"><p>{t().no_workers()}</p><p>{t().no_workers_hint()}</p></div> }
            .into_any();
    }
    let wanted = wanted.to_lowercase();
    let nothing_goes = nothing_goes(&workers);
    let no_acts = nothing_goes.as_ref().map(|way| {
        view! { <p class="note">{t().monitor_nothing_from_here()} " " <Said text=way.clone()/></p> }
    });
    let heads = [
        t().monitor_worker(),
        t().monitor_status(),
        t().monitor_task(),
        t().model(),
        t().monitor_evidence(),
        t().monitor_acts(),
    ]
    .map(head);
    let rows: Vec<_> = workers.into_iter().map(|worker| (search_text(&worker), worker)).collect();
    let shown = rows.iter().filter(|(text, _)| text.contains(&wanted)).count();
    let rows = rows.into_iter().map(|(text, worker)| {
        let acts = nothing_goes.is_none().then(|| acts(&worker));
        row(worker, !text.contains(&wanted), text, acts)
    });
    let rows = rows.collect();
    view! {
        {no_acts}
        <Table class="ledger worker-rows" named_by="workers-title" heads=heads.into() rows list=LIST shown/>
        <p class="nothing-fits" data-nothing-fits="">{t().nobody_fits()}</p>
    }
    .into_any()
}

/// What is looked through for a worker, in small letters.
fn search_text(worker: &Worker) -> String {
    let status = t().worker_status(worker.status);
    let evidence = t().evidence_or_said(worker.evidence.clone());
    let mut words = vec![worker.name.as_str(), status, &evidence, &worker.runtime];
    words.extend(worker.model.as_ref().map(|model| model.as_str()));
    words.extend(worker.task.as_deref());
    words.extend(worker.team.as_deref());
    words.extend(worker.role.map(|role| t().team_role(role)));
    let container = worker.container.as_ref().map(container);
    words.extend(container.as_deref());
    words.join(" ").to_lowercase()
}

fn row(worker: Worker, hidden: bool, text: String, acts: Option<AnyView>) -> AnyView {
    let (tone, awaits) = (Tone::from(worker.status), desk::awaits(&worker));
    let container = worker.container.as_ref().map(container);
    let role = worker.role.map(|role| t().team_role(role).to_owned());
    let of = [Some(worker.runtime), worker.team, role].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let model = worker.model.map_or_else(|| t().unknown().to_owned(), |model| model.to_string());
    view! {
        <Row text hidden>
            <RowHead class="with-face">
                <Face name=worker.name.to_string()/>
                <span><b>{worker.name.to_string()}</b> <p>{of}</p></span>
            </RowHead>
            <Cell head=t().monitor_status()>
                <Badge tone word=t().worker_status(worker.status)/>
                {worker.since.map(|at| view! { <p>{t().since()} " " <Moment at/></p> })}
            </Cell>
            <Cell head=t().monitor_task()>{worker.task}</Cell>
            <Cell head=t().model()>
                {model} {awaits.map(|said| view! { <p class="unpulled">{said}</p> })}
            </Cell>
            <Cell head=t().monitor_evidence()><p><Said text=worker.evidence/></p></Cell>
            <Cell head=t().monitor_acts()>{container.map(|said| view! { <p>{said}</p> })} {acts}</Cell>
        </Row>
    }
    .into_any()
}

/// How a container is, in words.
fn container(container: &ContainerSeen) -> String {
    t().monitor_container(t().container_state(&container.state))
}

/// By which way it goes instead, where nothing can be done with any of their containers for the same reason.
fn nothing_goes(workers: &[Worker]) -> Option<String> {
    let ways: Option<Vec<_>> = workers.iter().map(other_ways).collect();
    let ways: BTreeSet<_> = ways?.into_iter().flatten().collect();
    match ways.len() {
        1 => ways.first().map(|way| (*way).to_owned()),
        _ => None,
    }
}

/// The ways by which all that makes sense for its container goes instead. None: some of it can be done from here.
fn other_ways(worker: &Worker) -> Option<Vec<&str>> {
    sensible(worker.status).iter().map(|act| Some(worker.cannot.get(act)?.way.as_str())).collect()
}

/// What makes sense for a container that is so.
fn sensible(status: WorkerStatus) -> &'static [ContainerAct] {
    use ContainerAct::{Restart, Sleep, Wake};
    match status {
        WorkerStatus::Idle | WorkerStatus::Busy | WorkerStatus::Running | WorkerStatus::Starting => {
            &[Sleep, Restart]
        }
        WorkerStatus::Sleeping | WorkerStatus::Stopped | WorkerStatus::Offline => &[Wake],
        WorkerStatus::Failed | WorkerStatus::Unknown => &[Wake, Restart],
        WorkerStatus::Remote => &[],
    }
}

/// What can be done with the container; of the rest, why it cannot and by which way it can.
fn acts(worker: &Worker) -> AnyView {
    let sensible = sensible(worker.status);
    let press = |act: &ContainerAct| {
        let text = t().container_act(*act);
        let label = t().monitor_act_of(text, worker.name.as_str());
        let act = Act::Container { target: Target::Worker(worker.name.clone()), act: *act };
        view! { <Press act text kind=Kind::Small label/> }
    };
    let buttons = sensible.iter().filter(|act| !worker.cannot.contains_key(act)).map(press).collect_view();
    let mut refused: Vec<_> = sensible.iter().filter_map(|act| worker.cannot.get(act)).collect();
    refused.dedup();
    let refused = (!refused.is_empty()).then(|| {
        let why = |why: &NotFromHere| {
            view! { <p><Said text=why.reason.clone()/></p> <p><Said text=why.way.clone()/></p> }
        };
        view! {
            <details id=format!("cannot-{}", worker.name) class="read-only">
                <summary>
                    {t().monitor_not_from_here()} <span class="sr">" " {worker.name.to_string()}</span>
                </summary>
                {refused.into_iter().map(why).collect_view()}
            </details>
        }
    });
    view! { <div class="worker-acts">{buttons}</div> {refused} }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(more: serde_json::Value) -> Worker {
        let mut worker = serde_json::json!({
            "name": "bob", "status": "idle", "model": null, "since": null, "evidence": "", "runtime": "openclaw"
        });
        worker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(worker).unwrap()
    }

    #[test]
    fn one_reason_for_all_containers_is_told_once() {
        let why = serde_json::json!({"reason": "nobody to ask", "way": "With Docker."});
        let cannot = serde_json::json!({"sleep": why, "wake": why, "restart": why});
        let [bound, free, partly] = [cannot, serde_json::json!({}), serde_json::json!({"sleep": why})]
            .map(|cannot| worker(serde_json::json!({"cannot": cannot})));
        assert_eq!(nothing_goes(&[bound.clone(), bound.clone()]).as_deref(), Some("With Docker."));
        assert_eq!(nothing_goes(&[bound, free.clone()]), None);
        assert_eq!(nothing_goes(&[free]).or(nothing_goes(&[partly])), None);
    }

    #[test]
    fn a_worker_is_found_by_all_that_its_row_shows() {
        let worker = serde_json::from_value(serde_json::json!({
            "name": "bob", "status": "busy", "model": "Kimi-K2.5", "since": null, "runtime": "openclaw",
            "evidence": "container running", "task": "Fix #214", "team": "backend"
        }));
        let text = search_text(&worker.unwrap());
        let status = t().worker_status(domain::WorkerStatus::Busy).to_lowercase();
        for word in ["bob", "kimi-k2.5", "openclaw", "container running", "fix #214", "backend", &status] {
            assert!(text.contains(word), "{word}");
        }
    }
}
