//! Which models providers listed when they were asked last, whatever for. Kept in memory: asking costs a call to somebody
//! else, and is not done for a check alone.
use crate::last_seen::LastSeen;
use domain::Timestamp;
use std::collections::BTreeSet;

/// The last list of each provider.
pub type Lists = LastSeen<LastList>;

/// What a provider listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastList {
    pub at: Timestamp,
    /// The models' ids.
    pub models: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use higress::ProviderDoc;
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
