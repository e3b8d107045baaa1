//! Which fields a provider type has besides name and key, as the Higress Console asks for them.
use crate::components::field::Input;
use domain::ProviderType;

/// One of a type's own settings. Labels are the vendors' terms, the same in every language.
pub struct Setting {
    /// The key in `rawConfigs`.
    pub key: &'static str,
    pub label: &'static str,
    pub input: Input,
}

const fn setting(key: &'static str, label: &'static str, input: Input) -> Setting {
    Setting { key, label, input }
}

const BEDROCK: &[Setting] = &[
    setting("awsRegion", "AWS region", Input::Text),
    setting("awsAccessKey", "AWS access key", Input::Secret),
    setting("awsSecretKey", "AWS secret key", Input::Secret),
];

const VERTEX: &[Setting] = &[
    setting("vertexRegion", "Region", Input::Text),
    setting("vertexProjectId", "Project id", Input::Text),
    setting("vertexAuthKey", "Service account key (JSON)", Input::Long),
];

/// The settings that a type cannot do without. At most three.
pub fn settings_of(kind: ProviderType) -> &'static [Setting] {
    match kind {
        ProviderType::Bedrock => BEDROCK,
        ProviderType::Vertex => VERTEX,
        _ => &[],
    }
}

/// Whether a type has a URL of its own to be set.
pub fn has_endpoint(kind: ProviderType) -> bool {
    use ProviderType as T;
    matches!(kind, T::Openai | T::Claude | T::Vllm | T::Azure | T::Ollama | T::Qwen | T::Zhipuai)
}
