//! The provider types that the console accepts, with what each needs.
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whether a provider works without a key. A provider without a key that it needs makes the gateway refuse the
/// configuration of *all* providers, so this is checked before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenNeed {
    /// At least one token.
    Required,
    /// A token is used when there is one.
    Optional,
    /// Its credentials are settings of their own (`awsAccessKey`, `vertexAuthKey`).
    None,
}

macro_rules! types {
    ($($variant:ident $id:literal $label:literal $host:expr, $need:ident;)*) => {
        /// A provider type that the console has a handler for. Everything else (`zhipu`, `hunyuan`, …) it refuses with 400.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProviderType { $(#[serde(rename = $id)] $variant,)* }

        impl ProviderType {
            /// Every type, by label.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id on the wire.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            /// The vendor's name for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// The host that the console sends this type to when nothing else is said; none where a URL is part of
            /// the settings.
            pub fn default_host(self) -> Option<&'static str> {
                match self { $(Self::$variant => $host),* }
            }

            /// Whether the type needs a token.
            pub fn token_need(self) -> TokenNeed {
                match self { $(Self::$variant => TokenNeed::$need),* }
            }
        }
    };
}

types! {
    Ai360 "ai360" "360 Zhinao" Some("api.360.cn"), Required;
    Azure "azure" "Azure OpenAI" None, Required;
    Baichuan "baichuan" "Baichuan" Some("api.baichuan-ai.com"), Required;
    Baidu "baidu" "Baidu Qianfan" Some("qianfan.baidubce.com"), Required;
    Bedrock "bedrock" "AWS Bedrock" None, None;
    Claude "claude" "Anthropic Claude" Some("api.anthropic.com"), Required;
    Cohere "cohere" "Cohere" Some("api.cohere.com"), Required;
    Coze "coze" "Coze" Some("api.coze.cn"), Required;
    Deepseek "deepseek" "DeepSeek" Some("api.deepseek.com"), Required;
    Doubao "doubao" "Doubao" Some("ark.cn-beijing.volces.com"), Required;
    Gemini "gemini" "Google Gemini" Some("generativelanguage.googleapis.com"), Required;
    Github "github" "GitHub Models" Some("models.inference.ai.azure.com"), Required;
    Grok "grok" "xAI Grok" Some("api.x.ai"), Required;
    Groq "groq" "Groq" Some("api.groq.com"), Required;
    Minimax "minimax" "MiniMax" Some("api.minimax.chat"), Required;
    Mistral "mistral" "Mistral" Some("api.mistral.ai"), Required;
    Moonshot "moonshot" "Moonshot Kimi" Some("api.moonshot.cn"), Required;
    Ollama "ollama" "Ollama" None, Optional;
    Openai "openai" "OpenAI or compatible" Some("api.openai.com"), Optional;
    Openrouter "openrouter" "OpenRouter" Some("openrouter.ai"), Required;
    Qwen "qwen" "Qwen (DashScope)" Some("dashscope.aliyuncs.com"), Required;
    Stepfun "stepfun" "StepFun" Some("api.stepfun.com"), Required;
    Vertex "vertex" "Google Vertex AI" None, None;
    Vllm "vllm" "vLLM" None, Optional;
    Yi "yi" "01.AI Yi" Some("api.lingyiwanwu.com"), Required;
    Zhipuai "zhipuai" "Zhipu GLM" Some("open.bigmodel.cn"), Required;
}

impl fmt::Display for ProviderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for ProviderType {
    type Err = crate::NameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|t| t.id() == text).ok_or(crate::names::UNKNOWN_TYPE)
    }
}
