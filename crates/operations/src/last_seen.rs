//! What was last seen of each provider. Kept in memory: after a restart nothing is known.
use domain::ProviderName;
use higress::ProviderDoc;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The last of its kind of each provider.
pub struct LastSeen<T>(Mutex<BTreeMap<ProviderName, Kept<T>>>);

/// What was seen, and the provider as it was then.
struct Kept<T> {
    provider: String,
    seen: T,
}

impl<T> Default for LastSeen<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> LastSeen<T> {
    /// Keeps what was seen of this provider instead of what was before.
    pub fn keep(&self, provider: &ProviderDoc, seen: T) {
        let kept = Kept { provider: provider.content_hash(), seen };
        self.kept().insert(provider.name().clone(), kept);
    }

    /// What was last seen of this provider. None also when the provider, its keys included, is not as it was then: it may
    /// be another host by now.
    pub fn of(&self, provider: &ProviderDoc) -> Option<T> {
        let all = self.kept();
        let kept = all.get(provider.name()).filter(|kept| kept.provider == provider.content_hash())?;
        Some(kept.seen.clone())
    }

    /// Forgets the providers that are not among these or not as they were seen, whoever changed them.
    pub fn forget_others(&self, providers: &[ProviderDoc]) {
        let mut all = self.kept();
        if all.is_empty() {
            return;
        }
        let as_now = |name: &ProviderName, kept: &Kept<T>| {
            let now = providers.iter().find(|provider| provider.name() == name);
            now.is_some_and(|provider| provider.content_hash() == kept.provider)
        };
        all.retain(|name, kept| as_now(name, kept));
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<ProviderName, Kept<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{LastTest, ProviderTest, Timestamp};
    use serde_json::json;

    fn provider(name: &str, token: &str) -> ProviderDoc {
        ProviderDoc::parse(json!({"name": name, "type": "qwen", "tokens": [token], "rawConfigs": {}}))
            .unwrap()
    }

    fn test(at: &str) -> LastTest {
        let test = ProviderTest { success: true, models: Some(2), latency_ms: 7, legs: vec![] };
        LastTest { at: Timestamp::from_rfc3339(at.to_owned()), test }
    }

    #[test]
    fn a_test_is_of_a_provider_as_it_was_then() {
        let tests = LastSeen::default();
        let tested = provider("qwen", "one");
        tests.keep(&tested, test("2026-01-01T00:00:00Z"));
        tests.keep(&tested, test("2026-01-02T00:00:00Z"));
        assert_eq!(tests.of(&tested), Some(test("2026-01-02T00:00:00Z")));
        assert_eq!(tests.of(&provider("qwen", "two")), None, "it has another key");
        assert_eq!(tests.of(&provider("other", "one")), None);
    }

    #[test]
    fn what_was_changed_or_removed_is_forgotten_for_good() {
        let tests = LastSeen::default();
        let (kept, changed, removed) = (provider("a", "1"), provider("b", "1"), provider("c", "1"));
        for tested in [&kept, &changed, &removed] {
            tests.keep(tested, test("2026-01-01T00:00:00Z"));
        }
        tests.forget_others(&[provider("b", "2"), kept.clone()]);
        tests.forget_others(&[changed.clone(), kept.clone(), removed.clone()]);
        let known: Vec<_> = [kept, changed, removed].map(|p| tests.of(&p).is_some()).into();
        assert_eq!(known, [true, false, false]);
    }
}
