//! Providers: listed, added, tested.
use super::{CreateProvider, Created, Outcome, Providers, UiClient};
use crate::{codec::StrictJson, error::ApiError};
use domain::{NewProvider, Provider, ProviderModel, ProviderName, ProviderTest, TestProvider};
use leptos::prelude::*;
use server_fn::codec::{GetUrl, Post};

#[cfg(feature = "ssr")]
use super::Caller;
#[cfg(feature = "ssr")]
use domain::Mutation;

/// All providers.
pub async fn list_providers() -> Result<Vec<Provider>, ApiError> {
    Ok(providers().await?.providers)
}

/// A provider's own model list, with what is known about each.
pub async fn provider_models(name: ProviderName) -> Result<Vec<ProviderModel>, ApiError> {
    #[cfg(feature = "ssr")]
    let answer = Caller::take()?.operations.provider_models(&name).await?;
    #[cfg(not(feature = "ssr"))]
    let answer = super::client::read::<super::Models>("providers", name.as_str(), "/models").await?.models;
    Ok(answer)
}

/// Asks a provider for its models, and a model one question. A test that failed is an answer too.
pub async fn test_provider(question: TestProvider) -> Result<ProviderTest, ApiError> {
    let answer = run_test(question).await;
    answer.or_else(|error| ProviderTest::of_failure(&error.0).ok_or(error))
}

/// The LLM providers of the gateway. Never a token.
#[server(name = ProvidersCall, prefix = "/ni_status", endpoint = "providers", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/providers", tag = "providers", responses((status = 200, body = Providers))
))]
pub async fn providers() -> Result<Providers, ApiError> {
    Caller::take()?.providers().await
}

/// Add a provider, and the route for its models when another provider has the default route.
#[server(name = AddProviderCall, prefix = "/ni_status", endpoint = "providers", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/providers", tag = "providers", request_body = NewProvider,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 201, body = Outcome<Provider>))
))]
pub async fn add_provider(provider: NewProvider) -> Result<Outcome<Provider>, ApiError> {
    let caller = Caller::take()?;
    let (operations, name) = (caller.operations.clone(), provider.name.clone());
    Ok(match caller.run(Mutation::AddProvider(provider), |_| ()).await? {
        Outcome::Planned(plan) => Outcome::Planned(plan),
        Outcome::Done(done) => {
            let provider = operations.provider(&name).await?;
            super::answer_with(http::StatusCode::CREATED);
            Outcome::Done(done.with(provider))
        }
    })
}

/// Add a provider, in the shape of the first version of this API.
#[server(name = CreateProviderCall, prefix = "/ni_status", endpoint = "create-provider", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/create-provider", tag = "providers", request_body = CreateProvider,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = Outcome<Created>))
))]
pub async fn create_provider(provider: CreateProvider) -> Result<Outcome<Created>, ApiError> {
    let name = provider.name.clone();
    Caller::take()?
        .run(Mutation::AddProvider(provider.into()), |operation| {
            let route_name = super::caller::changed_route(operation);
            Created {
                provider: name,
                route_updated: route_name.is_some(),
                route_name,
                operation: operation.id.clone(),
            }
        })
        .await
}

/// Ask a provider for its models and, with a model, ask that model one question through the gateway. A test that fails
/// is `MODEL_NOT_REACHABLE`, with `legs`; a provider whose type lists no models is tested with a model only.
#[server(name = TestProviderCall, prefix = "/ni_status", endpoint = "test-provider", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/test-provider", tag = "providers", request_body = TestProvider,
    responses((status = 200, body = ProviderTest))
))]
pub async fn run_test(question: TestProvider) -> Result<ProviderTest, ApiError> {
    Ok(Caller::take()?.operations.test_provider(question).await?)
}
