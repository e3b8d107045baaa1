//! Which route takes the call that was asked for, why, and what each other one lacked.
use super::asked::Asked;
use crate::{
    act::Act,
    components::{
        badge::Tone,
        button::{Kind, Press},
        error_note::ErrorNote,
    },
    error::ApiError,
    sprite::{icon, maps},
    text::t,
};
use domain::{AiRoute, ConsumerName, RouteName, Simulate, Simulation};
use leptos::prelude::*;

/// More routes than these are folded away.
const UNFOLDED: usize = 8;

/// The answer to the question of the address; nothing when there is none.
pub fn view(
    asked: &Asked,
    answer: Option<&Result<Simulation, ApiError>>,
    routes: &[AiRoute],
) -> Option<AnyView> {
    let question = asked.question()?.ok()?;
    let shown = match answer? {
        Ok(answer) => view! { {verdict(&question, answer, routes)} {trace(answer, routes)} }.into_any(),
        Err(error) => view! { <ErrorNote failure=error.clone().into() again=true/> }.into_any(),
    };
    Some(shown)
}

/// How the call ends.
enum Ending<'a> {
    /// The winner takes it, and lets the caller in as far as one was named.
    Taken,
    /// The gateway answers 403.
    Refused(&'a RouteName, &'a ConsumerName),
    /// The gateway answers 404.
    NotFound,
}

fn ending<'a>(question: &'a Simulate, answer: &'a Simulation) -> Ending<'a> {
    match (&answer.winner, answer.consumer_allowed, &question.consumer) {
        (None, ..) => Ending::NotFound,
        (Some(route), Some(false), Some(consumer)) => Ending::Refused(route, consumer),
        (Some(_), ..) => Ending::Taken,
    }
}

fn verdict(question: &Simulate, answer: &Simulation, routes: &[AiRoute]) -> AnyView {
    let ending = ending(question, answer);
    let (tone, sign, end) = match &ending {
        Ending::Taken => {
            (Tone::Ok, maps::CHECK, question.consumer.as_ref().map(|who| t().routes_lets_in(who.as_str())))
        }
        Ending::Refused(_, who) => (Tone::Danger, maps::CROSS, Some(t().routes_keeps_out(who.as_str()))),
        Ending::NotFound => (Tone::Danger, maps::CROSS, Some(t().routes_no_winner(question.model.as_str()))),
    };
    let repair = match &ending {
        Ending::Refused(route, who) if who.is_agent() => {
            let act = Act::Repair { route: Some((*route).clone()), consumer: Some((*who).clone()) };
            Some(view! { <Press act text=t().routes_let_in(who.as_str()) kind=Kind::Small/> })
        }
        _ => None,
    };
    view! {
        <div class=format!("verdict {}", tone.class()) role="status">
            {icon(sign)}
            <p>{winner(question, answer, routes)} {end}</p>
            {repair}
        </div>
    }
    .into_any()
}

/// The winner, where it sends the call, and why it wins.
fn winner(question: &Simulate, answer: &Simulation, routes: &[AiRoute]) -> Option<AnyView> {
    let name = answer.winner.as_ref()?;
    let route = routes.iter().find(|route| route.name == *name);
    let upstreams = route.map(|route| route.upstreams.as_slice()).unwrap_or_default();
    let goes_to = match upstreams {
        [] | [_] => answer.provider.as_ref().map(ToString::to_string).unwrap_or_default(),
        several => {
            let shares = several.iter().map(|to| format!("{} {}%", to.provider, to.weight));
            shares.collect::<Vec<_>>().join(" + ")
        }
    };
    let renamed = answer.model.as_deref().filter(|model| *model != question.model.as_str());
    let renamed = renamed.map(|model| t().routes_asks_for(model));
    let line = view! {
        <b class="verdict-route">{name.to_string()}</b> " → " <b>{goes_to}</b>
        {t().routes_because(&t().why_route(&answer.reason))} {renamed} " "
    };
    Some(line.into_any())
}

/// Every route in the order in which the gateway asks them.
fn trace(answer: &Simulation, routes: &[AiRoute]) -> Option<AnyView> {
    let lines = routes.iter().map(|route| line(route, answer)).collect_view();
    let list = view! { <ol class="trace" aria-label=t().routes_trace()>{lines}</ol> };
    Some(match routes.len() {
        0 => return None,
        1..=UNFOLDED => list.into_any(),
        count => view! {
            <details id="trace">
                <summary>{t().routes_trace_of(count)}</summary>
                {list}
            </details>
        }
        .into_any(),
    })
}

fn line(route: &AiRoute, answer: &Simulation) -> AnyView {
    let wins = answer.winner.as_ref() == Some(&route.name);
    let lost = answer.others.iter().find(|other| other.route == route.name).map(|other| other.lost.as_str());
    let why = match (wins, &route.shadowed_by, lost) {
        (true, ..) => t().routes_wins().to_owned(),
        (false, Some(older), _) => t().routes_shadowed_by(older.as_str()),
        (false, None, Some(lost)) => t().why_route(lost),
        // The routes and the answer are of two moments.
        (false, None, None) => t().unknown().to_owned(),
    };
    let (class, sign) = if wins { ("wins", maps::CHECK) } else { ("", maps::CROSS) };
    view! {
        <li class=class>
            <span class="trace-order">{route.order}</span> {icon(sign)} <b>{route.name.to_string()}</b>
            <span>{why}</span>
        </li>
    }
    .into_any()
}
