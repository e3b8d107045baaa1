//! The backup of the plugin that was here before this console: it lies in this browser in clear, keys included.
use serde_json::Value;

/// Where the plugin kept it.
pub const KEY: &str = "ai-gateway-backup";

/// What is to be said of it without showing any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearText {
    /// When it was taken, as it says itself.
    pub taken_at: Option<String>,
    pub providers: usize,
    /// Keys of providers.
    pub keys: usize,
    /// Consumers, whose keys it has as well.
    pub consumers: usize,
}

impl ClearText {
    /// None: it is no backup of that plugin, whatever it is.
    pub fn of(json: &Value) -> Option<Self> {
        json.as_object()?;
        let providers = items(&json["providers"])?;
        let keys = |provider: &Value| provider["tokens"].as_array().map_or(0, Vec::len);
        Some(Self {
            taken_at: json["timestamp"].as_str().map(ToOwned::to_owned),
            providers: providers.len(),
            keys: providers.iter().map(keys).sum(),
            consumers: items(&json["consumers"]).map_or(0, Vec::len),
        })
    }
}

/// A list as the console answers it, or the list alone.
fn items(json: &Value) -> Option<&Vec<Value>> {
    json["data"].as_array().or_else(|| json.as_array())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_lies_in_clear_is_counted_in_both_forms() {
        let providers = json!([{"name": "qwen", "tokens": ["sk-a", "sk-b"]}, {"name": "lab"}]);
        let bare = json!({"timestamp": "2025-11-02T08:00:00Z", "providers": providers, "routes": [], "consumers": [{}]});
        let seen = ClearText::of(&bare).unwrap();
        let taken_at = Some("2025-11-02T08:00:00Z".to_owned());
        assert_eq!(seen, ClearText { taken_at, providers: 2, keys: 2, consumers: 1 });
        let answered = json!({"providers": {"data": providers}});
        assert_eq!(ClearText::of(&answered).unwrap().keys, 2);
        for other in [json!(null), json!("x"), json!([]), json!({"providers": "x"}), json!({})] {
            assert_eq!(ClearText::of(&other), None, "{other}");
        }
    }
}
