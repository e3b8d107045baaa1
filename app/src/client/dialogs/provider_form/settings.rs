//! Which fields a provider type has besides name and key, as the Higress Console asks for them.
use super::super::field::Input;
use domain::ProviderType;

/// How a setting is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Typed(Input),
    /// On, off, or as the console has it.
    Flag,
}

/// One of a type's own settings. Labels are the vendors' terms, the same in every language.
pub struct Setting {
    /// The key in `rawConfigs`.
    pub key: &'static str,
    pub label: &'static str,
    pub shape: Shape,
}

const fn typed(key: &'static str, label: &'static str, input: Input) -> Setting {
    Setting { key, label, shape: Shape::Typed(input) }
}

const fn flag(key: &'static str, label: &'static str) -> Setting {
    Setting { key, label, shape: Shape::Flag }
}

/// No type has more settings.
pub const MOST: usize = 3;

const BEDROCK: &[Setting] = &[
    typed("awsRegion", "AWS region", Input::Text),
    typed("awsAccessKey", "AWS access key", Input::Secret),
    typed("awsSecretKey", "AWS secret key", Input::Secret),
];

const VERTEX: &[Setting] = &[
    typed("vertexRegion", "Region", Input::Text),
    typed("vertexProjectId", "Project id", Input::Text),
    typed("vertexAuthKey", "Service account key (JSON)", Input::Long),
];

const ZHIPUAI: &[Setting] = &[flag("zhipuCodePlanMode", "GLM Coding Plan")];

const QWEN: &[Setting] = &[
    flag("qwenEnableSearch", "DashScope enable_search"),
    flag("qwenEnableCompatible", "DashScope compatible-mode"),
];

const CLAUDE: &[Setting] = &[flag("claudeCodeMode", "Claude Code mode")];

/// The settings that a type has of its own. At most [`MOST`].
pub fn settings_of(kind: ProviderType) -> &'static [Setting] {
    match kind {
        ProviderType::Bedrock => BEDROCK,
        ProviderType::Vertex => VERTEX,
        ProviderType::Zhipuai => ZHIPUAI,
        ProviderType::Qwen => QWEN,
        ProviderType::Claude => CLAUDE,
        _ => &[],
    }
}

/// Whether a type has a URL of its own to be set.
pub fn has_endpoint(kind: ProviderType) -> bool {
    use ProviderType as T;
    matches!(kind, T::Openai | T::Claude | T::Vllm | T::Azure | T::Ollama | T::Qwen | T::Zhipuai)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_every_setting() {
        let most = ProviderType::ALL.iter().map(|kind| settings_of(*kind).len()).max();
        assert_eq!(most, Some(MOST));
    }
}
