//! The provider types that the console knows: where each sends its calls, which settings it wants and what it fills in.
use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::faults::Release;
use super::jackson::{blank, integer_of, string_of};
use super::java_uri::JavaUri;
use super::provider_settings::{azure_url, claude_url, custom_urls, required, required_text, vllm_urls};
use super::refusal::Refusal;

pub(super) type Settings = Map<String, Value>;

/// Types with an address of their own that no setting changes; all https on 443.
const FIXED: [(&str, &str); 17] = [
    ("moonshot", "api.moonshot.cn"),
    ("ai360", "api.360.cn"),
    ("github", "models.inference.ai.azure.com"),
    ("groq", "api.groq.com"),
    ("baichuan", "api.baichuan-ai.com"),
    ("yi", "api.lingyiwanwu.com"),
    ("deepseek", "api.deepseek.com"),
    ("baidu", "qianfan.baidubce.com"),
    ("stepfun", "api.stepfun.com"),
    ("minimax", "api.minimax.chat"),
    ("gemini", "generativelanguage.googleapis.com"),
    ("mistral", "api.mistral.ai"),
    ("cohere", "api.cohere.com"),
    ("doubao", "ark.cn-beijing.volces.com"),
    ("coze", "api.coze.cn"),
    ("openrouter", "openrouter.ai"),
    ("grok", "api.x.ai"),
];

/// Where a provider's calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) protocol: String,
    pub(super) host: String,
    pub(super) port: u32,
    pub(super) path: String,
}

impl Endpoint {
    fn https(host: impl Into<String>) -> Self {
        Self { protocol: "https".to_owned(), host: host.into(), port: 443, path: "/".to_owned() }
    }

    fn of(uri: &JavaUri) -> Self {
        let scheme = uri.scheme.clone().unwrap_or_else(|| "http".to_owned());
        let protocol = if ["http", "https"].contains(&scheme.to_lowercase().as_str()) {
            scheme
        } else {
            "http".to_owned()
        };
        let port = uri.port.unwrap_or(if protocol == "https" { 443 } else { 80 });
        let path = if uri.path.is_empty() { "/".to_owned() } else { uri.path.clone() };
        Self { protocol, host: uri.host.clone().unwrap_or_default(), port, path }
    }

    pub(super) fn is_address(&self) -> bool {
        self.host.parse::<Ipv4Addr>().is_ok()
    }

    fn validate(&self) -> Result<(), Refusal> {
        if self.host.is_empty() {
            return Err(Refusal::argument("Address cannot be null or empty."));
        }
        if !(1..=65535).contains(&self.port) {
            return Err(Refusal::argument("Port must be a positive integer."));
        }
        Ok(())
    }
}

/// A type that the console has a handler for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProviderType {
    Fixed(&'static str, &'static str),
    Openai,
    Qwen,
    Azure,
    Zhipuai,
    Ollama,
    Claude,
    Bedrock,
    Vertex,
    Vllm,
}

impl ProviderType {
    pub(super) fn of(name: &str, release: Release) -> Option<Self> {
        Some(match name {
            "openai" => Self::Openai,
            "qwen" => Self::Qwen,
            "azure" => Self::Azure,
            "zhipuai" => Self::Zhipuai,
            "ollama" => Self::Ollama,
            "claude" => Self::Claude,
            "bedrock" => Self::Bedrock,
            "vertex" => Self::Vertex,
            "vllm" if release == Release::V2_2_4 => Self::Vllm,
            name => {
                FIXED.iter().find(|(known, _)| *known == name).map(|(name, host)| Self::Fixed(name, host))?
            }
        })
    }

    /// Types whose AI routes are saved again after each change of a provider.
    pub(super) fn syncs_routes(self) -> bool {
        matches!(self, Self::Openai | Self::Claude | Self::Ollama | Self::Vllm)
    }

    /// The addresses of a provider: one, or several on one service.
    pub(super) fn endpoints(self, settings: &Settings) -> Result<Vec<Endpoint>, Refusal> {
        let one = match self {
            Self::Fixed(_, host) => Endpoint::https(host),
            Self::Openai => {
                let urls = custom_urls(settings, "openai")?;
                return Ok(if urls.is_empty() {
                    vec![Endpoint { path: "/v1".to_owned(), ..Endpoint::https("api.openai.com") }]
                } else {
                    urls.iter().map(|(_, uri)| Endpoint::of(uri)).collect()
                });
            }
            Self::Vllm => return Ok(vllm_urls(settings)?.iter().map(|(_, uri)| Endpoint::of(uri)).collect()),
            Self::Qwen => domain_endpoint(settings, "qwenDomain", "dashscope.aliyuncs.com")?,
            Self::Zhipuai => domain_endpoint(settings, "zhipuDomain", "open.bigmodel.cn")?,
            Self::Azure => Endpoint::of(&azure_url(settings)?),
            Self::Ollama => ollama_endpoint(settings)?,
            Self::Claude => claude_endpoint(settings)?,
            Self::Bedrock => {
                let region = required(settings, "awsRegion")?;
                Endpoint::https(format!("bedrock-runtime.{region}.amazonaws.com"))
            }
            Self::Vertex => match required(settings, "vertexRegion")?.as_str() {
                "global" => Endpoint::https("aiplatform.googleapis.com"),
                region => Endpoint::https(format!("{region}-aiplatform.googleapis.com")),
            },
        };
        Ok(vec![one])
    }

    /// The service that an OpenAI-compatible provider names instead of an address of its own: both parts are needed, the
    /// port as a JSON integer.
    pub(super) fn custom_service(self, settings: &Settings) -> Option<(String, i64)> {
        if self != Self::Openai {
            return None;
        }
        let name = settings.get("openaiCustomServiceName")?.as_str().filter(|name| !name.is_empty())?;
        let port = settings.get("openaiCustomServicePort")?.as_i64()?;
        Some((name.to_owned(), port))
    }
}

/// Checks that several endpoints can be one service.
pub(super) fn check_together(provider: &str, endpoints: &[Endpoint]) -> Result<(), Refusal> {
    endpoints.iter().try_for_each(Endpoint::validate)?;
    let Some((first, others)) = endpoints.split_first() else { return Ok(()) };
    if others.is_empty() {
        return Ok(());
    }
    let what = if endpoints.iter().any(|endpoint| !endpoint.is_address()) {
        "Multiple endpoints only work with static IP addresses"
    } else if others.iter().any(|other| other.protocol != first.protocol) {
        "Multiple protocols found in the endpoints of provider"
    } else if others.iter().any(|other| other.path != first.path) {
        "Multiple context paths found in the endpoints of provider"
    } else {
        return Ok(());
    };
    let separator = if what.ends_with("provider") { ": " } else { ", provider: " };
    Err(Refusal::Invalid(format!("{what}{separator}{provider}")))
}

fn domain_endpoint(settings: &Settings, key: &str, default: &str) -> Result<Endpoint, Refusal> {
    let domain = settings.get(key).and_then(Value::as_str).map(str::trim).filter(|domain| !domain.is_empty());
    let Some(domain) = domain else { return Ok(Endpoint::https(default)) };
    match JavaUri::https_host(domain) {
        Some(uri) => Ok(Endpoint::of(&uri)),
        None => Err(Refusal::invalid(format!("{key} contains an invalid domain name: {domain}"))),
    }
}

fn ollama_endpoint(settings: &Settings) -> Result<Endpoint, Refusal> {
    let host = required_text(settings, "ollamaServerHost")?;
    let port =
        integer_of(settings, "ollamaServerPort").and_then(|port| u32::try_from(port).ok()).unwrap_or(11434);
    Ok(Endpoint { protocol: "http".to_owned(), host, port, path: "/".to_owned() })
}

fn claude_endpoint(settings: &Settings) -> Result<Endpoint, Refusal> {
    if let Some(uri) = claude_url(settings)? {
        return Ok(Endpoint::of(&uri));
    }
    let domain = string_of(settings, "providerDomain").filter(|domain| !blank(Some(domain)));
    let path = string_of(settings, "providerBasePath").filter(|path| !blank(Some(path)));
    let domain = domain.as_deref().map_or("api.anthropic.com", str::trim);
    let path = path.as_deref().map_or("/", str::trim);
    let slash = if path.starts_with('/') { "" } else { "/" };
    let uri = JavaUri::parse(&format!("https://{domain}{slash}{path}")).filter(|uri| uri.host.is_some());
    let uri = uri.ok_or_else(|| Refusal::invalid("Invalid providerDomain / providerBasePath"))?;
    Ok(Endpoint::of(&uri))
}
