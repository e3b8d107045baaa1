//! The OpenAPI document, made from the annotations beside each handler and server function.
use super::{
    backups, doctor, drift, examples, export, figures, installation, news, operations, rest, sign_in, workers,
};
use app::api;
use axum::{Json, response::IntoResponse};
use domain::Failure;
use std::sync::LazyLock;
use utoipa::{
    OpenApi,
    openapi::{
        Components, Content, OpenApi as Document, Ref, RefOr, Required, Response, ResponseBuilder,
        content::ContentBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
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
        api::changes::set_models,
        api::changes::set_manager,
        api::changes::repair_routes,
        api::changes::reload,
        api::providers::providers,
        api::providers::add_provider,
        api::providers::create_provider,
        api::providers::run_test,
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
        workers::sleep,
        workers::wake,
        workers::restart,
        operations::operation,
        operations::undo,
        operations::cancel,
        operations::release,
        operations::apply,
        export::export,
        backups::list,
        backups::take,
        backups::import,
        backups::adopt,
        backups::verify_sealed,
        backups::original,
        backups::last,
        backups::rotate_key,
        backups::reseal,
        backups::backup,
        backups::file,
        backups::sealed,
        backups::export,
        backups::compare,
        backups::verify,
        backups::pin,
        backups::unpin,
        backups::rename,
        backups::delete,
        doctor::doctor,
        doctor::probe,
        doctor::bundle,
        drift::drift,
        installation::installation,
        installation::prove,
        figures::history,
        figures::usage,
        news::stream,
        sign_in::login,
        sign_in::logout,
    ),
    tags(
        (name = "state", description = "How everything is."),
        (name = "providers", description = "LLM providers of the gateway."),
        (name = "routes", description = "AI routes of the gateway."),
        (name = "changes", description = "Plans, changes, and how far they are."),
        (name = "backups", description = "What the installation was like, keys included, sealed. A restore is a change."),
        (name = "session", description = "Signing in and out, for browsers; programs use HTTP Basic."),
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
        operations.into_iter().flatten().for_each(complete);
    }
    document
});

/// Adds what is the same for all: the failure, words for each answer and parameter, the example of a body.
fn complete(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            response.description = meaning(status).into();
        }
    }
    operation.responses.responses.insert("default".into(), RefOr::T(failure()));
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(add_example);
    }
    let parameters = operation.parameters.get_or_insert_default();
    let changes = parameters.iter().any(|parameter| matches!(parameter, RefOr::T(p) if p.name == "dry_run"));
    if changes || matches!(operation.operation_id.as_deref(), Some("begin" | "apply")) {
        parameters.push(RefOr::T(idempotency_key()));
    }
    for parameter in parameters {
        if let RefOr::T(parameter) = parameter {
            parameter.description = Some(purpose(&parameter.name).into());
        }
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        "202" => "It was begun; `GET /ni_status/operations/{id}` follows it.",
        "204" => "It was done; there is no body.",
        _ => "What was asked for.",
    }
}

fn purpose(parameter: &str) -> &'static str {
    match parameter {
        "dry_run" => "`true`: answer with the plan and change nothing.",
        "Idempotency-Key" => "The same key with the same request returns the same operation.",
        "deep" => "`true`: ask every system; needs a sign-in.",
        "id" => "The id of the operation, the plan or the backup.",
        "until" => "How long to stream events: `end` (as when it is absent) or `settled`.",
        "limit" => "At most so many.",
        "minutes" => "How far to look back; 60 when it is absent.",
        "since" => "The `id` of an event: what came after it is told at once.",
        "Last-Event-ID" => "What a browser sends by itself when it comes back; goes before `since`.",
        "target" => "Only those for this agent: `manager`, `worker:NAME`, or the bare name.",
        "Prefer" => "`respond-async`: answer when it was begun.",
        _ => "The name as the list shows it.",
    }
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(200))))
        .build()
}

fn add_example(content: &mut RefOr<Content>) {
    let RefOr::T(content) = content else { return };
    let Some(RefOr::Ref(schema)) = &content.schema else { return };
    let name = schema.ref_location.rsplit('/').next().unwrap_or_default();
    let example = examples::REQUESTS.iter().find(|(of, _)| *of == name);
    content.example = example.and_then(|(_, json)| serde_json::from_str(json).ok());
}

fn failure() -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Failure")))
        .example(serde_json::from_str(examples::FAILURE).ok())
        .build();
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
