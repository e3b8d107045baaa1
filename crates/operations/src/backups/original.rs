//! The backup of the plugin that was here before this server: it lay in a browser, in clear. Sealed, it is a backup as any
//! other.
use super::content::{Content, Documents};
use crate::Operations;
use domain::{
    BackedUp, Backup, BackupName, BackupReason, ConsumerName, Declared, DeclaredAssignments, Failure,
    ProviderName, SealedOriginal, Warning, WarningCode,
    rules::{RouteView, declared_route, redacted},
};
use higress::{ProviderDoc, RouteDoc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// What the plugin wrote: `timestamp`, when, by the clock of the browser; `providers`, `routes` and `consumers`, each as the
/// console answered it, or the list alone. `Debug` shows none of it: it holds keys.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Original(pub Map<String, Value>);

impl Original {
    fn member(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// What is in one of its lists. None: there is no such list.
    fn list(&self, name: &str) -> Option<&Vec<Value>> {
        let member = self.member(name);
        member["data"].as_array().or_else(|| member.as_array())
    }

    /// How many keys it holds: of providers, those in settings included, and of consumers.
    pub fn keys(&self) -> usize {
        let of = |list: &str, keys: fn(&Value) -> usize| {
            self.list(list).into_iter().flatten().map(keys).sum::<usize>()
        };
        of("providers", keys_of_provider) + of("consumers", keys_of_consumer)
    }
}

fn keys_of_provider(json: &Value) -> usize {
    match ProviderDoc::parse(json.clone()) {
        Ok(doc) => doc.credential_fingerprints().len(),
        Err(_) => json["tokens"].as_array().map_or(0, Vec::len) + secret_settings(json),
    }
}

/// How many settings of a provider would not be shown.
fn secret_settings(json: &Value) -> usize {
    let settings = json["rawConfigs"].as_object().into_iter().flatten();
    let is_secret = |(key, value): &(&String, &Value)| {
        let alone = Value::Object(Map::from_iter([((*key).clone(), (*value).clone())]));
        redacted(&alone) != alone
    };
    settings.filter(is_secret).count()
}

fn keys_of_consumer(json: &Value) -> usize {
    let credentials = json["credentials"].as_array().into_iter().flatten();
    credentials.map(|one| one["values"].as_array().map_or(1, Vec::len)).sum()
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Original")
    }
}

impl Operations {
    /// Seals the clear-text backup of the plugin that was there before, to the last word, and keeps it, pinned. One that was
    /// sealed already is the answer, where it still opens. What cannot be read of it is sealed all the same, but does not
    /// come back by a restore, and the backup says so.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when no provider can be read from it.
    pub async fn seal_original(&self, original: Original, actor: &str) -> Result<SealedOriginal, Failure> {
        let (content, providers) = content_of(&original)?;
        let (name, hash, consumers) = (name_of(&original), content.hash()?, with_keys(&original));
        let is_it = |known: &Backup| known.hash == hash && !known.is_own();
        for backup in self.shelf().await?.list().await.into_iter().filter(is_it) {
            if self.open_backup(&backup.id).await.is_ok() {
                return Ok(SealedOriginal { backup, new: false, providers, consumers });
            }
        }
        let BackedUp { backup, new } =
            self.keep(Arc::new(content), actor, BackupReason::Imported, name).await?;
        Ok(SealedOriginal { backup, new, providers, consumers })
    }
}

/// What it holds as a backup, and the providers whose keys it has.
fn content_of(original: &Original) -> Result<(Content, Vec<ProviderName>), Failure> {
    let mut left_out = vec![left_out("the agents", "the former plugin kept no models of them")];
    let providers = read(original, "provider", &mut left_out, |json| {
        ProviderDoc::parse(json).ok().map(|doc| (doc.name().to_string(), doc))
    });
    let Some(providers) = providers.filter(|providers| !providers.is_empty()) else {
        let message = "no provider can be read from it: it is no backup of the former plugin";
        return Err(Failure::field("providers", message));
    };
    let routes = read(original, "route", &mut left_out, |json| {
        let view = RouteView::from_console_json(&json).ok()?;
        RouteDoc::parse(json).ok().map(|doc| (doc.name().to_string(), (doc, view)))
    });
    let routes = routes.unwrap_or_default();
    let consumers = read(original, "consumer", &mut left_out, |json| {
        json["name"].as_str()?.parse::<ConsumerName>().ok().map(|name| (name.to_string(), name))
    });
    let file = Declared {
        version: Declared::VERSION,
        providers: providers.iter().map(ProviderDoc::declared).collect(),
        routes: routes.iter().map(|(_, view)| declared_route(view)).collect(),
        assignments: DeclaredAssignments::default(),
    };
    let documents = Documents {
        providers: providers.iter().map(|doc| doc.json().clone()).collect(),
        routes: routes.into_iter().map(|(doc, _)| doc.into_json()).collect(),
        consumers: consumers.unwrap_or_default(),
        ..Documents::default()
    };
    let has_key = |doc: &&ProviderDoc| {
        let tokens = doc.tokens();
        let in_settings = doc.credential_fingerprints().len() > tokens.len();
        in_settings || tokens.iter().any(|token| !token.expose_secret().is_empty())
    };
    let with_keys = providers.iter().filter(has_key).map(|doc| doc.name().clone()).collect();
    let former = Some(original.clone());
    Ok((Content { file, left_out, originals: Some(documents), former }, with_keys))
}

/// The consumers whose keys it has.
fn with_keys(original: &Original) -> Vec<ConsumerName> {
    let consumers = original.list("consumers").into_iter().flatten();
    let named = consumers.filter(|one| keys_of_consumer(one) > 0).filter_map(|one| one["name"].as_str());
    named.filter_map(|name| name.parse().ok()).collect()
}

/// The members of a list that can be read, each name once; the others are left out. None: there is no list.
fn read<T>(
    original: &Original,
    what: &str,
    left: &mut Vec<Warning>,
    parse: impl Fn(Value) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    let list = original.list(&format!("{what}s"))?;
    let (mut names, mut read) = (BTreeSet::new(), Vec::new());
    for (place, member) in list.iter().enumerate() {
        match parse(member.clone()) {
            Some((name, member)) if names.insert(name.clone()) => read.push(member),
            Some(_) => left.push(left_out(&format!("{what} {}", place + 1), "it is named twice")),
            None => left.push(left_out(&format!("{what} {}", place + 1), "it cannot be understood")),
        }
    }
    Some(read)
}

fn left_out(what: &str, why: &str) -> Warning {
    Warning::new(WarningCode::LeftOut, format!("{what}: {why}")).about([what])
}

/// Under which it is found again: when the plugin took it. A time that is none makes no name.
fn name_of(original: &Original) -> Option<BackupName> {
    let taken = original.member("timestamp").as_str()?.get(..16)?;
    format!("former plugin, {}", taken.replace('T', " ")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn original(providers: Value) -> Original {
        let routes =
            json!([{"name": "default-ai-route", "upstreams": [{"provider": "qwen", "weight": 100}]}, 7]);
        let consumers = json!({"data": [{"name": "manager", "credentials": [{"values": ["canary-c"]}]}]});
        let whole = json!({"timestamp": "2025-11-02T08:00:00.123Z", "providers": providers, "routes": routes,
            "consumers": consumers, "note": "the plugin's own"});
        serde_json::from_value(whole).unwrap()
    }

    fn qwen() -> Value {
        json!({"name": "qwen", "type": "qwen", "tokens": ["sk-canary"]})
    }

    #[test]
    fn what_the_plugin_wrote_becomes_a_backup_with_its_keys() {
        let lab = json!({"name": "lab", "type": "openai", "tokens": []});
        for providers in [json!([qwen(), lab]), json!({"data": [qwen(), lab], "total": 2})] {
            let original = original(providers);
            let (content, with_keys) = content_of(&original).unwrap();
            assert_eq!(with_keys, ["qwen".parse().unwrap()]);
            assert_eq!((content.file.providers.len(), content.file.routes.len()), (2, 1));
            assert!(content.file.errors().is_empty());
            let documents = content.originals.as_ref().unwrap();
            assert_eq!(documents.providers[0], qwen());
            assert_eq!(documents.consumers, ["manager".parse().unwrap()]);
            let told: Vec<_> = content.left_out.iter().map(|one| one.message.as_str()).collect();
            assert_eq!(
                told,
                ["the agents: the former plugin kept no models of them", "route 2: it cannot be understood"]
            );
            let shown = format!("{original:?} {content:?} {}", serde_json::to_string(&content.file).unwrap());
            assert!(!shown.contains("canary"), "{shown}");
            assert_eq!(name_of(&original).unwrap().as_str(), "former plugin, 2025-11-02 08:00");
        }
    }

    /// Whoever deletes the clear text loses nothing.
    #[test]
    fn all_of_it_is_sealed_and_all_its_keys_are_counted() {
        let bedrock = json!({"name": "aws", "type": "bedrock", "rawConfigs": {"awsAccessKey": "canary-a", "awsSecretKey": "canary-s"}});
        let open = json!({"name": "lab", "type": "openai", "tokens": []});
        let original = original(
            json!([qwen(), bedrock, open, {"name": "a/b", "tokens": ["sk-canary-odd"], "rawConfigs": {"vertexAuthKey": "canary-v"}}]),
        );
        let (content, providers) = content_of(&original).unwrap();
        assert_eq!(providers, ["qwen".parse().unwrap(), "aws".parse().unwrap()]);
        assert_eq!(with_keys(&original), ["manager".parse().unwrap()]);
        assert_eq!(
            content.keys().unwrap(),
            6,
            "qwen 1, aws 2, the one that cannot be read 2, the consumer 1"
        );
        let sealed: Content = serde_json::from_slice(&serde_json::to_vec(&content).unwrap()).unwrap();
        assert!(
            sealed.former.as_ref() == Some(&original)
                && sealed.former.unwrap().0["note"] == "the plugin's own"
        );
        let mut other = original.clone();
        other.0["consumers"]["data"][0]["credentials"][0]["values"][0] = "canary-other".into();
        assert_ne!(content_of(&other).unwrap().0.hash().unwrap(), content.hash().unwrap());
    }

    #[test]
    fn nonsense_is_refused_and_parts_of_it_are_left_out() {
        for nonsense in
            [json!(null), json!([]), json!("x"), json!({"data": [1, {"name": "a/b"}]}), json!([[]])]
        {
            let failure = content_of(&original(nonsense.clone())).unwrap_err();
            assert_eq!(failure.fields[0].field, "providers", "{nonsense}");
        }
        let (content, _) = content_of(&original(json!([qwen(), qwen(), {"name": 1}]))).unwrap();
        assert_eq!((content.file.providers.len(), content.left_out.len()), (1, 4));
        for odd in [json!(null), json!(""), json!("2025-11-02T08:00\n"), json!("é".repeat(20))] {
            let mut other = original(json!([]));
            other.0.insert("timestamp".into(), odd);
            let name = name_of(&other);
            assert!(name.is_none_or(|name| !name.as_str().contains('\n')));
        }
    }
}
