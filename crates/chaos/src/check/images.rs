//! Comparing what is there with what a plan said.
use crate::rival::MARK;
use serde_json::{Map, Value, json};

/// What stands for a secret in a diff.
const SECRET: &str = "(secret)";

/// What the console derives itself from the rest of a provider.
const DERIVED: [&str; 6] = ["id", "type", "apiTokens", "protocol", "failover", "retryOnFailure"];

/// Whether the console derives what stands at this place of an object.
pub fn is_derived(object: &str, path: &str) -> bool {
    if path == "/version" {
        return object.starts_with("route:");
    }
    let key = path.strip_prefix("/rawConfigs/").filter(|_| object.starts_with("provider:"));
    key.is_some_and(|key| DERIVED.contains(&key.split('/').next().unwrap_or(key)))
}

/// The tree without what the rival put there.
pub fn stripped(tree: Value) -> Value {
    match tree {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !key.starts_with(MARK));
            Value::Object(kept.map(|(key, value)| (key, stripped(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => {
            let is_mark = |value: &Value| value.as_str().is_some_and(|text| text.starts_with(MARK));
            list.into_iter().filter(|value| !is_mark(value)).map(stripped).collect()
        }
        other => other,
    }
}

/// The place of a JSON pointer; the whole tree for the empty one.
pub fn at<'a>(tree: Option<&'a Value>, path: &str) -> Option<&'a Value> {
    tree?.pointer(path).filter(|value| !value.is_null())
}

/// Whether `have` is what was wished. The console fills in what a wish leaves out.
pub fn covers(have: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (have, wanted) {
        (have, None | Some(Value::Null)) => have.is_none_or(is_nothing),
        (_, Some(Value::String(text))) if text == SECRET => have.is_some(),
        (None, Some(wanted)) => is_nothing(wanted),
        (Some(Value::Object(have)), Some(Value::Object(wanted))) => wanted
            .iter()
            .filter(|(key, _)| *key != "version")
            .all(|(key, wanted)| covers(have.get(key), Some(wanted))),
        (Some(Value::Array(have)), Some(Value::Array(wanted))) => {
            have.len() == wanted.len() && (same_texts(have, wanted) || pairwise(have, wanted))
        }
        (Some(Value::Number(have)), Some(Value::Number(wanted))) => have.as_f64() == wanted.as_f64(),
        (Some(have), Some(wanted)) => have == wanted,
    }
}

fn pairwise(have: &[Value], wanted: &[Value]) -> bool {
    have.iter().zip(wanted).all(|(have, wanted)| covers(Some(have), Some(wanted)))
}

fn same_texts(have: &[Value], wanted: &[Value]) -> bool {
    let sorted = |list: &[Value]| {
        let mut texts: Vec<_> = list.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    sorted(have) == sorted(wanted)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        _ => false,
    }
}

/// The note of a worker's model in the registry, as a plan shows it.
pub fn note_of(registry: &Value, worker: &str) -> Value {
    json!({ "model": registry["workers"][worker]["model"] })
}
