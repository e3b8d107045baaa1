//! How the built site is served, all of it under `/agm`.
use super::state::AppState;
use crate::site::{Files, Site, bytes};
use app::Hashes;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{io::Read, path::Path as FilePath};
use tower::ServiceBuilder;
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// Hashed names never change what they hold.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Names without a hash.
const A_DAY: &str = "public, max-age=86400";
/// The encodings in which the build leaves a file, the smallest first, and what they append to its name.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The static files.
pub fn files(site: &Site) -> Router<AppState> {
    let pkg = if matches!(site.hashes(), Hashes::None) { "no-cache" } else { FOREVER };
    match site {
        Site::Folder(folder) => from_folder(folder, pkg),
        Site::Inside(files) => from_program(*files, pkg),
    }
}

fn from_folder(site: &FilePath, pkg_rule: &'static str) -> Router<AppState> {
    let pkg = ServeDir::new(site.join("pkg")).precompressed_br().precompressed_gzip();
    let fonts = ServeDir::new(site.join("fonts"));
    let icon: MethodRouter<AppState> =
        MethodRouter::new().fallback_service(cached(A_DAY).service(ServeFile::new(site.join("icon.svg"))));
    Router::new()
        .nest_service("/agm/pkg", cached(pkg_rule).service(pkg))
        .nest_service("/agm/fonts", cached(A_DAY).service(fonts))
        .route("/agm/icon.svg", icon)
}

type Cached = tower::layer::util::Stack<SetResponseHeaderLayer<HeaderValue>, tower::layer::util::Identity>;

fn cached(rule: &'static str) -> ServiceBuilder<Cached> {
    ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static(rule)))
}

fn from_program(files: Files, pkg_rule: &'static str) -> Router<AppState> {
    let below = |folder: &'static str, rule| {
        get(move |Path(name): Path<String>, headers: HeaderMap| async move {
            answer(files, &format!("{folder}/{name}"), &headers, rule)
        })
    };
    let icon = move |headers: HeaderMap| async move { answer(files, "icon.svg", &headers, A_DAY) };
    Router::new()
        .route("/agm/pkg/{*name}", below("pkg", pkg_rule))
        .route("/agm/fonts/{*name}", below("fonts", A_DAY))
        .route("/agm/icon.svg", get(icon))
}

/// A file of the program in the smallest encoding that the browser takes. Only what was there when the program was built has
/// a name, so no path leads elsewhere.
fn answer(files: Files, path: &str, headers: &HeaderMap, rule: &'static str) -> Response {
    let mut taken = ENCODINGS.iter().filter(|(name, _)| takes(headers, name));
    let packed = taken.find_map(|(name, ending)| Some((*name, files(&format!("{path}{ending}"))?)));
    let about = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, rule),
        (header::VARY, "accept-encoding"),
    ];
    match packed {
        Some((name, packed)) => (about, [(header::CONTENT_ENCODING, name)], bytes(packed)).into_response(),
        None => plain(files, path).map(|plain| (about, plain)).ok_or(StatusCode::NOT_FOUND).into_response(),
    }
}

/// A file for who takes no encoding: hardly anybody does, so what can be packed is there packed alone.
fn plain(files: Files, path: &str) -> Option<Bytes> {
    if let Some(file) = files(path) {
        return Some(bytes(file));
    }
    let mut plain = Vec::new();
    GzDecoder::new(&*files(&format!("{path}.gz"))?).read_to_end(&mut plain).ok()?;
    Some(plain.into())
}

/// Whether an encoding is named, and not with a weight of nothing.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// By the ending of the name. What the build leaves has no others.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css",
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes_br(list: &'static str) -> bool {
        takes(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(list))]), "br")
    }

    #[test]
    fn an_encoding_is_taken_where_it_is_named_and_has_a_weight() {
        for list in ["br", "gzip, deflate, br", "gzip;q=1.0, BR ; q=0.5", "br;q=1"] {
            assert!(takes_br(list), "{list}");
        }
        for list in ["", "gzip", "br;q=0", "br; q=0.000", "brotli", "br;q=much"] {
            assert!(!takes_br(list), "{list}");
        }
    }
}
