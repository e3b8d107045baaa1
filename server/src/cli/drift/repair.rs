//! `agm drift --repair`: what drifted is repaired with as few requests as can be, because before each a backup is taken,
//! and only so many are kept.
use super::carry_out;
use crate::cli::{
    Call,
    error::CliError,
    file::agree_to_all,
    model::{outcomes, refused},
};
use domain::{Bulk, BulkPlan, ConsumerName, Drift, Drifted, Mutation, RouteName, SetModel, SetModels};
use std::collections::BTreeMap;

/// Repairs the agents. What cannot be repaired is told, and keeps nothing else from it.
pub async fn run(call: &Call, yes: bool) -> Result<(), CliError> {
    for wish in switches(&seen(call).await?) {
        go_on(switch(call, wish, yes).await)?;
    }
    // A switch lets its agent in, too.
    for change in letting_in(&seen(call).await?) {
        go_on(carry_out(call, &change, yes).await)?;
    }
    Ok(())
}

async fn seen(call: &Call) -> Result<Drift, CliError> {
    call.client.get(&["drift"]).await
}

/// What was refused or failed is told. Anything else ends all.
fn go_on(done: Result<(), CliError>) -> Result<(), CliError> {
    match done {
        Err(error @ CliError::Failed(_)) => eprintln!("{}", error.text()),
        done => done?,
    }
    Ok(())
}

/// The agents that can be given what was recorded for them: one request for all with the same wish.
fn switches(seen: &Drift) -> Vec<SetModels> {
    let mut all: Vec<(&SetModel, SetModels)> = Vec::new();
    for item in &seen.items {
        let Some(Mutation::SetModel { target, wish }) = item.repair.change() else { continue };
        match all.iter_mut().find(|(same, _)| *same == wish) {
            Some((_, request)) => request.targets.push(target.clone()),
            None => all.push((wish, SetModels::of(wish, target.clone()))),
        }
    }
    all.into_iter().map(|(_, request)| request).collect()
}

/// One repair for each route that somebody is shut out of; of all that it lacks, where these are several.
fn letting_in(seen: &Drift) -> Vec<Mutation> {
    let mut lacking: BTreeMap<&RouteName, Vec<&ConsumerName>> = BTreeMap::new();
    for item in &seen.items {
        if let Drifted::Access { route, consumer, .. } = &item.what {
            lacking.entry(route).or_default().push(consumer);
        }
    }
    let repair = |(route, consumers): (&RouteName, Vec<&ConsumerName>)| {
        let consumer = match consumers.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        };
        Mutation::RepairRoutes { route: Some(route.clone()), consumer }
    };
    lacking.into_iter().map(repair).collect()
}

/// Shows the plans of the agents that can be switched, and switches these after a yes.
async fn switch(call: &Call, mut wish: SetModels, yes: bool) -> Result<(), CliError> {
    let rehearsal = [("dry_run", "true".to_owned())];
    let planned: BulkPlan = call.client.post_until_answered(&["set-models"], &rehearsal, &wish).await?;
    planned.refused.iter().for_each(|one| eprintln!("{}", refused(one)));
    wish.targets.retain(|target| planned.refused.iter().all(|one| one.target != target.to_string()));
    if wish.targets.is_empty() {
        return Ok(());
    }
    agree_to_all(&planned.plans, yes)?;
    let done: Result<Bulk, CliError> = call.client.post_until_answered(&["set-models"], &[], &wish).await;
    let done = done.map_err(|error| error.midway(None))?;
    outcomes(&done).iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn seen(items: Value) -> Drift {
        let all = json!({"items": items, "unseen": [], "unpulled": [], "observedAt": "2026-01-15T10:30:00Z"});
        serde_json::from_value(all).unwrap()
    }

    fn drifted(agent: String, model: &str) -> Value {
        let wish =
            json!({"kind": "set_model", "target": agent, "provider": "qwen", "model": model, "maxTokens": 5});
        json!({"kind": "model", "agent": agent, "recorded": {"provider": "qwen", "model": model, "maxTokens": 5},
            "accept": {"whyNot": {"code": "NOT_OVER_GATEWAY"}}, "repair": {"change": wish}})
    }

    fn shut_out(agent: &str, route: &str) -> Value {
        let repair = json!({"kind": "repair_routes", "route": route, "consumer": format!("worker-{agent}")});
        json!({"kind": "access", "agent": format!("worker:{agent}"), "route": route,
            "consumer": format!("worker-{agent}"), "accept": {"whyNot": {"code": "SHUT_OUT"}}, "repair": {"change": repair}})
    }

    #[test]
    fn agents_with_the_same_wish_are_one_request_however_many_they_are() {
        let mut items: Vec<_> =
            (0..60).map(|number| drifted(format!("worker:w{number}"), "qwen-max")).collect();
        items.push(drifted("manager".into(), "qwen-plus"));
        let requests = switches(&seen(json!(items)));
        let told: Vec<_> = requests.iter().map(|one| (one.model.as_str(), one.targets.len())).collect();
        assert_eq!(told, [("qwen-max", 60), ("qwen-plus", 1)]);
        assert_eq!(requests[0].max_tokens, Some(5));
    }

    #[test]
    fn a_route_is_repaired_once_for_all_that_it_lacks() {
        let items = [shut_out("a", "r"), shut_out("b", "s"), shut_out("c", "r")];
        let told = serde_json::to_value(letting_in(&seen(json!(items)))).unwrap();
        let repair = |route: &str, consumer: Option<&str>| json!({"kind": "repair_routes", "route": route, "consumer": consumer});
        assert_eq!(told, json!([repair("r", None), repair("s", Some("worker-b"))]));
    }
}
