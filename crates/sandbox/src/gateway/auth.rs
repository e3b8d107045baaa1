//! The key-auth plugin.
use crate::live::{LiveConfig, LiveConsumer, LiveRoute};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use std::collections::{BTreeMap, HashSet};

/// What the plugin has loaded.
#[derive(Debug, Default)]
pub(super) struct KeyAuth {
    consumers: Vec<LiveConsumer>,
    /// By Ingress. An Ingress that is not here is open.
    allow: BTreeMap<String, Vec<String>>,
}

/// Why a configuration is refused as a whole.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BadKeyAuth {
    /// The C++ plugin compares credentials as strings, over all consumers and sources.
    #[error("duplicate credential of consumer {consumer}")]
    Duplicate { consumer: String },
}

/// Why a request is turned away. The texts are the plugin's.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Denied {
    #[error("Request denied by Key Auth check. No API key found in request")]
    NoKey,
    #[error("Request denied by Key Auth check. Invalid API key")]
    UnknownKey,
    #[error("Request denied by Key Auth check. Unauthorized consumer")]
    NotAllowed,
}

impl Denied {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NoKey | Self::UnknownKey => StatusCode::UNAUTHORIZED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
        }
    }

    /// `WWW-Authenticate`.
    pub(super) fn challenge(self) -> &'static str {
        match self {
            Self::NoKey | Self::UnknownKey => "Key realm=MSE Gateway",
            Self::NotAllowed => "Basic realm=MSE Gateway",
        }
    }
}

impl KeyAuth {
    pub(super) fn load(config: &LiveConfig) -> Result<Self, BadKeyAuth> {
        let mut seen = HashSet::new();
        for consumer in &config.consumers {
            if !consumer.values.iter().all(|value| seen.insert(value)) {
                return Err(BadKeyAuth::Duplicate { consumer: consumer.name.clone() });
            }
        }
        let allow = |route: &LiveRoute| Some((route.ingress.clone(), route.allow.clone()?));
        Ok(Self {
            consumers: config.consumers.clone(),
            allow: config.routes.iter().filter_map(allow).collect(),
        })
    }

    /// The consumer who asks; none where the Ingress is open.
    pub(super) fn check(
        &self,
        ingress: &str,
        headers: &HeaderMap,
        query: &str,
    ) -> Result<Option<&str>, Denied> {
        let Some(allowed) = self.allow.get(ingress) else { return Ok(None) };
        let mut any = false;
        for consumer in &self.consumers {
            let Some(credential) = credential(consumer, headers, query) else { continue };
            any = true;
            if consumer.values.contains(&credential) {
                let ok = allowed.contains(&consumer.name);
                return if ok { Ok(Some(&consumer.name)) } else { Err(Denied::NotAllowed) };
            }
        }
        Err(if any { Denied::UnknownKey } else { Denied::NoKey })
    }
}

/// What the request shows where this consumer's key is to be.
fn credential(consumer: &LiveConsumer, headers: &HeaderMap, query: &str) -> Option<String> {
    let name = consumer.key.as_deref();
    let found = match consumer.source.as_str() {
        "BEARER" => headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.trim().to_owned(),
        "HEADER" => headers.get(name?)?.to_str().ok()?.to_owned(),
        "QUERY" => {
            let wanted = name?;
            let mut params = url::form_urlencoded::parse(query.as_bytes());
            params.find(|(key, _)| key == wanted)?.1.into_owned()
        }
        _ => return None,
    };
    if found.is_empty() { None } else { Some(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumer(name: &str, source: &str, key: Option<&str>, values: &[&str]) -> LiveConsumer {
        LiveConsumer {
            name: name.to_owned(),
            source: source.to_owned(),
            key: key.map(str::to_owned),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn load(consumers: &[LiveConsumer]) -> Result<KeyAuth, BadKeyAuth> {
        KeyAuth::load(&LiveConfig { consumers: consumers.to_vec(), ..LiveConfig::default() })
    }

    #[test]
    fn a_credential_may_stand_only_once_whatever_its_source() {
        let bearer = consumer("a", "BEARER", None, &["v", "w"]);
        for twice in [
            consumer("b", "BEARER", Some("Authorization"), &["v"]),
            consumer("b", "HEADER", Some("x"), &["v"]),
            consumer("b", "QUERY", Some("y"), &["u", "w"]),
            consumer("b", "HEADER", Some("x"), &["u", "u"]),
        ] {
            let error = BadKeyAuth::Duplicate { consumer: "b".to_owned() };
            assert_eq!(load(&[bearer.clone(), twice]).err(), Some(error));
        }
        assert!(load(&[bearer, consumer("b", "HEADER", Some("x"), &["u"])]).is_ok());
    }

    #[test]
    fn an_empty_credential_is_none() {
        let mut auth = load(&[consumer("a", "HEADER", Some("x"), &[""])]).unwrap();
        auth.allow.insert("r".to_owned(), vec!["a".to_owned()]);
        let headers = HeaderMap::from_iter([("x".parse().unwrap(), http::HeaderValue::from_static(""))]);
        assert_eq!(auth.check("r", &headers, ""), Err(Denied::NoKey));
        assert_eq!(auth.check("open", &headers, ""), Ok(None));
    }
}
