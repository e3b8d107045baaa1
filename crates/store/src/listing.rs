//! Which of the agents' objects there are, and in which versions, without reading them.
use crate::{ETag, ObjectKey, Store, StoreError, s3::no_version};
use std::collections::BTreeMap;

/// So many pages of 1,000 are asked for at most. HiClaw mirrors whole workspaces here: behind some thousand objects of no
/// interest it is cheaper to read those that are.
const PAGES: usize = 8;

/// One look at the folder of all agents. Only the objects that an [`ObjectKey`] names are kept.
#[derive(Clone, Debug)]
pub struct Listing(Result<Versions, StoreError>);

#[derive(Clone, Debug, Default)]
struct Versions {
    by_key: BTreeMap<ObjectKey, ETag>,
    /// The last key that was listed; none: there are no others behind it.
    to: Option<String>,
}

/// What a listing says of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed<'a> {
    Version(&'a ETag),
    Absent,
    /// The listing does not reach so far, or the store does not let us list.
    Unknown,
    /// The store did not answer.
    Failed(&'a StoreError),
}

impl Listing {
    /// What it says of this object.
    pub fn of(&self, key: &ObjectKey) -> Listed<'_> {
        match &self.0 {
            Ok(versions) => versions.of(key),
            Err(error @ StoreError::Unavailable { .. }) => Listed::Failed(error),
            Err(_) => Listed::Unknown,
        }
    }
}

impl Versions {
    fn of(&self, key: &ObjectKey) -> Listed<'_> {
        match (self.by_key.get(key), &self.to) {
            (Some(etag), _) => Listed::Version(etag),
            (None, Some(last)) if key.as_str() > last.as_str() => Listed::Unknown,
            (None, _) => Listed::Absent,
        }
    }
}

impl Store {
    /// Lists the agents' objects: one call for each 1,000 objects in their folder, at most eight.
    pub async fn list_agents(&self) -> Listing {
        let versions = self.versions().await;
        if let Err(error) = &versions {
            tracing::debug!(%error, "the agents' objects cannot be listed");
        }
        Listing(versions)
    }

    async fn versions(&self) -> Result<Versions, StoreError> {
        let (mut versions, mut token) = (Versions::default(), None);
        for _ in 0..PAGES {
            let page = self.page(ObjectKey::AGENTS, token).await?;
            for object in page.contents() {
                if let Some(key) = object.key().and_then(ObjectKey::of_agent) {
                    let etag = object.e_tag().ok_or_else(no_version)?;
                    versions.by_key.insert(key, ETag::new(etag.to_owned()));
                }
            }
            let last = page.contents().last().and_then(|object| object.key()).unwrap_or_default();
            versions.to = page.is_truncated().unwrap_or_default().then(|| last.to_owned());
            token = page.next_continuation_token;
            if versions.to.is_none() || token.is_none() {
                break;
            }
        }
        Ok(versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(worker: &str) -> ObjectKey {
        ObjectKey::of_agent(&format!("agents/{worker}/openclaw.json")).unwrap()
    }

    #[test]
    fn what_was_not_listed_is_absent_only_where_the_listing_reaches() {
        let etag = ETag::new("\"1\"".into());
        let by_key = BTreeMap::from([(key("bob"), etag.clone())]);
        let whole = Versions { by_key, to: None };
        let cut = Versions { to: Some("agents/bob/skills/x".into()), ..whole.clone() };
        for versions in [&whole, &cut] {
            assert_eq!(versions.of(&key("alice")), Listed::Absent);
            assert_eq!(versions.of(&key("bob")), Listed::Version(&etag));
        }
        assert_eq!(whole.of(&key("carol")), Listed::Absent);
        assert_eq!(cut.of(&key("carol")), Listed::Unknown);
    }

    #[test]
    fn a_store_that_does_not_answer_is_not_asked_again_for_each_object() {
        let down = StoreError::Unavailable { message: "no connection".into(), timeout: None };
        assert_eq!(Listing(Err(down.clone())).of(&key("alice")), Listed::Failed(&down));
        assert_eq!(Listing(Err(StoreError::AccessDenied)).of(&key("alice")), Listed::Unknown);
    }

    #[test]
    fn only_the_configs_and_records_of_agents_are_kept() {
        assert!(ObjectKey::of_agent("agents/alice/model.json").is_some());
        assert!(ObjectKey::of_agent("agents/bob/runtime/runtime.yaml").is_some());
        for other in [
            "agents/openclaw.json",
            "agents/alice/credentials/matrix/password",
            "agents/a/b/model.json",
            "shared/x/model.json",
        ] {
            assert_eq!(ObjectKey::of_agent(other), None, "{other}");
        }
    }
}
