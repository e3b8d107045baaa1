mod row;

use super::{
    Live, answered,
    find::FindForm,
    home::desk::{Seat, read_only_id, read_only_note},
    marked::MarkedBar,
    query::Query,
};
use crate::{
    act::Act,
    api,
    components::table::{Table, head},
    text::t,
};
use domain::{AiRoute, Assignments, DeepHealth, Worker};
use futures::join;
use leptos::prelude::*;
use leptos_meta::Title;

/// What the search narrows.
const LIST: &str = "agent-rows";

/// Which agent runs which model, as observed, next to what was recorded.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let wanted = Query::current().get("find").to_owned();
    let find = view! {
        <FindForm
            action="/agm/models" class="find-agent" hint=t().find_agent() wanted=wanted.clone() list=LIST
        />
    };
    let table = Suspend::new(async move {
        let (assignments, workers, health, routes) =
            join!(api::assignments(), api::workers(), api::deep_health(), api::list_routes());
        // They only add to what is found.
        let routes = routes.unwrap_or_default();
        answered(assignments, |assignments| {
            answered(workers, |workers| {
                answered(health, |health| table(seats(assignments, workers, &health), &routes, &wanted))
            })
        })
    });
    view! {
        <Title text=t().models()/>
        <header class="page-head">
            <h1>{t().models()}</h1>
            <p>{t().models_lead()}</p>
            {find}
        </header>
        <MarkedBar act=Act::SwitchMany(Vec::new()) text=t().set_model_marked()/>
        <Live id="agents" topics="office operations routes">{table}</Live>
    }
    .into_any()
}

fn seats(mut assignments: Assignments, workers: Vec<Worker>, health: &DeepHealth) -> Vec<Seat> {
    let manager = Seat::manager(&health.systems, assignments.manager);
    let workers = workers.into_iter().map(|worker| {
        let now = assignments.workers.remove(&worker.name);
        Seat::of(worker, now)
    });
    std::iter::once(manager).chain(workers).collect()
}

/// All agents.
pub fn table(seats: Vec<Seat>, routes: &[AiRoute], wanted: &str) -> AnyView {
    let heads = [t().agent(), t().runs(), t().over(), t().limits(), t().recorded()];
    let mark =
        view! { <input type="checkbox" class="mark-row" data-check-all="" aria-label=t().mark_all()/> };
    let act = view! { <span class="sr">{t().set_model()}</span> };
    let heads = [head(mark)].into_iter().chain(heads.map(head)).chain([head(act)]).collect();
    let rows = seats.into_iter().map(|seat| row::view(seat, routes, wanted)).collect();
    view! {
        <div class="panel">
            <Table class="rows" name=t().models() heads rows list=LIST/>
            <p class="nothing-fits" data-nothing-fits="">{t().nothing_fits()}</p>
        </div>
    }
    .into_any()
}
