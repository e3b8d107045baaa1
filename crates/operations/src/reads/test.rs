//! A provider's test: does it answer us, and does it answer through the gateway.
use super::{ConsoleState, Listed, list_models, models::millis, view_for_routes};
use crate::{clients::Clients, failure::advice, prepare::Installation};
use domain::{
    Code, Failure, ModelId, ProviderName, ProviderTest, Reason, Simulate, Target, TestLeg, rules::simulate,
};

/// Asks the provider for its models and, when a model is named, the gateway for an answer of it. A provider whose type
/// lists none cannot be tested without a model: `INVALID_REQUEST`, and nothing is said of the provider. `may_lag`: the
/// gateway may not follow our newest change yet.
pub async fn test_provider(
    clients: &Clients,
    installation: &Installation,
    console: &ConsoleState,
    name: &ProviderName,
    model: Option<&ModelId>,
    may_lag: bool,
) -> Result<ProviderTest, Failure> {
    let provider = console.provider(name)?;
    let (listed, gateway) = futures::join!(list_models(clients, provider), async {
        match model {
            Some(model) => Some(gateway_leg(clients, installation, console, name, model, may_lag).await),
            None => None,
        }
    });
    let mut models = None;
    let mut legs = Vec::new();
    match listed {
        Listed::Models { models: list, evidence, latency_ms } => {
            models = Some(list.len());
            legs.push(leg("provider", latency_ms, Ok(evidence)));
        }
        Listed::Unreadable(why) => {
            legs.push(leg("provider", millis(why.latency), Err((why.reason, why.evidence))))
        }
        Listed::NoList if gateway.is_some() => {}
        Listed::NoList => {
            let why =
                format!("type {} lists no models: name one to test it through the gateway", provider.kind());
            return Err(Failure::field("model", why));
        }
    }
    legs.extend(gateway.transpose()?);
    match legs.iter().find_map(|leg| leg.reason) {
        Some(reason) => Err(failed(name, reason, legs)),
        None => {
            let latency_ms = legs.iter().map(|leg| leg.latency_ms).max().unwrap_or_default();
            Ok(ProviderTest { success: true, models, latency_ms, legs })
        }
    }
}

/// A test with a leg that failed: what each leg saw, and what to do about the first.
fn failed(name: &ProviderName, reason: Reason, legs: Vec<TestLeg>) -> Failure {
    let bad = legs.iter().filter(|leg| !leg.ok).map(|leg| format!("{}: {}", leg.name, leg.evidence));
    let message = format!("the test of {name} failed: {}", bad.collect::<Vec<_>>().join("; "));
    let mut failure = Failure::new(Code::ModelNotReachable, message).hint(advice(reason, name));
    failure.reason = Some(reason);
    failure.legs = legs;
    failure
}

async fn gateway_leg(
    clients: &Clients,
    installation: &Installation,
    console: &ConsoleState,
    name: &ProviderName,
    model: &ModelId,
    may_lag: bool,
) -> Result<TestLeg, Failure> {
    let question = Simulate { model: model.clone(), consumer: None, host: None, path: None };
    let route = simulate(&view_for_routes(console, installation)?, &question);
    match (&route.winner, &route.provider) {
        (Some(_), Some(provider)) if provider == name => {}
        (Some(route), provider) => {
            let other = provider.as_ref().map_or("nobody", ProviderName::as_str);
            let evidence = format!("route {route} sends {model} to {other}, not to {name}");
            return Ok(leg("gateway", 0, Err((Reason::RouteNotFound, evidence))));
        }
        (None, _) => {
            let evidence = format!("no AI route takes {model}");
            return Ok(leg("gateway", 0, Err((Reason::RouteNotFound, evidence))));
        }
    }
    let config = clients.holder.config(&Target::Manager).await?;
    let key = config.key.ok_or_else(|| crate::failure::no_key(&Target::Manager))?;
    let answered = if may_lag {
        clients.probe.ask_until_effective(&key, model).await
    } else {
        clients.probe.ask(&key, model).await
    };
    Ok(match answered {
        Ok(answered) => leg("gateway", millis(answered.latency), Ok(answered.evidence)),
        Err(why) => leg("gateway", millis(why.latency), Err((why.reason, why.evidence))),
    })
}

fn leg(name: &str, latency_ms: u64, seen: Result<String, (Reason, String)>) -> TestLeg {
    let (ok, reason, evidence) = match seen {
        Ok(evidence) => (true, None, evidence),
        Err((reason, evidence)) => (false, Some(reason), evidence),
    };
    TestLeg { name: name.to_owned(), ok, latency_ms, evidence, reason }
}
