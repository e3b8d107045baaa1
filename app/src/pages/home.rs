mod trouble;

use super::{answered, data, waiting};
use crate::{
    api,
    change::Change,
    components::{
        badge::{Badge, Tone},
        button::Button,
        desk::{Desk, Seat},
        meter::{Meter, Scale},
        operation_log::OperationLog,
        panel::Panel,
        switch_dialog::Switch,
    },
    error::ApiError,
    sprite::{draw, maps},
    text::t,
};
use domain::{Assignments, DeepHealth, Metrics, SystemHealth, SystemState, Target, Worker};
use futures::future::{join, join3};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// How many operations the log shows.
const NEWEST: usize = 5;

type Office = (Result<Assignments, ApiError>, Result<Vec<Worker>, ApiError>, Result<DeepHealth, ApiError>);

/// The office: everybody, what they run, and how the installation does.
#[component]
pub fn HomePage() -> impl IntoView {
    let change = Change::take();
    let again = RwSignal::new(0_u32);
    let old = move || (change.settled.get(), again.get());
    let office = data(old, |_| join3(api::assignments(), api::workers(), api::deep_health()));
    let gateway = data(old, |_| join(api::metrics(), api::operations(NEWEST)));
    view! {
        <Title text=t().nav_home/>
        <h1 class="sr">{t().nav_home}</h1>
        <div class="home">
        <Transition fallback=waiting>
            {move || Suspend::new(async move { floor(office.await, again) })}
        </Transition>
        <div class="side">
            <Transition fallback=waiting>
                {move || Suspend::new(async move {
                    let (metrics, operations) = gateway.await;
                    view! {
                        <Panel title=t().gateway>{answered(metrics, again, meters)}</Panel>
                        <Panel title=t().log>
                            {answered(operations, again, |operations| {
                                view! { <OperationLog operations/> }.into_any()
                            })}
                        </Panel>
                    }
                })}
            </Transition>
        </div>
        <QuickActions again/>
        </div>
    }
    .into_any()
}

fn floor((assignments, workers, health): Office, again: RwSignal<u32>) -> AnyView {
    let systems = health.as_ref().map(|health| health.systems.clone()).unwrap_or_default();
    let alarm = trouble::alarm(&systems, assignments.as_ref().ok());
    // Our own data directory is no neighbour: it is shown when something is wrong with it.
    let shown = systems.iter().filter(|system| system.name != "storage" || system.state == SystemState::Down);
    let wall = shown.cloned().map(self::system).collect_view();
    let room = answered(assignments, again, |assignments| {
        answered(workers, again, |workers| desks(assignments, workers, &systems))
    });
    view! {
        {alarm}
        <section class="panel office" aria-labelledby="office">
            <header class="wall">
                <h2 id="office" class="sign">{t().office}</h2>
                <ul class="systems" aria-label=t().systems>{wall}</ul>
            </header>
            {room}
        </section>
    }
    .into_any()
}

fn system(system: SystemHealth) -> AnyView {
    let (tone, state) = match system.state {
        SystemState::Up => (Tone::Ok, t().up),
        SystemState::Down => (Tone::Danger, t().down),
    };
    let name = (t().system_name)(&system.name).to_owned();
    let version = system.version.map(|version| format!(" {version}")).unwrap_or_default();
    let title = system.error.or_else(|| system.ms.map(|ms| format!("{state} · {ms} ms")));
    view! { <li title=title><Badge tone word=format!("{name}{version}")/> <span class="sr">{state}</span></li> }.into_any()
}

fn desks(mut assignments: Assignments, workers: Vec<Worker>, systems: &[SystemHealth]) -> AnyView {
    let empty = workers.is_empty().then(|| {
        view! { <div class="empty"><p>{t().no_workers}</p><p>{t().no_workers_hint}</p></div> }
    });
    let desks = workers.into_iter().map(|worker| {
        let now = assignments.workers.remove(&worker.name);
        view! { <li><Desk seat=Seat::of(worker, now)/></li> }
    });
    let desks = desks.collect_view();
    view! {
        <div class="floor">
            <Desk seat=Seat::manager(systems, assignments.manager)/>
            <ul class="desks">
                {desks}
                <li class="free" aria-hidden="true">
                    <svg class="avatar" viewBox="0 0 26 22">{draw(maps::SCREEN, 15, 4)}{draw(maps::DESK, 0, 15)}</svg>
                    <span>{t().empty_desk}</span>
                </li>
            </ul>
            {empty}
        </div>
    }
    .into_any()
}

fn meters(metrics: Metrics) -> AnyView {
    let mut why = metrics.unavailable;
    let percent = |value: Option<u32>| value.map(u64::from);
    view! {
        <dl class="meters">
            <Meter
                label=t().cpu long=t().cpu_long value=percent(metrics.cpu) scale=Scale::Percent
                unavailable=why.remove("cpu")
            />
            <Meter
                label=t().memory long=t().memory_long value=percent(metrics.memory) scale=Scale::Percent
                unavailable=why.remove("memory")
            />
            <Meter
                label=t().connections long=t().connections_long value=metrics.connections scale=Scale::Doubling
                unavailable=why.remove("connections")
            />
            <Meter
                label=t().rpm long=t().rpm_long value=metrics.rpm scale=Scale::Doubling
                unavailable=why.remove("rpm")
            />
        </dl>
        <p class="meter-note">{t().meter_note}</p>
    }
    .into_any()
}

#[component]
fn QuickActions(again: RwSignal<u32>) -> impl IntoView {
    let switch = Switch::take();
    let navigate = use_navigate();
    let add = Callback::new(move |()| navigate("/agm/providers?add", NavigateOptions::default()));
    let set = Callback::new(move |()| switch.open(Target::Manager, None));
    let refresh = Callback::new(move |()| again.update(|count| *count += 1));
    view! {
        <div class="quick">
            <Button text=format!("+ {}", t().add_provider) on_press=add/>
            <Button text=t().set_manager_model on_press=set/>
            <Button text=t().refresh on_press=refresh/>
        </div>
    }
    .into_any()
}
