//! A provider of a backup, made again.
use crate::{
    ProviderDoc,
    provider::{OWNER_MARKS, fingerprint, is_credential},
    rules,
};
use domain::{FieldError, ProviderType, TypedKey};
use serde_json::{Map, Value, json};

/// Whose keys a provider gets that is made again.
#[derive(Clone, Copy, Debug)]
pub enum KeysOf<'a> {
    /// Those of this document: its tokens, and its settings that are credentials.
    Doc(&'a ProviderDoc),
    /// These tokens.
    Typed(&'a [TypedKey]),
}

impl ProviderDoc {
    /// This provider as a backup has it, with these keys, after all rules that can be checked here. What the console
    /// derives itself is left to it. `tokens` is the field of what is wrong with keys.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn again(&self, keys: KeysOf<'_>) -> Result<Self, Vec<FieldError>> {
        let mut errors = rules::Errors::default();
        let mut raw = self.settings();
        let tokens = match keys {
            KeysOf::Doc(doc) => {
                raw = self.settings_with_keys_of(doc);
                if !doc.calls_all_of(self.known_type(), &raw) {
                    errors.add("tokens", "these keys are for another host");
                }
                doc.token_texts().map(Into::into).collect()
            }
            KeysOf::Typed(typed) => {
                if raw.iter().any(goes_with_keys) {
                    let message = "its credentials are settings: restore it with those that there are, and change them then";
                    errors.add("tokens", message);
                }
                rules::check_tokens(typed, &mut errors)
            }
        };
        if let Some(kind) = self.known_type() {
            rules::check_token_need(kind, tokens.len(), &mut errors);
            rules::check_settings(kind, &raw, &mut errors);
        }
        let mut json = self.json().clone();
        json["tokens"] = json!(tokens);
        json["rawConfigs"] = Value::Object(raw);
        errors.none_or(self.with_json(json))
    }

    /// This provider without HiClaw's marks: a copy under another name is not HiClaw's.
    #[must_use]
    pub fn unmarked(&self) -> Self {
        let mut json = self.json().clone();
        if let Some(raw) = json.get_mut("rawConfigs").and_then(Value::as_object_mut) {
            OWNER_MARKS.iter().for_each(|mark| drop(raw.shift_remove(*mark)));
        }
        self.with_json(json)
    }

    /// Whether `other` may have this one's keys: it is of the same type and calls, with these keys too, nobody whom this
    /// one does not call.
    pub fn lends_keys_to(&self, other: &Self) -> bool {
        let proxy = |doc: &Self| doc.json()["proxyName"].as_str().unwrap_or_default().to_owned();
        self.kind() == other.kind()
            && proxy(self) == proxy(other)
            && self.calls_all_of(self.known_type(), &other.settings())
            && self.calls_all_of(self.known_type(), &other.settings_with_keys_of(self))
    }

    /// Whether it calls all whom a provider with these settings calls.
    fn calls_all_of(&self, kind: Option<ProviderType>, settings: &Map<String, Value>) -> bool {
        !rules::has_new_destination(kind, &self.settings(), settings)
    }

    /// Its settings, where those that are credentials are another's. Where it calls is its own.
    fn settings_with_keys_of(&self, other: &Self) -> Map<String, Value> {
        let mut settings = self.settings();
        settings.retain(|key, value| !goes_with_keys((key, value)));
        settings.extend(other.settings().into_iter().filter(|(key, value)| goes_with_keys((key, value))));
        settings
    }

    /// Tells its keys apart without showing them: its tokens, then its settings that are credentials.
    pub fn credential_fingerprints(&self) -> Vec<String> {
        let settings: Map<String, Value> = self.settings();
        let mut credentials: Vec<_> = settings.iter().filter(|setting| goes_with_keys(*setting)).collect();
        credentials.sort_by_key(|(key, _)| *key);
        let credentials = credentials.into_iter().map(|(_, value)| match value {
            Value::String(text) => fingerprint(text),
            other => fingerprint(&other.to_string()),
        });
        self.token_texts().map(fingerprint).chain(credentials).collect()
    }
}

/// Whether a setting is a credential. What says where calls go is none, though it may hold a user and a password.
fn goes_with_keys((key, value): (&String, &Value)) -> bool {
    is_credential(key, value) && !rules::names_a_place(key, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(kind: &str, tokens: &[&str], raw: Value) -> ProviderDoc {
        let json = json!({"name": "p", "type": kind, "protocol": "original", "proxyName": null, "tokens": tokens,
            "tokenFailoverConfig": {"enabled": false}, "rawConfigs": raw});
        ProviderDoc::parse(json).unwrap()
    }

    fn fields(errors: Vec<FieldError>) -> Vec<String> {
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn everything_comes_back_but_what_the_console_derives() {
        let raw = json!({"id": "p", "apiTokens": ["old"], "firstByteTimeout": 9.0, "openaiCustomUrl": "https://a.example.com/v1",
            "unheardOf": {"x": 1}});
        let kept = doc("openai", &["old"], raw);
        let present =
            doc("openai", &["new-1", "new-2"], json!({"openaiCustomUrl": "https://a.example.com/v1"}));
        let again = kept.again(KeysOf::Doc(&present)).unwrap();
        assert_eq!(again.json()["tokens"], json!(["new-1", "new-2"]));
        let expected = json!({"firstByteTimeout": 9.0, "openaiCustomUrl": "https://a.example.com/v1", "unheardOf": {"x": 1}});
        assert_eq!((&again.json()["rawConfigs"], &again.json()["protocol"]), (&expected, &json!("original")));
        assert_eq!(kept.again(KeysOf::Doc(&kept)).unwrap().content_hash(), kept.content_hash());
        let typed = [TypedKey::new("typed".into())];
        assert_eq!(kept.again(KeysOf::Typed(&typed)).unwrap().json()["tokens"], json!(["typed"]));
    }

    #[test]
    fn settings_that_are_credentials_go_with_the_keys() {
        let aws = |secret: &str, region: &str| {
            doc("bedrock", &[], json!({"awsRegion": region, "awsAccessKey": "id", "awsSecretKey": secret}))
        };
        let (kept, present) = (aws("old", "eu-west-1"), aws("new", "eu-west-1"));
        let again = kept.again(KeysOf::Doc(&present)).unwrap();
        assert_eq!(again.json()["rawConfigs"]["awsSecretKey"], "new");
        assert_eq!(again.credential_fingerprints(), present.credential_fingerprints());
        assert!(
            kept.credential_fingerprints() != present.credential_fingerprints()
                && kept.credential_fingerprints().len() == 2
        );
        let typed = [TypedKey::new("typed".into())];
        assert_eq!(fields(kept.again(KeysOf::Typed(&typed)).unwrap_err()), ["tokens"]);
        let odd = doc("brand-new", &[], json!({"apiKey": "old"}));
        let theirs = doc("brand-new", &[], json!({"apiKey": "new"}));
        assert_eq!(odd.again(KeysOf::Doc(&theirs)).unwrap().json()["rawConfigs"]["apiKey"], "new");
    }

    #[test]
    fn keys_are_lent_to_nothing_that_calls_somebody_else() {
        let at = |url: &str| doc("openai", &["k"], json!({"openaiCustomUrl": url, "firstByteTimeout": 1}));
        let here = at("https://a.example.com/v1");
        assert!(here.lends_keys_to(&at("https://a.example.com/v2")));
        for other in [
            at("https://b.example.com/v1"),
            at("http://a.example.com/v1"),
            at("https://a.example.com:444/v1"),
            doc("openai", &["k"], json!({})),
            doc("qwen", &["k"], json!({})),
            doc("openai", &["k"], json!({"openaiCustomUrl": "https://a.example.com/v1", "someHost": "b"})),
        ] {
            assert!(!here.lends_keys_to(&other), "{:?}", other.json());
        }
        let mut proxied = here.json().clone();
        proxied["proxyName"] = "elsewhere".into();
        assert!(!here.lends_keys_to(&ProviderDoc::parse(proxied).unwrap()));
    }

    #[test]
    fn an_address_is_no_credential_so_keys_stay_with_their_host() {
        let openai = |url: &str| doc("openai", &["k"], json!({"openaiCustomUrl": url}));
        let (kept, present) = (openai("https://u:p@llm.corp/v1"), openai("https://llm.corp/v1"));
        let refused = kept.again(KeysOf::Doc(&present)).unwrap_err();
        assert_eq!(
            fields(refused),
            ["settings.openaiCustomUrl"],
            "it does not become the vendor's own address"
        );

        let at = |key: &str, url: &str| doc("brand-new", &[key], json!({"itsUrl": url, "proxy": url}));
        let (kept, present) = (at("old", "https://u:p@llm.corp/v1"), at("new", "https://llm.corp/v1"));
        for (back, lender, token) in [(&kept, &present, "new"), (&present, &kept, "old")] {
            assert!(lender.lends_keys_to(back));
            let again = back.again(KeysOf::Doc(lender)).unwrap();
            assert_eq!(again.json()["rawConfigs"], back.json()["rawConfigs"], "where it calls is its own");
            assert_eq!(again.json()["tokens"], json!([token]));
        }
        let elsewhere = at("theirs", "https://u:p@other.corp/v1");
        assert!(!elsewhere.lends_keys_to(&kept));
        assert_eq!(fields(kept.again(KeysOf::Doc(&elsewhere)).unwrap_err()), ["tokens"]);
    }

    #[test]
    fn what_the_gateway_could_not_read_is_refused_and_a_copy_is_not_hiclaws() {
        let bare = doc("qwen", &[], json!({"qwenDomain": "https://nonsense"}));
        assert_eq!(fields(bare.again(KeysOf::Doc(&bare)).unwrap_err()), ["tokens", "settings.qwenDomain"]);
        let masked = [TypedKey::new("sk-***".into())];
        let fine = doc("openai", &["k"], json!({}));
        assert_eq!(fields(fine.again(KeysOf::Typed(&masked)).unwrap_err()), ["tokens[0]"]);
        let marked = doc("qwen", &["k"], json!({"hiclawMode": true}));
        assert!(marked.hiclaw_owned() && !marked.unmarked().hiclaw_owned());
    }
}
