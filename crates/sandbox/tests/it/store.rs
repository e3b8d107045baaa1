//! The store against Amazon's own client: what MinIO was measured to do.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use http::StatusCode;
use sandbox::s3::{Calls, Condition, Fault, Keys, Object, Objects, Plan, S3, Switches};
use std::time::{Duration, Instant};

const BUCKET: &str = "hiclaw-storage";
const KEY: &str = "agents/alice/openclaw.json";

async fn store() -> S3 {
    let objects = Objects::open(None).unwrap();
    objects.create_bucket(BUCKET);
    let keys = Keys { access: "admin".into(), secret: "store-secret".into() };
    S3::start(None, keys, objects).await.unwrap()
}

fn client_as(s3: &S3, access: &str, secret: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(s3.endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(access, secret, None, None, "test"))
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

fn client(s3: &S3) -> Client {
    client_as(s3, &s3.keys().access, &s3.keys().secret)
}

/// The HTTP status and the code of a refusal; none where no answer came.
fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<(u16, String)> {
    let status = error.raw_response()?.status().as_u16();
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    Some((status, code.to_owned()))
}

async fn put(client: &Client, key: &str, body: &str) -> String {
    let put = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(body.as_bytes().to_vec()));
    put.send().await.unwrap().e_tag.unwrap()
}

async fn put_if(client: &Client, key: &str, body: &str, etag: &str) -> Result<String, Option<(u16, String)>> {
    let body = ByteStream::from(body.as_bytes().to_vec());
    let answer = client.put_object().bucket(BUCKET).key(key).body(body).if_match(etag).send().await;
    answer.map(|put| put.e_tag.unwrap()).map_err(|error| refusal(&error))
}

async fn put_new(client: &Client, key: &str, body: &str) -> Result<String, Option<(u16, String)>> {
    let body = ByteStream::from(body.as_bytes().to_vec());
    let answer = client.put_object().bucket(BUCKET).key(key).body(body).if_none_match("*").send().await;
    answer.map(|put| put.e_tag.unwrap()).map_err(|error| refusal(&error))
}

fn text(s3: &S3, key: &str) -> Option<String> {
    let object = s3.objects().get(BUCKET, key).ok()?;
    Some(String::from_utf8(object.body.to_vec()).unwrap())
}

#[tokio::test]
async fn identical_bytes_have_the_same_quoted_md5() {
    let s3 = store().await;
    let client = client(&s3);
    let first = put(&client, KEY, "hello").await;
    assert_eq!(first, "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!(put(&client, "other", "hello").await, first);
    assert_ne!(put(&client, KEY, "hello ").await, first);
}

#[tokio::test]
async fn if_match_replaces_the_named_version_only() {
    let s3 = store().await;
    let client = client(&s3);
    let first = put(&client, KEY, "one").await;
    let second = put_if(&client, KEY, "two", &first).await.unwrap();
    let stale = put_if(&client, KEY, "three", &first).await.unwrap_err();
    assert_eq!(stale, Some((412, "PreconditionFailed".into())));
    assert_eq!(text(&s3, KEY).unwrap(), "two");
    assert!(put_if(&client, KEY, "three", &second).await.is_ok());
    let missing = put_if(&client, "agents/nobody/openclaw.json", "x", &second).await.unwrap_err();
    assert_eq!(missing, Some((404, "NoSuchKey".into())));
    assert_eq!(text(&s3, "agents/nobody/openclaw.json"), None);
}

#[tokio::test]
async fn if_none_match_makes_an_object_but_replaces_none() {
    let s3 = store().await;
    let client = client(&s3);
    assert!(put_new(&client, KEY, "one").await.is_ok());
    assert_eq!(put_new(&client, KEY, "two").await.unwrap_err(), Some((412, "PreconditionFailed".into())));
    assert_eq!(text(&s3, KEY).unwrap(), "one");
}

#[tokio::test]
async fn of_sixteen_writers_with_one_tag_one_wins() {
    let s3 = store().await;
    let client = client(&s3);
    for _ in 0..10 {
        let etag = put(&client, KEY, "start").await;
        let writers = (0..16).map(|n| {
            let (client, etag) = (client.clone(), etag.clone());
            async move { put_if(&client, KEY, &format!("writer {n}"), &etag).await.map(|_| n) }
        });
        let results = futures::future::join_all(writers).await;
        let winners: Vec<i32> = results.iter().filter_map(|result| result.clone().ok()).collect();
        assert_eq!(winners.len(), 1, "{results:?}");
        assert_eq!(text(&s3, KEY).unwrap(), format!("writer {}", winners[0]));
    }
}

#[tokio::test]
async fn a_delete_does_not_look_at_if_match() {
    let s3 = store().await;
    let client = client(&s3);
    put(&client, KEY, "one").await;
    let deleted = client.delete_object().bucket(BUCKET).key(KEY).if_match("\"stale\"").send().await;
    assert!(deleted.is_ok());
    assert_eq!(text(&s3, KEY), None);
    assert!(
        client.delete_object().bucket(BUCKET).key(KEY).send().await.is_ok(),
        "deleting twice is no error"
    );
}

#[tokio::test]
async fn reads_give_bytes_tag_type_and_metadata() {
    let s3 = store().await;
    let client = client(&s3);
    let put =
        client.put_object().bucket(BUCKET).key(KEY).content_type("application/json").metadata("by", "agm");
    let etag = put.body(ByteStream::from_static(b"0123456789")).send().await.unwrap().e_tag.unwrap();
    let got = client.get_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    assert_eq!((got.e_tag(), got.content_type()), (Some(etag.as_str()), Some("application/json")));
    assert_eq!(got.metadata().unwrap()["by"], "agm");
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "0123456789");
    let part = client.get_object().bucket(BUCKET).key(KEY).range("bytes=2-4").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.unwrap().into_bytes(), "234");
    let head = client.head_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(10), Some(etag.as_str())));
    let known = client.get_object().bucket(BUCKET).key(KEY).if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(known.raw_response().unwrap().status().as_u16(), 304);
    let gone = client.get_object().bucket(BUCKET).key("none").send().await.unwrap_err();
    assert_eq!(refusal(&gone), Some((404, "NoSuchKey".into())));
    let bucket = client.get_object().bucket("no-bucket").key("none").send().await.unwrap_err();
    assert_eq!(refusal(&bucket), Some((404, "NoSuchBucket".into())));
}

#[tokio::test]
async fn buckets_copies_and_listings_work() {
    let s3 = store().await;
    let client = client(&s3);
    client.create_bucket().bucket("second").send().await.unwrap();
    assert!(client.create_bucket().bucket("second").send().await.is_err());
    assert!(client.head_bucket().bucket("second").send().await.is_ok());
    assert!(client.head_bucket().bucket("third").send().await.is_err());
    assert_eq!(client.list_buckets().send().await.unwrap().buckets().len(), 2);

    for name in ["alice", "bob", "carol"] {
        put(&client, &format!("agents/{name}/openclaw.json"), name).await;
        put(&client, &format!("agents/{name}/SOUL.md"), name).await;
    }
    let copy = client.copy_object().bucket(BUCKET).key("copy").copy_source(format!("{BUCKET}/{KEY}"));
    copy.send().await.unwrap();
    assert_eq!(text(&s3, "copy").unwrap(), "alice");

    let list = || client.list_objects_v2().bucket(BUCKET).prefix("agents/");
    let folders = list().delimiter("/").send().await.unwrap();
    let names: Vec<&str> = folders.common_prefixes().iter().filter_map(|p| p.prefix()).collect();
    assert_eq!(names, ["agents/alice/", "agents/bob/", "agents/carol/"]);
    assert!(folders.contents().is_empty());
    let first = list().max_keys(4).send().await.unwrap();
    assert_eq!((first.key_count(), first.is_truncated()), (Some(4), Some(true)));
    let rest = list().continuation_token(first.next_continuation_token().unwrap()).send().await.unwrap();
    assert_eq!(rest.contents()[1].key(), Some("agents/carol/openclaw.json"));
    assert_eq!((rest.key_count(), rest.is_truncated()), (Some(2), Some(false)));
}

#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    let s3 = store().await;
    for (access, secret) in [("admin", "wrong"), ("somebody", "store-secret")] {
        let wrong = client_as(&s3, access, secret);
        let error = wrong.list_objects_v2().bucket(BUCKET).send().await.unwrap_err();
        assert_eq!(refusal(&error).unwrap().0, 403, "{access}");
    }
}

#[tokio::test]
async fn planned_faults_hit_the_calls_they_name_and_no_more() {
    let s3 = store().await;
    let client = client(&s3);
    let etag = put(&client, KEY, "one").await;
    for status in [412, 500, 503] {
        let fault = Fault::Refused(StatusCode::from_u16(status).unwrap());
        s3.faults().plan(Plan::new(fault).on(Calls::Writes).at("openclaw.json").times(2));
        assert!(client.get_object().bucket(BUCKET).key(KEY).send().await.is_ok());
        put(&client, "agents/alice/SOUL.md", "soul").await;
        for _ in 0..2 {
            assert_eq!(put_if(&client, KEY, "two", &etag).await.unwrap_err().unwrap().0, status);
        }
        assert_eq!(text(&s3, KEY).unwrap(), "one", "nothing was done");
    }
    assert!(put_if(&client, KEY, "two", &etag).await.is_ok());
}

#[tokio::test]
async fn a_lost_answer_leaves_the_write_done() {
    let s3 = store().await;
    let client = client(&s3);
    let etag = put(&client, KEY, "one").await;
    s3.faults().plan(Plan::new(Fault::AppliedUnanswered));
    assert_eq!(put_if(&client, KEY, "two", &etag).await.unwrap_err(), None);
    assert_eq!(text(&s3, KEY).unwrap(), "two");
    s3.faults().plan(Plan::new(Fault::HungUp));
    assert_eq!(put_new(&client, "three", "3").await.unwrap_err(), None);
    assert_eq!(text(&s3, "three"), None);
    s3.faults().plan(Plan::new(Fault::AppliedThen(StatusCode::INTERNAL_SERVER_ERROR)));
    assert_eq!(put_new(&client, "three", "3").await.unwrap_err().unwrap().0, 500);
    assert_eq!(text(&s3, "three").unwrap(), "3");
}

#[tokio::test]
async fn switches_stay_until_they_are_turned_back() {
    let s3 = store().await;
    let client = client(&s3);
    let etag = put(&client, KEY, "one").await;
    s3.faults().set(Switches { read_only: true, ..Switches::default() });
    assert_eq!(put_if(&client, KEY, "two", &etag).await.unwrap_err(), Some((403, "AccessDenied".into())));
    assert!(client.delete_object().bucket(BUCKET).key(KEY).send().await.is_err());
    assert!(client.get_object().bucket(BUCKET).key(KEY).send().await.is_ok());
    s3.faults().set(Switches { offline: true, ..Switches::default() });
    assert_eq!(put_if(&client, KEY, "two", &etag).await.unwrap_err(), None);
    s3.faults().set(Switches { ignore_conditions: true, ..Switches::default() });
    assert!(put_if(&client, KEY, "two", "\"stale\"").await.is_ok());
    assert!(put_new(&client, KEY, "three").await.is_ok());
    let latency = Duration::from_millis(40);
    s3.faults().set(Switches { latency, ..Switches::default() });
    let begun = Instant::now();
    assert!(client.get_object().bucket(BUCKET).key(KEY).send().await.is_ok());
    assert!(begun.elapsed() >= latency);
    s3.faults().clear();
    assert!(put_if(&client, KEY, "four", &etag).await.is_err(), "conditions count again");
}

#[tokio::test]
async fn a_stopped_store_frees_its_port() {
    let s3 = store().await;
    let address = s3.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    let objects = Objects::open(None).unwrap();
    objects.create_bucket(BUCKET);
    objects.put(BUCKET, KEY, Object::new("again", "text/plain"), &Condition::default()).unwrap();
    let keys = s3.keys().clone();
    s3.stop().await;
    let again = S3::start(Some(address), keys, objects).await.unwrap();
    let got = client(&again).get_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "again");
}
