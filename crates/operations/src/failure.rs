//! Failures that several parts give, with what to do next.
use domain::{Code, Failure, ProviderName, Reason, Target};

/// An agent without a key of its own cannot be tested, and cannot call its model.
pub fn no_key(target: &Target) -> Failure {
    let mut failure = Failure::new(
        Code::UpstreamUnavailable,
        format!("the config of {} has no key for the gateway", target.agent()),
    )
    .hint(match target {
        Target::Manager => "Set HICLAW_MANAGER_GATEWAY_KEY, or let HiClaw write its openclaw.json anew.",
        Target::Worker(_) => "HiClaw writes the key when it creates the worker. Is the worker set up?",
    });
    failure.system = Some("manager".into());
    failure
}

/// What to do when a test failed.
pub fn advice(reason: Reason, provider: &ProviderName) -> String {
    match reason {
        Reason::Auth => format!(
            "The provider's key was refused: replace it under Providers, with Replace key of {provider}. If the message names Key Auth, it was the agent's own key: its config and its consumer hold different ones."
        ),
        Reason::ConsumerNotAllowed => {
            "The route does not let this agent in. Let it in with the repair that Routes shows.".into()
        }
        Reason::RouteNotFound => "No route takes this model for this agent. Look at Routes.".into(),
        Reason::ModelNotFound => "The provider does not know this model. Choose one that it lists.".into(),
        Reason::RateLimit => "The provider limits calls now. Try again in a minute.".into(),
        Reason::Billing => format!("The account at {provider} has no credit left."),
        Reason::Timeout => "It did not answer in time. Test the provider to see which leg is slow.".into(),
        Reason::DnsTls => "The gateway cannot reach the provider's host. Is its URL right?".into(),
        Reason::Format => {
            "What came back is no chat completion. Is the base URL right, and does it end in /v1?".into()
        }
        Reason::GatewayNotReady => {
            format!(
                "The gateway reaches nobody for {provider}: it has not taken up the change yet, or the provider's host is unknown or down. Test the provider, and try again in a minute."
            )
        }
        Reason::Unknown => "Test the provider under Providers to see which leg fails.".into(),
    }
}
