//! What the client makes of a store, or a way to it, that fails.
use super::{BUCKET, config_of, connect, id, params, present, sandbox};
use bytes::Bytes;
use http::StatusCode;
use sandbox::s3::{Calls, Condition, Fault, Keys, Object as Stored, Plan, Switches};
use std::mem::discriminant;
use std::time::Duration;
use store::StoreError;
use tokio::{io::AsyncReadExt, net::TcpListener};

fn plan(fault: Fault) -> Plan {
    Plan::new(fault).on(Calls::Writes)
}

#[tokio::test]
async fn a_write_that_was_done_but_not_answered_counts_as_done() {
    for fault in [
        Fault::AppliedUnanswered,
        Fault::AppliedThen(StatusCode::PRECONDITION_FAILED),
        Fault::AppliedThen(StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let (server, store) = sandbox().await;
        let key = config_of("alice");
        server.faults().plan(plan(fault));
        let first = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
        server.faults().plan(plan(fault));
        let second = store.put_if_match(&key, Bytes::from("2"), &first).await.unwrap();
        assert_eq!(present(&store, &key).await.etag, second, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_was_not_done_never_counts_as_done() {
    let down = StoreError::Unavailable { message: String::new(), timeout: None };
    let cases = [
        (Fault::HungUp, down.clone()),
        (Fault::Refused(StatusCode::SERVICE_UNAVAILABLE), down.clone()),
        (Fault::Refused(StatusCode::TOO_MANY_REQUESTS), down),
        (Fault::Refused(StatusCode::FORBIDDEN), StoreError::AccessDenied),
        (Fault::Refused(StatusCode::PRECONDITION_FAILED), StoreError::PreconditionFailed),
    ];
    for (fault, wanted) in cases {
        let (server, store) = sandbox().await;
        let key = config_of("alice");
        let first = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
        server.faults().plan(plan(fault));
        let error = store.put_if_match(&key, Bytes::from("2"), &first).await.unwrap_err();
        assert_eq!(discriminant(&error), discriminant(&wanted), "{fault:?}: {error:?}");
        assert_eq!(present(&store, &key).await.bytes, "1");
    }
}

#[tokio::test]
async fn when_the_look_after_a_refusal_fails_nothing_is_claimed() {
    let (server, store) = sandbox().await;
    let key = config_of("alice");
    let first = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
    server.faults().plan(plan(Fault::AppliedThen(StatusCode::PRECONDITION_FAILED)));
    server.faults().plan(Plan::new(Fault::HungUp).on(Calls::Reads));
    let error = store.put_if_match(&key, Bytes::from("2"), &first).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_look_after_a_write_is_refused_with_says_nothing_of_the_write() {
    let passes = || Plan::new(Fault::Late(Duration::ZERO)).on(Calls::Reads);
    let refuses = || Plan::new(Fault::Refused(StatusCode::PRECONDITION_FAILED)).on(Calls::Reads);
    let (server, store) = sandbox().await;
    let key = config_of("alice");
    let version = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
    for plan in [passes(), plan(Fault::HungUp), refuses()] {
        server.faults().plan(plan);
    }
    let error = store.delete(&key, &version).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "it may still come: {error:?}");
    for plan in [plan(Fault::AppliedThen(StatusCode::PRECONDITION_FAILED)), refuses()] {
        server.faults().plan(plan);
    }
    let error = store.put_if_match(&key, Bytes::from("2"), &version).await.unwrap_err();
    assert!(matches!(error, StoreError::Unexpected(_)), "it was done: {error:?}");
    let version = present(&store, &key).await.etag;
    for plan in [passes(), plan(Fault::AppliedThen(StatusCode::PRECONDITION_FAILED)), refuses()] {
        server.faults().plan(plan);
    }
    let error = store.delete(&key, &version).await.unwrap_err();
    assert!(matches!(error, StoreError::Unexpected(_)), "it was done: {error:?}");
}

#[tokio::test]
async fn no_call_is_repeated_by_itself() {
    let (server, store) = sandbox().await;
    server.faults().plan(Plan::new(Fault::Refused(StatusCode::SERVICE_UNAVAILABLE)));
    assert!(store.get(&config_of("alice")).await.is_err());
    assert_eq!(store.get(&config_of("alice")).await, Ok(None));
}

#[tokio::test]
async fn a_slow_store_is_a_timeout_and_a_dead_one_is_not() {
    let (server, _) = sandbox().await;
    let mut quick = params(&server.endpoint(), server.keys());
    quick.call_timeout = Duration::from_millis(200);
    let store = connect(&quick);
    server.faults().plan(Plan::new(Fault::Late(Duration::from_secs(60))));
    let slow = store.get(&config_of("alice")).await.unwrap_err();
    assert!(matches!(slow, StoreError::Unavailable { timeout: Some(_), .. }), "{slow:?}");
    server.stop().await;
    let dead = store.ping().await.unwrap_err();
    assert!(matches!(dead, StoreError::Unavailable { timeout: None, .. }), "{dead:?}");
}

#[tokio::test]
async fn no_proxy_is_asked_to_pack_an_object() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let keys = Keys { access: "agm-test".into(), secret: "agm-test-secret".into() };
    let store = connect(&params(&endpoint, &keys));
    let heard = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 16 * 1024];
        let length = caller.read(&mut request).await.unwrap();
        String::from_utf8_lossy(&request[..length]).to_ascii_lowercase()
    });
    assert!(store.get(&config_of("alice")).await.is_err(), "nothing is answered");
    let heard = heard.await.unwrap();
    let asked: Vec<_> = heard.lines().filter(|line| line.starts_with("accept-encoding")).collect();
    assert_eq!(asked, ["accept-encoding: identity"], "{heard}");
}

#[tokio::test]
async fn wrong_keys_and_a_missing_bucket_are_told_apart() {
    let (server, _) = sandbox().await;
    let wrong = Keys { access: "agm-test".into(), secret: "canary".into() };
    let denied = connect(&params(&server.endpoint(), &wrong)).ping().await.unwrap_err();
    assert_eq!(denied, StoreError::AccessDenied);
    let mut elsewhere = params(&server.endpoint(), server.keys());
    elsewhere.bucket = "no-such-bucket".into();
    let missing = connect(&elsewhere).get(&config_of("alice")).await.unwrap_err();
    assert_eq!(missing, StoreError::Unexpected("there is no such bucket".into()));
}

#[tokio::test]
async fn a_huge_object_is_not_read() {
    let (server, store) = sandbox().await;
    let key = config_of("alice");
    let huge = Stored::new(vec![b' '; 4 * 1024 * 1024 + 1], "application/json");
    server.objects().put(BUCKET, key.as_str(), huge, &Condition::default()).unwrap();
    assert!(matches!(store.get(&key).await, Err(StoreError::TooLarge { .. })));
}

#[tokio::test]
async fn a_delete_that_was_not_answered_is_looked_at() {
    let (server, store) = sandbox().await;
    let key = config_of("alice");
    let version = store.put_if_absent(&key, Bytes::from("1")).await.unwrap();
    server.faults().plan(plan(Fault::HungUp));
    assert!(matches!(store.delete(&key, &version).await, Err(StoreError::Unavailable { .. })));
    server.faults().plan(plan(Fault::AppliedUnanswered));
    store.delete(&key, &version).await.unwrap();
    assert_eq!(store.get(&key).await, Ok(None));
}

#[tokio::test]
async fn a_store_without_conditional_writes_is_found_out_and_left_clean() {
    let (server, store) = sandbox().await;
    server.faults().set(Switches { ignore_conditions: true, ..Switches::default() });
    let answer = store.probe(&id()).await;
    assert_eq!(answer, Err(StoreError::NoConditionalWrites("If-None-Match is ignored")));
    assert_eq!(store.get(&store::ObjectKey::scratch(&id())).await, Ok(None));
    server.faults().set(Switches { read_only: true, ..Switches::default() });
    assert_eq!(store.probe(&id()).await, Err(StoreError::AccessDenied));
}
