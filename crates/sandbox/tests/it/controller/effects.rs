//! The recorded effects, and how a test looks at them.
use super::{World, replay};
use crate::compare::Rules;
use regex::Regex;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// Two installations differ in these: keys, tokens, versions of objects, times.
const RULES: Rules = Rules {
    opaque: &[
        "version",
        "values",
        "apiKey",
        "token",
        "accessToken",
        "updated_at",
        "created_at",
        "skills_updated_at",
    ],
    ..replay::RULES
};

/// One recorded effect: what was before, and what after.
pub struct Effect(Value);

impl Effect {
    pub fn load(recording: &str, number: usize) -> Self {
        let effects = replay::load(replay::folder(recording).join("effects.json"));
        Self(effects[number].clone())
    }

    pub fn before(&self) -> &Value {
        &self.0["before"]
    }

    pub fn after(&self) -> &Value {
        &self.0["after"]
    }

    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.0["after_ms"].as_u64().expect("a time"))
    }

    /// What was found has to be what was recorded.
    pub fn is(&self, found: &Value) {
        same(self.after(), found, self.0["what"].as_str().unwrap_or_default());
    }

    /// The calls of Docker that change something, of a list with or without times, in order.
    pub fn calls(&self) -> Vec<String> {
        calls(self.after())
    }

    /// Docker was told this, and not much later than recorded.
    pub fn told(&self, told: &[(Duration, String)]) {
        let (times, words): (Vec<Duration>, Vec<String>) = told.iter().cloned().unzip();
        assert_eq!(words, self.calls(), "{}", self.0["what"]);
        if let (Some(last), Some(recorded)) = (times.last(), last_time(self.after())) {
            assert!(*last <= recorded * 2 + Duration::from_secs(1), "{last:?} instead of {recorded:?}");
        }
    }
}

/// The changing calls of a recorded list; pulling an image is none.
pub fn calls(list: &Value) -> Vec<String> {
    let ids = Regex::new(r"/(containers|exec)/(test-key-\d+|<id>)/").expect("an expression");
    let times = Regex::new(r"^\d+ ").expect("an expression");
    let calls = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let calls = calls.map(|call| ids.replace(&times.replace(call, ""), "/$1/<id>/").into_owned());
    calls.filter(|call| !call.starts_with("GET") && !call.contains("/images/")).collect()
}

fn last_time(list: &Value) -> Option<Duration> {
    let calls = list.as_array()?.iter().rev().filter_map(Value::as_str);
    let last = calls.into_iter().find(|call| !call.contains("GET"))?;
    Some(Duration::from_millis(last.split(' ').next()?.parse().ok()?))
}

/// Two values are the same, but for what differs between installations.
pub fn same(expected: &Value, found: &Value, what: &str) {
    let mut differences = Vec::new();
    RULES.json(expected, found, "", &mut differences);
    assert!(differences.is_empty(), "{what}\n{}", differences.join("\n"));
}

/// A part of what the console has.
pub async fn at_console(world: &World, names: &[&str]) -> Value {
    let mut all = json!({});
    for name in names {
        all[*name] = world.at_console(http::Method::GET, &format!("/v1/{name}"), None).await.1;
    }
    all
}

/// The environment of a container against a recorded body of its making: the same names, and the same values but for
/// secrets and what a room or port is called.
pub fn same_container(world: &World, container: &str, recorded: &Value) {
    let made = world.containers.get(container).expect("a container");
    assert_eq!(recorded["Image"], made.image, "{container}");
    let found = world.env(container);
    let lines = recorded["Env"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('=')).collect();
    let names: BTreeSet<&str> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, found.keys().map(String::as_str).collect(), "{container}");
    let secret = |name: &str| ["KEY", "TOKEN", "PASSWORD", "ROOM_ID"].iter().any(|part| name.ends_with(part));
    for (name, value) in lines.iter().filter(|(name, _)| !secret(name) || name.ends_with("ACCESS_KEY")) {
        assert_eq!(found[*name], *value, "{container}: {name}");
    }
}

/// Every effect of a recording is looked at by a test in `source`.
pub fn all_looked_at(recording: &str, source: &str) {
    let effects = replay::load(replay::folder(recording).join("effects.json"));
    let count = effects.as_array().expect("effects").len();
    let numbers = Regex::new(r"\beffect\((\d+)\)").expect("an expression");
    let looked_at: BTreeSet<usize> =
        numbers.captures_iter(source).map(|found| found[1].parse().expect("a number")).collect();
    let missing: Vec<String> = (0..count)
        .filter(|number| !looked_at.contains(number))
        .map(|number| format!("{number}: {}", effects[number]["what"]))
        .collect();
    assert!(missing.is_empty(), "{recording}: no test looks at\n{}", missing.join("\n"));
}
