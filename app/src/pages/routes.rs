mod answer;
mod asked;
mod row;

use super::{Live, answered, query::Query};
use crate::{
    act::Act,
    api,
    components::{
        button::{Kind, Press},
        table::{Table, head},
    },
    error::ApiError,
    text::t,
};
use asked::Asked;
use domain::{AiRoute, Assignments, Provider, Simulation};
use futures::join;
use leptos::prelude::*;
use leptos_meta::Title;
use std::collections::BTreeSet;

/// What the search narrows.
const LIST: &str = "route-rows";

/// All that the page shows. What only adds to the routes may be unknown.
struct Seen {
    routes: Result<Vec<AiRoute>, ApiError>,
    /// Who uses which route.
    assignments: Option<Assignments>,
    /// None: unknown.
    providers: Option<Vec<Provider>>,
    /// None: nothing was asked.
    answer: Option<Result<Simulation, ApiError>>,
}

impl Seen {
    async fn now(asked: &Asked) -> Self {
        let answer = async {
            match asked.question()? {
                Ok(question) => Some(api::simulate(question).await),
                Err(_) => None,
            }
        };
        let (routes, assignments, providers, answer) =
            join!(api::list_routes(), api::assignments(), api::list_providers(), answer);
        Self { routes, assignments: assignments.ok(), providers: providers.ok(), answer }
    }

    fn routes(&self) -> &[AiRoute] {
        self.routes.as_deref().unwrap_or_default()
    }
}

/// The AI routes in the order in which the gateway asks them, and which of them takes a call.
#[component]
pub fn RoutesPage() -> impl IntoView {
    let asked = Asked::read(&Query::current());
    let find = asked.find_form();
    let page = Suspend::new(async move {
        let seen = Seen::now(&asked).await;
        let answer = answer::view(&asked, seen.answer.as_ref(), seen.routes());
        view! {
            <section class="panel ask" aria-labelledby="ask">
                <h2 id="ask">{t().routes_ask()}</h2>
                {asked.form(&seen)}
                <Live id="answer" topics="routes operations">{answer}</Live>
            </section>
            <Live id="routes" topics="routes operations providers office">{list(seen, &asked)}</Live>
        }
    });
    view! {
        <Title text=t().routes()/>
        <header class="page-head">
            <h1>{t().routes()}</h1>
            <p>{t().routes_lead()}</p>
            {find}
        </header>
        {page}
    }
    .into_any()
}

fn list(seen: Seen, asked: &Asked) -> AnyView {
    let winner = seen.answer.and_then(|answer| answer.ok()?.winner);
    let (assignments, providers) = (seen.assignments, seen.providers);
    let show = |routes: Vec<AiRoute>| {
        if routes.is_empty() {
            return empty();
        }
        let missing: BTreeSet<_> = routes.iter().flat_map(|route| &route.missing).collect();
        let repair = (!missing.is_empty()).then(|| {
            let act = Act::Repair { route: None, consumer: None };
            view! { <Press act text=t().routes_let_all_in(missing.len()) kind=Kind::Small/> }
        });
        let title = t().routes_count(routes.len());
        let host = shared_host(&routes);
        let shared = host
            .as_ref()
            .map(|host| view! { <p>{t().routes_host_is()} " " <span class="chip">{host.clone()}</span></p> });
        let around = row::Around { assignments, providers, winner, host, wanted: asked.find.to_lowercase() };
        let rows: Vec<_> = routes.into_iter().map(|route| row::Row::of(route, &around)).collect();
        let shown = rows.iter().filter(|row| row.is_wanted).count();
        view! {
            <header class="panel-head">
                <h2 id="routes-title">{title}</h2>
                {shared}
                {repair}
            </header>
            {table(rows, shown)}
        }
        .into_any()
    };
    view! { <section class="panel">{answered(seen.routes, show)}</section> }.into_any()
}

/// The one host that all routes are on, which need not be said of each.
fn shared_host(routes: &[AiRoute]) -> Option<String> {
    let (first, others) = routes.split_first()?;
    let [host] = first.domains.as_slice() else { return None };
    others.iter().all(|route| route.domains == first.domains).then(|| host.clone())
}

fn table(rows: Vec<row::Row>, shown: usize) -> AnyView {
    let heads = [
        t().routes_route(),
        t().routes_when(),
        t().routes_goes_to(),
        t().routes_who_may(),
        t().routes_state(),
    ];
    let order = view! { <abbr title=t().routes_order()>"#"</abbr> };
    let heads = std::iter::once(head(order)).chain(heads.map(head)).collect();
    let rows = rows.into_iter().map(row::Row::view).collect();
    view! {
        <Table class="ledger route-rows" named_by="routes-title" heads rows list=LIST shown/>
        <p class="nothing-fits" data-nothing-fits="">{t().routes_nothing_fits()}</p>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <div class="empty">
            <p>{t().routes_none()}</p>
            <p>{t().routes_none_hint()}</p>
            <Press act=Act::AddProvider text=format!("+ {}", t().add_provider()) kind=Kind::Primary/>
        </div>
    }
    .into_any()
}
