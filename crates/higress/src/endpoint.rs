//! Where a provider's calls go, by its type. Hosts are the console's own defaults, paths are those under which each
//! vendor speaks OpenAI's API.
use domain::ProviderType;
use serde_json::{Map, Value};
use url::Url;

/// Which header carries a provider's key when its own API is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `api-key: …` (Azure).
    ApiKey,
    /// `x-api-key: …` with `anthropic-version` (Claude).
    Anthropic,
}

/// Where a provider lists its models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelList {
    pub url: Url,
    pub key: KeyHeader,
}

/// The path under which a type's own host speaks OpenAI's API.
fn default_path(kind: ProviderType) -> &'static str {
    match kind {
        ProviderType::Baidu => "/v2",
        ProviderType::Cohere => "/compatibility/v1",
        ProviderType::Doubao => "/api/v3",
        ProviderType::Gemini => "/v1beta/openai",
        ProviderType::Github => "",
        ProviderType::Groq => "/openai/v1",
        ProviderType::Openrouter => "/api/v1",
        _ => "/v1",
    }
}

/// DashScope's two APIs, by `qwenEnableCompatible`.
pub(crate) const QWEN_PATHS: [&str; 2] = ["/api/v1", "/compatible-mode/v1"];
/// Zhipu's two APIs, by `zhipuCodePlanMode`.
pub(crate) const ZHIPU_PATHS: [&str; 2] = ["/api/paas/v4", "/api/coding/paas/v4"];

/// The base of a provider's calls, without query or account. None where the type has no single URL.
pub(crate) fn base_url(kind: ProviderType, raw: &Map<String, Value>) -> Option<Url> {
    let text = |key: &str| raw.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let flag = |key: &str| raw.get(key).and_then(Value::as_bool).unwrap_or(true);
    let own = |key: &str| match text(key) {
        Some(url) => Url::parse(url).ok(),
        None => Url::parse(&format!("https://{}", kind.default_host()?)).ok(),
    };
    let url = match kind {
        ProviderType::Openai => with_path(own("openaiCustomUrl")?, "/v1"),
        ProviderType::Vllm => with_path(own("vllmCustomUrl")?, "/v1"),
        ProviderType::Claude => with_path(own("claudeCustomUrl")?, "/v1"),
        ProviderType::Azure => own("azureServiceUrl")?,
        ProviderType::Ollama => {
            let port = raw.get("ollamaServerPort").and_then(Value::as_f64).unwrap_or(11434.0);
            Url::parse(&format!("http://{}:{port}/v1", text("ollamaServerHost")?)).ok()?
        }
        ProviderType::Qwen => {
            let host = text("qwenDomain").or(kind.default_host())?;
            Url::parse(&format!("https://{host}{}", QWEN_PATHS[usize::from(flag("qwenEnableCompatible"))]))
                .ok()?
        }
        ProviderType::Zhipuai => {
            let host = text("zhipuDomain").or(kind.default_host())?;
            Url::parse(&format!("https://{host}{}", ZHIPU_PATHS[usize::from(flag("zhipuCodePlanMode"))]))
                .ok()?
        }
        ProviderType::Bedrock => {
            Url::parse(&format!("https://bedrock-runtime.{}.amazonaws.com", text("awsRegion")?)).ok()?
        }
        ProviderType::Vertex => match text("vertexRegion")? {
            "global" => Url::parse("https://aiplatform.googleapis.com").ok()?,
            region => Url::parse(&format!("https://{region}-aiplatform.googleapis.com")).ok()?,
        },
        other => Url::parse(&format!("https://{}{}", other.default_host()?, default_path(other))).ok()?,
    };
    public_part(url)
}

/// Where the type lists its models: none where there is no list, or where it takes signed requests.
pub(crate) fn model_list(kind: ProviderType, raw: &Map<String, Value>) -> Option<ModelList> {
    let base = base_url(kind, raw)?;
    let list = |url: Url, key| Some(ModelList { url, key });
    match kind {
        ProviderType::Bedrock | ProviderType::Vertex | ProviderType::Coze => None,
        ProviderType::Azure => {
            let service = Url::parse(raw.get("azureServiceUrl")?.as_str()?).ok()?;
            let version = service.query_pairs().find(|(key, _)| key == "api-version")?.1.into_owned();
            let mut url = base.join("/openai/models").ok()?;
            url.query_pairs_mut().append_pair("api-version", &version);
            list(url, KeyHeader::ApiKey)
        }
        ProviderType::Claude => list(below(&base, "models")?, KeyHeader::Anthropic),
        // The native API has no list; the compatible one of the same host has.
        ProviderType::Qwen => list(base.join(&format!("{}/models", QWEN_PATHS[1])).ok()?, KeyHeader::Bearer),
        _ => list(below(&base, "models")?, KeyHeader::Bearer),
    }
}

/// An address without a path means the type's usual one. A path may name the completions endpoint itself.
fn with_path(mut url: Url, usual: &str) -> Url {
    let path = url.path().trim_end_matches('/').trim_end_matches("/chat/completions").to_owned();
    url.set_path(if path.is_empty() { usual } else { &path });
    url
}

fn below(base: &Url, segment: &str) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(segment);
    Some(url)
}

fn public_part(mut url: Url) -> Option<Url> {
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_type_has_its_base_and_its_list() {
        let table = [
            ("moonshot", json!({}), "https://api.moonshot.cn/v1", "https://api.moonshot.cn/v1/models"),
            ("openai", json!({}), "https://api.openai.com/v1", "https://api.openai.com/v1/models"),
            (
                "openai",
                json!({ "openaiCustomUrl": "https://bare.example.com" }),
                "https://bare.example.com/v1",
                "https://bare.example.com/v1/models",
            ),
            (
                "openai",
                json!({ "openaiCustomUrl": "http://u:p@10.1.2.3:8000/x/v1/?k=1" }),
                "http://10.1.2.3:8000/x/v1",
                "http://10.1.2.3:8000/x/v1/models",
            ),
            (
                "qwen",
                json!({ "qwenEnableCompatible": false }),
                "https://dashscope.aliyuncs.com/api/v1",
                "https://dashscope.aliyuncs.com/compatible-mode/v1/models",
            ),
            (
                "zhipuai",
                json!({ "zhipuCodePlanMode": false }),
                "https://open.bigmodel.cn/api/paas/v4",
                "https://open.bigmodel.cn/api/paas/v4/models",
            ),
            (
                "zhipuai",
                json!({}),
                "https://open.bigmodel.cn/api/coding/paas/v4",
                "https://open.bigmodel.cn/api/coding/paas/v4/models",
            ),
            (
                "azure",
                json!({ "azureServiceUrl": "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-02-01" }),
                "https://x.openai.azure.com/openai/deployments/d/chat/completions",
                "https://x.openai.azure.com/openai/models?api-version=2024-02-01",
            ),
            (
                "ollama",
                json!({ "ollamaServerHost": "10.0.0.7", "ollamaServerPort": 11434.0 }),
                "http://10.0.0.7:11434/v1",
                "http://10.0.0.7:11434/v1/models",
            ),
            ("claude", json!({}), "https://api.anthropic.com/v1", "https://api.anthropic.com/v1/models"),
        ];
        for (kind, raw, base, list) in table {
            let (kind, raw) = (kind.parse().unwrap(), raw.as_object().unwrap());
            assert_eq!(base_url(kind, raw).unwrap().as_str(), base);
            assert_eq!(model_list(kind, raw).unwrap().url.as_str(), list);
        }
    }

    #[test]
    fn every_type_with_a_default_host_has_a_base_there() {
        for kind in ProviderType::ALL.iter().filter(|kind| kind.default_host().is_some()) {
            let base = base_url(*kind, &Map::new()).unwrap();
            assert_eq!(base.host_str(), kind.default_host());
        }
    }
}
