use super::{answered, data, waiting};
use crate::{
    api,
    change::Change,
    components::{
        avatar::Face,
        badge::{Badge, Tone},
        button::{Button, Kind},
        desk::Seat,
        moment::Moment,
        switch_dialog::Switch,
    },
    describe::{self, tokens},
    text::t,
};
use domain::{Assignment, Assignments, DeepHealth, Worker};
use futures::future::join3;
use leptos::prelude::*;
use leptos_meta::Title;

/// Which agent runs which model, as observed, next to what was recorded.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let change = Change::take();
    let again = RwSignal::new(0_u32);
    let old = move || (change.settled.get(), again.get());
    let agents = data(old, |_| join3(api::assignments(), api::workers(), api::deep_health()));
    let refresh = Callback::new(move |()| again.update(|count| *count += 1));
    view! {
        <Title text=t().models/>
        <header class="page-head">
            <h1>{t().models}</h1>
            <p>{t().models_lead}</p>
            <Button text=t().refresh on_press=refresh/>
        </header>
        <Transition fallback=waiting>
            {move || Suspend::new(async move {
                let (assignments, workers, health) = agents.await;
                answered(assignments, again, |assignments| {
                    answered(workers, again, |workers| {
                        answered(health, again, |health| table(assignments, workers, &health))
                    })
                })
            })}
        </Transition>
    }
    .into_any()
}

fn table(mut assignments: Assignments, workers: Vec<Worker>, health: &DeepHealth) -> AnyView {
    let mut seats = vec![Seat::manager(&health.systems, assignments.manager)];
    seats.extend(workers.into_iter().map(|worker| {
        let now = assignments.workers.remove(&worker.name);
        Seat::of(worker, now)
    }));
    let heads = [t().agent, t().status, t().runs, t().over, t().limits, t().recorded];
    view! {
        <div class="panel">
            <table class="rows">
                <thead>
                    <tr>
                        {heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
                        <th><span class="sr">{t().set_model}</span></th>
                    </tr>
                </thead>
                <tbody>{seats.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(seat: Seat) -> AnyView {
    let switch = Switch::take();
    let name = describe::agent(&seat.target);
    let agent = seat.target.agent().to_owned();
    let (target, now) = (seat.target, StoredValue::new(seat.now.clone()));
    let open = Callback::new(move |()| now.with_value(|now| switch.open(target.clone(), now.as_ref())));
    let observed = seat.now.as_ref().map(|now| now.observed.clone());
    let (runs, over, problem) = observed.map_or((None, Vec::new(), None), |now| {
        let over = [now.provider.map(|p| p.to_string()), now.route.map(|r| r.to_string())];
        (now.model, over.into_iter().flatten().collect(), now.problem)
    });
    view! {
        <tr>
            <th scope="row"><Face name=agent.clone()/> <span>{name}</span></th>
            <td data-head=t().status title=seat.evidence><Badge tone=seat.tone word=seat.word/></td>
            <td data-head=t().runs>
                <b>{runs.map_or_else(|| t().no_model.to_owned(), |model| model.to_string())}</b>
                {problem.map(|problem| view! { <p class="desk-problem">{describe::problem(&problem)}</p> })}
            </td>
            <td data-head=t().over>{over.into_iter().map(|part| view! { <p>{part}</p> }).collect_view()}</td>
            <td data-head=t().limits>{seat.now.as_ref().map(limits)}</td>
            <td data-head=t().recorded>{seat.now.map(recorded)}</td>
            <td><Button text=t().set_model kind=Kind::Small label=(t().set_model_of)(&agent) on_press=open/></td>
        </tr>
    }
    .into_any()
}

fn limits(now: &Assignment) -> AnyView {
    let context = now.observed.context_window.or(now.context_window);
    let context = context.map(|count| format!("{} {}", tokens(count), t().context));
    let output = now.max_tokens.map(|count| format!("{} {}", tokens(count), t().output));
    let reasoning = now.reasoning.and_then(|on| on.then_some(t().reasoning));
    view! { <p>{context}</p> <p>{output}</p> <p>{reasoning}</p> }.into_any()
}

/// What the last switch recorded, when it was, and whether it is still true.
fn recorded(now: Assignment) -> AnyView {
    let Some(model) = now.model else { return view! { <p>{t().nothing_recorded}</p> }.into_any() };
    let (tone, word) = match now.observed.model.as_ref() == Some(&model) {
        true => (Tone::Ok, t().in_sync.to_owned()),
        false => (Tone::Busy, format!("{}: {model}", t().out_of_sync)),
    };
    view! { <Badge tone word/> {now.updated_at.map(|at| view! { <p><Moment at/></p> })} }.into_any()
}
