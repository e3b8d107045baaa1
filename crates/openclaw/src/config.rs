//! The parts of an openclaw.json that matter to the gateway.
use domain::ModelId;
use secrecy::SecretString;
use serde_json::{Value, json};

/// What HiClaw and its successor call the gateway's entry.
const GATEWAYS: [&str; 2] = ["hiclaw-gateway", "agentteams-gateway"];

/// A parsed openclaw.json with the text it came from. It holds keys, so its `Debug` shows its size only.
#[derive(Clone)]
pub struct Config {
    text: String,
    tree: Value,
}

/// Why a text is no openclaw.json.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("openclaw.json is not UTF-8")]
    Encoding,
    /// The place; never the text, which holds keys.
    #[error("openclaw.json is no JSON at line {line}, column {column}")]
    Syntax { line: usize, column: usize },
    #[error("openclaw.json is no object")]
    Shape,
}

/// The model provider of the config that stands for the AI gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its key under `models.providers`: `hiclaw-gateway`.
    pub id: String,
    /// With `/v1`.
    pub base_url: Option<String>,
    /// The agent's consumer key. None when it is absent, empty or stands for an environment variable (`${…}`).
    pub api_key: Option<SecretString>,
    pub models: Vec<ModelEntry>,
}

/// A model that the config lists. Figures in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    pub id: String,
    pub context_window: Option<u64>,
    pub max_tokens: Option<u64>,
    pub reasoning: Option<bool>,
    pub vision: Option<bool>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config({} bytes)", self.text.len())
    }
}

impl Config {
    /// Parses the bytes of the file or object.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let text = str::from_utf8(bytes).map_err(|_| ParseError::Encoding)?;
        let tree: Value = serde_json::from_str(text)
            .map_err(|e| ParseError::Syntax { line: e.line(), column: e.column() })?;
        if !tree.is_object() {
            return Err(ParseError::Shape);
        }
        Ok(Self { text: text.to_owned(), tree })
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole tree, keys included.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// `agents.defaults.model`, a text or an object with `primary`: `hiclaw-gateway/qwen3.5-plus`.
    pub fn primary(&self) -> Option<&str> {
        let model = &self.tree["agents"]["defaults"]["model"];
        model.as_str().or_else(|| model["primary"].as_str())
    }

    /// The id of the gateway's provider entry: the part of the primary before its first slash when it is listed, else
    /// the first of `hiclaw-gateway` and `agentteams-gateway` that is.
    pub fn gateway_id(&self) -> Option<&str> {
        let live = self.primary().and_then(|primary| primary.split_once('/')).map(|(id, _)| id);
        live.into_iter().chain(GATEWAYS).find(|id| self.tree["models"]["providers"][*id].is_object())
    }

    /// The gateway's provider entry.
    pub fn gateway(&self) -> Option<Gateway> {
        let id = self.gateway_id()?;
        let entry = &self.tree["models"]["providers"][id];
        let text = |key: &str| entry[key].as_str().filter(|t| !t.is_empty() && !t.contains("${"));
        Some(Gateway {
            id: id.to_owned(),
            base_url: text("baseUrl").map(str::to_owned),
            api_key: text("apiKey").map(SecretString::from),
            models: entry["models"].as_array().into_iter().flatten().filter_map(model_entry).collect(),
        })
    }

    /// The model part of the primary, when it runs over the gateway.
    pub fn model(&self) -> Option<ModelId> {
        let (id, model) = self.primary()?.split_once('/')?;
        if self.gateway_id() != Some(id) {
            return None;
        }
        model.parse().ok()
    }

    /// Its model part as it stands: the gateway's id and entry of the live model, the primary and the alias. It holds no
    /// key. None: it selects no model of the gateway.
    pub fn model_part(&self) -> Option<Value> {
        let (gateway, primary, model) = (self.gateway_id()?, self.primary()?, self.model()?);
        let mut entries =
            self.tree["models"]["providers"][gateway]["models"].as_array().into_iter().flatten();
        let entry = entries.find(|entry| entry["id"] == model.as_str());
        let alias = &self.tree["agents"]["defaults"]["models"][primary]["alias"];
        Some(json!({"gateway": gateway, "primary": primary, "entry": entry, "alias": alias}))
    }
}

fn model_entry(entry: &Value) -> Option<ModelEntry> {
    Some(ModelEntry {
        id: entry["id"].as_str()?.to_owned(),
        context_window: entry["contextWindow"].as_u64(),
        max_tokens: entry["maxTokens"].as_u64(),
        reasoning: entry["reasoning"].as_bool(),
        vision: takes_images(entry),
    })
}

/// Whether the model of an entry takes images. None: the entry does not say.
pub fn takes_images(entry: &Value) -> Option<bool> {
    entry["input"].as_array().map(|kinds| kinds.iter().any(|kind| kind == "image"))
}
