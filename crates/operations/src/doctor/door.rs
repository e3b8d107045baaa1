//! Whether the web UI answers through the gateway, by name and by path, as people and scripts call it.
use super::{
    bounded,
    report::{failed, ok, unknown, warning},
};
use crate::{
    clients::Clients,
    proof::{ANY_ADDRESS, Asked, CLOSED, PAGE, Prover, body},
};
use domain::{Check, CheckId, DomainName};
use reqwest::StatusCode;
use url::Url;

/// A way through the gateway.
struct Way<'a> {
    /// For people.
    name: &'a str,
    /// The route that `agm install` makes for it.
    route: &'static str,
    host: &'a str,
    path: &'static str,
    /// The status that we answer with to who is not signed in.
    status: StatusCode,
    /// What only our answer holds.
    ours: &'static str,
}

/// Only our sign-in page has this form.
const FORM: &str = r#"action="/agm/login""#;
/// Only our refusal has this code.
const REFUSED: &str = r#""code":"AUTH_REQUIRED""#;

/// Everything that `agm install` makes, where people call it.
fn ways(domain: &str) -> [Way<'_>; 3] {
    let page = |name, route, host| Way { name, route, host, path: PAGE, status: StatusCode::OK, ours: FORM };
    [
        page(domain, "agm-domain", domain),
        page("/agm", "agm-path", ANY_ADDRESS),
        Way {
            name: "/ni_status",
            route: "agm-api",
            host: ANY_ADDRESS,
            path: CLOSED,
            status: StatusCode::UNAUTHORIZED,
            ours: REFUSED,
        },
    ]
}

/// What came back: a status, and whether it was agm who answered.
type Said = Result<(StatusCode, bool), String>;

/// The check of it. That nothing leads to agm is no fault: it may be meant to be reached at its own address.
pub async fn check(clients: &Clients, gateway: &Url) -> Check {
    let (id, about) = (CheckId::WebUi, "gateway");
    let routes = bounded(async { Ok(clients.console.plain_routes().await?) });
    let registered = clients.registration.known();
    let domain = registered.map_or_else(DomainName::usual, |known| known.domain.clone());
    let ways = ways(domain.as_str());
    let [name, path, scripts] = &ways;
    let prover = Prover { clients, gateway };
    let ask = |way| ask(&prover, way);
    let (routes, name, path, scripts) = futures::join!(routes, ask(name), ask(path), ask(scripts));
    let routes = match routes {
        Ok(routes) => routes,
        Err(why) => return unknown(id, about, format!("the console's routes could not be read: {why}")),
    };
    let (mut lacks, mut broken) = (Vec::new(), Vec::new());
    for (way, said) in ways.iter().zip([name, path, scripts]) {
        match said {
            Err(why) => return unknown(id, about, why),
            Ok((_, true)) => {}
            Ok((status, false)) if routes.iter().any(|route| route.name == way.route) => {
                broken.push(format!("the gateway answers {} at {}", status.as_u16(), way.name));
            }
            Ok((_, false)) => lacks.push(way.name),
        }
    }
    match (broken.is_empty(), lacks.len()) {
        (false, _) => failed(id, about, broken.join("; ")).fix("agm install"),
        (true, 0) => ok(id, about, "the gateway leads to agm, by name and by path"),
        (true, lacking) if lacking == ways.len() => {
            ok(id, about, "the gateway does not lead to agm, which is reached at its own address only")
        }
        (true, _) => {
            let evidence = format!("the gateway leads to agm, but not at {}", lacks.join(", "));
            warning(id, about, evidence).fix("agm install")
        }
    }
}

async fn ask(prover: &Prover<'_>, way: &Way<'_>) -> Said {
    let answer = prover.ask(prover.gateway, Asked::new(way.host, way.path)).await?;
    let status = answer.status();
    let is_ours = status == way.status && body(answer).await.is_ok_and(|text| text.contains(way.ours));
    Ok((status, is_ours))
}
