use super::*;
use hiclaw::{Held, Image, Part, Version};
use serde_json::{Value, json};

fn doc(name: &str, prefixes: &[&str], consumers: &[&str]) -> RouteDoc {
    let predicates: Vec<_> =
        prefixes.iter().map(|prefix| json!({"matchType": "PRE", "matchValue": prefix})).collect();
    let json = json!({"name": name, "domains": ["gw"], "modelPredicates": predicates,
        "upstreams": [{"provider": "qwen", "weight": 100}],
        "authConfig": {"enabled": true, "allowedConsumers": consumers}});
    RouteDoc::parse(json).unwrap()
}

fn edit(name: &str, before: Option<RouteDoc>, after: Option<RouteDoc>) -> Edit {
    Edit::Route { name: name.parse().unwrap(), before, after }
}

/// A write of the Manager's model, or of our note of it alone.
fn model(changed: bool) -> Edit {
    let (target, after) = (Target::Manager, Image::new("new".into()));
    if !changed {
        return Edit::Record { target, before: None, after: Some(after) };
    }
    let before = Held { image: Image::new("old".into()), version: Version::Note("old".into()) };
    let object = "controller:managers/default".into();
    let edit = hiclaw::Edit {
        part: Part::Spec,
        object,
        before,
        after,
        owner: "controller".into(),
        lasts: None,
        sure_after: std::time::Duration::ZERO,
    };
    Edit::Agent { target, edit }
}

/// One of each kind, the most dangerous first.
fn draft() -> Draft {
    let goes = edit("goes", Some(doc("goes", &["a"], &[])), None);
    let narrows = edit("narrows", Some(doc("narrows", &["a", "b"], &[])), Some(doc("narrows", &["a"], &[])));
    let grows = edit("grows", Some(doc("grows", &["a"], &[])), Some(doc("grows", &["a", "b"], &["manager"])));
    let new = edit("new", None, Some(doc("new", &[], &[])));
    Draft { routes: vec![goes, narrows, grows, new], ..Draft::default() }
}

fn objects(work: &[Work]) -> Vec<String> {
    let name = |work: &Work| match work {
        Work::Write(edit) => edit.object().split_once(':').unwrap().1.to_owned(),
        Work::Ask(_) => "question".into(),
        Work::Neighbours(_) => "neighbours".into(),
        Work::Reload(_) => "reload".into(),
        Work::Act(..) => "act".into(),
        Work::Prove(_) => "proof".into(),
    };
    work.iter().map(name).collect()
}

fn question() -> Question {
    let (provider, model) = ("qwen".parse().unwrap(), "qwen-max".parse().unwrap());
    Question { target: Target::Manager, provider, model, key: "k".to_owned().into(), moved: false }
}

fn neighbour() -> Vec<Neighbour> {
    vec![Neighbour { question: question(), route: "other".parse().unwrap() }]
}

#[test]
fn a_switch_says_what_it_costs_until_the_agent_runs_its_model() {
    let told = |takes_up, restart, changed| {
        let agent = Agent { target: Target::Manager, runtime: "openclaw".into(), read_only: None, takes_up };
        let mut draft = Draft::default();
        draft.write_agent(&Target::Manager, [model(changed)]);
        draft.take_up(&agent, restart);
        let codes: Vec<_> = draft.warnings.iter().map(|warning| warning.code).collect();
        (codes, draft.restarts.iter().map(|restart| restart.when_idle).collect::<Vec<_>>())
    };
    use WarningCode::{FormerModelRuns, TurnLost};
    for restart in [Restart::No, Restart::Now, Restart::WhenIdle] {
        assert_eq!(told(TakeUp::ByItself, restart, true), (vec![], vec![]));
        assert_eq!(told(TakeUp::Replaced, restart, true), (vec![TurnLost], vec![]));
        assert_eq!(told(TakeUp::Replaced, restart, false), (vec![], vec![]));
    }
    assert_eq!(told(TakeUp::Restart, Restart::No, true), (vec![FormerModelRuns], vec![]));
    assert_eq!(told(TakeUp::Restart, Restart::No, false), (vec![], vec![]));
    for changed in [true, false] {
        assert_eq!(told(TakeUp::Restart, Restart::Now, changed), (vec![TurnLost], vec![false]));
        assert_eq!(told(TakeUp::Restart, Restart::WhenIdle, changed), (vec![], vec![true]));
    }
}

#[test]
fn what_adds_comes_before_what_narrows_and_that_before_what_goes() {
    let mut asked = draft();
    asked.ask(question());
    asked.write_agent(&Target::Manager, [edit("agent", None, None)]);
    let work = objects(&asked.into_work(neighbour()));
    assert_eq!(work, ["grows", "new", "narrows", "goes", "question", "neighbours", "agent", "reload"]);
}

#[test]
fn without_a_question_what_narrows_waits_for_the_agents() {
    let mut unasked = draft();
    unasked.write_agent(&Target::Manager, [edit("agent", None, None)]);
    unasked.narrow_late();
    let work = objects(&unasked.into_work(neighbour()));
    assert_eq!(work, ["grows", "new", "agent", "reload", "goes", "narrows", "neighbours"]);
}

#[test]
fn a_change_only_adds_when_nobody_loses_a_route() {
    let base = doc("r", &["a"], &["manager"]);
    let with = |pointer: &str, value: Value| {
        let mut json = base.json().clone();
        *json.pointer_mut(pointer).unwrap() = value;
        RouteDoc::parse(json).unwrap()
    };
    assert!(only_adds(&base, &base));
    for wider in [
        with("/modelPredicates", json!([])),
        with("/domains", json!([])),
        with("/domains", json!(["gw", "other"])),
        with("/authConfig/enabled", json!(false)),
    ] {
        assert!(only_adds(&base, &wider) && !only_adds(&wider, &base), "{wider:?}");
    }
    assert!(!only_adds(&base, &with("/upstreams/0/provider", json!("deepseek"))));
    assert!(!only_adds(&base, &with("/authConfig/allowedConsumers", json!(["worker-alice"]))));
}
