//! LLM providers as the outside sees them. A view never holds a token.
use crate::{Failure, LimitSource, ModelId, ProviderName, ProviderType, Reason, Timestamp, TypedKey, UsedBy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the gateway speaks to the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Protocol {
    /// OpenAI's API, which the agents speak.
    #[default]
    #[serde(rename = "openai/v1")]
    Openai,
    /// The vendor's own.
    #[serde(rename = "original")]
    Original,
}

/// How many keys a provider has, and the first 8 hex digits of a keyed-less BLAKE3 hash of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    pub count: usize,
    pub fingerprints: Vec<String>,
}

/// A provider as the console stores it, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    pub name: ProviderName,
    /// The console's type id. A text, not [`ProviderType`]: a newer console may know more types than we do.
    #[serde(rename = "type")]
    pub kind: String,
    pub protocol: String,
    /// Where its calls go: `https://api.deepseek.com/v1`. None where the type has no single URL.
    pub base_url: Option<String>,
    pub tokens: Tokens,
    /// Whether several tokens take over from each other.
    pub failover: bool,
    pub used_by: UsedBy,
    /// `hiclaw` when HiClaw owns it and resets it at its restart, else `agm` or `other`.
    pub managed_by: String,
    /// The last test of it as it is now; none since this server started or since the provider was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_test: Option<LastTest>,
}

/// A provider to be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewProvider {
    pub name: ProviderName,
    #[serde(rename = "type")]
    pub kind: ProviderType,
    #[serde(default)]
    pub protocol: Protocol,
    /// For types with a URL of their own (`openai`, `claude`, `vllm`, `azure`, `ollama`, `qwen`, `zhipuai`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(default)]
    pub tokens: Vec<TypedKey>,
    /// The console's `tokenFailoverConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub failover: Option<Map<String, Value>>,
    /// The type's own `rawConfigs`.
    #[serde(default)]
    pub settings: Settings,
}

/// What may change on a provider. What is absent is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditProvider {
    /// Only accepted when it is the present type: the console ties much to it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProviderType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// A new host needs the keys again: a stored key is never sent to another host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Absent: the present tokens are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<TypedKey>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub failover: Option<Map<String, Value>>,
    /// Laid over the present settings, key by key; `null` removes a key.
    #[serde(default)]
    pub settings: Settings,
}

/// A type's own settings. Some are credentials (`awsSecretKey`, `vertexAuthKey`), so `Debug` shows the keys only.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = Object))]
pub struct Settings(pub Map<String, Value>);

impl Settings {
    /// True when it names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// A model that a provider lists, with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderModel {
    pub id: ModelId,
    /// Tokens.
    pub context_window: u64,
    /// Tokens of one answer.
    pub max_tokens: u64,
    pub vision: bool,
    pub reasoning: bool,
    /// Where the figures come from.
    pub source: LimitSource,
}

/// Test a provider: list its models, and with `model` also ask it one question through the gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestProvider {
    pub provider: ProviderName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
}

/// One leg of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestLeg {
    /// `provider`: we asked the provider itself with its key. `gateway`: the gateway, with the Manager's key.
    pub name: String,
    pub ok: bool,
    pub latency_ms: u64,
    /// What was observed: `HTTP 200, 14 models`.
    pub evidence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What a test observed. `success` means that every leg that ran was fine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderTest {
    pub success: bool,
    /// How many models the provider lists; none when it does not list them.
    pub models: Option<usize>,
    pub latency_ms: u64,
    pub legs: Vec<TestLeg>,
}

/// A test and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastTest {
    /// When it ended.
    pub at: Timestamp,
    pub test: ProviderTest,
}

impl ProviderTest {
    /// The test behind a failure, when it was one.
    pub fn of_failure(failure: &Failure) -> Option<Self> {
        let latency_ms = failure.legs.iter().map(|leg| leg.latency_ms).max()?;
        Some(Self { success: false, models: None, latency_ms, legs: failure.legs.clone() })
    }
}
