//! Whether the web UI answers through the gateway, by name and by path, as people and scripts call it.
use super::{
    PATIENCE,
    report::{failed, ok, unknown, warning},
};
use crate::{clients::Clients, scrub};
use domain::{Check, CheckId};
use reqwest::{StatusCode, header::HOST};
use url::Url;

/// The name under which HiClaw's gateway offers the Manager's pages.
const NAME: &str = "manager-local.hiclaw.io";
/// Only our sign-in page has this form.
const OUR_PAGE: &str = r#"action="/agm/login""#;
const OUR_HEALTH: &str = r#"{"status":"healthy"}"#;

/// What the gateway says at one of the ways to agm.
enum Said {
    Ours,
    /// No route leads from there to agm, or one that asks for a key takes it.
    NotOurs,
    /// A route takes it, and does not get through.
    Broken(StatusCode),
}

/// The check of it. `host`: the name under which agents call the gateway.
pub async fn check(clients: &Clients, gateway: &Url, host: &str) -> Check {
    let (id, about) = (CheckId::WebUi, "gateway");
    let (by_name, by_path, for_scripts) = futures::join!(
        ask(clients, gateway, NAME, "/agm/login", OUR_PAGE),
        ask(clients, gateway, host, "/agm/login", OUR_PAGE),
        ask(clients, gateway, host, "/ni_status/health", OUR_HEALTH),
    );
    let ways = [(NAME, by_name), ("/agm", by_path), ("/ni_status", for_scripts)];
    let mut lacks = Vec::new();
    for (way, said) in &ways {
        match said {
            Ok(Said::Ours) => {}
            Ok(Said::NotOurs) => lacks.push(*way),
            Ok(Said::Broken(status)) => {
                let evidence = format!("the gateway answers {} at {way}", status.as_u16());
                return failed(id, about, evidence).fix("agm install");
            }
            Err(why) => return unknown(id, about, why.clone()),
        }
    }
    if lacks.is_empty() {
        return ok(id, about, format!("the gateway leads to agm at {NAME}, /agm and /ni_status"));
    }
    if lacks.len() == ways.len() {
        return ok(id, about, "the gateway does not lead to agm, which is reached at its own address only");
    }
    let evidence = format!("the gateway leads to agm, but not at {}", lacks.join(", "));
    warning(id, about, evidence).fix("agm install")
}

async fn ask(clients: &Clients, gateway: &Url, host: &str, path: &str, ours: &str) -> Result<Said, String> {
    let mut url = gateway.clone();
    url.set_path(path);
    let call = clients.http.get(url).header(HOST, host).timeout(PATIENCE).send().await;
    let answer = call.map_err(|error| scrub::http_error(&error))?;
    let status = answer.status();
    if status.is_server_error() {
        return Ok(Said::Broken(status));
    }
    let is_ours = status == StatusCode::OK && answer.text().await.is_ok_and(|text| text.contains(ours));
    Ok(if is_ours { Said::Ours } else { Said::NotOurs })
}
