//! The one alarm of the office: the worst that is wrong, and how many more.
use super::alarm::Alarm;
use crate::{
    act::Act,
    components::{button::Press, said::Told},
    describe,
    text::t,
};
use domain::{Assignments, Drift, Problem, SystemHealth, SystemState, Target};
use leptos::prelude::*;

/// Something that keeps somebody from work.
enum Trouble<'a> {
    System(&'a SystemHealth),
    Agent(Target, &'a Problem),
    /// So many agents do not run what was recorded for them.
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

/// Who is shut out of his model is in trouble already, and HiClaw itself changes much that keeps nobody from work.
fn drifted<'a>(drift: &Drift) -> Option<Trouble<'a>> {
    Some(drift.models()).filter(|count| *count > 0).map(Trouble::Drift)
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
            (t().alarm_drift(count), t().drift_hint().into(), see)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::home::wall::wall;
    use serde_json::{Value, json};

    fn drift(items: Value) -> Drift {
        let all = json!({"items": items, "unseen": [], "unpulled": [], "observedAt": "2026-01-15T10:30:00Z"});
        serde_json::from_value(all).unwrap()
    }

    fn outside(item: &str) -> Value {
        json!({"kind": "outside", "item": item, "change": "create", "diff": [],
            "accept": {"whyNot": {"code": "TAKE_BACKUP"}}, "repair": {"whyNot": {"code": "NOT_IN_BACKUP"}}})
    }

    fn model() -> Value {
        json!({"kind": "model", "agent": "worker:alice", "recorded": {"provider": "qwen", "model": "qwen-max"},
            "accept": {"whyNot": {"code": "NOT_OVER_GATEWAY"}}, "repair": {"whyNot": {"code": "SHUT_OUT"}}})
    }

    fn said(items: Value) -> (Option<String>, String) {
        let drift = drift(items);
        Owner::new().with(|| {
            let alarm = alarm(&[], None, Some(&drift)).map(|alarm| alarm.to_html());
            (alarm, wall(&[], Some(&drift)).to_html())
        })
    }

    #[test]
    fn what_others_changed_is_told_on_the_wall_and_alarms_nobody() {
        let (alarm, wall) = said(json!([outside("route:a"), outside("worker:bob")]));
        assert!(alarm.is_none(), "{alarm:?}");
        assert!(wall.contains(&t().wall_outside(2)) && !wall.contains(&t().drift(2)), "{wall}");
    }

    #[test]
    fn alarm_and_wall_count_the_same_agents() {
        let (alarm, wall) = said(json!([model(), outside("route:a")]));
        let alarm = alarm.unwrap();
        assert!(alarm.contains(&t().alarm_drift(1)), "{alarm}");
        assert!(wall.contains(&t().drift(1)) && wall.contains(&t().wall_outside(1)), "{wall}");
        let (alarm, wall) = said(json!([]));
        assert!(alarm.is_none() && !wall.contains("/agm/drift"), "{wall}");
    }
}
