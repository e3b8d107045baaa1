//! Requests that another site makes a browser send, and names that are not ours.
use crate::{
    paths::filled,
    support::{ADMIN, JSON, World},
};
use server::http::all_routes;

/// What tells a foreign request, with the headers that a browser sends.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "cross-site"), ("origin", "http://evil.example"), JSON],
    &[("sec-fetch-site", "same-site"), ("origin", "http://other.localhost"), JSON],
    &[("origin", "http://evil.example"), JSON],
    &[("origin", "null"), JSON],
    &[("origin", "http://localhost:9999"), JSON],
    &[("origin", "http://evil.example"), ("content-type", "text/plain")],
    &[("origin", "http://evil.example"), ("content-type", "multipart/form-data; boundary=x")],
];

#[tokio::test]
async fn no_foreign_request_reaches_a_handler_that_changes() {
    let world = World::start().await;
    let changing = all_routes().into_iter().filter(|(method, _)| method != "GET");
    for (method, path) in changing {
        for foreign in FOREIGN {
            let headers = [&[ADMIN, ("content-length", "2")], *foreign].concat();
            let answer = world.call(&method, &filled(&path), &headers, "{}").await;
            assert_eq!(
                (answer.status.as_u16(), answer.json_code().as_str()),
                (403, "FORBIDDEN"),
                "{method} {path} {foreign:?}"
            );
            assert!(answer.text.contains("another site"), "{method} {path} was refused for something else");
        }
    }
    assert!(world.operations.operations().is_empty());
}

#[tokio::test]
async fn our_own_page_and_programs_get_through() {
    let world = World::start().await;
    for own in [
        &[("origin", "http://localhost:18080"), JSON][..],
        &[("sec-fetch-site", "same-origin"), JSON],
        &[JSON],
    ] {
        let headers = [&[ADMIN, ("content-length", "20")], own].concat();
        let answer = world.call("POST", "/ni_status/reload", &headers, r#"{"target":"manager"}"#).await;
        assert_eq!(answer.status.as_u16(), 200, "{own:?} {}", answer.text);
    }
}

#[tokio::test]
async fn a_foreign_name_is_refused_before_anybody_is_asked_who_they_are() {
    let world = World::start().await;
    for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "localhost:80:80", "admin@localhost"] {
        let answer = world.call("GET", "/ni_status/health", &[("host", host)], "").await;
        assert_eq!((answer.status.as_u16(), answer.json_code().as_str()), (403, "FORBIDDEN"), "{host}");
    }
    for host in ["localhost", "127.0.0.1:18080", "[::1]:18080", "LOCALHOST.", "manager-local.hiclaw.io:8080"]
    {
        assert_eq!(
            world.call("GET", "/ni_status/health", &[("host", host)], "").await.status.as_u16(),
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_caller_that_takes_html_is_not_sent_to_where_it_says_it_came_from() {
    let world = World::start().await;
    let headers =
        [ADMIN, JSON, ("content-length", "2"), ("accept", "text/html"), ("referer", "http://evil.example/")];
    let answer = world.call("POST", "/ni_status/set-model", &headers, "{}").await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(!answer.headers.contains_key("location"));
}
