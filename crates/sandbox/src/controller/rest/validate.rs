//! What Kubernetes itself refuses, by the definitions of the custom resources. The controller answers 500 to it.
use axum::response::Response;
use http::StatusCode;

use super::{Kind, error};
use crate::controller::{Core, resource::Spec};

const STATES: &[&str] = &["Running", "Sleeping", "Stopped"];
const LONGEST_NAME: usize = 253;

/// The name and the spec of a new object.
pub(super) fn object(core: &Core, kind: Kind, name: &str, spec: &Spec) -> Result<(), Box<Response>> {
    let mut problems = Vec::new();
    let wrong = |rule: &str| format!("metadata.name: Invalid value: {}: {rule}", quoted(name));
    if name.len() > LONGEST_NAME {
        problems.push(wrong("must be no more than 253 characters"));
    }
    if !name.split('.').all(is_label) {
        problems.push(wrong(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ));
    }
    problems.extend(values(core, kind, spec));
    report(core, kind, name, &problems, &format!("create {}", kind.as_str()))
}

/// The spec of an object that is there.
pub(super) fn spec(
    core: &Core,
    kind: Kind,
    name: &str,
    spec: &Spec,
    doing: &str,
) -> Result<(), Box<Response>> {
    report(core, kind, name, &values(core, kind, spec), doing)
}

fn values(core: &Core, kind: Kind, spec: &Spec) -> Vec<String> {
    let runtimes = match kind {
        Kind::Worker => core.ways.worker.runtimes,
        Kind::Manager => core.ways.manager.runtimes,
        _ => &[],
    };
    let unsupported = |field: &str, supported: &[&str]| {
        let value = spec.text(field);
        let given = spec.0.contains_key(field) && (field == "state" || !value.is_empty());
        (given && !supported.contains(&value)).then(|| {
            let supported: Vec<String> = supported.iter().map(|value| quoted(value)).collect();
            format!(
                "spec.{field}: Unsupported value: {}: supported values: {}",
                quoted(value),
                supported.join(", ")
            )
        })
    };
    [unsupported("runtime", runtimes), unsupported("state", STATES)].into_iter().flatten().collect()
}

fn report(
    core: &Core,
    kind: Kind,
    name: &str,
    problems: &[String],
    doing: &str,
) -> Result<(), Box<Response>> {
    let listed = match problems {
        [] => return Ok(()),
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let (type_name, group) = (kind.type_name(), core.ways.group);
    let message = format!("{doing}: {type_name}.{group} {} is invalid: {listed}", quoted(name));
    Err(Box::new(error(StatusCode::INTERNAL_SERVER_ERROR, &message)))
}

fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(plain) && label.ends_with(plain) && label.chars().all(|c| plain(c) || c == '-')
}

/// A text as Go's `%q` has it, but for characters that no terminal shows.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
