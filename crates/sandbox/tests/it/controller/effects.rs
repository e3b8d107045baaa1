//! The recorded effects, and how a test looks at them.
use super::{World, replay};
use crate::compare::Rules;
use regex::Regex;
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};

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

thread_local! {
    /// The effects of which something was looked at by what runs on this thread.
    static LOOKED_AT: RefCell<BTreeSet<(&'static str, usize)>> = RefCell::default();
}

/// One recorded effect: what was before, and what after.
pub struct Effect {
    recording: &'static str,
    number: usize,
    recorded: Value,
}

impl Effect {
    pub fn load(recording: &'static str, number: usize) -> Self {
        Self { recording, number, recorded: recorded(recording)[number].take() }
    }

    fn look(&self) -> &Value {
        LOOKED_AT.with_borrow_mut(|looked_at| looked_at.insert((self.recording, self.number)));
        &self.recorded
    }

    pub fn before(&self) -> &Value {
        &self.look()["before"]
    }

    pub fn after(&self) -> &Value {
        &self.look()["after"]
    }

    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.look()["after_ms"].as_u64().expect("a time"))
    }

    /// What was found has to be what was recorded.
    pub fn is(&self, found: &Value) {
        same(self.after(), found, self.recorded["what"].as_str().unwrap_or_default());
    }

    /// The calls of Docker that change something, of a list with or without times, in order.
    pub fn calls(&self) -> Vec<String> {
        calls(self.after())
    }

    /// Docker was told this, and not much later than recorded.
    pub fn told(&self, told: &[(Duration, String)]) {
        let (times, words): (Vec<Duration>, Vec<String>) = told.iter().cloned().unzip();
        assert_eq!(words, self.calls(), "{}", self.recorded["what"]);
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

/// Runs these tests once more, on this thread, and sees that together they look at every effect of a recording.
pub fn all_looked_at(recording: &'static str, tests: &[fn()]) {
    LOOKED_AT.take();
    tests.iter().for_each(|test| test());
    let looked_at = LOOKED_AT.take();
    let effects = recorded(recording);
    let missing: Vec<String> = (0..effects.as_array().expect("effects").len())
        .filter(|number| !looked_at.contains(&(recording, *number)))
        .map(|number| format!("{number}: {}", effects[number]["what"]))
        .collect();
    assert!(missing.is_empty(), "{recording}: no test looks at\n{}", missing.join("\n"));
}

fn recorded(recording: &str) -> Value {
    replay::load(replay::folder(recording).join("effects.json"))
}
