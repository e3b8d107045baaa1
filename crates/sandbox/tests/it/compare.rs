//! What makes a given answer the same as a recorded one.
use http::HeaderMap;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeSet};

/// What does not count in a comparison.
pub struct Rules {
    /// Members whose values differ from installation to installation.
    pub opaque: &'static [&'static str],
    /// The part of a text that counts.
    pub text: for<'a> fn(&'a str) -> Cow<'a, str>,
    /// Whether lists have an order.
    pub ordered: bool,
}

pub fn before(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or_default().trim()
}

pub fn set(text: &str, separator: char) -> BTreeSet<String> {
    text.split(separator).map(|part| part.trim().to_owned()).collect()
}

/// A header, but for those that need more than their value.
pub fn header(headers: &HeaderMap, name: &str, expected: &str, differences: &mut Vec<String>) {
    let actual = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let same = match name {
        "content-type" => before(actual, ';') == before(expected, ';'),
        "allow" => set(actual, ',') == set(expected, ','),
        _ => actual == expected,
    };
    if !same {
        differences.push(format!("{name}: {actual:?} instead of {expected:?}"));
    }
}

impl Rules {
    /// The body of a recorded response with a given one.
    pub fn body(&self, expected: &Value, body: &str, differences: &mut Vec<String>) {
        if let Some(json) = expected.get("json") {
            match serde_json::from_str(body) {
                Ok(actual) => self.json(json, &actual, "", differences),
                Err(_) => differences.push(format!("not JSON: {body:?}")),
            }
        } else if let Some(text) = expected["text"].as_str() {
            if text != body {
                differences.push(format!("body {body:?} instead of {text:?}"));
            }
        } else if expected["html"] == true {
            if !body.trim_start().starts_with("<!") {
                differences.push(format!("not a page: {body:?}"));
            }
        } else if !body.is_empty() {
            differences.push(format!("body {body:?} instead of none"));
        }
    }

    /// One JSON value with another.
    pub fn json(&self, expected: &Value, actual: &Value, path: &str, differences: &mut Vec<String>) {
        let same = match (expected, actual) {
            (Value::Object(wanted), Value::Object(found)) => {
                for (key, value) in wanted {
                    let path = format!("{path}.{key}");
                    match found.get(key) {
                        None => differences.push(format!("{path} is missing")),
                        Some(found) if self.opaque.contains(&key.as_str()) => {
                            if value.is_null() != found.is_null() {
                                differences.push(format!("{path}: {found} instead of {value}"));
                            }
                        }
                        Some(found) => self.json(value, found, &path, differences),
                    }
                }
                for key in found.keys().filter(|key| !wanted.contains_key(*key)) {
                    differences.push(format!("{path}.{key} is too much"));
                }
                true
            }
            (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
                for (position, (wanted, found)) in self.paired(wanted, found).enumerate() {
                    self.json(&wanted, &found, &format!("{path}[{position}]"), differences);
                }
                true
            }
            (Value::Number(wanted), Value::Number(found)) => wanted.as_f64() == found.as_f64(),
            (Value::String(wanted), Value::String(found)) => (self.text)(wanted) == (self.text)(found),
            (wanted, found) => wanted == found,
        };
        if !same {
            differences.push(format!("{path}: {actual} instead of {expected}"));
        }
    }

    fn paired(&self, wanted: &[Value], found: &[Value]) -> impl Iterator<Item = (Value, Value)> {
        let in_order = |items: &[Value]| {
            let mut items = items.to_vec();
            if !self.ordered {
                // By name where they have one, so that a difference in one item does not move the others.
                items.sort_by_key(|item| (item["name"].to_string(), item.to_string()));
            }
            items
        };
        in_order(wanted).into_iter().zip(in_order(found))
    }
}

#[test]
fn a_difference_is_found() {
    use serde_json::json;
    let rules = Rules { opaque: &["version"], text: |text| Cow::Borrowed(before(text, '#')), ordered: true };
    let found = |rules: &Rules, expected: Value, actual: Value| {
        let mut differences = Vec::new();
        rules.json(&expected, &actual, "", &mut differences);
        differences
    };
    assert_eq!(
        found(&rules, json!({"a": 1, "version": "1"}), json!({"version": "2", "a": 1.0})),
        Vec::<String>::new()
    );
    assert_eq!(found(&rules, json!({"a": [1, {"b": null}]}), json!({"a": [1, {}]})), [".a[1].b is missing"]);
    assert_eq!(found(&rules, json!({}), json!({"x": 1})), [".x is too much"]);
    assert_eq!(found(&rules, json!("a#1"), json!("a#2")).len(), 0);
    assert_eq!(found(&rules, json!("a#1"), json!("b#1")).len(), 1);
    assert_eq!(found(&rules, json!([1, 2]), json!([1])).len(), 1);
    assert_eq!(found(&rules, json!([1, 2]), json!([2, 1])).len(), 2);
    let unordered = Rules { ordered: false, ..rules };
    assert_eq!(found(&unordered, json!([1, 2]), json!([2, 1])).len(), 0);
}
