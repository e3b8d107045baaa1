//! The backup of the plugin that was here before this server: it lay in a browser, in clear. Sealed, it is a backup as any
//! other.
use super::content::{Content, Documents};
use crate::Operations;
use domain::{
    BackupName, BackupReason, ConsumerName, Declared, DeclaredAssignments, Failure, ProviderName,
    SealedOriginal, Warning, WarningCode,
    rules::{RouteView, declared_route},
};
use higress::{ProviderDoc, RouteDoc};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{collections::BTreeSet, fmt, sync::Arc};

/// What the plugin wrote: each list as the console answered it, or the list alone. `Debug` shows none of it: it holds keys.
#[derive(Clone, Default)]
pub struct Original {
    /// When, by the clock of the browser.
    pub timestamp: Option<String>,
    pub providers: Value,
    pub routes: Value,
    pub consumers: Value,
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Original")
    }
}

impl Operations {
    /// Seals the clear-text backup of the plugin that was there before, and keeps it. One that was sealed already is the
    /// answer. What cannot be read of it is left out, and the backup says so.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when no provider can be read from it.
    pub async fn seal_original(&self, original: Original, actor: &str) -> Result<SealedOriginal, Failure> {
        let (content, providers) = content_of(&original)?;
        let (name, hash) = (name_of(&original), content.hash()?);
        let is_it = |known: &domain::Backup| known.hash == hash && known.reason == BackupReason::Imported;
        if let Some(backup) = self.shelf().await?.list().await.into_iter().find(is_it) {
            return Ok(SealedOriginal { backup, new: false, providers });
        }
        let done = self.keep(Arc::new(content), actor, BackupReason::Imported, name).await?;
        Ok(SealedOriginal { backup: done.backup, new: done.new, providers })
    }
}

/// What it holds as a backup, and the providers whose keys it has.
fn content_of(original: &Original) -> Result<(Content, Vec<ProviderName>), Failure> {
    let mut left_out = vec![left_out("the agents", "the former plugin kept no models of them")];
    let providers = read(&original.providers, "provider", &mut left_out, |json| {
        ProviderDoc::parse(json).ok().map(|doc| (doc.name().to_string(), doc))
    });
    let Some(providers) = providers.filter(|providers| !providers.is_empty()) else {
        let message = "no provider can be read from it: it is no backup of the former plugin";
        return Err(Failure::field("providers", message));
    };
    let routes = read(&original.routes, "route", &mut left_out, |json| {
        let view = RouteView::from_console_json(&json).ok()?;
        RouteDoc::parse(json).ok().map(|doc| (doc.name().to_string(), (doc, view)))
    });
    let routes = routes.unwrap_or_default();
    let consumers = read(&original.consumers, "consumer", &mut left_out, |json| {
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
    let has_key = |doc: &&ProviderDoc| doc.tokens().iter().any(|token| !token.expose_secret().is_empty());
    let with_keys = providers.iter().filter(has_key).map(|doc| doc.name().clone()).collect();
    Ok((Content { file, left_out, originals: Some(documents) }, with_keys))
}

/// The members of a list that can be read, each name once; the others are left out. None: there is no list.
fn read<T>(
    json: &Value,
    what: &str,
    left: &mut Vec<Warning>,
    parse: impl Fn(Value) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    let list = json["data"].as_array().or_else(|| json.as_array())?;
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
    let taken = original.timestamp.as_deref().and_then(|time| time.get(..16))?;
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
        Original { timestamp: Some("2025-11-02T08:00:00.123Z".into()), providers, routes, consumers }
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
        for odd in [None, Some(String::new()), Some("2025-11-02T08:00\n".into()), Some("é".repeat(20))] {
            let name = name_of(&Original { timestamp: odd, ..original(json!([])) });
            assert!(name.is_none_or(|name| !name.as_str().contains('\n')));
        }
    }
}
