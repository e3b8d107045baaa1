//! Which models providers listed when they were asked last, whatever for. Kept in memory: asking costs a call to somebody
//! else, and is not done for a check alone.
use domain::{ProviderName, Timestamp};
use higress::ProviderDoc;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The last list of each provider.
#[derive(Default)]
pub struct Lists(Mutex<BTreeMap<ProviderName, Kept>>);

/// A list, and the provider as it was then.
struct Kept {
    provider: String,
    list: LastList,
}

/// What a provider listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastList {
    pub at: Timestamp,
    /// The models' ids.
    pub models: BTreeSet<String>,
}

impl Lists {
    /// Keeps a list of this provider instead of the one before.
    pub fn keep(&self, provider: &ProviderDoc, list: LastList) {
        self.kept().insert(provider.name().clone(), Kept { provider: provider.content_hash(), list });
    }

    /// The last list of this provider. None also when it is not as it was asked: it may be another host by now.
    pub fn of(&self, provider: &ProviderDoc) -> Option<LastList> {
        let kept = self.kept();
        let kept = kept.get(provider.name()).filter(|kept| kept.provider == provider.content_hash())?;
        Some(kept.list.clone())
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<ProviderName, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_of_a_provider_as_it_was_then() {
        let provider = |key: &str| {
            let json = json!({"name": "a", "type": "deepseek", "tokens": [key], "rawConfigs": {}});
            ProviderDoc::parse(json).unwrap()
        };
        let lists = Lists::default();
        assert_eq!(lists.of(&provider("one")), None);
        let at = Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into());
        let list = LastList { at, models: ["m".to_owned()].into() };
        lists.keep(&provider("one"), list.clone());
        assert_eq!(lists.of(&provider("one")), Some(list));
        assert_eq!(lists.of(&provider("two")), None);
    }
}
