//! A provider's own list of models, with what is known about each.
use crate::{
    clients::Clients,
    doctor::LastList,
    probe::{ListedModel, ProbeFailure},
};
use domain::{
    Code, Failure, ProviderModel,
    rules::{KnownLimits, limits_for},
};
use higress::ProviderDoc;

/// What asking a provider for its models came to.
pub enum Listed {
    Models {
        models: Vec<ListedModel>,
        evidence: String,
        latency_ms: u64,
    },
    /// Its type has no list that can be asked for.
    NoList,
    Unreadable(ProbeFailure),
}

/// Asks the provider itself, with its first key, and remembers what it lists.
pub async fn list_models(clients: &Clients, provider: &ProviderDoc) -> Listed {
    let Some(list) = provider.model_list() else { return Listed::NoList };
    match clients.probe.list_models(&list, provider.tokens().first()).await {
        Ok(listing) => {
            let models = listing.models.iter().map(|model| model.id.to_string()).collect();
            clients.lists.keep(provider, LastList { at: clients.clock.now(), models });
            Listed::Models {
                models: listing.models,
                evidence: listing.evidence,
                latency_ms: millis(listing.latency),
            }
        }
        Err(failure) => Listed::Unreadable(failure),
    }
}

/// The list for people.
pub async fn provider_models(
    clients: &Clients,
    provider: &ProviderDoc,
) -> Result<Vec<ProviderModel>, Failure> {
    let name = provider.name();
    match list_models(clients, provider).await {
        Listed::Models { models, .. } => Ok(models.iter().map(known).collect()),
        Listed::NoList => Err(Failure::new(
            Code::UpstreamUnavailable,
            format!("{name} is of type {}, which lists no models", provider.kind()),
        )
        .hint("Type the model's id as the provider spells it.")),
        Listed::Unreadable(why) => {
            let mut failure = Failure::new(
                Code::UpstreamUnavailable,
                format!("{name} did not list its models: {}", why.evidence),
            )
            .hint("Test the provider to see what is wrong, or type the model's id.");
            failure.reason = Some(why.reason);
            Err(failure)
        }
    }
}

/// What a list says about a model.
pub fn limits_of(listed: &ListedModel) -> KnownLimits {
    KnownLimits {
        context_window: listed.context_window,
        max_tokens: listed.max_tokens,
        ..KnownLimits::default()
    }
}

fn known(listed: &ListedModel) -> ProviderModel {
    let (limits, source) = limits_for(&listed.id, Some(&limits_of(listed)), None, &KnownLimits::default());
    ProviderModel {
        id: listed.id.clone(),
        context_window: limits.context_window,
        max_tokens: limits.max_tokens,
        vision: limits.vision,
        reasoning: limits.reasoning,
        source,
    }
}

/// Milliseconds, as they go on the wire.
pub fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
