//! The pages that Leptos renders, and the server functions behind them.
use super::{front::PageNonce, language, reads, state::AppState};
use app::{App, shell};
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use http::{HeaderValue, Method, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list_with_exclusions};
use server_fn::error::SERVER_FN_ERROR_HEADER;
use std::collections::BTreeSet;
use tower_http::compression::CompressionLayer;

/// What each page and each server function finds in its context.
pub fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let installation = state.installation();
    move || {
        provide_context(installation.clone());
        let Some(request) = use_context::<Parts>() else { return };
        provide_context(language::wanted(&request.headers));
        // Leptos makes a nonce of its own; the one in the header is this request's.
        if let Some(PageNonce(nonce)) = request.extensions.get().cloned() {
            provide_context(nonce);
        }
    }
}

/// All pages, and all server functions but the reads that have a handler of their own.
pub fn pages(state: &AppState) -> Router<AppState> {
    let functions: BTreeSet<_> =
        server_fn::axum::server_fn_paths().map(|(path, method)| (path, method.to_string())).collect();
    let excluded = functions.iter().map(|(path, _)| (*path).to_owned()).collect();
    let listed = generate_route_list_with_exclusions(App, Some(excluded));
    let hashes = state.site.hashes();
    let mut router = Router::new()
        .leptos_routes_with_context(state, listed, context(state), move || shell(hashes.clone()))
        .layer(CompressionLayer::new());
    for (path, method) in functions {
        router = router.route(path, handler(state, path, &method));
    }
    router
}

fn handler(state: &AppState, path: &str, method: &str) -> axum::routing::MethodRouter<AppState> {
    match (method, path) {
        ("GET", "/ni_status/providers") => get(reads::providers),
        ("GET", "/ni_status/route" | "/ni_status/routes") => get(reads::routes),
        ("GET", "/ni_status/workers") => get(reads::workers),
        ("GET", "/ni_status/assignment/manager") => get(reads::manager),
        ("GET", "/ni_status/metrics") => get(reads::metrics),
        ("GET", "/ni_status/health") => {
            let context = context(state);
            get(move |request: Request| async move {
                if request.uri().query().is_none() {
                    reads::health()
                } else {
                    function(context, request).await
                }
            })
        }
        _ => {
            let context = context(state);
            on(filter(method), move |request: Request| function(context.clone(), request))
        }
    }
}

/// Runs a server function. It must not see that a browser would take HTML: server_fn then answers a plain form, with a
/// redirect to wherever the request says it came from. Nor does anybody need the header that marks its errors: the status
/// does.
async fn function(context: impl Fn() + Clone + Send + 'static, mut request: Request) -> Response {
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.remove(header::REFERER);
    let mut response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    response.headers_mut().remove(SERVER_FN_ERROR_HEADER);
    response
}

fn filter(method: &str) -> MethodFilter {
    let method = Method::from_bytes(method.as_bytes()).ok();
    method.and_then(|method| MethodFilter::try_from(method).ok()).unwrap_or(MethodFilter::TRACE)
}

/// A page that does not exist: the client's own, with 404.
pub async fn missing(state: AppState, request: Request<Body>) -> Response {
    let hashes = state.site.hashes();
    let render = leptos_axum::render_app_async_with_context(context(&state), move || shell(hashes.clone()));
    render(request).await.into_response()
}
