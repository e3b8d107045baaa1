//! A provider as a declarative file says it, and what such a file changes on one.
use crate::{
    ProviderDoc,
    compare::equal,
    provider::{OWNER_MARKS, is_credential},
    rules::own_keys,
};
use domain::{DeclaredProvider, EditProvider, FieldError, Protocol, ProviderType, Settings};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

impl ProviderDoc {
    /// The provider as a file says it: no keys, no credentials among its settings, not HiClaw's marks. The address is
    /// named where it is not the vendor's own.
    pub fn declared(&self) -> DeclaredProvider {
        let addresses = self.known_type().map_or(&[][..], own_keys);
        let mut settings = self.settings();
        let has_address = addresses.iter().any(|key| settings.contains_key(*key));
        let base_url = self.base_url().filter(|_| has_address).map(plain);
        let hidden = |key: &str, value: &Value| {
            let of_the_url = base_url.is_some() && addresses.contains(&key);
            of_the_url || OWNER_MARKS.contains(&key) || is_credential(key, value)
        };
        settings.retain(|key, value| !hidden(key, value));
        let failover = self.json()["tokenFailoverConfig"].as_object().filter(|_| self.failover());
        DeclaredProvider {
            name: self.name().clone(),
            kind: self.kind().to_owned(),
            protocol: serde_json::from_value::<Protocol>(self.json()["protocol"].clone()).ok(),
            base_url,
            keys: None,
            tokens: None,
            failover: failover.map(without_nulls),
            settings: Settings(settings),
        }
    }

    /// The edit that makes this provider what a file says, with what differs and nothing else. None: it is so.
    ///
    /// # Errors
    /// When the file names another type.
    pub fn edit_to(&self, wish: &DeclaredProvider) -> Result<Option<EditProvider>, Vec<FieldError>> {
        if wish.kind != self.kind() {
            let message = format!("the type of a provider stays: this one is {}", self.kind());
            return Err(vec![FieldError { field: "type".into(), message }]);
        }
        let present = self.settings();
        let mut settings = wish.settings.0.clone();
        settings.retain(|key, value| !equal(present.get(key).unwrap_or(&Value::Null), value));
        let stored = |key: &str| &self.json()[key];
        let protocol = wish.protocol.filter(|wanted| serde_json::json!(wanted) != *stored("protocol"));
        let base_url = wish.base_url.clone().filter(|wanted| !self.is_at(wanted));
        let same_keys =
            |keys: &[domain::TypedKey]| keys.iter().map(ExposeSecret::expose_secret).eq(self.token_texts());
        let tokens = wish.tokens.clone().filter(|keys| !same_keys(keys));
        let has = |(key, value): (&String, &Value)| equal(&stored("tokenFailoverConfig")[key], value);
        let failover = wish.failover.clone().filter(|wanted| !wanted.iter().all(has));
        let edit = EditProvider {
            kind: wish.kind.parse::<ProviderType>().ok(),
            protocol,
            base_url,
            tokens,
            failover,
            settings: Settings(settings),
        };
        let EditProvider { protocol, base_url, tokens, failover, settings, kind: _ } = &edit;
        let nothing = protocol.is_none()
            && base_url.is_none()
            && tokens.is_none()
            && failover.is_none()
            && settings.is_empty();
        Ok((!nothing).then_some(edit))
    }

    /// Whether its calls go to this URL.
    fn is_at(&self, url: &str) -> bool {
        let wanted = Url::parse(url).ok().map(plain);
        wanted.is_some() && wanted == self.base_url().map(plain)
    }
}

fn plain(url: Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn without_nulls(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{NewProvider, TypedKey};
    use serde_json::json;

    fn doc(kind: &str, settings: Value) -> ProviderDoc {
        let json = json!({"name": "p", "type": kind, "protocol": "openai/v1", "tokens": ["sk-canary"],
            "tokenFailoverConfig": {"enabled": false}, "rawConfigs": settings});
        ProviderDoc::parse(json).unwrap()
    }

    #[test]
    fn what_a_provider_says_of_itself_holds_no_secret_and_changes_nothing() {
        for (kind, settings) in [
            ("deepseek", json!({"firstByteTimeout": 30.0})),
            ("qwen", json!({"qwenEnableSearch": false, "qwenFileIds": [], "hiclawMode": true})),
            ("openai", json!({"openaiCustomUrl": "https://llm.example.com/v1"})),
            ("ollama", json!({"ollamaServerHost": "10.0.0.7", "ollamaServerPort": 11434.0})),
            (
                "bedrock",
                json!({"awsRegion": "eu-west-1", "awsAccessKey": "canary", "awsSecretKey": "canary"}),
            ),
            (
                "brand-new-type",
                json!({"apiKey": "canary", "note": "sk-canary", "brandNewUrl": "https://x.example.com"}),
            ),
        ] {
            let doc = doc(kind, settings);
            let said = doc.declared();
            let text = serde_json::to_string(&said).unwrap();
            assert!(!text.contains("canary") && !text.contains("hiclawMode"), "{text}");
            assert!(doc.edit_to(&said).unwrap().is_none(), "{kind}: {said:?}");
        }
    }

    #[test]
    fn a_custom_address_is_said_as_a_base_url_from_which_the_provider_can_be_made_again() {
        let doc = doc("openai", json!({"openaiCustomUrl": "https://llm.example.com/v1"}));
        let said = doc.declared();
        assert_eq!(said.base_url.as_deref(), Some("https://llm.example.com/v1"));
        let new = NewProvider {
            name: said.name,
            kind: said.kind.parse().unwrap(),
            protocol: said.protocol.unwrap(),
            base_url: said.base_url,
            tokens: vec![TypedKey::new("sk-canary".into())],
            failover: said.failover,
            settings: said.settings,
        };
        assert_eq!(ProviderDoc::create(&new).unwrap().content_hash(), doc.content_hash());
    }

    #[test]
    fn an_edit_names_only_what_differs() {
        let doc = doc("deepseek", json!({"firstByteTimeout": 30, "gone": 1}));
        let mut wish = doc.declared();
        wish.tokens = Some(vec![TypedKey::new("sk-canary".into())]);
        assert!(doc.edit_to(&wish).unwrap().is_none(), "the same keys");
        wish.settings =
            serde_json::from_value(json!({"firstByteTimeout": 30, "gone": null, "more": 2})).unwrap();
        wish.protocol = Some(Protocol::Original);
        wish.tokens = Some(vec![TypedKey::new("sk-other".into())]);
        let edit = doc.edit_to(&wish).unwrap().unwrap();
        assert_eq!(edit.settings.0.keys().collect::<Vec<_>>(), ["gone", "more"]);
        assert!(edit.tokens.is_some() && edit.protocol.is_some() && edit.base_url.is_none());
        wish.kind = "qwen".into();
        assert_eq!(doc.edit_to(&wish).unwrap_err()[0].field, "type");
    }
}
