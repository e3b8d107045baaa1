//! The one alarm of the office: the worst that is wrong, and how many more.
use super::alarm::Alarm;
use crate::{
    act::Act,
    components::{button::Press, said::Told},
    describe,
    text::t,
};
use domain::{Assignments, Drift, DriftItem, Drifted, Problem, SystemHealth, SystemState, Target};
use leptos::prelude::*;

/// Something that keeps somebody from work.
enum Trouble<'a> {
    System(&'a SystemHealth),
    Agent(Target, &'a Problem),
    /// So many things are not as they were; nobody is kept from work by it yet.
    Drift(usize),
}

/// Everything that is wrong, worst first: a system that is down explains much of the rest.
fn troubles<'a>(
    systems: &'a [SystemHealth],
    assignments: Option<&'a Assignments>,
    drift: Option<&Drift>,
) -> Vec<Trouble<'a>> {
    let down = systems.iter().filter(|system| system.state == SystemState::Down).map(Trouble::System);
    let agents = assignments.into_iter().flat_map(|all| {
        let workers = all.workers.iter().map(|(name, now)| (Target::Worker(name.clone()), now));
        std::iter::once((Target::Manager, &all.manager)).chain(workers)
    });
    let hindered = agents.filter_map(|(target, now)| match now.observed.problem.as_ref()? {
        // It works, though not, or not surely, as it was recorded: its desk says so.
        Problem::RecordUnreadable { .. } | Problem::RecordDiffers { .. } => None,
        problem => Some(Trouble::Agent(target, problem)),
    });
    down.chain(hindered).chain(drift.and_then(drifted)).collect()
}

/// Who is shut out of his model is in trouble already.
fn drifted<'a>(drift: &Drift) -> Option<Trouble<'a>> {
    let counts = |item: &&DriftItem| !matches!(item.what, Drifted::Access { .. });
    let count = drift.items.iter().filter(counts).count();
    (count > 0).then_some(Trouble::Drift(count))
}

/// The alarm, when there is something to be alarmed about.
pub fn alarm(
    systems: &[SystemHealth],
    assignments: Option<&Assignments>,
    drift: Option<&Drift>,
) -> Option<AnyView> {
    let troubles = troubles(systems, assignments, drift);
    let more = (troubles.len() > 1).then(|| t().alarm_more(troubles.len() - 1));
    let (sentence, cause, mend) = match troubles.into_iter().next()? {
        Trouble::System(system) => {
            (t().alarm_system(&system.name), Told::said(system.error.as_deref()), doctor())
        }
        Trouble::Agent(target, problem) => agent_alarm(target, problem),
        Trouble::Drift(count) => {
            let see = view! { <a class="btn" href="/agm/drift">{t().drift_see()}</a> }.into_any();
            (format!("{}.", t().drift_count(count)), t().alarm_drift_cause().into(), see)
        }
    };
    Some(view! { <Alarm sentence cause more=more.unwrap_or_default()>{mend}</Alarm> }.into_any())
}

fn agent_alarm(target: Target, problem: &Problem) -> (String, Told, AnyView) {
    let name = describe::agent(&target);
    match problem {
        Problem::ConsumerNotAllowed { route, consumer } => {
            let cause = t().alarm_not_allowed_cause(consumer.as_str(), route.as_str());
            let act = Act::Repair { route: Some(route.clone()), consumer: Some(consumer.clone()) };
            let mend = view! { <Press act text=t().show_repair()/> }.into_any();
            (t().alarm_not_allowed(&name), cause.into(), mend)
        }
        Problem::NoRoute { model } => {
            let mend = view! { <Press act=Act::Switch(target) text=t().set_model()/> }.into_any();
            (t().alarm_no_route(&name), t().alarm_no_route_cause(model.as_str()).into(), mend)
        }
        other => (t().alarm_unreadable(&name), describe::problem(other), doctor()),
    }
}

/// The way to every check, for what no single change mends.
fn doctor() -> AnyView {
    view! { <a class="btn" href="/agm/doctor">{t().see_doctor()}</a> }.into_any()
}
