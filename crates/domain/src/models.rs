//! What HiClaw knows about models: their limits, and which vendor's family an id belongs to.
use crate::{ModelId, ProviderType};
use serde::{Deserialize, Serialize};

/// What a model can do. Figures in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    pub context_window: u64,
    pub max_tokens: u64,
    pub vision: bool,
    pub reasoning: bool,
}

impl Limits {
    /// What HiClaw assumes of a model that it does not know.
    pub const UNKNOWN: Self =
        Self { context_window: 150_000, max_tokens: 128_000, vision: false, reasoning: true };
}

const fn limits(context_window: u64, max_tokens: u64, vision: bool) -> Limits {
    Limits { context_window, max_tokens, vision, reasoning: true }
}

/// HiClaw's `manager/configs/known-models.json`; the last row was added by AgentTeams 1.2.
const KNOWN: &[(&str, Limits)] = &[
    ("gpt-5.4", limits(1_050_000, 128_000, true)),
    ("gpt-5.3-codex", limits(400_000, 128_000, true)),
    ("gpt-5-mini", limits(400_000, 128_000, true)),
    ("gpt-5-nano", limits(400_000, 128_000, true)),
    ("claude-opus-4-6", limits(1_000_000, 128_000, true)),
    ("claude-sonnet-4-6", limits(1_000_000, 64_000, true)),
    ("claude-haiku-4-5", limits(200_000, 64_000, true)),
    ("qwen3.5-plus", limits(200_000, 64_000, true)),
    ("deepseek-chat", limits(256_000, 128_000, false)),
    ("deepseek-reasoner", limits(256_000, 128_000, false)),
    ("kimi-k2.5", limits(256_000, 128_000, true)),
    ("glm-5", limits(200_000, 128_000, false)),
    ("MiniMax-M2.7", limits(200_000, 128_000, false)),
    ("MiniMax-M2.7-highspeed", limits(200_000, 128_000, false)),
    ("MiniMax-M2.5", limits(200_000, 128_000, false)),
    ("qwen3.6-plus", limits(200_000, 64_000, true)),
];

/// The limits of a model that HiClaw's table names.
pub fn known_model(model: &ModelId) -> Option<Limits> {
    KNOWN.iter().find(|(id, _)| *id == model.as_str()).map(|(_, limits)| *limits)
}

/// All models of HiClaw's table, in its order.
pub fn known_models() -> impl Iterator<Item = (&'static str, Limits)> {
    KNOWN.iter().copied()
}

/// Prefixes that a vendor's model ids begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelFamily {
    pub vendor: ProviderType,
    pub prefixes: &'static [&'static str],
}

const FAMILIES: &[ModelFamily] = &[
    ModelFamily { vendor: ProviderType::Qwen, prefixes: &["qwen", "qwq-"] },
    ModelFamily { vendor: ProviderType::Deepseek, prefixes: &["deepseek-"] },
    ModelFamily { vendor: ProviderType::Moonshot, prefixes: &["kimi-", "moonshot-"] },
    ModelFamily { vendor: ProviderType::Zhipuai, prefixes: &["glm-"] },
    ModelFamily { vendor: ProviderType::Minimax, prefixes: &["MiniMax-", "abab"] },
    ModelFamily { vendor: ProviderType::Openai, prefixes: &["gpt-", "o1", "o3", "o4"] },
    ModelFamily { vendor: ProviderType::Claude, prefixes: &["claude-"] },
    ModelFamily { vendor: ProviderType::Gemini, prefixes: &["gemini-"] },
    ModelFamily { vendor: ProviderType::Grok, prefixes: &["grok-"] },
];

/// The prefixes that a vendor's own endpoint serves. Empty for types without a family, and for an endpoint of
/// somebody else (type `openai` with a URL of its own): there only exact ids are known to be right.
pub fn families_of(vendor: ProviderType, custom_endpoint: bool) -> &'static [&'static str] {
    if custom_endpoint {
        return &[];
    }
    FAMILIES.iter().find(|f| f.vendor == vendor).map_or(&[], |f| f.prefixes)
}
