//! What an agent's own config says, and our note of its last switch.
use super::{
    super::{
        Consumers,
        report::{Many, failed, failure, unknown, warning},
    },
    Agent,
};
use domain::{Check, CheckId, ModelId, Target};
use hiclaw::AgentConfig;
use secrecy::ExposeSecret;
use serde_json::Value;

/// The checks of all configs. A store that is down is told by itself, and not of each worker again.
pub fn checks(agents: &[Agent], consumers: &Consumers, store_is_up: bool) -> Vec<Check> {
    let mut checks = readable(agents, store_is_up);
    checks.extend(models(agents));
    checks.extend(entries(agents));
    checks.extend(keys(agents, consumers));
    checks.extend(records(agents));
    checks
}

/// The agents whose config could be read.
fn read<'a>(agents: &'a [Agent<'a>]) -> impl Iterator<Item = (&'a Agent<'a>, &'a AgentConfig)> {
    agents.iter().filter_map(|agent| Some((agent, agent.seen.config.as_deref().ok()?)))
}

fn readable(agents: &[Agent], store_is_up: bool) -> Vec<Check> {
    let id = CheckId::AgentConfig;
    let mut many = Many::of(id);
    for agent in agents {
        match &agent.seen.config {
            Ok(_) => many.well(agent.target),
            Err(why) if !store_is_up && *agent.target != Target::Manager => {
                many.unseen(agent.target, why.message.clone());
            }
            Err(why) => many.found(failure(
                id,
                agent.name(),
                why,
                "See that its store answers. If the file itself is broken, HiClaw makes it anew.",
            )),
        }
    }
    many.told("agents", "their openclaw.json is in its place and could be read")
}

fn models(agents: &[Agent]) -> Vec<Check> {
    let id = CheckId::AgentModel;
    let mut many = Many::of(id);
    for (agent, config) in read(agents) {
        match (&config.primary, &config.model) {
            (_, Some(_)) => many.well(agent.target),
            (Some(primary), None) => {
                let evidence = format!("runs {primary}, which is no model of the AI gateway");
                many.found(agent.other_model(warning(id, agent.name(), evidence)));
            }
            (None, None) => {
                let evidence = "agents.defaults.model of its openclaw.json names no model";
                many.found(agent.other_model(failed(id, agent.name(), evidence)));
            }
        }
    }
    many.told("agents", "their configs name a model of the AI gateway")
}

/// OpenClaw takes a model that its config does not list without a word, and fails at the next message.
fn entries(agents: &[Agent]) -> Vec<Check> {
    let id = CheckId::AgentModelEntry;
    let mut many = Many::of(id);
    for (agent, config) in read(agents) {
        let Some(model) = &config.model else { continue };
        match lacking(config, model) {
            None => many.well(agent.target),
            Some(lacks) => many.found(agent.other_model(failed(id, agent.name(), lacks))),
        }
    }
    many.told("agents", "their configs list the model that they run")
}

fn lacking(config: &AgentConfig, model: &ModelId) -> Option<String> {
    if !config.lists_models {
        return None;
    }
    if config.known(model).is_none() {
        return Some(format!("its openclaw.json does not list {model} among the gateway's models"));
    }
    let tree: Value = serde_json::from_str(config.held.image.expose()).ok()?;
    let allowed = tree["agents"]["defaults"]["models"].as_object()?;
    let primary = config.primary.as_deref()?;
    (!allowed.contains_key(primary))
        .then(|| format!("agents.defaults.models of its openclaw.json does not allow {primary}"))
}

/// The gateway knows an agent by its key only.
fn keys(agents: &[Agent], consumers: &Consumers) -> Vec<Check> {
    let id = CheckId::AgentKey;
    let consumers = match consumers {
        Ok(consumers) => consumers,
        Err(why) => {
            return vec![unknown(id, "agents", format!("the gateway's consumers could not be read: {why}"))];
        }
    };
    let mut many = Many::of(id);
    for (agent, config) in read(agents) {
        let own = agent.target.consumer();
        let has_key =
            |consumer: &higress::ConsumerDoc| *consumer.name() == own && !consumer.keys().is_empty();
        let key = match &config.key {
            Some(key) => key,
            // What is its consumer's is its own.
            None if !config.holds_key && consumers.iter().any(has_key) => {
                many.well(agent.target);
                continue;
            }
            None => {
                many.found(failure(id, agent.name(), &crate::failure::no_key(agent.target), ""));
                continue;
            }
        };
        let holds = |consumer: &&higress::ConsumerDoc| {
            consumer.keys().iter().any(|known| known.expose_secret() == key.expose_secret())
        };
        let evidence = match consumers.iter().find(holds).map(higress::ConsumerDoc::name) {
            Some(name) if *name == own => {
                many.well(agent.target);
                continue;
            }
            Some(other) => format!("its key is that of {other}, so it is let in as that one"),
            None if consumers.iter().any(|consumer| *consumer.name() == own) => {
                format!("its key is not the one of consumer {own}: the gateway answers 401")
            }
            None => format!("there is no consumer {own}, and nobody has its key: the gateway answers 401"),
        };
        many.found(failed(id, agent.name(), evidence).fix(match agent.target {
            Target::Manager => {
                "Make HICLAW_MANAGER_GATEWAY_KEY, its openclaw.json and the consumer manager in the Higress Console hold one key."
            }
            Target::Worker(_) => {
                "Give its consumer in the Higress Console the key of its openclaw.json, or let the Manager make the worker anew."
            }
        }));
    }
    many.told("agents", "the gateway knows each by its key")
}

fn records(agents: &[Agent]) -> Vec<Check> {
    let id = CheckId::AgentRecord;
    let mut many = Many::of(id);
    for agent in agents {
        match (&agent.seen.record, agent.model) {
            (Err(why), _) => many.unseen(agent.target, why.message.clone()),
            (Ok(Some(record)), Some(model)) if record.model != *model => {
                let evidence = format!(
                    "runs {model}; the last switch, which its model.json records, gave it {}",
                    record.model
                );
                many.found(agent.other_model(warning(id, agent.name(), evidence)));
            }
            (Ok(Some(_)), Some(_)) | (Ok(None), _) => many.well(agent.target),
            // What its config says is not known.
            (Ok(Some(_)), None) => {}
        }
    }
    many.told("agents", "run what their last switch gave them, or were never switched")
}
