//! An LLM provider as the console stores it.
use crate::{
    HigressError, ModelList,
    compare::{self, MANAGED},
    endpoint, rules,
};
use domain::{
    EditProvider, FieldError, NewProvider, Provider, ProviderName, ProviderType, Tokens, UsedBy,
    rules::redacted,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::fmt;
use url::Url;

/// Settings that are credentials.
const CREDENTIALS: &[&str] = &["awsAccessKey", "awsSecretKey", "vertexAuthKey"];
/// HiClaw's marks on providers that it owns; the second is AgentTeams'.
pub(crate) const OWNER_MARKS: &[&str] = &["hiclawMode", "agentteamsMode"];

/// A provider. Its `Debug` shows name and type only: the tree holds keys in clear.
#[derive(Clone, PartialEq)]
pub struct ProviderDoc {
    name: ProviderName,
    json: Value,
}

impl ProviderDoc {
    /// Reads what the console sent.
    ///
    /// # Errors
    /// [`HigressError::Malformed`] when it has no usable name.
    pub fn parse(json: Value) -> Result<Self, HigressError> {
        let name = crate::console::name_of(&json)?;
        Ok(Self { name, json })
    }

    /// A provider to be written, after all rules of the console and of the gateway that can be checked here.
    ///
    /// # Errors
    /// Every field that breaks a rule: the console answers 500 to some of these, and stores others that then stop the
    /// gateway from taking up any change.
    pub fn create(new: &NewProvider) -> Result<Self, Vec<FieldError>> {
        let mut errors = rules::Errors::default();
        if let Err(error) = new.name.check_new() {
            errors.add("name", error.to_string());
        }
        rules::check_given_settings(&new.settings.0, &mut errors);
        let mut raw = new.settings.0.clone();
        raw.retain(|_, value| !value.is_null());
        if let Some(base_url) = &new.base_url {
            rules::apply_base_url(new.kind, base_url, &mut raw, &mut errors);
        }
        if new.kind == ProviderType::Zhipuai {
            // Unsaid, the console takes the coding plan, which a plain key has no access to.
            raw.entry("zhipuCodePlanMode").or_insert(Value::Bool(false));
        }
        let tokens = rules::check_tokens(&new.tokens, &mut errors);
        rules::check_token_need(new.kind, tokens.len(), &mut errors);
        rules::check_settings(new.kind, &raw, &mut errors);
        let failover = new.failover.as_ref().map(|given| rules::failover(given, &mut errors));
        let json = json!({
            "name": new.name, "type": new.kind, "protocol": new.protocol,
            "tokens": tokens, "tokenFailoverConfig": failover, "rawConfigs": raw,
        });
        errors.none_or(Self { name: new.name.clone(), json })
    }

    /// This provider with the edit laid over it. Tokens and settings that the edit does not name stay; a new
    /// destination needs the tokens again, because a stored key is never sent to another host.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn edited(&self, edit: &EditProvider) -> Result<Self, Vec<FieldError>> {
        let mut errors = rules::Errors::default();
        if edit.kind.is_some_and(|kind| kind.id() != self.kind()) {
            errors.add("type", format!("the type of a provider stays: this one is {}", self.kind()));
        }
        rules::check_given_settings(&edit.settings.0, &mut errors);
        let old = self.settings();
        let mut raw = old.clone();
        for (key, value) in &edit.settings.0 {
            raw.shift_remove(key);
            if !value.is_null() {
                raw.insert(key.clone(), value.clone());
            }
        }
        let tokens = match &edit.tokens {
            Some(given) => rules::check_tokens(given, &mut errors),
            None => self.token_texts().map(Into::into).collect(),
        };
        match self.known_type() {
            Some(kind) => {
                if let Some(base_url) = &edit.base_url {
                    rules::apply_edited_base_url(kind, base_url, &mut raw, &mut errors);
                }
                rules::check_token_need(kind, tokens.len(), &mut errors);
                rules::check_settings(kind, &raw, &mut errors);
            }
            None if edit.base_url.is_some() => {
                errors
                    .add("baseUrl", format!("it is not known where type {} keeps its address", self.kind()));
            }
            None => {}
        }
        let has_credentials = !tokens.is_empty() && edit.tokens.is_none();
        if has_credentials && rules::has_new_destination(self.known_type(), &old, &raw) {
            errors.add("tokens", "a new host needs the keys again: a stored key is not sent to another host");
        }
        let mut json = self.json.clone();
        json["tokens"] = json!(tokens);
        json["rawConfigs"] = Value::Object(raw);
        if let Some(protocol) = edit.protocol {
            json["protocol"] = json!(protocol);
        }
        if let Some(given) = &edit.failover {
            json["tokenFailoverConfig"] = Value::Object(rules::failover(given, &mut errors));
        }
        errors.none_or(Self { name: self.name.clone(), json })
    }

    /// Its name.
    pub fn name(&self) -> &ProviderName {
        &self.name
    }

    /// The console's type id.
    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }

    /// Its keys.
    pub fn tokens(&self) -> Vec<SecretString> {
        self.token_texts().map(SecretString::from).collect()
    }

    /// The fingerprints of its keys.
    pub fn fingerprints(&self) -> Vec<String> {
        self.token_texts().map(fingerprint).collect()
    }

    /// Where its calls go, with the path under which it speaks OpenAI's API.
    pub fn base_url(&self) -> Option<Url> {
        endpoint::base_url(self.known_type()?, &self.settings())
    }

    /// Where it lists its models; none for types that have no such list or take signed requests.
    pub fn model_list(&self) -> Option<ModelList> {
        endpoint::model_list(self.known_type()?, &self.settings())
    }

    /// True when it is an endpoint of somebody else than its type's vendor, so that it may serve any model.
    pub fn custom_endpoint(&self) -> bool {
        let vendor = self.known_type().and_then(ProviderType::default_host);
        let host = self.base_url().and_then(|url| url.host_str().map(str::to_owned));
        match self.known_type() {
            Some(ProviderType::Openai | ProviderType::Claude) => vendor != host.as_deref(),
            Some(ProviderType::Vllm | ProviderType::Ollama | ProviderType::Azure) | None => true,
            Some(_) => false,
        }
    }

    /// True when HiClaw marked it as its own: it is reset at HiClaw's next start.
    pub fn hiclaw_owned(&self) -> bool {
        OWNER_MARKS.iter().any(|mark| self.json["rawConfigs"][*mark] == Value::Bool(true))
    }

    /// Whether several tokens take over from each other.
    pub fn failover(&self) -> bool {
        self.json["tokenFailoverConfig"]["enabled"] == Value::Bool(true)
    }

    /// The view for the outside, which holds no secret. `managed_by` is the caller's to know, except for HiClaw's mark.
    pub fn view(&self, used_by: UsedBy, managed_by: &str) -> Provider {
        let fingerprints = self.fingerprints();
        Provider {
            name: self.name.clone(),
            kind: self.kind().to_owned(),
            protocol: self.json["protocol"].as_str().unwrap_or("openai/v1").to_owned(),
            base_url: self.base_url().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            tokens: Tokens { count: fingerprints.len(), fingerprints },
            failover: self.failover(),
            used_by,
            managed_by: if self.hiclaw_owned() { "hiclaw" } else { managed_by }.to_owned(),
            last_test: None,
        }
    }

    /// The tree.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// BLAKE3, in hex, of what the document means: equal for documents that are the same provider.
    pub fn content_hash(&self) -> String {
        compare::provider_hash(&self.json)
    }

    /// Its tokens and the settings that are credentials.
    pub(crate) fn all_secrets(&self) -> Vec<SecretString> {
        let settings = CREDENTIALS.iter().filter_map(|key| self.json["rawConfigs"][*key].as_str());
        self.token_texts().chain(settings).map(SecretString::from).collect()
    }

    /// The same provider with another tree, which must name it.
    pub(crate) fn with_json(&self, json: Value) -> Self {
        Self { name: self.name.clone(), json }
    }

    pub(crate) fn known_type(&self) -> Option<ProviderType> {
        self.kind().parse().ok()
    }

    pub(crate) fn token_texts(&self) -> impl Iterator<Item = &str> {
        self.json["tokens"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// `rawConfigs` without what the console derives itself.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        let mut raw = self.json["rawConfigs"].as_object().cloned().unwrap_or_default();
        raw.retain(|key, value| !MANAGED.contains(&key.as_str()) && !value.is_null());
        raw
    }
}

impl fmt::Debug for ProviderDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderDoc({}, {})", self.name, self.kind())
    }
}

/// Whether a setting is a credential: one that is known as such, or that would be shown as a secret.
pub(crate) fn is_credential(key: &str, value: &Value) -> bool {
    let alone = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
    CREDENTIALS.contains(&key) || redacted(&alone) != alone
}

/// Tells keys apart without showing them.
pub(crate) fn fingerprint(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().chars().take(8).collect()
}
