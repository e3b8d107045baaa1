//! The backup of the plugin that was here before this console: it lies in this browser in clear, keys included.
use domain::rules::redacted;
use serde_json::{Map, Value};

/// Where the plugin kept it.
pub const KEY: &str = "ai-gateway-backup";

/// What is to be said of it without showing any of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearText {
    /// When it was taken, as it says itself.
    pub taken_at: Option<String>,
    pub providers: usize,
    pub consumers: usize,
    /// Keys of both, and the settings of providers that are credentials.
    pub keys: usize,
    /// The providers whose keys lie there, by the names that it has for them.
    pub exposed: Vec<Exposed>,
    /// The consumers whose keys lie there.
    pub exposed_consumers: Vec<String>,
}

/// A provider whose keys lie in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    pub name: String,
    /// It has keys; else only settings that are credentials.
    pub has_tokens: bool,
}

impl ClearText {
    /// None: it is no backup of that plugin, whatever it is.
    pub fn of(json: &Value) -> Option<Self> {
        json.as_object()?;
        let providers = items(&json["providers"])?;
        let consumers = items(&json["consumers"]).map_or(&[][..], Vec::as_slice);
        let keys = |provider: &Value| tokens(provider) + credentials(provider);
        let exposed = |provider: &&Value| keys(provider) > 0;
        let has_values = |consumer: &&Value| values(consumer) > 0;
        Some(Self {
            taken_at: json["timestamp"].as_str().map(ToOwned::to_owned),
            providers: providers.len(),
            consumers: consumers.len(),
            keys: providers.iter().map(keys).chain(consumers.iter().map(values)).sum(),
            exposed: (providers.iter().filter(exposed))
                .map(|provider| Exposed { name: name(provider), has_tokens: tokens(provider) > 0 })
                .collect(),
            exposed_consumers: consumers.iter().filter(has_values).map(name).collect(),
        })
    }
}

/// A list as the console answers it, or the list alone.
fn items(json: &Value) -> Option<&Vec<Value>> {
    json["data"].as_array().or_else(|| json.as_array())
}

fn name(json: &Value) -> String {
    json["name"].as_str().unwrap_or("?").to_owned()
}

fn texts(list: &Value) -> usize {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|text| !text.is_empty()).count()
}

fn tokens(provider: &Value) -> usize {
    texts(&provider["tokens"])
}

/// How many of its settings would be shown as secrets.
fn credentials(provider: &Value) -> usize {
    let settings = provider["rawConfigs"].as_object().into_iter().flatten();
    let is_secret = |(key, value): &(&String, &Value)| {
        let alone = Value::Object(Map::from_iter([((*key).clone(), (*value).clone())]));
        // The console repeats the tokens there.
        *key != "apiTokens" && !value.is_null() && redacted(&alone) != alone
    };
    settings.filter(is_secret).count()
}

fn values(consumer: &Value) -> usize {
    let credentials = consumer["credentials"].as_array().into_iter().flatten();
    credentials.map(|credential| texts(&credential["values"])).sum()
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
        assert_eq!(seen.taken_at.as_deref(), Some("2025-11-02T08:00:00Z"));
        assert_eq!((seen.providers, seen.keys, seen.consumers), (2, 2, 1));
        let answered = json!({"providers": {"data": providers}});
        assert_eq!(ClearText::of(&answered).unwrap().keys, 2);
        for other in [json!(null), json!("x"), json!([]), json!({"providers": "x"}), json!({})] {
            assert_eq!(ClearText::of(&other), None, "{other}");
        }
    }

    #[test]
    fn settings_that_are_credentials_and_keys_of_consumers_lie_there_too() {
        let bedrock =
            json!({"name": "aws", "tokens": [""], "rawConfigs": {"awsSecretKey": "s", "awsRegion": "eu"}});
        let lab = json!({"name": "lab", "tokens": ["sk"], "rawConfigs": {"apiTokens": ["sk"], "openaiCustomUrl": "https://x"}});
        let open = json!({"name": "open", "rawConfigs": {"awsRegion": "eu", "vertexAuthKey": null}});
        let consumers =
            json!([{"name": "manager", "credentials": [{"values": ["c", "d"]}]}, {"name": "keyless"}]);
        let seen =
            ClearText::of(&json!({"providers": [bedrock, lab, open], "consumers": consumers})).unwrap();
        let exposed = |name: &str, has_tokens| Exposed { name: name.into(), has_tokens };
        assert_eq!(seen.exposed, [exposed("aws", false), exposed("lab", true)]);
        assert_eq!((seen.keys, seen.exposed_consumers), (4, vec!["manager".to_owned()]));
    }
}
