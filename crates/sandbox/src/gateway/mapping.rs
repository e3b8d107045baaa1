//! Model names: what the model-router reads, what the model-mapper and ai-proxy replace.
use serde_json::Value;
use std::collections::BTreeMap;

/// Paths on which the model-router looks into the body.
const ROUTED: &[&str] = &[
    "/completions",
    "/embeddings",
    "/images/generations",
    "/audio/speech",
    "/fine_tuning/jobs",
    "/moderations",
    "/image-synthesis",
    "/video-synthesis",
    "/rerank",
    "/messages",
    "/responses",
];

/// Whether the model-router reads the model of calls of this path (without query).
pub(super) fn is_routed(path: &str) -> bool {
    ROUTED.iter().any(|end| path.ends_with(end))
}

/// The model that takes the place of `model`: the value of its own key, else of the first key `prefix*` in byte order that
/// fits, else of `*`. An empty value keeps the model.
pub(super) fn map_model<'a>(mapping: &'a BTreeMap<String, String>, model: &'a str) -> &'a str {
    let by_prefix = || {
        let fits = |key: &str| {
            key.strip_suffix('*').is_some_and(|start| !start.is_empty() && model.starts_with(start))
        };
        mapping.iter().find(|(key, _)| fits(key)).map(|(_, value)| value)
    };
    let value = mapping.get(model).or_else(by_prefix).or_else(|| mapping.get("*"));
    value.map(String::as_str).filter(|value| !value.is_empty()).unwrap_or(model)
}

/// The `modelMapping` of a provider's settings.
pub(super) fn provider_mapping(raw: &Value) -> BTreeMap<String, String> {
    let Some(mapping) = raw["modelMapping"].as_object() else { return BTreeMap::new() };
    mapping.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn an_exact_key_wins_then_the_first_prefix_then_the_star() {
        let mapping = mapping(&[("gpt-4o", "exact"), ("gpt-*", "short"), ("gpt-4-*", "long"), ("*", "rest")]);
        assert_eq!(map_model(&mapping, "gpt-4o"), "exact");
        assert_eq!(
            map_model(&mapping, "gpt-4-turbo"),
            "short",
            "`gpt-*` comes before `gpt-4-*` in byte order"
        );
        assert_eq!(map_model(&mapping, "kimi-k2.5"), "rest");
    }

    #[test]
    fn an_empty_value_keeps_the_model_and_hides_the_star() {
        let mapping = mapping(&[("gpt-*", ""), ("*", "rest")]);
        assert_eq!(map_model(&mapping, "gpt-5.4"), "gpt-5.4");
        assert_eq!(map_model(&mapping, "x"), "rest");
        assert_eq!(map_model(&BTreeMap::new(), "x"), "x");
    }

    #[test]
    fn only_known_path_ends_are_routed_by_model() {
        assert!(is_routed("/v1/chat/completions"));
        assert!(is_routed("/any/base/embeddings"));
        assert!(!is_routed("/v1/models"));
        assert!(!is_routed("/v1/chat/completions/x"));
    }
}
