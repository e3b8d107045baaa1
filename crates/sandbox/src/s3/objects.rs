//! Buckets and objects in memory, with MinIO's rules for conditional writes, and a file that mirrors them.
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use time::OffsetDateTime;

/// One stored object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub body: Bytes,
    /// MD5 of the body in hex, without quotes: identical bytes have identical tags, as in MinIO.
    pub etag: String,
    pub content_type: String,
    /// `x-amz-meta-…`, without the prefix.
    pub metadata: BTreeMap<String, String>,
    pub modified: OffsetDateTime,
}

impl Object {
    /// An object of these bytes, made now.
    pub fn new(body: impl Into<Bytes>, content_type: impl Into<String>) -> Self {
        let body = body.into();
        let etag = Md5::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            body,
            etag,
            content_type: content_type.into(),
            metadata: BTreeMap::new(),
            modified: OffsetDateTime::now_utc(),
        }
    }
}

/// What must hold for a write to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// `If-Match`: the current tag, or any (`*`). A missing object is an error of its own.
    pub matches: Option<Tag>,
    /// `If-None-Match`.
    pub none_match: Option<Tag>,
}

/// A tag as a condition names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    Any,
    Exactly(String),
}

impl Tag {
    fn fits(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(tag) => tag == etag,
        }
    }
}

/// Why an object was not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    #[error("The specified key does not exist.")]
    NoSuchKey,
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub objects: Vec<(String, Object)>,
    pub prefixes: Vec<String>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<String>,
}

/// What to list; all that there is, where nothing else is said.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// Only what sorts behind this.
    pub after: Option<&'a str>,
    pub max: usize,
}

impl Default for Listing<'_> {
    fn default() -> Self {
        Self { prefix: "", delimiter: None, after: None, max: usize::MAX }
    }
}

type Buckets = BTreeMap<String, BTreeMap<String, Object>>;

/// All buckets. Every method is one atomic step.
pub struct Objects {
    buckets: Mutex<Buckets>,
    file: Option<PathBuf>,
}

impl Objects {
    /// Reads what an earlier run left in `file`, if there is one; every later change is written to it.
    pub fn open(file: Option<PathBuf>) -> io::Result<Self> {
        let buckets = match &file {
            Some(path) if path.exists() => thaw(path)?,
            _ => Buckets::new(),
        };
        Ok(Self { buckets: Mutex::new(buckets), file })
    }

    /// Other buckets with the same objects, in memory only, which go their own way from here on.
    pub fn fork(&self) -> Self {
        Self { buckets: Mutex::new(self.lock().clone()), file: None }
    }

    /// Makes a bucket. False: it was there.
    pub fn create_bucket(&self, bucket: &str) -> bool {
        let mut buckets = self.lock();
        let new = !buckets.contains_key(bucket);
        buckets.entry(bucket.to_owned()).or_default();
        self.save(&buckets);
        new
    }

    /// The names of all buckets.
    pub fn buckets(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// One object, whole.
    pub fn get(&self, bucket: &str, key: &str) -> Result<Object, ObjectError> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or(ObjectError::NoSuchBucket)?;
        objects.get(key).cloned().ok_or(ObjectError::NoSuchKey)
    }

    /// Stores `object` if `condition` holds, as MinIO decides it: of many writers with the same `If-Match` one wins, a
    /// stale tag fails, `If-Match` on a missing object is `NoSuchKey`.
    pub fn put(
        &self,
        bucket: &str,
        key: &str,
        object: Object,
        condition: &Condition,
    ) -> Result<(), ObjectError> {
        let mut buckets = self.lock();
        let objects = buckets.get_mut(bucket).ok_or(ObjectError::NoSuchBucket)?;
        let current = objects.get(key).map(|object| object.etag.as_str());
        if let Some(tag) = &condition.matches {
            match current {
                None => return Err(ObjectError::NoSuchKey),
                Some(etag) if !tag.fits(etag) => return Err(ObjectError::PreconditionFailed),
                Some(_) => {}
            }
        }
        if let (Some(tag), Some(etag)) = (&condition.none_match, current)
            && tag.fits(etag)
        {
            return Err(ObjectError::PreconditionFailed);
        }
        objects.insert(key.to_owned(), object);
        self.save(&buckets);
        Ok(())
    }

    /// Removes an object; a missing one is no error, as in S3.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectError> {
        let mut buckets = self.lock();
        buckets.get_mut(bucket).ok_or(ObjectError::NoSuchBucket)?.remove(key);
        self.save(&buckets);
        Ok(())
    }

    /// One page in key order; keys that share the part up to the delimiter count as one prefix.
    pub fn list(&self, bucket: &str, listing: &Listing<'_>) -> Result<Page, ObjectError> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or(ObjectError::NoSuchBucket)?;
        let mut page = Page::default();
        if listing.max == 0 {
            return Ok(page);
        }
        let mut last = String::new();
        let from = listing.after.unwrap_or_default().max(listing.prefix).to_owned();
        for (key, object) in objects.range(from..).take_while(|(key, _)| key.starts_with(listing.prefix)) {
            let folder = listing.delimiter.filter(|d| !d.is_empty()).and_then(|delimiter| {
                let end =
                    key[listing.prefix.len()..].find(delimiter)? + listing.prefix.len() + delimiter.len();
                Some(&key[..end])
            });
            let name = folder.unwrap_or(key);
            if listing.after.is_some_and(|after| name <= after)
                || page.prefixes.last().is_some_and(|p| p == name)
            {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == listing.max {
                page.next = Some(last);
                break;
            }
            name.clone_into(&mut last);
            match folder {
                Some(folder) => page.prefixes.push(folder.to_owned()),
                None => page.objects.push((key.clone(), object.clone())),
            }
        }
        Ok(page)
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, buckets: &Buckets) {
        if let Some(file) = &self.file
            && let Err(error) = freeze(buckets, file)
        {
            tracing::error!(%error, file = %file.display(), "the sandbox could not save its bucket");
        }
    }
}

/// An object as the file has it.
#[derive(Serialize, Deserialize)]
struct Frozen {
    body: String,
    content_type: String,
    metadata: BTreeMap<String, String>,
    /// Unix seconds.
    modified: i64,
}

fn freeze(buckets: &Buckets, file: &Path) -> io::Result<()> {
    let frozen = |object: &Object| Frozen {
        body: STANDARD.encode(&object.body),
        content_type: object.content_type.clone(),
        metadata: object.metadata.clone(),
        modified: object.modified.unix_timestamp(),
    };
    let buckets: BTreeMap<&String, BTreeMap<&String, Frozen>> = buckets
        .iter()
        .map(|(name, objects)| (name, objects.iter().map(|(k, o)| (k, frozen(o))).collect()))
        .collect();
    crate::files::replace(file, &serde_json::to_vec(&buckets)?)
}

fn thaw(file: &Path) -> io::Result<Buckets> {
    let frozen: BTreeMap<String, BTreeMap<String, Frozen>> = serde_json::from_slice(&fs::read(file)?)?;
    let object = |frozen: Frozen| -> io::Result<Object> {
        let body = STANDARD.decode(frozen.body).map_err(io::Error::other)?;
        let modified = OffsetDateTime::from_unix_timestamp(frozen.modified).map_err(io::Error::other)?;
        Ok(Object { metadata: frozen.metadata, modified, ..Object::new(body, frozen.content_type) })
    };
    let objects = |frozen: BTreeMap<String, Frozen>| -> io::Result<BTreeMap<String, Object>> {
        frozen.into_iter().map(|(key, frozen)| Ok((key, object(frozen)?))).collect()
    };
    frozen.into_iter().map(|(name, frozen)| Ok((name, objects(frozen)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket_of(keys: &[String]) -> Objects {
        let objects = Objects::open(None).unwrap();
        objects.create_bucket("b");
        for key in keys {
            objects.put("b", key, Object::new("x", "text/plain"), &Condition::default()).unwrap();
        }
        objects
    }

    proptest! {
        #[test]
        fn pages_of_any_size_list_each_name_once(
            keys in proptest::collection::btree_set("[ab/]{1,5}", 0..20),
            max in 1_usize..5,
            folders in any::<bool>(),
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let objects = bucket_of(&keys);
            let delimiter = folders.then_some("/");
            let whole = objects.list("b", &Listing { delimiter, max: 1000, ..Listing::default() }).unwrap();
            let (mut names, mut after) = (Vec::new(), None::<String>);
            loop {
                let listing = Listing { delimiter, after: after.as_deref(), max, ..Listing::default() };
                let page = objects.list("b", &listing).unwrap();
                prop_assert!(page.objects.len() + page.prefixes.len() <= max);
                names.extend(page.objects.into_iter().map(|(key, _)| key).chain(page.prefixes));
                after = page.next;
                if after.is_none() { break }
            }
            names.sort();
            let mut wanted: Vec<String> = whole.objects.into_iter().map(|(key, _)| key).chain(whole.prefixes).collect();
            wanted.sort();
            prop_assert_eq!(&names, &wanted);
            if !folders { prop_assert_eq!(names, keys) }
        }

        #[test]
        fn a_file_gives_back_every_object(body in proptest::collection::vec(any::<u8>(), 0..64), key in "[a-z/ ]{1,9}") {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("bucket.json");
            let objects = Objects::open(Some(file.clone())).unwrap();
            objects.create_bucket("b");
            objects.put("b", &key, Object::new(body.clone(), "application/json"), &Condition::default()).unwrap();
            let again = Objects::open(Some(file)).unwrap().get("b", &key).unwrap();
            prop_assert_eq!(again.body.to_vec(), body);
            prop_assert_eq!(again.etag, objects.get("b", &key).unwrap().etag);
        }
    }
}
