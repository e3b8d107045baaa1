//! What only a real socket shows: slow callers, too many of them, TLS, and a handler that panics.
use crate::{
    cli::{agm, code, err, out},
    support::{JSON, Served, World},
};
use axum::{Router, body::Body, routing::get};
use http::{Request, header};
use http_body_util::BodyExt;
use server::http::{Bounds, acceptor, layered};
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tower::ServiceExt;

const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// Longer than anything here takes; who waits this long failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether this connection is answered. False: it was closed without a word.
async fn answered(stream: &mut TcpStream) -> bool {
    // A closed connection may refuse the request already.
    if stream.write_all(WHOLE).await.is_err() {
        return false;
    }
    let mut start = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap();
    read.is_ok() && &start == b"HTTP/1.1 200"
}

/// Reads until the server closes.
async fn closed(stream: &mut TcpStream) -> bool {
    timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.is_ok()
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let world = World::start().await;
    let bounds = Bounds { head: Duration::from_millis(200), ..Bounds::default() };
    let served = Served::start(world.stack.clone(), None, bounds).await;
    for slow in [&b""[..], b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: loc", WHOLE] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(slow).await.unwrap();
        assert!(closed(&mut stream).await, "{:?} keeps its connection", String::from_utf8_lossy(slow));
    }
}

#[tokio::test]
async fn slow_callers_take_up_no_more_than_their_share() {
    let world = World::start().await;
    let bounds = Bounds { per_address: 20, ..Bounds::default() };
    let served = Served::start(world.stack.clone(), None, bounds).await;
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        // A connection beyond the share may be closed before this is written.
        stream.write_all(b"GET /heal").await.unwrap_or_default();
        slow.push(stream);
    }
    let all_closed = async {
        for stream in &mut slow[20..] {
            closed(stream).await;
        }
    };
    timeout(PATIENCE / 2, all_closed).await.expect("more than 20 connections of one address were kept");
    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    assert!(answered(&mut other.connect(served.address).await.unwrap()).await, "another address is shut out");
    drop(slow);
    let again = async {
        while !answered(&mut TcpStream::connect(served.address).await.unwrap()).await {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("the share is not given back");
}

#[tokio::test]
async fn a_full_server_lets_the_next_wait_and_still_stops() {
    let world = World::start().await;
    let bounds = Bounds { connections: 1, ..Bounds::default() };
    let served = Served::start(world.stack.clone(), None, bounds).await;
    let mut first = TcpStream::connect(served.address).await.unwrap();
    assert!(answered(&mut first).await);
    let address = served.address;
    let mut second =
        tokio::spawn(async move { answered(&mut TcpStream::connect(address).await.unwrap()).await });
    assert!(timeout(Duration::from_millis(200), &mut second).await.is_err(), "the second did not wait");
    drop(first);
    assert!(second.await.unwrap(), "the second was not served after the first");
    let _first = TcpStream::connect(served.address).await.unwrap();
    served.stop.cancel();
    timeout(PATIENCE, served.ended).await.expect("a full server does not stop").unwrap();
}

/// A certificate for `localhost` that nobody vouches for, as files.
struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    pem: String,
    _files: tempfile::TempDir,
}

fn certificate() -> Certificate {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&cert, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    Certificate { cert, key, pem: certified.cert.pem(), _files: files }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthcheck_finds_who_is_alive_with_tls_and_without() {
    let Certificate { cert, key, _files, .. } = certificate();
    let tls = [format!("--tls-cert={}", cert.display()), format!("--tls-key={}", key.display())];
    let world = World::start().await;
    for (acceptor, said) in [(None, &[][..]), (Some(acceptor(&cert, &key).unwrap()), &tls[..])] {
        let served = Served::start(world.stack.clone(), acceptor, Bounds::default()).await;
        let address = served.address.to_string();
        let mut line = vec!["healthcheck", "--addr", &address];
        line.extend(said.iter().map(String::as_str));
        let alive = agm("", &line, "").await;
        assert_eq!((code(&alive), out(&alive).ends_with("/healthz is alive\n")), (0, true), "{alive:?}");
        served.stop.cancel();
        served.ended.await.unwrap();
        let gone = agm("", &line, "").await;
        assert_eq!((code(&gone), err(&gone).lines().count()), (1, 1), "{gone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_in_its_place_is_not_taken_for_agm() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let all = Router::new().fallback(|| async { "ok" });
    tokio::spawn(async move { axum::serve(listener, all).await });
    let other = agm("", &["healthcheck", "--addr", &address.to_string()], "").await;
    assert!(code(&other) == 1 && err(&other).contains("answered by another program"), "{other:?}");
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_the_cookie_is_bound_to_the_host() {
    let Certificate { cert, key, pem, _files } = certificate();
    assert!(acceptor(&key, &key).is_err() && acceptor(&cert, &cert).is_err());

    let world = World::with(|setup| setup.secure = true).await;
    let served =
        Served::start(world.stack.clone(), Some(acceptor(&cert, &key).unwrap()), Bounds::default()).await;
    let known = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([known]).no_proxy().build().unwrap();
    let url = format!("https://localhost:{}", served.address.port());
    let answer = client
        .post(format!("{url}/ni_status/login"))
        .header(JSON.0, JSON.1)
        .header("origin", &url)
        .body(r#"{"username":"admin","password":"admin"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 204);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-agm_session=") && cookie.ends_with("; Secure"), "{cookie}");
    let own = cookie.split(';').next().unwrap();
    let session = client.get(format!("{url}/ni_status/session")).header("cookie", own).send().await.unwrap();
    assert_eq!(session.status().as_u16(), 200);

    let mut plain = TcpStream::connect(served.address).await.unwrap();
    assert!(!answered(&mut plain).await, "plain HTTP was answered");
}

#[tokio::test]
async fn a_handler_that_panics_costs_one_answer() {
    let world = World::start().await;
    let routes =
        Router::new().route("/healthz", get(|| async { panic!("canary of a panic") as &'static str }));
    let stack = layered(routes, world.state.shared.clone());
    for _ in 0..2 {
        let request = Request::get("/healthz").header(header::HOST, "localhost").body(Body::empty()).unwrap();
        let (head, body) = stack.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((head.status.as_u16(), &json["code"]), (500, &"INTERNAL".into()));
        assert_eq!(json["request"], head.headers["x-request-id"].to_str().unwrap());
        assert_eq!(head.headers["x-frame-options"], "DENY");
        assert!(!text.contains("canary"), "{text}");
    }
}
