//! Whether the gateway turns away who shows no key. Where its plugin for that is not loaded, every route is open, whatever
//! the console says.
use super::{
    PATIENCE, Stored,
    agents::each,
    report::{failed, ok, unknown},
};
use crate::{
    clients::Clients,
    reads::{Agents, CHAT},
    scrub,
};
use domain::{Check, CheckId};
use reqwest::{StatusCode, header::HOST};
use serde_json::json;
use url::Url;

/// Asks the gateway over a route that wants a key, without one and for nothing: a model that is reached has no message to
/// answer to.
pub async fn check(
    clients: &Clients,
    gateway: &Url,
    agents: Option<&Agents>,
    stored: Option<&Stored>,
) -> Check {
    let id = CheckId::GatewayAuth;
    let Some((agents, stored)) = agents.zip(stored) else {
        return unknown(id, "gateway", "the routes or the agents could not be read");
    };
    let agents = each(agents, Some(stored));
    let asked = agents.iter().find_map(|agent| {
        let route = agent.route.filter(|route| route.consumers.is_some())?;
        Some((route, agent.model?))
    });
    let Some((route, model)) = asked else {
        return unknown(id, "gateway", "no agent's model has a route that asks for a key");
    };
    let mut url = gateway.clone();
    url.set_path(&format!("{}{CHAT}", gateway.path().trim_end_matches('/')));
    let body = json!({"model": model, "messages": [], "max_tokens": 1});
    let call = clients.http.post(url).header(HOST, &stored.view.host).json(&body).timeout(PATIENCE).send();
    let name = route.name.as_str();
    match call.await {
        Err(error) => unknown(id, name, scrub::http_error(&error)),
        Ok(answer) => match answer.status() {
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                ok(id, name, format!("a call without a key was answered {}", status.as_u16()))
            }
            status if is_of_a_model(status) => {
                let evidence =
                    format!("a call without a key was let through, and answered {}", status.as_u16());
                failed(id, name, evidence).fix(
                    "The gateway has not loaded its plugin key-auth: look at its log. Some images of 2.2.4 ask for a version of it that they do not have; use another image.",
                )
            }
            status => unknown(id, name, format!("a call without a key was answered {}", status.as_u16())),
        },
    }
}

/// Whether only a provider answers a question without a message so. Else the gateway may, before it asks for a key.
fn is_of_a_model(status: StatusCode) -> bool {
    let refused = [StatusCode::BAD_REQUEST, StatusCode::PAYMENT_REQUIRED, StatusCode::UNPROCESSABLE_ENTITY];
    status.is_success() || refused.contains(&status)
}
