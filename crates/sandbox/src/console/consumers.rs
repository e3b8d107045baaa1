//! `/v1/consumers`: all keys stand in one document, together with every route's list of allowed consumers.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::apiserver::{Api, Stored};
use super::documents::{Scope, WasmPlugin};
use super::jackson::{self, blank};
use super::plugins::{Instance, KEY_AUTH, target};
use super::refusal::Refusal;
use super::route::Auth;

const TYPE: &str = "key-auth";
const BEARER: &str = "Bearer ";

/// `Consumer`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Consumer {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) credentials: Option<Vec<Credential>>,
}

/// `Credential`; only those of type `key-auth` count.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct Credential {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) source: Option<String>,
    pub(super) key: Option<String>,
    pub(super) values: Option<Vec<String>>,
}

/// `KeyAuthCredential` as it is sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SentKey {
    #[serde(deserialize_with = "jackson::text")]
    source: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    key: Option<String>,
    #[serde(deserialize_with = "jackson::texts")]
    values: Option<Vec<Option<String>>>,
}

impl TryFrom<Map<String, Value>> for Credential {
    type Error = serde_json::Error;

    /// Only a key's fields have a type; any other credential may say what it likes.
    fn try_from(sent: Map<String, Value>) -> Result<Self, Self::Error> {
        if sent.get("type").and_then(Value::as_str) != Some(TYPE) {
            return Ok(Self::default());
        }
        let SentKey { source, key, values } = serde_json::from_value(Value::Object(sent))?;
        // Java writes a null behind `Bearer ` as the word; elsewhere it is stored and never read back.
        let values = values.map(|values| match source.as_deref() {
            Some("BEARER") => {
                values.into_iter().map(|value| value.unwrap_or_else(|| "null".to_owned())).collect()
            }
            _ => values.into_iter().flatten().collect(),
        });
        Ok(Self { kind: Some(TYPE.to_owned()), source, key, values })
    }
}

impl Credential {
    fn is_key(&self) -> bool {
        self.kind.as_deref() == Some(TYPE)
    }

    fn has_values(&self) -> bool {
        self.values.as_ref().is_some_and(|values| !values.is_empty())
    }

    fn validate(&self, for_update: bool) -> Result<(), Refusal> {
        if blank(self.source.as_deref()) {
            return Err(Refusal::invalid("source cannot be blank."));
        }
        let source = self.source.as_deref().unwrap_or_default();
        if !["BEARER", "HEADER", "QUERY"].contains(&source) {
            return Err(Refusal::invalid(format!("unknown source value: {source}")));
        }
        if source != "BEARER" && blank(self.key.as_deref()) {
            return Err(Refusal::invalid("key cannot be blank."));
        }
        if !for_update && !self.has_values() {
            return Err(Refusal::invalid("value cannot be blank."));
        }
        Ok(())
    }

    /// As the duplicate check compares: source, key and any value. A bearer key is stored without a `key`, so that one
    /// sent with a `key` is never a duplicate.
    fn same_as(&self, other: &Self) -> bool {
        self.source == other.source
            && self.key == other.key
            && self
                .values
                .iter()
                .flatten()
                .any(|value| other.values.iter().flatten().any(|known| known == value))
    }
}

impl Consumer {
    fn validate(&self, for_update: bool) -> Result<(), Refusal> {
        if blank(self.name.as_deref()) {
            return Err(Refusal::invalid("name cannot be blank."));
        }
        let Some(credentials) = self.credentials.as_ref().filter(|list| !list.is_empty()) else {
            return Err(Refusal::invalid("credentials cannot be empty."));
        };
        credentials
            .iter()
            .filter(|credential| credential.is_key())
            .try_for_each(|one| one.validate(for_update))
    }
}

/// A consumer from its entry in the plugin's configuration.
fn from_entry(entry: &Value) -> Option<Consumer> {
    let entry = entry.as_object()?;
    let name = jackson::string_of(entry, "name").filter(|name| !blank(Some(name)))?;
    let keys = entry.get("keys")?.as_array()?;
    let mut key = keys.iter().filter_map(Value::as_str).rfind(|key| !blank(Some(key))).map(str::to_owned);
    key.as_ref()?;
    let mut values: Vec<String> = strings(entry.get("credentials"));
    let source = if jackson::boolean_of(entry, "in_header") == Some(true) {
        if key.as_deref() == Some("Authorization") && values.iter().all(|value| value.starts_with(BEARER)) {
            key = None;
            values.iter_mut().for_each(|value| *value = value[BEARER.len()..].trim().to_owned());
            "BEARER"
        } else {
            "HEADER"
        }
    } else if jackson::boolean_of(entry, "in_query") == Some(true) {
        "QUERY"
    } else {
        return None;
    };
    let credential = Credential {
        kind: Some(TYPE.to_owned()),
        source: Some(source.to_owned()),
        key,
        values: Some(values),
    };
    Some(Consumer { name: Some(name), credentials: Some(vec![credential]) })
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The consumers of the key-auth document, in the order of their entries.
pub(super) fn consumers_in(plugin: &WasmPlugin) -> Vec<Consumer> {
    let entries = plugin.config.as_ref().and_then(|config| config.get("consumers")).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(from_entry).collect()
}

/// The consumers that a rule's configuration lets in.
pub(super) fn allowed_in(config: &Map<String, Value>) -> Vec<String> {
    strings(config.get("allow"))
}

/// Puts a consumer with its key into the configuration; false when nothing is to be written.
fn put(config: &mut Map<String, Value>, consumer: &Consumer) -> Result<bool, Refusal> {
    let name = consumer.name.as_deref().unwrap_or_default();
    let Some(mut credential) = consumer.credentials.iter().flatten().find(|one| one.is_key()).cloned() else {
        return Ok(remove(config, name));
    };
    config.insert("keys".to_owned(), json!(["x-higress-dummy-key"]));
    let mut entries = config.get("consumers").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut own = None;
    for (position, entry) in entries.iter().enumerate() {
        let Some(known) = from_entry(entry) else { continue };
        let known_name = known.name.as_deref().unwrap_or_default();
        let known_key = known.credentials.iter().flatten().next();
        if known_name == name {
            own = Some((position, known_key.cloned()));
        } else if known_key.is_some_and(|known| credential.same_as(known)) {
            return Err(Refusal::argument(format!(
                "Key auth credential already in use by consumer: {known_name}"
            )));
        }
    }
    if let Some((_, Some(known))) = &own {
        keep_known(&mut credential, known);
    }
    credential.validate(false)?;
    let entry = entry_of(name, &credential);
    match own {
        Some((position, _)) => entries[position] = entry,
        None => entries.push(entry),
    }
    config.insert("consumers".to_owned(), Value::Array(entries));
    config.insert("global_auth".to_owned(), Value::Bool(false));
    Ok(true)
}

/// What a new credential leaves out stays as it was.
fn keep_known(credential: &mut Credential, known: &Credential) {
    if blank(credential.source.as_deref()) {
        credential.source.clone_from(&known.source);
    }
    if blank(credential.key.as_deref()) {
        credential.key.clone_from(&known.key);
    }
    if !credential.has_values() {
        credential.values.clone_from(&known.values);
    }
}

fn entry_of(name: &str, credential: &Credential) -> Value {
    let source = credential.source.as_deref().unwrap_or_default();
    let values = credential.values.clone().unwrap_or_default();
    let (key, values) = if source == "BEARER" {
        (Some("Authorization"), values.into_iter().map(|value| format!("{BEARER}{value}")).collect())
    } else {
        (credential.key.as_deref(), values)
    };
    json!({
        "name": name, "in_header": source != "QUERY", "in_query": source == "QUERY", "keys": [key], "credentials": values,
    })
}

fn remove(config: &mut Map<String, Value>, name: &str) -> bool {
    let Some(entries) = config.get_mut("consumers").and_then(Value::as_array_mut) else { return false };
    let before = entries.len();
    entries.retain(|entry| entry.get("name").and_then(Value::as_str) != Some(name));
    entries.len() != before
}

/// The rules of all Ingresses: who may call a route.
pub(super) struct AllowLists(Option<Stored<WasmPlugin>>);

impl AllowLists {
    /// A route's authorisation. The list of all routes leaves out the type where nobody is allowed.
    pub(super) fn of(&self, ingress: &str, in_list: bool) -> Auth {
        let rule =
            Instance::bound(self.0.as_ref(), &target(Scope::Route, ingress)).filter(|rule| rule.enabled);
        let Some(rule) = rule else { return Auth { enabled: Some(false), ..Auth::default() } };
        let consumers = allowed_in(&rule.config);
        let types = if in_list && consumers.is_empty() { Vec::new() } else { vec![TYPE.to_owned()] };
        Auth {
            enabled: Some(true),
            allowed_credential_types: Some(types),
            allowed_consumers: Some(consumers),
        }
    }
}

impl Api {
    /// All consumers by name.
    pub(super) async fn consumers(&self) -> Result<BTreeMap<String, Consumer>, Refusal> {
        let plugin = self.plugin(KEY_AUTH, true).await?;
        let mut consumers: BTreeMap<String, Consumer> = BTreeMap::new();
        for consumer in plugin.iter().flat_map(|plugin| consumers_in(&plugin.body)) {
            let name = consumer.name.clone().unwrap_or_default();
            match consumers.get_mut(&name) {
                None => {
                    consumers.insert(name, consumer);
                }
                Some(known) => {
                    let more = consumer.credentials.into_iter().flatten();
                    known.credentials.get_or_insert_default().extend(more);
                }
            }
        }
        Ok(consumers)
    }

    /// `POST`: an upsert, which answers nothing when the consumer has no key afterwards.
    pub(super) async fn add_consumer(&self, consumer: &Consumer) -> Result<Option<Consumer>, Refusal> {
        consumer.validate(false)?;
        self.put_consumer(consumer).await
    }

    /// `PUT`.
    pub(super) async fn update_consumer(
        &self,
        name: &str,
        mut consumer: Consumer,
    ) -> Result<Option<Consumer>, Refusal> {
        if jackson::empty(consumer.name.as_deref()) {
            consumer.name = Some(name.to_owned());
        } else if consumer.name.as_deref() != Some(name) {
            let message = "Consumer name in the URL doesn't match the one in the body.";
            return Err(Refusal::NameMismatch(message.to_owned()));
        }
        consumer.validate(true)?;
        self.put_consumer(&consumer).await
    }

    async fn put_consumer(&self, consumer: &Consumer) -> Result<Option<Consumer>, Refusal> {
        let plugin = self.plugin(KEY_AUTH, true).await?;
        let mut instance = Instance::global(plugin.as_ref()).unwrap_or_else(empty_global);
        instance.enabled = true;
        if put(&mut instance.config, consumer)? {
            self.save_instances(KEY_AUTH, true, vec![instance]).await?;
        }
        Ok(self.consumers().await?.remove(consumer.name.as_deref().unwrap_or_default()))
    }

    /// `DELETE`, refused while a route lets the consumer in.
    pub(super) async fn delete_consumer(&self, name: &str) -> Result<(), Refusal> {
        let plugin = self.plugin(KEY_AUTH, true).await?;
        let Some(body) = plugin.as_ref().map(|plugin| &plugin.body) else { return Ok(()) };
        let configs = body.config.iter().chain(body.rules.iter().map(|rule| &rule.config));
        if configs.flat_map(allowed_in).any(|allowed| allowed == name) {
            return Err(Refusal::Business(format!("Consumer {name} is still in use")));
        }
        let Some(mut instance) = Instance::global(plugin.as_ref()) else { return Ok(()) };
        if remove(&mut instance.config, name) {
            self.save_instances(KEY_AUTH, true, vec![instance]).await?;
        }
        Ok(())
    }

    pub(super) async fn allow_lists(&self) -> Result<AllowLists, Refusal> {
        Ok(AllowLists(self.plugin(KEY_AUTH, true).await?))
    }

    /// Writes who may call a route; a rule is written for an open route too, switched off.
    pub(super) async fn write_allow_list(&self, ingress: &str, auth: Option<&Auth>) -> Result<(), Refusal> {
        let types =
            auth.and_then(|auth| auth.allowed_credential_types.clone()).filter(|types| !types.is_empty());
        for kind in types.unwrap_or_else(|| vec![TYPE.to_owned()]) {
            if kind != TYPE {
                return Err(Refusal::argument(format!("Unsupported credential type: {kind}")));
            }
            let plugin = self.plugin(KEY_AUTH, true).await?;
            let targets = target(Scope::Route, ingress);
            let mut instances = Vec::new();
            if Instance::global(plugin.as_ref()).is_none() {
                instances.push(empty_global());
            }
            let mut rule = Instance::bound(plugin.as_ref(), &targets).unwrap_or_else(|| Instance {
                targets,
                config: Map::new(),
                enabled: false,
            });
            rule.enabled = auth.is_some_and(|auth| auth.enabled == Some(true));
            let allowed = auth.and_then(|auth| auth.allowed_consumers.clone()).unwrap_or_default();
            rule.config.insert("allow".to_owned(), json!(allowed));
            instances.push(rule);
            self.save_instances(KEY_AUTH, true, instances).await?;
        }
        Ok(())
    }
}

fn empty_global() -> Instance {
    let mut config = Map::new();
    config.insert("consumers".to_owned(), json!([]));
    config.insert("keys".to_owned(), json!(["x-higress-dummy-key"]));
    config.insert("global_auth".to_owned(), Value::Bool(false));
    Instance { targets: super::documents::Targets::new(), config, enabled: true }
}
