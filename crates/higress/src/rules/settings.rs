//! The settings that each type must or may have.
use super::{Errors, check_host, check_url};
use domain::ProviderType;
use serde_json::{Map, Value};
use url::{Host, Url};

type Raw = Map<String, Value>;

/// Checks the settings as they will be stored.
pub(crate) fn check_settings(kind: ProviderType, raw: &Raw, errors: &mut Errors) {
    match kind {
        ProviderType::Openai => {
            custom_urls(raw, "openaiCustomUrl", "openaiExtraCustomUrls", errors);
            custom_service(raw, errors);
        }
        ProviderType::Vllm => {
            if !raw.contains_key("vllmCustomUrl") {
                errors.add("baseUrl", "vLLM needs its address");
            }
            custom_urls(raw, "vllmCustomUrl", "vllmExtraCustomUrls", errors);
        }
        ProviderType::Claude => custom_urls(raw, "claudeCustomUrl", "", errors),
        ProviderType::Azure => azure(raw, errors),
        ProviderType::Ollama => ollama(raw, errors),
        ProviderType::Qwen => {
            domain(raw, "qwenDomain", errors);
            let files = raw.get("qwenFileIds").is_none_or(is_text_list);
            must(files, "qwenFileIds", "must be a list of texts", errors);
        }
        ProviderType::Zhipuai => domain(raw, "zhipuDomain", errors),
        ProviderType::Bedrock => bedrock(raw, errors),
        ProviderType::Vertex => vertex(raw, errors),
        ProviderType::Minimax => {
            let pro = raw.get("minimaxApiType").and_then(Value::as_str) == Some("pro");
            must(
                !pro || has_text(raw, "minimaxGroupId"),
                "minimaxGroupId",
                "minimaxApiType pro needs it",
                errors,
            );
        }
        _ => {}
    }
    for key in ["qwenEnableSearch", "qwenEnableCompatible", "zhipuCodePlanMode", "claudeCodeMode"] {
        must(raw.get(key).is_none_or(Value::is_boolean), key, "must be true or false", errors);
    }
}

fn must(fine: bool, key: &str, message: &str, errors: &mut Errors) {
    if !fine {
        errors.add(format!("settings.{key}"), message);
    }
}

fn text<'a>(raw: &'a Raw, key: &str) -> Option<&'a str> {
    raw.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn has_text(raw: &Raw, key: &str) -> bool {
    text(raw, key).is_some()
}

fn is_text_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// A port is a JSON integer; the console reads its own integers back as doubles.
fn is_port(value: &Value) -> bool {
    value.as_f64().is_some_and(|port| port.fract() == 0.0 && (1.0..=65535.0).contains(&port))
}

/// One URL of its own and, for some types, more of them: those only with IPv4 hosts, one scheme and one path.
fn custom_urls(raw: &Raw, main: &str, extra: &str, errors: &mut Errors) {
    let mut urls = Vec::new();
    if let Some(value) = raw.get(main) {
        match own_url(value) {
            Ok(url) => urls.push(url),
            Err(problem) => errors.add(format!("settings.{main}"), problem),
        }
    }
    let Some(more) = raw.get(extra).filter(|value| !value.as_array().is_some_and(Vec::is_empty)) else {
        return;
    };
    let Some(list) = more.as_array() else {
        return errors.add(format!("settings.{extra}"), "must be a list of URLs");
    };
    for (index, value) in list.iter().enumerate() {
        match own_url(value) {
            Ok(url) => urls.push(url),
            Err(problem) => errors.add(format!("settings.{extra}[{index}]"), problem),
        }
    }
    must(raw.contains_key(main), extra, &format!("needs {main} too"), errors);
    let alike = |a: &Url, b: &Url| a.scheme() == b.scheme() && a.path() == b.path();
    let fine = urls.iter().all(|url| matches!(url.host(), Some(Host::Ipv4(_))) && alike(url, &urls[0]));
    must(fine, extra, "several addresses must be IPv4 with one scheme and one path", errors);
}

fn own_url(value: &Value) -> Result<Url, &'static str> {
    let url = check_url(value.as_str().ok_or("must be a text")?)?;
    if url.query().is_some() { Err("the URL must not have a query") } else { Ok(url) }
}

/// A service source of one's own. With a port that is no integer the console silently takes the URL instead.
fn custom_service(raw: &Raw, errors: &mut Errors) {
    let (name, port) = ("openaiCustomServiceName", "openaiCustomServicePort");
    if !raw.contains_key(name) && !raw.contains_key(port) {
        return;
    }
    let full = text(raw, name).is_some_and(|name| name.contains('.') && !name.contains([' ', ':', '/']));
    must(full, name, "must be a service with its suffix, such as mine.dns", errors);
    must(
        raw.get(port).is_some_and(is_port),
        port,
        "must be a whole number from 1 to 65535, not a text",
        errors,
    );
    must(
        raw.contains_key("openaiCustomUrl"),
        "openaiCustomUrl",
        "the gateway takes host and path from it",
        errors,
    );
}

fn azure(raw: &Raw, errors: &mut Errors) {
    let Some(value) = raw.get("azureServiceUrl") else {
        return errors.add("baseUrl", "Azure needs its service URL with ?api-version=…");
    };
    match value.as_str().ok_or("must be a text").and_then(check_url) {
        Err(problem) => errors.add("settings.azureServiceUrl", problem),
        Ok(url) => {
            let version = url.query_pairs().any(|(key, value)| key == "api-version" && !value.is_empty());
            must(version, "azureServiceUrl", "needs ?api-version=… with a value", errors);
        }
    }
}

fn ollama(raw: &Raw, errors: &mut Errors) {
    if !raw.contains_key("ollamaServerHost") && !raw.contains_key("ollamaServerPort") {
        return errors.add("baseUrl", "Ollama needs its address, such as http://10.0.0.7:11434");
    }
    domain(raw, "ollamaServerHost", errors);
    must(has_text(raw, "ollamaServerHost"), "ollamaServerHost", "Ollama needs its host", errors);
    let port = raw.get("ollamaServerPort").is_some_and(is_port);
    must(port, "ollamaServerPort", "must be a whole number from 1 to 65535", errors);
}

/// A host without scheme, port or path.
fn domain(raw: &Raw, key: &str, errors: &mut Errors) {
    let Some(value) = raw.get(key) else { return };
    let host = value.as_str().unwrap_or_default();
    let url = Url::parse(&format!("https://{host}/")).ok().filter(|url| url.host_str() == Some(host));
    match url.as_ref().map(|url| check_host(url.host())) {
        Some(Ok(())) => {}
        Some(Err(problem)) => errors.add(format!("settings.{key}"), problem),
        None => errors.add(format!("settings.{key}"), "must be a bare host name in lower case"),
    }
}

/// Part of a host name.
fn region(raw: &Raw, key: &str, errors: &mut Errors) {
    let fine = text(raw, key).is_some_and(|region| {
        region.len() <= 40
            && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !region.starts_with('-')
    });
    must(fine, key, "must be a region, such as us-east-1", errors);
}

fn bedrock(raw: &Raw, errors: &mut Errors) {
    region(raw, "awsRegion", errors);
    for key in ["awsAccessKey", "awsSecretKey"] {
        must(has_text(raw, key), key, "Bedrock needs it", errors);
    }
}

fn vertex(raw: &Raw, errors: &mut Errors) {
    region(raw, "vertexRegion", errors);
    must(has_text(raw, "vertexProjectId"), "vertexProjectId", "Vertex needs it", errors);
    let account = text(raw, "vertexAuthKey").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let complete = account.is_some_and(|account| {
        ["client_email", "private_key_id", "private_key", "token_uri"]
            .iter()
            .all(|key| account[*key].is_string())
    });
    let wanted = "must be a service account as JSON text, with client_email, private_key_id, private_key and token_uri";
    must(complete, "vertexAuthKey", wanted, errors);
    let ahead =
        raw.get("vertexTokenRefreshAhead").is_none_or(|value| value.as_f64().is_some_and(|n| n >= 0.0));
    must(ahead, "vertexTokenRefreshAhead", "must be a number from 0", errors);
    let safety = raw.get("geminiSafetySetting").is_none_or(Value::is_object);
    must(safety, "geminiSafetySetting", "must be an object", errors);
}
