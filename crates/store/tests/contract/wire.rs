//! What a store answers on the wire, asked with Amazon's own client: the rules that the sandbox copies from MinIO.
use super::{BUCKET, minio, sandbox};
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, Region, SharedHttpClient, retry::RetryConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::{Client, Config};
use sandbox::s3::Keys;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// A client that repeats nothing.
pub fn client(endpoint: &str, keys: &Keys) -> Client {
    Client::from_conf(config(endpoint, keys).build())
}

fn config(endpoint: &str, keys: &Keys) -> Builder {
    let http: SharedHttpClient = aws_smithy_http_client::Builder::new().build_http();
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(&keys.access, &keys.secret, None, None, "test"))
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(http)
}

/// Status and code of a refusal; the code is empty where the answer has no body.
fn refusal<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> (u16, String) {
    let error = answer.err().expect("a refusal");
    let status = error.raw_response().expect("an answer").status().as_u16();
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    (status, code.to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn body(text: &str) -> ByteStream {
    ByteStream::from(text.as_bytes().to_vec())
}

#[tokio::test]
async fn the_sandbox_answers_as_it_should() {
    let (server, _) = sandbox().await;
    rules(&server.endpoint(), server.keys()).await;
}

#[tokio::test]
async fn a_real_minio_answers_as_it_should() {
    let Some(minio) = minio::start().await else {
        println!("SKIPPED: the answers were not asked of a real MinIO, AGM_TEST_MINIO names none");
        return;
    };
    rules(&minio.endpoint, &minio.keys).await;
}

async fn rules(endpoint: &str, keys: &Keys) {
    let client = client(endpoint, keys);
    conditional_writes(&client).await;
    conditional_reads(&client).await;
    deletes_are_blind(&client).await;
    missing_things(&client).await;
    pages(&client).await;
    folders(&client).await;
    strangers(endpoint, keys).await;
}

async fn conditional_writes(client: &Client) {
    let put = |key: &str, text: &str| client.put_object().bucket(BUCKET).key(key).body(body(text));
    let first = put("written", "1").send().await.unwrap().e_tag.unwrap();
    let precondition = || refused(412, "PreconditionFailed");
    assert_eq!(refusal(put("written", "2").if_none_match("*").send().await), precondition());
    assert_eq!(refusal(put("written", "2").if_none_match(&first).send().await), precondition());
    assert_eq!(refusal(put("written", "2").if_match("\"0123456789abcdef\"").send().await), precondition());
    assert_eq!(refusal(put("absent", "2").if_match(&first).send().await), refused(404, "NoSuchKey"));
    assert_eq!(refusal(put("absent", "2").if_match("*").send().await), refused(404, "NoSuchKey"));
    assert!(client.head_object().bucket(BUCKET).key("absent").send().await.is_err());
    // A tag that is not the current one does not stand in the way, and a tag may come without its quotes.
    put("written", "2").if_none_match("\"0123456789abcdef\"").send().await.unwrap();
    put("fresh", "1").if_none_match("\"0123456789abcdef\"").send().await.unwrap();
    let second = put("written", "3").send().await.unwrap().e_tag.unwrap();
    put("written", "4").if_match(second.trim_matches('"')).send().await.unwrap();
    put("written", "5").if_match("*").send().await.unwrap();
}

async fn conditional_reads(client: &Client) {
    let put = client.put_object().bucket(BUCKET).key("read").content_type("application/json");
    let etag = put.body(body("0123")).send().await.unwrap().e_tag.unwrap();
    let get = || client.get_object().bucket(BUCKET).key("read");
    let head = || client.head_object().bucket(BUCKET).key("read");
    let found = head().send().await.unwrap();
    assert_eq!((found.content_length(), found.e_tag()), (Some(4), Some(etag.as_str())));
    assert_eq!(found.content_type(), Some("application/json"));
    assert!(found.last_modified().is_some());
    assert_eq!(refusal(get().if_none_match(&etag).send().await).0, 304);
    assert_eq!(refusal(head().if_none_match(&etag).send().await).0, 304);
    assert_eq!(refusal(get().if_match("\"other\"").send().await), refused(412, "PreconditionFailed"));
    assert_eq!(refusal(head().if_match("\"other\"").send().await).0, 412);
    assert!(get().if_match(&etag).send().await.is_ok());
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    assert_eq!(refusal(get().range("bytes=9-").send().await), refused(416, "InvalidRange"));
}

async fn deletes_are_blind(client: &Client) {
    let delete = |key: &str| client.delete_object().bucket(BUCKET).key(key);
    delete("never-there").send().await.unwrap();
    client.put_object().bucket(BUCKET).key("deleted").body(body("1")).send().await.unwrap();
    delete("deleted").if_match("\"stale\"").send().await.unwrap();
    assert_eq!(
        refusal(client.get_object().bucket(BUCKET).key("deleted").send().await),
        refused(404, "NoSuchKey")
    );
}

async fn missing_things(client: &Client) {
    let head = client.head_object().bucket(BUCKET).key("absent").send().await;
    assert_eq!(refusal(head).0, 404);
    assert_eq!(refusal(client.head_bucket().bucket("no-such-bucket").send().await).0, 404);
    let gone = || refused(404, "NoSuchBucket");
    assert_eq!(refusal(client.get_object().bucket("no-such-bucket").key("k").send().await), gone());
    assert_eq!(refusal(client.list_objects_v2().bucket("no-such-bucket").send().await), gone());
    let put = client.put_object().bucket("no-such-bucket").key("k").body(body("1"));
    assert_eq!(refusal(put.send().await), gone());
    assert_eq!(refusal(client.delete_object().bucket("no-such-bucket").key("k").send().await), gone());
    let again = client.create_bucket().bucket(BUCKET).send().await;
    assert_eq!(refusal(again), refused(409, "BucketAlreadyOwnedByYou"));
}

async fn pages(client: &Client) {
    for number in 0..7 {
        client
            .put_object()
            .bucket(BUCKET)
            .key(format!("pages/{number}"))
            .body(body("1"))
            .send()
            .await
            .unwrap();
    }
    let list = || client.list_objects_v2().bucket(BUCKET).prefix("pages/");
    let (mut keys, mut token, mut sizes) = (Vec::new(), None, Vec::new());
    loop {
        let page = list().max_keys(3).set_continuation_token(token).send().await.unwrap();
        sizes.push((page.key_count(), page.is_truncated()));
        keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(keys, (0..7).map(|number| format!("pages/{number}")).collect::<Vec<_>>());
    assert_eq!(sizes, [(Some(3), Some(true)), (Some(3), Some(true)), (Some(1), Some(false))]);
    let behind = list().start_after("pages/4").send().await.unwrap();
    assert_eq!(behind.contents().iter().filter_map(|o| o.key()).collect::<Vec<_>>(), ["pages/5", "pages/6"]);
    let none = list().max_keys(0).send().await.unwrap();
    assert_eq!((none.contents().len(), none.is_truncated()), (0, Some(false)));
    let empty = client.list_objects_v2().bucket(BUCKET).prefix("no/").send().await.unwrap();
    assert_eq!((empty.key_count(), empty.is_truncated()), (Some(0), Some(false)));
    assert_eq!(refusal(list().max_keys(-1).send().await), refused(400, "InvalidArgument"));
    assert_eq!(refusal(list().continuation_token("%").send().await), refused(400, "InvalidArgument"));
}

async fn folders(client: &Client) {
    for key in ["folders/a/1", "folders/a/2", "folders/b/1", "folders/c", "folders/d/1"] {
        client.put_object().bucket(BUCKET).key(key).body(body("1")).send().await.unwrap();
    }
    let list = || client.list_objects_v2().bucket(BUCKET).prefix("folders/").delimiter("/");
    let (mut names, mut token) = (BTreeSet::new(), None);
    loop {
        let page = list().max_keys(2).set_continuation_token(token).send().await.unwrap();
        let objects = page.contents().iter().filter_map(|object| object.key());
        let found = objects.chain(page.common_prefixes().iter().filter_map(|prefix| prefix.prefix()));
        for name in found {
            assert!(names.insert(name.to_owned()), "{name} came twice");
        }
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["folders/a/", "folders/b/", "folders/c", "folders/d/"]
    );
}

async fn strangers(endpoint: &str, keys: &Keys) {
    let listed =
        async |keys: Keys| refusal(client(endpoint, &keys).list_objects_v2().bucket(BUCKET).send().await);
    let wrong = Keys { secret: "not-the-secret".into(), ..keys.clone() };
    assert_eq!(listed(wrong).await, refused(403, "SignatureDoesNotMatch"));
    let unknown = Keys { access: "somebody".into(), ..keys.clone() };
    assert_eq!(listed(unknown).await, refused(403, "InvalidAccessKeyId"));
    for hour in [SystemTime::now() - Duration::from_hours(1), SystemTime::now() + Duration::from_hours(1)] {
        let clock = aws_smithy_async::time::StaticTimeSource::new(hour);
        let late = Client::from_conf(config(endpoint, keys).time_source(clock).build());
        let answer = late.list_objects_v2().bucket(BUCKET).send().await;
        assert_eq!(refusal(answer), refused(403, "RequestTimeTooSkewed"));
    }
}
