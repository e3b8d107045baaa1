//! The settings of each provider type: what is refused, and what the console fills in.
use serde_json::Value;

use super::faults::Release;
use super::jackson::{blank, boolean_of, integer_of, string_of};
use super::java_uri::JavaUri;
use super::provider_types::{ProviderType, Settings};
use super::refusal::Refusal;

/// Checks the settings of a provider and fills in what its type wants.
pub(super) fn normalize(
    kind: ProviderType,
    settings: &mut Settings,
    release: Release,
) -> Result<(), Refusal> {
    match kind {
        ProviderType::Fixed(..) => Ok(()),
        ProviderType::Openai => check_schemes(&custom_urls(settings, "openai")?),
        ProviderType::Vllm => check_schemes(&vllm_urls(settings)?),
        ProviderType::Qwen => normalize_qwen(settings),
        ProviderType::Azure => normalize_azure(settings, release),
        ProviderType::Zhipuai => {
            normalize_zhipuai(settings);
            Ok(())
        }
        ProviderType::Ollama => normalize_ollama(settings),
        ProviderType::Claude => normalize_claude(settings),
        ProviderType::Bedrock => normalize_bedrock(settings),
        ProviderType::Vertex => normalize_vertex(settings),
    }
}

/// URLs as they were sent and as they were read.
pub(super) type Urls = Vec<(String, JavaUri)>;

/// `{prefix}CustomUrl` and, where that is set, `{prefix}ExtraCustomUrls`.
pub(super) fn custom_urls(settings: &Settings, prefix: &str) -> Result<Urls, Refusal> {
    let key = format!("{prefix}CustomUrl");
    let Some(url) = settings.get(&key).and_then(Value::as_str) else { return Ok(Vec::new()) };
    if url.is_empty() {
        return Err(Refusal::invalid(format!("{key} cannot be empty.")));
    }
    let extra_key = format!("{prefix}ExtraCustomUrls");
    let mut urls = vec![url];
    for extra in settings.get(&extra_key).and_then(Value::as_array).into_iter().flatten() {
        match extra.as_str().filter(|url| !url.is_empty()) {
            Some(url) => urls.push(url),
            None => return Err(Refusal::invalid(format!("{extra_key} must contain non-empty strings."))),
        }
    }
    let parse = |url: &str| match JavaUri::parse(url) {
        Some(uri) => Ok((url.to_owned(), uri)),
        None => Err(Refusal::invalid(format!("{key} contains an invalid URL: {url}"))),
    };
    urls.into_iter().map(parse).collect()
}

pub(super) fn vllm_urls(settings: &Settings) -> Result<Urls, Refusal> {
    let urls = custom_urls(settings, "vllm")?;
    if urls.is_empty() {
        return Err(Refusal::invalid("No vLLM service URL is configured."));
    }
    Ok(urls)
}

fn check_schemes(urls: &Urls) -> Result<(), Refusal> {
    for (url, uri) in urls {
        match uri.scheme.as_deref().map(str::to_lowercase).as_deref() {
            None => return Err(Refusal::invalid(format!("Custom service URL must have a scheme: {url}"))),
            Some("http" | "https") => {}
            Some(_) => {
                return Err(Refusal::invalid(format!("Custom service URL must have a valid scheme: {url}")));
            }
        }
    }
    Ok(())
}

pub(super) fn required(settings: &Settings, key: &str) -> Result<String, Refusal> {
    string_of(settings, key)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::invalid(format!("{key} cannot be empty.")))
}

pub(super) fn required_text(settings: &Settings, key: &str) -> Result<String, Refusal> {
    match settings.get(key) {
        Some(Value::String(text)) if text.is_empty() => {
            Err(Refusal::invalid(format!("{key} cannot be empty.")))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(Refusal::invalid(format!("{key} must be a string."))),
    }
}

fn normalize_qwen(settings: &mut Settings) -> Result<(), Refusal> {
    for (key, default) in [("qwenEnableSearch", false), ("qwenEnableCompatible", true)] {
        let value = boolean_of(settings, key).unwrap_or(default);
        settings.insert(key.to_owned(), Value::Bool(value));
    }
    if settings.get("qwenFileIds").is_some_and(|ids| !ids.is_array()) {
        return Err(Refusal::invalid("Invalid configuration: qwenFileIds"));
    }
    Ok(())
}

pub(super) fn azure_url(settings: &Settings) -> Result<JavaUri, Refusal> {
    let url = required_text(settings, "azureServiceUrl")?;
    JavaUri::parse(&url).ok_or_else(|| Refusal::invalid("azureServiceUrl is not a valid URL."))
}

fn normalize_azure(settings: &Settings, release: Release) -> Result<(), Refusal> {
    if settings.is_empty() {
        return Err(Refusal::invalid("Missing Azure specific configurations."));
    }
    let uri = azure_url(settings)?;
    let scheme = uri.scheme.as_deref().map(str::to_lowercase);
    if !matches!(scheme.as_deref(), Some("http" | "https")) || uri.host.is_none() {
        return Err(Refusal::invalid("Invalid Azure service URL."));
    }
    let query = uri.query.unwrap_or_default();
    let version = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "api-version");
    if release == Release::V2_2_4 && version.is_none_or(|(_, value)| value.is_empty()) {
        let message = "Azure service URL must have a non-empty api-version query parameter.";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

fn normalize_zhipuai(settings: &mut Settings) {
    let mode = match settings.get("zhipuCodePlanMode") {
        None | Some(Value::Null) => Some(true),
        Some(value) => flag(value),
    };
    if let Some(mode) = mode {
        settings.insert("zhipuCodePlanMode".to_owned(), Value::Bool(mode));
    }
}

/// A flag that may be written as a word or a number.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number.trunc() != 0.0),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn normalize_ollama(settings: &mut Settings) -> Result<(), Refusal> {
    if settings.is_empty() {
        return Err(Refusal::invalid("Missing Azure specific configurations."));
    }
    required_text(settings, "ollamaServerHost")?;
    let port = match settings.get("ollamaServerPort") {
        Some(Value::Number(number)) => number.as_i64().and_then(|port| i32::try_from(port).ok()),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let port: i32 = port.ok_or_else(|| Refusal::invalid("ollamaServerPort must be a number."))?;
    if !(1..=65535).contains(&port) {
        return Err(Refusal::invalid("ollamaServerPort must be a valid port number."));
    }
    settings.insert("ollamaServerPort".to_owned(), port.into());
    Ok(())
}

pub(super) fn claude_url(settings: &Settings) -> Result<Option<JavaUri>, Refusal> {
    let Some(url) = settings.get("claudeCustomUrl").and_then(Value::as_str) else { return Ok(None) };
    if url.is_empty() {
        return Err(Refusal::invalid("claudeCustomUrl cannot be empty."));
    }
    let uri = JavaUri::parse(url)
        .ok_or_else(|| Refusal::invalid(format!("Claude custom URL is invalid: {url}")))?;
    check_schemes(&vec![(url.to_owned(), uri.clone())])?;
    Ok(Some(uri))
}

fn normalize_claude(settings: &mut Settings) -> Result<(), Refusal> {
    if settings.is_empty() {
        return Ok(());
    }
    if let Some(mode) = settings.get("claudeCodeMode").and_then(flag) {
        settings.insert("claudeCodeMode".to_owned(), Value::Bool(mode));
    }
    if blank(string_of(settings, "claudeVersion").as_deref()) {
        settings.insert("claudeVersion".to_owned(), "2023-06-01".into());
    }
    if let Some(uri) = claude_url(settings)? {
        let host = uri.host.unwrap_or_default();
        let domain = uri.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        settings.insert("providerDomain".to_owned(), domain.into());
        if !uri.path.is_empty() {
            settings.insert("providerBasePath".to_owned(), uri.path.into());
        }
    } else if let Some(path) = string_of(settings, "providerBasePath").filter(|path| !blank(Some(path))) {
        let slash = if path.trim().starts_with('/') { "" } else { "/" };
        settings.insert("providerBasePath".to_owned(), format!("{slash}{}", path.trim()).into());
    }
    Ok(())
}

fn normalize_bedrock(settings: &Settings) -> Result<(), Refusal> {
    if settings.is_empty() {
        return Err(Refusal::invalid("Missing Bedrock specific configurations."));
    }
    ["awsRegion", "awsAccessKey", "awsSecretKey"]
        .iter()
        .try_for_each(|key| required(settings, key).map(|_| ()))
}

fn normalize_vertex(settings: &mut Settings) -> Result<(), Refusal> {
    if settings.is_empty() {
        return Err(Refusal::invalid("Missing Vertex specific configurations."));
    }
    let region = required(settings, "vertexRegion")?.to_lowercase();
    settings.insert("vertexRegion".to_owned(), region.into());
    required(settings, "vertexProjectId")?;
    check_auth_key(&required(settings, "vertexAuthKey")?)?;
    if integer_of(settings, "vertexTokenRefreshAhead").is_some_and(|seconds| seconds < 0) {
        return Err(Refusal::invalid("vertexTokenRefreshAhead must be a non-negative number."));
    }
    match settings.get("geminiSafetySetting") {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) if map.values().all(Value::is_string) => {}
        Some(Value::Object(_)) => {
            return Err(Refusal::invalid(
                "geminiSafetySetting must be an object with string key-value pairs.",
            ));
        }
        Some(_) => return Err(Refusal::invalid("geminiSafetySetting must be an object.")),
    }
    settings.insert("vertexAuthServiceName".to_owned(), super::providers::VERTEX_AUTH.into());
    Ok(())
}

fn check_auth_key(key: &str) -> Result<(), Refusal> {
    let Ok(Value::Object(parsed)) = serde_json::from_str::<Value>(key) else {
        return Err(Refusal::invalid("vertexAuthKey must contain a valid JSON object."));
    };
    for property in ["client_email", "private_key_id", "private_key", "token_uri"] {
        if !parsed.get(property).is_some_and(Value::is_string) {
            let message =
                format!("vertexAuthKey must contain a valid JSON object with a string property: {property}");
            return Err(Refusal::Invalid(message));
        }
    }
    Ok(())
}
