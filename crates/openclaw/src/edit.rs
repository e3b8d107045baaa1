//! A model switch in an openclaw.json.
use crate::Config;
use crate::text::{At, set};
use domain::{Limits, ModelId};
use serde_json::{Value, json};

/// What a switch sets.
#[derive(Clone, Debug)]
pub struct Switch<'a> {
    pub model: &'a ModelId,
    pub limits: Limits,
    /// RFC 3339, for `meta.lastTouchedAt`.
    pub now: &'a str,
}

/// Why a switch cannot be made in this config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No provider entry stands for the gateway.
    #[error("openclaw.json lists no gateway under models.providers")]
    NoGateway,
    /// A part that must be changed has another type than OpenClaw accepts.
    #[error("{0} in openclaw.json has another type than OpenClaw accepts")]
    Shape(&'static str),
    /// The result is not what was wanted: a defect of ours, found before anything was written.
    #[error("the edit of openclaw.json would do more or less than a switch may: {0}")]
    Unsound(&'static str),
}

/// The config with this model as the primary one. Touched are the gateway's entry of this model, the primary, the
/// allow-list entry of the model and `meta.lastTouchedAt`; every other byte stays. A config that has all of it already
/// comes back byte for byte.
pub fn switch_model(config: &Config, switch: &Switch<'_>) -> Result<String, EditError> {
    let gateway = config.gateway_id().ok_or(EditError::NoGateway)?;
    let text = list_model(config, gateway, switch)?;
    let text = allow_and_select(config, &text, gateway, switch.model)?;
    if text == config.text() {
        return Ok(text);
    }
    if !matches!(config.tree().get("meta"), None | Some(Value::Object(_))) {
        return Err(EditError::Shape("meta"));
    }
    let text = put(&text, &[At::Key("meta"), At::Key("lastTouchedAt")], &switch.now.into(), "meta")?;
    check(config, &text, gateway, switch.model)?;
    Ok(text)
}

fn put(text: &str, path: &[At<'_>], value: &Value, part: &'static str) -> Result<String, EditError> {
    set(text, path, value).ok_or(EditError::Shape(part))
}

/// Adds the model to the gateway's list, or gives the present entry the figures and keeps the rest of it.
fn list_model(config: &Config, gateway: &str, switch: &Switch<'_>) -> Result<String, EditError> {
    const PART: &str = "models.providers.*.models";
    let id = switch.model.as_str();
    let limits = switch.limits;
    let input = if limits.vision { json!(["text", "image"]) } else { json!(["text"]) };
    let list = match config.tree()["models"]["providers"][gateway].get("models") {
        None => &[][..],
        Some(Value::Array(list)) => list,
        Some(_) => return Err(EditError::Shape(PART)),
    };
    let at = |tail: &[At<'static>], index| {
        let head =
            [At::Key("models"), At::Key("providers"), At::Key(gateway), At::Key("models"), At::Index(index)];
        head.into_iter().chain(tail.iter().cloned()).collect::<Vec<_>>()
    };
    let Some(index) = list.iter().position(|entry| entry["id"] == id) else {
        let entry = json!({"id": id, "name": id, "reasoning": limits.reasoning, "contextWindow": limits.context_window,
            "maxTokens": limits.max_tokens, "input": input});
        return put(config.text(), &at(&[], list.len()), &entry, PART);
    };
    let figures = [
        ("reasoning", limits.reasoning.into()),
        ("contextWindow", limits.context_window.into()),
        ("maxTokens", limits.max_tokens.into()),
        ("input", input),
    ];
    figures.iter().try_fold(config.text().to_owned(), |text, (key, value)| {
        put(&text, &at(&[At::Key(key)], index), value, PART)
    })
}

/// Puts the model on the allow-list and makes it the primary one. A primary written as a bare text stays one.
fn allow_and_select(
    config: &Config,
    text: &str,
    gateway: &str,
    model: &ModelId,
) -> Result<String, EditError> {
    let primary = format!("{gateway}/{model}");
    let defaults = |tail: [&'static str; 1]| [At::Key("agents"), At::Key("defaults"), At::Key(tail[0])];
    let mut select = defaults(["model"]).to_vec();
    if !config.tree()["agents"]["defaults"]["model"].is_string() {
        select.push(At::Key("primary"));
    }
    let text = put(text, &select, &primary.as_str().into(), "agents.defaults.model")?;
    let mut allow = defaults(["models"]).to_vec();
    allow.extend([At::Key(&primary), At::Key("alias")]);
    put(&text, &allow, &model.as_str().into(), "agents.defaults.models")
}

/// Looks at the result as a reader would: the switch is in it, and nothing else is different.
fn check(before: &Config, text: &str, gateway: &str, model: &ModelId) -> Result<(), EditError> {
    let after = Config::parse(text.as_bytes()).map_err(|_| EditError::Unsound("no JSON"))?;
    if text.len() < before.text().len() / 2 {
        return Err(EditError::Unsound("less than half is left"));
    }
    let listed =
        after.gateway().is_some_and(|g| g.id == gateway && g.models.iter().any(|m| m.id == model.as_str()));
    let primary = format!("{gateway}/{model}");
    let allowed = after.tree()["agents"]["defaults"]["models"][&primary].is_object();
    if after.primary() != Some(&primary) || !listed || !allowed {
        return Err(EditError::Unsound("the model is not in place"));
    }
    if others(before, gateway, model) != others(&after, gateway, model) {
        return Err(EditError::Unsound("something else changed"));
    }
    Ok(())
}

/// The tree without what a switch may touch, and without the empty containers that this leaves.
fn others(config: &Config, gateway: &str, model: &ModelId) -> Value {
    let mut tree = config.tree().clone();
    let entry = tree.pointer_mut("/models/providers").and_then(|providers| providers.get_mut(gateway));
    if let Some(list) = entry.and_then(|entry| entry.get_mut("models")).and_then(Value::as_array_mut) {
        list.retain(|entry| entry["id"] != model.as_str());
    }
    if let Some(primary) = tree.pointer_mut("/agents/defaults/model").filter(|part| part.is_string()) {
        *primary = Value::Null;
    }
    let touched = [
        ("/agents/defaults/model", "primary".to_owned()),
        ("/agents/defaults/models", format!("{gateway}/{model}")),
        ("/meta", "lastTouchedAt".to_owned()),
    ];
    for (part, key) in touched {
        if let Some(map) = tree.pointer_mut(part).and_then(Value::as_object_mut) {
            map.shift_remove(&key);
        }
    }
    pruned(tree)
}

fn pruned(tree: Value) -> Value {
    match tree {
        Value::Object(map) => {
            let kept = map.into_iter().map(|(key, value)| (key, pruned(value)));
            Value::Object(kept.filter(|(_, value)| !is_hollow(value)).collect())
        }
        Value::Array(list) => list.into_iter().map(pruned).collect(),
        other => other,
    }
}

fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
