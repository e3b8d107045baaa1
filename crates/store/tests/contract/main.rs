//! What every store has to do for us: the sandbox's, and a real MinIO where `AGM_TEST_MINIO` names its program.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod faults;
mod minio;
mod wire;

use bytes::Bytes;
use domain::{OperationId, Target};
use sandbox::s3::{Keys, Objects, S3};
use std::time::Duration;
use store::{ETag, Listed, Object, ObjectKey, Params, Store, StoreError};

const BUCKET: &str = "hiclaw-storage";

/// A store over a sandbox of its own.
async fn sandbox() -> (S3, Store) {
    let objects = Objects::open(None).unwrap();
    objects.create_bucket(BUCKET);
    let keys = Keys { access: "agm-test".into(), secret: "agm-test-secret".into() };
    let server = S3::start(None, keys.clone(), objects).await.unwrap();
    let store = connect(&params(&server.endpoint(), &keys));
    (server, store)
}

fn connect(params: &Params) -> Store {
    Store::new(params, higress::http_client(Duration::from_secs(5)).unwrap())
}

fn params(endpoint: &str, keys: &Keys) -> Params {
    Params {
        endpoint: endpoint.parse().unwrap(),
        access_key: keys.access.clone(),
        secret_key: keys.secret.as_str().into(),
        bucket: BUCKET.into(),
        call_timeout: Duration::from_secs(20),
    }
}

fn config_of(worker: &str) -> ObjectKey {
    ObjectKey::config(&format!("worker:{worker}").parse::<Target>().unwrap())
}

fn id() -> OperationId {
    "01JD0000000000000000000000".parse().unwrap()
}

/// The object as it is, which has to be there.
async fn present(store: &Store, key: &ObjectKey) -> Object {
    store.get(key).await.unwrap().expect("the object is there")
}

#[tokio::test]
async fn the_sandbox_keeps_the_contract() {
    let (_server, store) = sandbox().await;
    contract(&store).await;
}

#[tokio::test]
async fn a_listing_of_many_pages_reaches_far_and_says_where_it_ends() {
    let (server, store) = sandbox().await;
    let put = |key: String| {
        let object = sandbox::s3::Object::new("{}", "application/json");
        server.objects().put(BUCKET, &key, object, &Default::default()).unwrap();
    };
    (0..7998).for_each(|number| put(format!("agents/m/skills/{number:04}")));
    ["a", "n", "o", "z"].iter().for_each(|worker| put(format!("agents/{worker}/openclaw.json")));
    let listing = store.list_agents().await;
    for (worker, listed) in [("a", true), ("n", true), ("o", false), ("z", false)] {
        let said = listing.of(&config_of(worker));
        assert_eq!(matches!(said, Listed::Version(_)), listed, "{worker}: {said:?}");
        assert_eq!(said == Listed::Unknown, !listed, "{worker}: {said:?}");
    }
}

#[tokio::test]
async fn a_real_minio_keeps_the_contract() {
    let Some(minio) = minio::start().await else {
        println!("SKIPPED: the store's contract was not tried on a real MinIO, AGM_TEST_MINIO names none");
        return;
    };
    contract(&connect(&params(&minio.endpoint, &minio.keys))).await;
}

async fn contract(store: &Store) {
    absent_objects(store).await;
    create_read_replace(store).await;
    equal_bytes_have_equal_versions(store).await;
    a_listing_shows_versions(store).await;
    a_delete_looks_first(store).await;
    one_of_sixteen_writers_wins(store).await;
    one_of_sixteen_creators_wins(store).await;
    store.ping().await.unwrap();
    store.probe(&id()).await.unwrap();
    assert_eq!(
        store.get(&ObjectKey::scratch(&id())).await.unwrap(),
        None,
        "the probe left its object behind"
    );
    what_killed_probes_left_goes(store).await;
}

async fn what_killed_probes_left_goes(store: &Store) {
    let later: OperationId = "01JD0000000000000000000001".parse().unwrap();
    let [old, young] = [id(), later].map(|id| (ObjectKey::scratch(&id), id));
    for (key, _) in [&old, &young] {
        store.put_if_absent(key, Bytes::from("{}")).await.unwrap();
    }
    store.sweep(&young.1).await.unwrap();
    assert_eq!(store.get(&old.0).await.unwrap(), None, "{}", old.1);
    present(store, &young.0).await;
}

async fn absent_objects(store: &Store) {
    let key = config_of("absent");
    assert_eq!(store.get(&key).await.unwrap(), None);
    let version = store.put_if_absent(&config_of("other"), Bytes::from("{}")).await.unwrap();
    assert_eq!(store.put_if_match(&key, Bytes::from("{}"), &version).await, Err(StoreError::NotFound));
    assert_eq!(store.delete(&key, &version).await, Err(StoreError::NotFound));
}

async fn create_read_replace(store: &Store) {
    let key = config_of("replaced");
    let first = store.put_if_absent(&key, Bytes::from("{\"n\":1}")).await.unwrap();
    let again = store.put_if_absent(&key, Bytes::from("{\"n\":0}")).await;
    assert_eq!(again, Err(StoreError::PreconditionFailed));
    assert_eq!(present(store, &key).await, Object { bytes: Bytes::from("{\"n\":1}"), etag: first.clone() });
    let second = store.put_if_match(&key, Bytes::from("{\"n\":2}"), &first).await.unwrap();
    let stale = store.put_if_match(&key, Bytes::from("{\"n\":3}"), &first).await;
    assert_eq!(stale, Err(StoreError::PreconditionFailed));
    assert_eq!(present(store, &key).await, Object { bytes: Bytes::from("{\"n\":2}"), etag: second });
}

/// Why a write needs a nonce: content that comes back brings its version back.
async fn equal_bytes_have_equal_versions(store: &Store) {
    let key = config_of("equal");
    let first = store.put_if_absent(&key, Bytes::from("{}")).await.unwrap();
    let other = store.put_if_match(&key, Bytes::from("{} "), &first).await.unwrap();
    assert_ne!(first, other);
    assert_eq!(store.put_if_match(&key, Bytes::from("{}"), &other).await.unwrap(), first);
}

async fn a_listing_shows_versions(store: &Store) {
    let key = config_of("listed");
    let first = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
    assert_eq!(store.list_agents().await.of(&key), Listed::Version(&first));
    let second = store.put_if_match(&key, Bytes::from("2"), &first).await.unwrap();
    let listing = store.list_agents().await;
    assert_eq!(listing.of(&key), Listed::Version(&second));
    assert_eq!(listing.of(&config_of("never")), Listed::Absent);
}

async fn a_delete_looks_first(store: &Store) {
    let key = config_of("deleted");
    let first = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
    let second = store.put_if_match(&key, Bytes::from("2"), &first).await.unwrap();
    assert_eq!(store.delete(&key, &first).await, Err(StoreError::PreconditionFailed));
    assert_eq!(present(store, &key).await.bytes, "2");
    store.delete(&key, &second).await.unwrap();
    assert_eq!(store.get(&key).await.unwrap(), None);
}

async fn one_of_sixteen_writers_wins(store: &Store) {
    let key = config_of("raced");
    let mut version = store.put_if_absent(&key, Bytes::from("start")).await.unwrap();
    for round in 0..10 {
        let from = version.clone();
        let text = move |writer| Bytes::from(format!("round {round}, writer {writer}"));
        let race = (0..16).map(|writer| {
            let (store, key, from) = (store.clone(), key.clone(), from.clone());
            tokio::spawn(async move { store.put_if_match(&key, text(writer), &from).await })
        });
        version = only_winner(store, &key, race.collect(), text).await;
    }
}

async fn one_of_sixteen_creators_wins(store: &Store) {
    for round in 0..10 {
        let key = config_of(&format!("created-{round}"));
        let text = move |writer| Bytes::from(format!("writer {writer}"));
        let race = (0..16).map(|writer| {
            let (store, key) = (store.clone(), key.clone());
            tokio::spawn(async move { store.put_if_absent(&key, text(writer)).await })
        });
        only_winner(store, &key, race.collect(), text).await;
    }
}

/// Waits for all writers; one has won, its bytes are stored, and the others know that they lost.
async fn only_winner(
    store: &Store,
    key: &ObjectKey,
    race: Vec<tokio::task::JoinHandle<Result<ETag, StoreError>>>,
    text: impl Fn(usize) -> Bytes,
) -> ETag {
    let mut winners = Vec::new();
    for (writer, task) in race.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(etag) => winners.push((writer, etag)),
            Err(error) => assert_eq!(error, StoreError::PreconditionFailed),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let (writer, etag) = winners.remove(0);
    assert_eq!(present(store, key).await, Object { bytes: text(writer), etag: etag.clone() });
    etag
}
