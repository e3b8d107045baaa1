//! `baseUrl`, turned into the setting that each type keeps its address in.
use super::{Errors, check_url};
use crate::endpoint::{QWEN_PATHS, ZHIPU_PATHS};
use domain::ProviderType;
use serde_json::{Map, Value, json};
use url::Url;

/// Writes the address of a new provider into its settings, which must not name it too.
pub(crate) fn apply_base_url(
    kind: ProviderType,
    base_url: &str,
    raw: &mut Map<String, Value>,
    errors: &mut Errors,
) {
    if let Some(key) = own_keys(kind).iter().find(|key| raw.contains_key(**key)) {
        errors.add("baseUrl", format!("give either baseUrl or settings.{key}"));
        return;
    }
    if let Err(problem) = apply(kind, base_url, raw) {
        errors.add("baseUrl", problem);
    }
}

/// Writes a new address over the present one.
pub(crate) fn apply_edited_base_url(
    kind: ProviderType,
    base_url: &str,
    raw: &mut Map<String, Value>,
    errors: &mut Errors,
) {
    // What the console or a person derived from the old address goes with it.
    let derived: &[&str] = match kind {
        ProviderType::Openai => {
            &["openaiExtraCustomUrls", "openaiCustomServiceName", "openaiCustomServicePort"]
        }
        ProviderType::Vllm => &["vllmExtraCustomUrls"],
        ProviderType::Claude => &["providerDomain", "providerBasePath"],
        _ => &[],
    };
    own_keys(kind).iter().chain(derived).for_each(|key| drop(raw.shift_remove(*key)));
    if let Err(problem) = apply(kind, base_url, raw) {
        errors.add("baseUrl", problem);
    }
}

/// The settings that hold a type's address.
pub(crate) fn own_keys(kind: ProviderType) -> &'static [&'static str] {
    match kind {
        ProviderType::Openai => &["openaiCustomUrl"],
        ProviderType::Vllm => &["vllmCustomUrl"],
        ProviderType::Claude => &["claudeCustomUrl"],
        ProviderType::Azure => &["azureServiceUrl"],
        ProviderType::Ollama => &["ollamaServerHost", "ollamaServerPort"],
        ProviderType::Qwen => &["qwenDomain"],
        ProviderType::Zhipuai => &["zhipuDomain"],
        _ => &[],
    }
}

fn apply(kind: ProviderType, base_url: &str, raw: &mut Map<String, Value>) -> Result<(), String> {
    let url = check_url(base_url)?;
    if url.query().is_some() && kind != ProviderType::Azure {
        return Err("the URL must not have a query".into());
    }
    match kind {
        ProviderType::Openai | ProviderType::Vllm | ProviderType::Claude | ProviderType::Azure => {
            let key = own_keys(kind).first().copied().unwrap_or_default();
            raw.insert(key.into(), json!(url.as_str().trim_end_matches('/')));
        }
        ProviderType::Ollama => {
            if url.scheme() != "http" {
                return Err("the gateway speaks plain http:// to Ollama".into());
            }
            path_of(&url, &["", "/v1"])?;
            raw.insert("ollamaServerHost".into(), json!(url.host_str()));
            raw.insert("ollamaServerPort".into(), json!(url.port_or_known_default()));
        }
        ProviderType::Qwen => bare_domain(&url, raw, ("qwenDomain", "qwenEnableCompatible"), QWEN_PATHS)?,
        ProviderType::Zhipuai => bare_domain(&url, raw, ("zhipuDomain", "zhipuCodePlanMode"), ZHIPU_PATHS)?,
        fixed => {
            if fixed.default_host() != url.host_str() || url.scheme() != "https" || url.port().is_some() {
                return Err(format!(
                    "{} has a fixed address: use type openai for another one",
                    fixed.label()
                ));
            }
        }
    }
    Ok(())
}

/// Types that keep a host only, and the choice between two paths in a flag.
fn bare_domain(
    url: &Url,
    raw: &mut Map<String, Value>,
    (domain, flag): (&str, &str),
    paths: [&'static str; 2],
) -> Result<(), String> {
    if url.scheme() != "https" || url.port().is_some() {
        return Err("the gateway calls this type by https:// without a port".into());
    }
    match path_of(url, &["", paths[0], paths[1]])? {
        0 => {}
        choice => drop(raw.insert(flag.into(), json!(choice == 2))),
    }
    raw.insert(domain.into(), json!(url.host_str()));
    Ok(())
}

/// Which of the paths it is.
fn path_of(url: &Url, known: &[&str]) -> Result<usize, String> {
    let path = url.path().trim_end_matches('/');
    known.iter().position(|known| *known == path).ok_or_else(|| {
        let known: Vec<&str> = known.iter().copied().filter(|path| !path.is_empty()).collect();
        format!("the path of this type is fixed: leave it out or give {}", known.join(" or "))
    })
}
