use super::*;
use crate::Observed;
use proptest::prelude::*;
use serde_json::json;

const NAMES: [&str; 2] = ["a", "b"];

fn agent() -> Target {
    "worker:alice".parse().unwrap()
}

/// An agent whose note, openclaw.json and route say these, each a provider or a model of [`NAMES`].
fn assignment(
    note: Option<(usize, usize)>,
    model: Option<usize>,
    provider: Option<usize>,
    problem: Value,
) -> Assignment {
    let name = |at: usize| NAMES[at];
    let route = provider.map(|at| format!("{}-ai-route", name(at)));
    let primary = model.map_or("openai/gpt-5".to_owned(), |at| format!("hiclaw-gateway/{}", name(at)));
    let mut now = json!({"observed": {"primary": primary, "model": model.map(name), "route": route,
        "provider": provider.map(name), "contextWindow": null, "inSync": false, "observedAt": "2026-01-15T10:30:00Z"}});
    if let Some((provider, model)) = note {
        now["provider"] = name(provider).into();
        now["model"] = name(model).into();
        now["maxTokens"] = 5.into();
    }
    if model.is_some() {
        now["observed"]["maxTokens"] = 5.into();
    }
    if !problem.is_null() {
        now["observed"]["problem"] = problem;
    }
    serde_json::from_value(now).unwrap()
}

fn found(now: &Assignment, read_only: Option<&WhyNot>) -> Vec<DriftItem> {
    let providers = NAMES.map(|name| name.parse().unwrap());
    of_agent(&agent(), now, read_only, &providers.iter().collect())
}

fn shut_out() -> Value {
    json!({"code": "CONSUMER_NOT_ALLOWED", "route": "a-ai-route", "consumer": "worker-alice"})
}

#[test]
fn what_agrees_does_not_drift_nor_does_who_was_never_switched() {
    for now in [
        assignment(Some((0, 0)), Some(0), Some(0), Value::Null),
        assignment(None, Some(1), Some(0), Value::Null),
        assignment(None, None, None, Value::Null),
        assignment(Some((0, 0)), None, None, json!({"code": "CONFIG_UNREADABLE", "message": "gone"})),
    ] {
        assert!(!drifts(&now) && found(&now, None).is_empty(), "{now:?}");
    }
}

#[test]
fn figures_that_a_switch_does_not_write_do_not_drift() {
    let owned = |ours| json!({"owner": "controller", "ours": ours});
    let mut now = assignment(Some((0, 0)), Some(0), Some(0), Value::Null);
    now.observed.max_tokens = None;
    for (ours, drifted) in [(true, true), (false, false)] {
        let ownership = json!({"model": owned(true), "limits": owned(ours)});
        now.ownership = Some(serde_json::from_value(ownership).unwrap());
        assert_eq!((drifts(&now), found(&now, None).is_empty()), (drifted, !drifted));
    }
    now.observed.model = Some(NAMES[1].parse().unwrap());
    assert!(drifts(&now), "the model itself counts whoever owns its figures");
}

#[test]
fn a_drift_of_the_model_is_accepted_or_repaired() {
    let now = assignment(Some((0, 0)), Some(1), Some(1), Value::Null);
    let [item] = &found(&now, None)[..] else { panic!("one item") };
    let said = serde_json::to_value(item).unwrap();
    assert_eq!(said["accept"], json!({"change": {"kind": "accept_model", "target": "worker:alice"}}));
    let wish =
        json!({"kind": "set_model", "target": "worker:alice", "provider": "a", "model": "a", "maxTokens": 5});
    assert_eq!(said["repair"], json!({"change": wish}));
    let sides = json!({"kind": "model", "agent": "worker:alice", "recorded": {"provider": "a", "model": "a", "maxTokens": 5},
        "primary": "hiclaw-gateway/b", "model": "b", "maxTokens": 5, "route": "b-ai-route", "provider": "b"});
    assert_eq!(serde_json::to_value(&item.what).unwrap(), sides);
}

#[test]
fn where_there_is_no_way_the_reason_is_told() {
    let code = |way: &WayOut| match way {
        WayOut::WhyNot(why) => serde_json::to_value(why).unwrap()["code"].as_str().unwrap().to_owned(),
        WayOut::Change(change) => change.kind().to_owned(),
    };
    let ways = |now: &Assignment, read_only: Option<&WhyNot>| {
        let items = found(now, read_only);
        items.iter().map(|item| (code(&item.accept), code(&item.repair))).collect::<Vec<_>>()
    };
    let pair = |accept: &str, repair: &str| (accept.to_owned(), repair.to_owned());
    let foreign = assignment(Some((0, 0)), None, None, Value::Null);
    assert_eq!(ways(&foreign, None), [pair("NOT_OVER_GATEWAY", "set_model")]);
    let unled = assignment(Some((0, 0)), Some(0), None, json!({"code": "NO_ROUTE", "model": "a"}));
    assert_eq!(ways(&unled, None), [pair("NO_ROUTE", "set_model")]);
    let read_only = WhyNot::ReadOnly { reason: "it runs copaw".into(), way: "Ask it.".into() };
    let moved = assignment(Some((0, 0)), Some(0), Some(1), Value::Null);
    assert_eq!(ways(&moved, Some(&read_only)), [pair("accept_model", "READ_ONLY")]);
    let mut gone = moved;
    gone.provider = Some("gone".parse().unwrap());
    assert_eq!(ways(&gone, None), [pair("accept_model", "PROVIDER_GONE")]);
    let shut_out = assignment(None, Some(0), Some(0), shut_out());
    assert_eq!(ways(&shut_out, Some(&read_only)), [pair("SHUT_OUT", "repair_routes")]);
}

#[test]
fn limits_that_the_note_names_drift_too() {
    let mut now = assignment(Some((0, 0)), Some(0), Some(0), Value::Null);
    now.observed.context_window = Some(32_000);
    assert!(!drifts(&now), "the note does not name it");
    now.context_window = Some(200_000);
    let [item] = &found(&now, None)[..] else { panic!("one item") };
    let said = serde_json::to_value(item).unwrap();
    assert_eq!(
        (&said["recorded"]["contextWindow"], &said["contextWindow"]),
        (&json!(200_000), &json!(32_000))
    );
    assert_eq!(said["repair"]["change"]["contextWindow"], 200_000);
    assert!(!drifts(&accepted(&now)));
    now.observed.context_window = None;
    assert!(drifts(&now), "its openclaw.json does not name it");
    now.context_window = None;
    now.reasoning = Some(true);
    now.observed.reasoning = Some(false);
    assert!(drifts(&now));
}

/// The note after an accept.
fn accepted(now: &Assignment) -> Assignment {
    let Observed { provider, model, context_window, max_tokens, reasoning, .. } = now.observed.clone();
    Assignment { provider, model, context_window, max_tokens, reasoning, ..now.clone() }
}

proptest! {
    /// The sides are compared with each other and nothing else: an agent has at most one drift of its model, and has it
    /// exactly when one side says something else; the access is told beside it; what was accepted is no drift any more.
    #[test]
    fn each_disagreement_is_found_once_and_an_accepted_one_is_gone(
        note in proptest::option::of((0..2usize, 0..2usize)),
        model in proptest::option::of(0..2usize),
        provider in proptest::option::of(0..2usize),
        is_shut_out in any::<bool>(),
    ) {
        let provider = provider.filter(|_| model.is_some());
        let is_shut_out = is_shut_out && provider.is_some();
        let now = assignment(note, model, provider, if is_shut_out { shut_out() } else { Value::Null });
        let items = found(&now, None);
        let of_model = items.iter().filter(|item| matches!(item.what, Drifted::Model { .. })).count();
        let of_access = items.iter().filter(|item| matches!(item.what, Drifted::Access { .. })).count();
        let disagrees = note.is_some_and(|(noted, recorded)| model != Some(recorded) || provider != Some(noted));
        prop_assert_eq!((of_model, of_access, items.len()), (
            usize::from(disagrees), usize::from(is_shut_out), usize::from(disagrees) + usize::from(is_shut_out)
        ));
        if items.iter().any(|item| matches!(item.accept.change(), Some(Mutation::AcceptModel { .. }))) {
            prop_assert!(!drifts(&accepted(&now)));
        }
    }
}

fn file(json: Value) -> Declared {
    serde_json::from_value(json).unwrap()
}

fn agents(of: &Declared) -> BTreeMap<Target, Option<Runs>> {
    of.assignments.all().map(|(target, wish)| (target, Some(runs(wish)))).collect()
}

fn differences(then: &Declared, now: &Declared, agents: &BTreeMap<Target, Option<Runs>>) -> Vec<Changed> {
    let now = Now { agents, ..present(now) };
    changed_since(without_keys(then), |_| false, now)
}

/// A backup of an older version.
fn without_keys(file: &Declared) -> Then<'_> {
    Then { file, keys: None }
}

/// Nobody but what a file has of the console.
fn present(file: &Declared) -> Now<'_> {
    const NO_KEYS: &Fingerprints = &Fingerprints::new();
    const NOBODY: &BTreeMap<Target, Option<Runs>> = &BTreeMap::new();
    Now { providers: &file.providers, keys: NO_KEYS, routes: &file.routes, agents: NOBODY, all_agents: true }
}

fn installation(route_to: &str, model: &str) -> Value {
    json!({"version": 1,
        "providers": [{"name": "a", "type": "qwen"}],
        "routes": [{"name": "r", "upstreams": [{"provider": route_to, "weight": 100}], "consumers": ["worker-alice", "manager"]}],
        "assignments": {"workers": {"alice": {"provider": route_to, "model": model}}}})
}

#[test]
fn what_is_as_in_the_backup_is_not_told_whatever_the_order_of_its_lists() {
    let then = file(installation("a", "m"));
    assert_eq!(differences(&then, &then, &agents(&then)), []);
    let mut now = then.clone();
    now.routes[0].consumers.as_mut().unwrap().reverse();
    assert_eq!(differences(&then, &now, &agents(&now)), []);
}

/// What is told of the route r that let these in, in order, and whether it is told that agents were let in or shut out,
/// when alice and bob are the agents that there are. `all`: and nobody else.
fn told_of_access(then: &[&str], now: &[&str], all: bool) -> Option<bool> {
    let lets_in = |consumers: &[&str]| {
        let mut file = file(installation("a", "m"));
        file.routes[0].consumers = Some(consumers.iter().map(|name| name.parse().unwrap()).collect());
        file
    };
    let (then, now) = (lets_in(then), lets_in(now));
    let mut there = agents(&now);
    there.insert("manager".parse().unwrap(), None);
    there.insert("worker:bob".parse().unwrap(), None);
    let now = Now { agents: &there, all_agents: all, ..present(&now) };
    let changed = changed_since(without_keys(&then), |_| false, now);
    changed.iter().find(|one| one.item.to_string() == "route:r").map(|one| one.access)
}

#[test]
fn whom_hiclaw_lets_in_or_takes_off_is_no_drift() {
    let alone = ["manager", "worker-alice"];
    assert_eq!(told_of_access(&alone, &["manager", "worker-alice", "worker-bob"], true), None, "was hired");
    assert_eq!(
        told_of_access(&["manager", "worker-alice", "worker-gone"], &alone, true),
        None,
        "was dismissed"
    );
    assert_eq!(told_of_access(&alone, &["worker-alice"], true), Some(true), "the Manager is there");
    assert_eq!(told_of_access(&alone, &["manager"], true), Some(true), "alice is there");
    assert_eq!(
        told_of_access(&alone, &["manager", "worker-alice", "worker-x"], true),
        Some(true),
        "nobody knows x"
    );
    assert_eq!(
        told_of_access(&alone, &["manager", "worker-alice", "partner"], true),
        Some(false),
        "no agent"
    );
    assert_eq!(told_of_access(&["partner"], &[], true), Some(false), "no agent");
    assert_eq!(told_of_access(&alone, &["manager", "worker-x"], false), None, "who is there is not known");
}

#[test]
fn what_else_changes_on_a_route_is_told_without_those_whom_hiclaw_let_in() {
    let then = file(installation("a", "m"));
    let mut now = file(installation("b", "m"));
    now.routes[0].consumers.as_mut().unwrap().push("worker-bob".parse().unwrap());
    let mut there = agents(&now);
    there.insert("worker:bob".parse().unwrap(), None);
    let changed = differences(&then, &now, &there);
    let route = changed.iter().find(|one| one.item.to_string() == "route:r").unwrap();
    let paths: Vec<_> = route.diff.iter().map(|line| line.path.as_str()).collect();
    assert_eq!((paths, route.access), (vec!["/upstreams/0/provider"], false));
}

#[test]
fn a_new_route_tells_whether_it_lets_in_agents_that_nobody_knows() {
    let with = file(installation("a", "m"));
    let mut without = with.clone();
    without.routes.clear();
    let there = agents(&with);
    let known = |manager: bool| {
        let mut there = there.clone();
        if manager {
            there.insert("manager".parse().unwrap(), None);
        }
        differences(&without, &with, &there).iter().map(|one| one.access).collect::<Vec<_>>()
    };
    assert_eq!((known(true), known(false)), (vec![false], vec![true]));
}

#[test]
fn where_a_model_leads_is_told_of_the_route_alone() {
    let (then, now) = (file(installation("a", "m")), file(installation("b", "m")));
    let changed = differences(&then, &now, &agents(&now));
    let told: Vec<_> = changed.iter().map(|one| (one.item.to_string(), one.diff[0].path.as_str())).collect();
    assert_eq!(told, [("route:r".to_owned(), "/upstreams/0/provider")]);
}

#[test]
fn what_came_went_or_changed_is_told_once_each() {
    let then = file(installation("a", "m"));
    let mut now = file(installation("a", "n"));
    now.providers = vec![serde_json::from_value(json!({"name": "b", "type": "openai"})).unwrap()];
    let changed = differences(&then, &now, &agents(&now));
    let told: Vec<_> = changed.iter().map(|one| (one.item.to_string(), one.change)).collect();
    let told: Vec<_> = told.iter().map(|(item, change)| (item.as_str(), *change)).collect();
    use ChangeAction::{Create, Delete, Update};
    assert_eq!(told, [("provider:a", Delete), ("provider:b", Create), ("worker:alice", Update)]);
}

#[test]
fn of_an_agent_that_is_not_known_nothing_is_told() {
    let then = file(installation("a", "m"));
    let unread = BTreeMap::from([(agent(), None)]);
    assert_eq!(differences(&then, &then, &unread), []);
    let now = |all_agents| Now { all_agents, ..present(&then) };
    assert_eq!(changed_since(without_keys(&then), |_| false, now(false)), []);
    assert_eq!(changed_since(without_keys(&then), |_| false, now(true))[0].change, ChangeAction::Delete);
    let empty = file(
        json!({"version": 1, "providers": installation("a", "m")["providers"], "routes": installation("a", "m")["routes"]}),
    );
    let agents = agents(&then);
    let now = Now { agents: &agents, ..present(&then) };
    assert_eq!(changed_since(without_keys(&empty), |_| true, now), [], "the backup could not tell of it");
    assert_eq!(changed_since(without_keys(&empty), |_| false, now)[0].change, ChangeAction::Create);
}

#[test]
fn another_key_is_told_by_its_fingerprint_where_the_backup_holds_keys() {
    let file = file(installation("a", "m"));
    let agents = agents(&file);
    let keys = |one: &str| Fingerprints::from([("a".parse().unwrap(), vec![one.to_owned()])]);
    let (old, new) = (keys("0a0a0a0a"), keys("1b1b1b1b"));
    let now = Now { agents: &agents, keys: &new, ..present(&file) };
    assert_eq!(changed_since(without_keys(&file), |_| false, now), []);
    let then = |keys| Then { file: &file, keys: Some(keys) };
    assert_eq!(changed_since(then(&new), |_| false, now), []);
    let [changed] = &changed_since(then(&old), |_| false, now)[..] else { panic!("one item") };
    assert_eq!((changed.item.to_string().as_str(), changed.has_other_keys()), ("provider:a", true));
    let said = serde_json::to_value(&changed.diff).unwrap();
    assert_eq!(said, json!([{"path": "/keys", "before": ["0a0a0a0a"], "after": ["1b1b1b1b"]}]));
}
