//! What differs between two JSON trees, fit to be shown: secrets are never in it.
use crate::DiffLine;
use serde_json::{Map, Value};

/// Stands for a secret.
const SECRET: &str = "(secret)";

/// Keys whose values are secrets, without case and punctuation. The console's, S3's and OpenClaw's names.
const SECRET_KEYS: &[&str] = &[
    "token",
    "tokens",
    "apitokens",
    "values",
    "password",
    "passwd",
    "secret",
    "authorization",
    "cookie",
    "credential",
    "accesskey",
];
/// Ends of keys whose values are secrets (`vertexAuthKey`, `awsSecretKey`).
const SECRET_ENDS: &[&str] = &[
    "apikey",
    "apikeys",
    "apitoken",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "authkey",
    "secretkey",
    "privatekey",
    "accesskeyid",
    "awsaccesskey",
    "password",
    "secret",
];

/// The places where two trees differ, as JSON pointers. None means that the object is not there. Lists of texts and
/// numbers count as one value; in lists of objects what is equal at both ends is skipped and the rest compared member by
/// member, so an insertion is one line. Secrets read `(secret)`: a line says that one changed, never what it was.
pub fn diff(before: Option<&Value>, after: Option<&Value>) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    compare(&mut lines, String::new(), false, before, after);
    lines
}

/// The tree with every secret replaced by `(secret)`.
pub fn redacted(tree: &Value) -> Value {
    hide(tree, false)
}

fn compare(
    lines: &mut Vec<DiffLine>,
    path: String,
    secret: bool,
    before: Option<&Value>,
    after: Option<&Value>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let secret = secret
                    || is_secret(key)
                    || (key == "value" && (names_a_secret(old) || names_a_secret(new)));
                compare(lines, format!("{path}/{}", escaped(key)), secret, old.get(key), new.get(key));
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if of_objects(old) && of_objects(new) => {
            compare_lists(lines, &path, secret, old, new);
        }
        (before, after) => lines.push(DiffLine {
            path,
            before: before.map(|value| hide(value, secret)),
            after: after.map(|value| hide(value, secret)),
        }),
    }
}

fn compare_lists(lines: &mut Vec<DiffLine>, path: &str, secret: bool, old: &[Value], new: &[Value]) {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    for index in 0..old_rest.len().max(new_rest.len()) {
        compare(lines, format!("{path}/{}", head + index), secret, old_rest.get(index), new_rest.get(index));
    }
}

fn of_objects(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// `secret`: the key above says that every text and number in here is one.
fn hide(value: &Value, secret: bool) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| {
                let secret = secret || is_secret(key) || (key == "value" && names_a_secret(map));
                (key.clone(), hide(inner, secret))
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|inner| hide(inner, secret)).collect(),
        Value::String(text) if secret || looks_secret(text) => SECRET.into(),
        Value::Number(_) if secret => SECRET.into(),
        other => other.clone(),
    }
}

fn is_secret(key: &str) -> bool {
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_KEYS.contains(&plain.as_str()) || SECRET_ENDS.iter().any(|end| plain.ends_with(end))
}

/// A header or parameter written as `{"key": "Authorization", "value": …}`.
fn names_a_secret(map: &Map<String, Value>) -> bool {
    map.get("key").or_else(|| map.get("name")).and_then(Value::as_str).is_some_and(is_secret)
}

/// Texts that are keys wherever they stand.
fn looks_secret(text: &str) -> bool {
    text.starts_with("sk-")
        || text.starts_with("Bearer ")
        || text.contains("-----BEGIN")
        || has_user_info(text)
}

/// `https://user:password@host`.
fn has_user_info(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|a| a.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn paths(before: &Value, after: &Value) -> Vec<String> {
        diff(Some(before), Some(after)).into_iter().map(|line| line.path).collect()
    }

    #[test]
    fn only_what_differs_is_named() {
        let before = json!({"a": 1, "list": ["x"], "b/c": {"d": null}, "gone": true});
        let after = json!({"a": 1, "list": ["x", "y"], "b/c": {"d": 2}, "new": {"e": 1}});
        assert_eq!(paths(&before, &after), ["/list", "/b~1c/d", "/gone", "/new"]);
        assert_eq!(diff(None, Some(&before))[0].path, "");
        assert!(diff(Some(&before), Some(&before)).is_empty());
    }

    #[test]
    fn an_inserted_member_is_one_line() {
        let before = json!([{"id": "a"}, {"id": "c"}]);
        let after = json!([{"id": "a"}, {"id": "b"}, {"id": "c"}]);
        let lines = diff(Some(&before), Some(&after));
        assert_eq!((lines.len(), lines[0].path.as_str(), &lines[0].before), (1, "/1", &None));
    }

    #[test]
    fn figures_of_tokens_are_no_secrets() {
        let tree = json!({"maxTokens": 5, "contextTokens": 7, "token_uri": "https://t", "tokenFailoverConfig": {"enabled": true},
            "key": "x-team", "lastTouchedAt": "2026"});
        assert_eq!(redacted(&tree), tree);
    }

    #[test]
    fn secrets_are_hidden_under_every_known_key() {
        for key in [
            "apiKey",
            "tokens",
            "apiTokens",
            "accessToken",
            "password",
            "values",
            "awsSecretKey",
            "awsAccessKey",
            "vertexAuthKey",
            "private_key",
            "token",
            "secret",
            "Authorization",
            "x-api-key",
            "MATRIX_PASSWORD",
            "api-key",
        ] {
            for value in [json!("canary"), json!(["canary"]), json!({"inner": ["canary"]})] {
                let before = json!({"deep": [{ key: value }]});
                assert!(!redacted(&before).to_string().contains("canary"), "{key}");
                let lines = diff(Some(&before), Some(&json!({"deep": [{ key: "canary 2" }]})));
                assert!(
                    !lines.is_empty() && !serde_json::to_string(&lines).unwrap().contains("canary"),
                    "{key}"
                );
            }
        }
        for loose in ["sk-canary", "Bearer canary", "https://user:canary@host/v1"] {
            assert!(!redacted(&json!({"note": loose})).to_string().contains("canary"), "{loose}");
        }
        let header = json!({"add": [{"key": "Authorization", "value": "Basic canary"}]});
        assert!(!redacted(&header).to_string().contains("canary"));
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4i64).prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((0..4u8, inner), 0..4).prop_map(|members| members
                    .into_iter()
                    .map(|(k, v)| (format!("k{k}"), v))
                    .collect::<Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        /// Every line points at a real difference, and trees without lines are equal.
        #[test]
        fn lines_are_true_and_complete(before in tree(), after in tree()) {
            let lines = diff(Some(&before), Some(&after));
            prop_assert_eq!(lines.is_empty(), before == after);
            for line in lines {
                prop_assert!(line.before != line.after);
                let is_at = |tree: &Value, shown: &Option<Value>| shown.is_none() || tree.pointer(&line.path) == shown.as_ref();
                prop_assert!(is_at(&before, &line.before) && is_at(&after, &line.after), "{:?}", line);
            }
        }
    }
}
