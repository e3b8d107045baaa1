//! The OpenAPI document, made from the annotations beside each handler and server function.
use super::{rest, sign_in};
use app::api;
use axum::{Json, response::IntoResponse};
use domain::Failure;
use std::sync::LazyLock;
use utoipa::{
    OpenApi,
    openapi::{
        Components, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
        content::ContentBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "AI Gateway Management", description = "Providers, AI routes and the models of agents."),
    components(schemas(Failure)),
    paths(
        api::changes::make_plan,
        api::changes::begin,
        api::changes::list_operations,
        api::changes::set_model,
        api::changes::set_manager,
        api::changes::repair_routes,
        api::changes::reload,
        api::providers::providers,
        api::providers::add_provider,
        api::providers::create_provider,
        api::providers::test_provider,
        api::routes::routes,
        api::routes::route,
        api::routes::simulate_route,
        api::session::session,
        api::state::health,
        api::state::metrics,
        api::state::manager,
        api::state::assignments,
        api::state::worker_assignments,
        api::state::workers,
        rest::provider,
        rest::edit_provider,
        rest::remove_provider,
        rest::provider_models,
        rest::worker,
        rest::set_worker,
        rest::operation,
        sign_in::login,
        sign_in::logout,
    )
)]
struct Annotated;

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let mut document = Annotated::openapi();
    let basic = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build());
    document.components.get_or_insert_with(Components::new).add_security_scheme("basic", basic);
    document.security = Some(vec![SecurityRequirement::new("basic", Vec::<String>::new())]);
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".into(), RefOr::T(failure()));
        }
    }
    document
});

fn failure() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Failure"))).build();
    ResponseBuilder::new()
        .description("A code, a sentence and what to do next; the status is the code's own.")
        .content("application/json", content)
        .build()
}

/// The document.
pub fn document() -> &'static Document {
    &DOCUMENT
}

/// `GET /openapi.json`.
pub async fn json() -> impl IntoResponse {
    Json(document())
}
