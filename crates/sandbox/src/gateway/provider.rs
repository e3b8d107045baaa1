//! The ai-proxy plugin: which providers it accepts, and how it turns a call into one of the provider's API.
use crate::live::{LiveConfig, LiveProvider};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// Types that ai-proxy refuses without a token.
const NEEDS_TOKEN: &[&str] = &[
    "ai360",
    "azure",
    "baichuan",
    "baidu",
    "claude",
    "cohere",
    "coze",
    "deepseek",
    "doubao",
    "gemini",
    "github",
    "grok",
    "groq",
    "minimax",
    "mistral",
    "moonshot",
    "openrouter",
    "qwen",
    "stepfun",
    "yi",
    "zhipuai",
];

/// The API calls that ai-proxy knows, as they end in OpenAI's paths after `/v1`.
const CALLS: &[&str] = &[
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/images/generations",
    "/audio/speech",
    "/responses",
];

/// All providers as ai-proxy has loaded them.
pub(super) type Providers = BTreeMap<String, LiveProvider>;

/// Why ai-proxy refuses its whole configuration: what one provider lacks.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BadProvider {
    #[error("provider {0} has no token")]
    Token(String),
    #[error("provider {0} has failover without a model for the health check")]
    HealthCheckModel(String),
    #[error("provider {0} has an Azure URL without api-version")]
    ApiVersion(String),
    #[error("provider {0} is of MiniMax's pro API without a group id")]
    GroupId(String),
}

/// Loads all providers, or none when one is invalid.
pub(super) fn load(config: &LiveConfig) -> Result<Providers, BadProvider> {
    for (name, provider) in &config.providers {
        check(name, provider)?;
    }
    Ok(config.providers.clone())
}

fn check(name: &str, provider: &LiveProvider) -> Result<(), BadProvider> {
    let raw = &provider.raw;
    let name = || name.to_owned();
    if provider.tokens.is_empty() && NEEDS_TOKEN.contains(&provider.kind.as_str()) {
        return Err(BadProvider::Token(name()));
    }
    let failover = &raw["failover"];
    if failover["enabled"].as_bool() == Some(true) && text(&failover["healthCheckModel"]).is_empty() {
        return Err(BadProvider::HealthCheckModel(name()));
    }
    if provider.kind == "azure" && !has_api_version(text(&raw["azureServiceUrl"])) {
        return Err(BadProvider::ApiVersion(name()));
    }
    if provider.kind == "minimax"
        && text(&raw["minimaxApiType"]) == "pro"
        && text(&raw["minimaxGroupId"]).is_empty()
    {
        return Err(BadProvider::GroupId(name()));
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn has_api_version(url: &str) -> bool {
    let query = Url::parse(url).ok();
    query.is_some_and(|url| url.query_pairs().any(|(key, value)| key == "api-version" && !value.is_empty()))
}

/// The path at the provider for a path at the gateway. Paths that ai-proxy does not know, and those of a provider of
/// protocol `original`, stay.
pub(super) fn upstream_path(provider: &LiveProvider, path: &str) -> String {
    let known =
        CALLS.iter().find(|call| path.strip_suffix(**call).is_some_and(|start| start.ends_with("/v1")));
    let Some(call) = known.filter(|_| provider.protocol != "original") else { return path.to_owned() };
    let base = base_path(provider, call);
    match (provider.kind.as_str(), *call) {
        ("minimax", "/chat/completions") => "/v1/text/chatcompletion_v2".to_owned(),
        _ if base.ends_with(call) => base,
        _ => format!("{base}{call}"),
    }
}

/// Where the vendor's OpenAI-compatible API begins.
fn base_path(provider: &LiveProvider, call: &str) -> String {
    let raw = &provider.raw;
    let custom = |key: &str| {
        let url = Url::parse(text(&raw[key])).ok()?;
        let path = url.path().trim_end_matches('/');
        if path.is_empty() { None } else { Some(path.to_owned()) }
    };
    let fixed = match provider.kind.as_str() {
        "openai" => return custom("openaiCustomUrl").unwrap_or_else(|| "/v1".to_owned()),
        "vllm" => return custom("vllmCustomUrl").unwrap_or_else(|| "/v1".to_owned()),
        "qwen" => "/compatible-mode/v1",
        "zhipuai" if call == "/chat/completions" && raw["zhipuCodePlanMode"].as_bool() == Some(true) => {
            "/api/coding/paas/v4"
        }
        "zhipuai" => "/api/paas/v4",
        "doubao" => "/api/v3",
        "baidu" => "/v2",
        "gemini" => "/v1beta/openai",
        "groq" => "/openai/v1",
        "openrouter" => "/api/v1",
        "github" => "",
        _ => "/v1",
    };
    fixed.to_owned()
}

/// Envoy's name for the provider's cluster, as istio writes it: `outbound|443||llm-p.internal.dns`.
pub(super) fn cluster(name: &str, provider: &LiveProvider) -> String {
    let service = text(&provider.raw["openaiCustomServiceName"]);
    let port = provider.raw["openaiCustomServicePort"].as_u64();
    if let (false, Some(port)) = (service.is_empty(), port) {
        return format!("outbound|{port}||{service}");
    }
    let endpoint = provider.endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok());
    match endpoint.as_ref().and_then(Url::host) {
        Some(url::Host::Ipv4(_)) => format!("outbound|80||llm-{name}.internal.static"),
        _ => {
            let port = endpoint.and_then(|url| url.port_or_known_default()).unwrap_or(443);
            format!("outbound|{port}||llm-{name}.internal.dns")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn provider(kind: &str, raw: Value) -> LiveProvider {
        LiveProvider {
            kind: kind.to_owned(),
            tokens: vec!["t".to_owned()],
            protocol: "openai".to_owned(),
            endpoint: Some("https://api.example.com:443".to_owned()),
            raw,
        }
    }

    #[test]
    fn each_type_has_its_own_base_path() {
        let path = |kind, raw, path| upstream_path(&provider(kind, raw), path);
        let chat = "/v1/chat/completions";
        assert_eq!(path("deepseek", json!({}), chat), "/v1/chat/completions");
        assert_eq!(path("qwen", json!({}), chat), "/compatible-mode/v1/chat/completions");
        assert_eq!(path("qwen", json!({}), "/v1/embeddings"), "/compatible-mode/v1/embeddings");
        assert_eq!(path("minimax", json!({}), chat), "/v1/text/chatcompletion_v2");
        assert_eq!(
            path("zhipuai", json!({"zhipuCodePlanMode": true}), chat),
            "/api/coding/paas/v4/chat/completions"
        );
        assert_eq!(
            path("zhipuai", json!({"zhipuCodePlanMode": false}), chat),
            "/api/paas/v4/chat/completions"
        );
        assert_eq!(
            path("openai", json!({"openaiCustomUrl": "https://h/base/v2/"}), chat),
            "/base/v2/chat/completions"
        );
        assert_eq!(path("openai", json!({"openaiCustomUrl": "https://h/v1/chat/completions"}), chat), chat);
        assert_eq!(path("openai", json!({}), "/some/v1/models"), "/v1/models");
        assert_eq!(path("qwen", json!({}), "/other"), "/other");
    }

    #[test]
    fn protocol_original_keeps_the_path() {
        let original = LiveProvider { protocol: "original".to_owned(), ..provider("qwen", json!({})) };
        assert_eq!(upstream_path(&original, "/v1/chat/completions"), "/v1/chat/completions");
    }

    #[test]
    fn one_invalid_provider_refuses_them_all() {
        let tokenless = |kind| LiveProvider { tokens: Vec::new(), ..provider(kind, json!({})) };
        let name = || "p".to_owned();
        for (bad, error) in [
            (tokenless("deepseek"), BadProvider::Token(name())),
            (
                provider("openai", json!({"failover": {"enabled": true}})),
                BadProvider::HealthCheckModel(name()),
            ),
            (
                provider("azure", json!({"azureServiceUrl": "https://a.com/x"})),
                BadProvider::ApiVersion(name()),
            ),
            (provider("minimax", json!({"minimaxApiType": "pro"})), BadProvider::GroupId(name())),
        ] {
            let providers = BTreeMap::from([("good".to_owned(), provider("qwen", json!({}))), (name(), bad)]);
            assert_eq!(load(&LiveConfig { providers, ..LiveConfig::default() }), Err(error));
        }
        assert_eq!(check("p", &tokenless("ollama")), Ok(()));
        let azure =
            json!({"azureServiceUrl": "https://a.com/x?api-version=1", "failover": {"enabled": false}});
        assert_eq!(check("p", &provider("azure", azure)), Ok(()));
    }

    #[test]
    fn clusters_are_named_as_istio_names_them() {
        assert_eq!(cluster("p", &provider("qwen", json!({}))), "outbound|443||llm-p.internal.dns");
        let ip = LiveProvider {
            endpoint: Some("http://10.0.0.1:8000/v1".to_owned()),
            ..provider("openai", json!({}))
        };
        assert_eq!(cluster("p", &ip), "outbound|80||llm-p.internal.static");
        let own = json!({"openaiCustomServiceName": "x.dns", "openaiCustomServicePort": 443});
        assert_eq!(cluster("p", &provider("openai", own)), "outbound|443||x.dns");
    }
}
