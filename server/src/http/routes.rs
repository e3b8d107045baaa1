//! The route table and the layers around it.
use super::{
    backups,
    counters::Route,
    docs, doctor, drift, export, figures,
    front::Front,
    gate::Gate,
    installation, language, news, openapi, operations, pages, prometheus, rest, sign_in, site,
    state::{AppState, Shared},
    workers,
};
use app::error::ApiError;
use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use domain::{Code, Failure};
use http::Uri;
use std::sync::Arc;
use tower::Layer;
use tower_http::csrf::{Csrf, CsrfLayer, ProtectionError};

/// The whole server as a service: front, cross-site check, gate, routes.
pub type Stack = Front<Csrf<Gate<Router>, fn(ProtectionError) -> Response>>;

/// Builds it.
pub fn stack(state: AppState) -> Stack {
    let shared = state.shared.clone();
    layered(router(state), shared)
}

/// The layers of every call around these routes.
pub fn layered(routes: Router, shared: Arc<Shared>) -> Stack {
    let gate = Gate::new(routes, shared.clone());
    let cross_site = CsrfLayer::new().with_rejection_response(cross_site as fn(ProtectionError) -> Response);
    Front::new(cross_site.layer(gate), shared)
}

fn cross_site(_: ProtectionError) -> Response {
    let failure = Failure::new(Code::Forbidden, "this request comes from another site");
    ApiError::from(failure).into_response()
}

/// What `/healthz` says, by which a caller knows that it is agm who answers.
pub const ALIVE: &str = "agm\n";

/// A path of axum's, with its methods.
type Row = (&'static str, &'static [&'static str], MethodRouter<AppState>);

fn own() -> Vec<Row> {
    vec![
        ("/", &["GET"], get(|| async { Redirect::to("/agm/") })),
        ("/agm", &["GET"], get(|| async { Redirect::to("/agm/") })),
        ("/healthz", &["GET"], get(|| async { ALIVE })),
        ("/readyz", &["GET"], get(prometheus::ready)),
        ("/metrics", &["GET"], get(prometheus::metrics)),
        ("/openapi.json", &["GET"], get(openapi::json)),
        ("/docs", &["GET"], get(docs::page)),
        ("/agm/login", &["POST"], post(sign_in::login_form)),
        ("/ni_status/login", &["POST"], post(sign_in::login)),
        ("/ni_status/logout", &["POST"], post(sign_in::logout)),
        (
            "/ni_status/providers/{name}",
            &["GET", "PUT", "DELETE"],
            get(rest::provider).put(rest::edit_provider).delete(rest::remove_provider),
        ),
        ("/ni_status/providers/{name}/models", &["GET"], get(rest::provider_models)),
        ("/ni_status/assignment/workers/{name}", &["GET", "PUT"], get(rest::worker).put(rest::set_worker)),
        ("/ni_status/workers/{name}/sleep", &["POST"], post(workers::sleep)),
        ("/ni_status/workers/{name}/wake", &["POST"], post(workers::wake)),
        ("/ni_status/workers/{name}/restart", &["POST"], post(workers::restart)),
        ("/ni_status/operations/{id}", &["GET"], get(operations::operation)),
        ("/ni_status/operations/{id}/undo", &["POST"], post(operations::undo)),
        ("/ni_status/operations/{id}/cancel", &["POST"], post(operations::cancel)),
        ("/ni_status/operations/{id}/release", &["POST"], post(operations::release)),
        ("/ni_status/plans/{id}/apply", &["POST"], post(operations::apply)),
        ("/ni_status/export", &["GET"], get(export::export)),
        ("/ni_status/backups", &["GET", "POST"], get(backups::list).post(backups::take)),
        ("/ni_status/backups/import", &["POST"], post(backups::import)),
        ("/ni_status/backups/adopt", &["POST"], post(backups::adopt)),
        ("/ni_status/backups/verify", &["POST"], post(backups::verify_sealed)),
        ("/ni_status/backups/original", &["POST"], post(backups::original)),
        ("/ni_status/backups/last", &["GET"], get(backups::last)),
        ("/ni_status/backups/rotate-key", &["POST"], post(backups::rotate_key)),
        ("/ni_status/backups/reseal", &["POST"], post(backups::reseal)),
        ("/ni_status/backups/{id}", &["GET"], get(backups::backup)),
        ("/ni_status/backups/{id}/file", &["GET"], get(backups::file)),
        ("/ni_status/backups/{id}/sealed", &["GET"], get(backups::sealed)),
        ("/ni_status/backups/{id}/export", &["POST"], post(backups::export)),
        ("/ni_status/backups/{id}/compare", &["GET"], get(backups::compare)),
        ("/ni_status/backups/{id}/verify", &["POST"], post(backups::verify)),
        ("/ni_status/backups/{id}/pin", &["POST"], post(backups::pin)),
        ("/ni_status/backups/{id}/unpin", &["POST"], post(backups::unpin)),
        ("/ni_status/backups/{id}/rename", &["POST"], post(backups::rename)),
        ("/ni_status/backups/{id}/delete", &["POST"], post(backups::delete)),
        ("/ni_status/doctor", &["GET"], get(doctor::doctor)),
        ("/ni_status/doctor/probe", &["POST"], post(doctor::probe)),
        ("/ni_status/doctor/bundle", &["GET"], get(doctor::bundle)),
        ("/ni_status/drift", &["GET"], get(drift::drift)),
        ("/ni_status/installation", &["GET"], get(installation::installation)),
        ("/ni_status/installation/proof", &["POST"], post(installation::prove)),
        ("/ni_status/stream", &["GET"], get(news::stream)),
        ("/ni_status/metrics/history", &["GET"], get(figures::history)),
        ("/ni_status/usage", &["GET"], get(figures::usage)),
    ]
}

/// Every method and path that is not a page: axum's own and the server functions.
pub fn all_routes() -> Vec<(String, String)> {
    let own = own()
        .into_iter()
        .flat_map(|(path, methods, _)| methods.iter().map(move |m| (m.to_string(), path.to_owned())));
    let functions =
        server_fn::axum::server_fn_paths().map(|(path, method)| (method.to_string(), path.to_owned()));
    let mut all: Vec<_> = own.chain(functions).collect();
    all.sort();
    all
}

fn router(state: AppState) -> Router {
    let mut router = pages::pages(&state).merge(site::files(&state.site));
    for (path, _, handlers) in own() {
        router = router.route(path, handlers);
    }
    let router = router.fallback(missing).method_not_allowed_fallback(wrong_method);
    router.layer(from_fn(language::choose)).layer(from_fn(tell_route)).with_state(state)
}

/// Tells the outer layers which route it was: only the router knows.
async fn tell_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

async fn wrong_method() -> ApiError {
    Failure::new(Code::MethodNotAllowed, "this path does not take that method").into()
}

/// Below `/agm` a page says so, everywhere else JSON.
async fn missing(State(state): State<AppState>, uri: Uri, request: Request<Body>) -> Response {
    if uri.path().starts_with("/agm/") {
        return pages::missing(state, request).await;
    }
    ApiError::from(Failure::new(Code::NotFound, "there is nothing at this path")).into_response()
}
