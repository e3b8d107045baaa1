//! The built site: where it lies and how it is served.
use axum::{Router, routing::MethodRouter};
use http::{HeaderValue, header};
use leptos::config::LeptosOptions;
use std::{path::Path, sync::Arc};
use tower::ServiceBuilder;
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// Hashed names never change what they hold.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Names without a hash.
const A_DAY: &str = "public, max-age=86400";

/// Leptos' options for a site that cargo-leptos built into `site`, with `hash.txt` beside it. Without that file the
/// names are taken to have no hashes.
pub fn site_options(site: &Path) -> LeptosOptions {
    let hashes = site.join("hash.txt");
    // Leptos joins this name to the folder of the program; an absolute one stays as it is.
    let hashes = std::path::absolute(&hashes).unwrap_or(hashes);
    LeptosOptions::builder()
        .output_name("agm")
        .site_root(site.display().to_string())
        .site_pkg_dir("pkg")
        .hash_files(hashes.exists())
        .hash_file(Arc::<str>::from(hashes.display().to_string()))
        .build()
}

/// The static files, all under `/agm`.
pub fn files<S: Clone + Send + Sync + 'static>(options: &LeptosOptions) -> Router<S> {
    let site = Path::new(&*options.site_root);
    let pkg = ServeDir::new(site.join("pkg")).precompressed_br().precompressed_gzip();
    let fonts = ServeDir::new(site.join("fonts"));
    let icon: MethodRouter<S> =
        MethodRouter::new().fallback_service(cached(A_DAY).service(ServeFile::new(site.join("icon.svg"))));
    Router::new()
        .nest_service("/agm/pkg", cached(if options.hash_files { FOREVER } else { "no-cache" }).service(pkg))
        .nest_service("/agm/fonts", cached(A_DAY).service(fonts))
        .route("/agm/icon.svg", icon)
}

type Cached = tower::layer::util::Stack<SetResponseHeaderLayer<HeaderValue>, tower::layer::util::Identity>;

fn cached(rule: &'static str) -> ServiceBuilder<Cached> {
    ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static(rule)))
}
