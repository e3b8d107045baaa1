//! What leaves in a bundle for a bug report, unpacked.
use crate::support::World;
use axum::body::Body;
use flate2::read::GzDecoder;
use http::{Request, header};
use http_body_util::BodyExt;
use std::{collections::BTreeMap, io::Read};
use tower::ServiceExt;

/// The files of the bundle by their names.
pub async fn unpacked(world: &World, signed: (&str, &str)) -> BTreeMap<String, String> {
    let request = Request::builder().uri("/ni_status/doctor/bundle").header(header::HOST, "localhost:18080");
    let request = request.header(signed.0, signed.1).body(Body::empty()).unwrap();
    let answer = world.stack.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/gzip");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let mut archive = tar::Archive::new(GzDecoder::new(&bytes[..]));
    let file = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry: tar::Entry<'_, GzDecoder<&[u8]>> = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name.strip_prefix("agm-bundle/").unwrap().to_owned(), text)
    };
    archive.entries().unwrap().map(file).collect()
}

/// All of it, after everything else was done.
pub async fn tour(world: &World, signed: (&str, &str)) -> Vec<(String, String)> {
    let files = unpacked(world, signed).await;
    assert!(files["log.jsonl"].contains("an operation ended"), "the log tells nothing");
    assert!(files["operations.json"].contains("worker:alice"), "{}", files["operations.json"]);
    files.into_iter().map(|(name, text)| (format!("the bundle's {name}"), text)).collect()
}
