//! What an openclaw.json says of an agent's model, wherever it lies.
use crate::{AgentConfig, Error, Held};
use domain::rules::KnownLimits;
use openclaw::{Config, ModelEntry};
use secrecy::SecretString;

/// Reads the text that was found under this name. `key` wins over the gateway key that the text holds.
pub fn understood(object: &str, held: Held, key: Option<SecretString>) -> Result<AgentConfig, Error> {
    let config = parse(object, &held)?;
    let gateway = config.gateway();
    let models = gateway.iter().flat_map(|gateway| &gateway.models).map(known_limits).collect();
    let key = key.or_else(|| gateway.and_then(|gateway| gateway.api_key));
    Ok(AgentConfig {
        primary: config.primary().map(str::to_owned),
        model: config.model(),
        desired: None,
        lists_models: true,
        models,
        part: config.model_part(),
        key,
        holds_key: true,
        held,
    })
}

/// The config in a text.
pub fn parse(object: &str, held: &Held) -> Result<Config, Error> {
    Config::parse(held.image.expose().as_bytes()).map_err(|source| unparsable(object, source))
}

/// A text that OpenClaw itself would refuse.
pub fn unparsable(object: &str, source: openclaw::ParseError) -> Error {
    Error::Unparsable { object: object.to_owned(), source }
}

fn known_limits(entry: &ModelEntry) -> (String, KnownLimits) {
    let ModelEntry { id, context_window, max_tokens, reasoning, vision } = entry.clone();
    (id, KnownLimits { context_window, max_tokens, vision, reasoning })
}
