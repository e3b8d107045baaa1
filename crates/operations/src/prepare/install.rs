//! Being reached through the gateway: what is registered there, and what is given back.
//!
//! All of it is planned by what stands there now. What stood there before agm is in our note, which is written first and
//! removed last. A former plugin's route for `/ni_status` goes when ours stands: of two routes of one host and path the
//! gateway takes the older, so that calls are served by the one until they are served by the other.
use super::{draft::Draft, entry::Entry};
use crate::{
    clients::Clients,
    edits::Edit,
    proof::Proof,
    registration::{Registration, Replaced},
    scrub,
};
use domain::{Code, DomainName, Failure, Install, Reach};
use higress::{PlainDoc, PlainName};
use serde_json::json;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Our service source, and the beginning of the services that the gateway makes of it.
pub const SOURCE: &str = "agm";
/// Our routes: everything under the domain, and two paths under any other host.
pub const BY_DOMAIN: &str = "agm-domain";
pub const BY_PATH: &str = "agm-path";
pub const BY_API: &str = "agm-api";
/// What the former plugin registered.
const FORMER_SOURCE: &str = "monitor";
pub const FORMER_ROUTE: &str = "ai-gateway-monitor";
pub const FORMER_PLUGIN: &str = "key-auth";
/// How long the gateway may take to say anything at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// What agm registers to be reached under a domain, in the order in which it is written.
pub fn wanted(domain: &DomainName, reach: &Reach) -> Vec<PlainDoc> {
    let kind = if reach.is_address() { "static" } else { "dns" };
    let address = if reach.is_address() { reach.as_str() } else { reach.host() };
    let source = json!({"name": SOURCE, "type": kind, "domain": address, "port": reach.port()});
    let route = |name: &str, domains: &[&DomainName], prefix: &str| {
        let services = json!([{"name": format!("{SOURCE}.{kind}"), "port": reach.port(), "weight": 100}]);
        let path = json!({"matchType": "PRE", "matchValue": prefix});
        let json = json!({"name": name, "domains": domains, "path": path, "services": services});
        PlainDoc::new(PlainName::Route(name.to_owned()), json)
    };
    vec![
        PlainDoc::new(PlainName::Source(SOURCE.to_owned()), source),
        PlainDoc::new(PlainName::Domain(domain.to_string()), json!({"name": domain, "enableHttps": "off"})),
        route(BY_DOMAIN, &[domain], "/"),
        route(BY_PATH, &[], "/agm"),
        route(BY_API, &[], "/ni_status"),
    ]
}

/// What the former plugin leaves, in the order in which it is removed: what these plugins are set to on its route, which
/// would go with the route, the route, and its source.
pub fn former<'a>(plugins: impl IntoIterator<Item = &'a str>) -> Vec<PlainName> {
    let set = |plugin: &str| PlainName::Plugin { route: FORMER_ROUTE.to_owned(), plugin: plugin.to_owned() };
    let plugins = plugins.into_iter().map(set);
    let rest = [PlainName::Route(FORMER_ROUTE.to_owned()), PlainName::Source(FORMER_SOURCE.to_owned())];
    plugins.chain(rest).collect()
}

/// Works out what has to be registered.
pub async fn register(clients: &Clients, draft: &mut Draft, wish: &Install) -> Result<(), Failure> {
    let known = clients.registration.read().await?;
    let known = known.as_deref();
    let entry = &clients.entry;
    let domain = wish.domain.clone().or(entry.domain.clone()).or(known.map(|known| known.domain.clone()));
    let domain = domain.unwrap_or_else(DomainName::usual);
    let reach = wish.reach.clone().or(entry.reach.clone()).or(known.map(|known| known.reach.clone()));
    let reach = reach.map_or_else(|| listens_at(clients), Ok)?;
    refuse_tls(clients)?;
    gateway_answers(clients).await?;
    let entry = Entry::read(clients).await?;
    entry.refuse_shadowed(&domain)?;

    let (mut objects, mut edits) = (Vec::new(), Vec::new());
    for wanted in wanted(&domain, &reach) {
        let (replaced, edit) = entry.ours(draft, wanted, known).await?;
        objects.push(replaced);
        edits.push(edit);
    }
    let former = entry.former_names(known);
    let stays = |name: &PlainName| {
        objects.iter().any(|replaced: &Replaced| replaced.name == *name) || former.contains(name)
    };
    for outdated in known.into_iter().flat_map(|known| &known.objects).filter(|old| !stays(&old.name)) {
        edits.extend(entry.given_back(draft, known, outdated).await?);
    }
    for name in former {
        let (replaced, edit) = entry.former(name, known).await?;
        objects.extend(replaced);
        edits.extend(edit);
    }
    let after = Some(Registration { domain: domain.clone(), reach, objects });
    draft.write_entry(Edit::Registration { before: known.cloned(), after });
    edits.into_iter().for_each(|edit| draft.write_entry(edit));
    let replaces = |edit: &Edit| matches!(edit, Edit::Plain { before: Some(_), .. });
    let moved = draft.entry_writes().any(replaces);
    if draft.entry_writes().next().is_some() {
        draft.prove(Proof { domain, moved });
    }
    Ok(())
}

/// Works out what has to be given back.
pub async fn unregister(clients: &Clients, draft: &mut Draft) -> Result<(), Failure> {
    let known = clients.registration.read().await?;
    let entry = Entry::read(clients).await?;
    let objects = match known.as_deref() {
        Some(known) => known.objects.clone(),
        None => entry.unnoted(),
    };
    let mut edits = Vec::new();
    for replaced in objects.iter().rev() {
        edits.extend(entry.given_back(draft, known.as_deref(), replaced).await?);
    }
    edits.into_iter().for_each(|edit| draft.write_entry(edit));
    draft.write_entry(Edit::Registration { before: known.map(Arc::unwrap_or_clone), after: None });
    Ok(())
}

/// Where agm listens, where the gateway can be taken to reach that.
fn listens_at(clients: &Clients) -> Result<Reach, Failure> {
    let address = clients.front()?.address();
    let gateway = clients.gateway.host_str().and_then(|host| host.parse::<IpAddr>().ok());
    let console = clients.console_host.as_deref().is_some_and(is_here);
    let here = console || gateway.is_some_and(|ip| ip.is_loopback());
    let reach = match address.ip() {
        ip if ip.is_loopback() && here => Ok(ip),
        ip if ip.is_unspecified() && here => Ok(IpAddr::from([127, 0, 0, 1])),
        ip if !ip.is_loopback() && !ip.is_unspecified() => Ok(ip),
        _ => Err(format!("agm listens on {address}, and the gateway is not on this machine")),
    };
    let reach = reach.and_then(|ip| {
        let reach = format!("{ip}:{}", address.port()).parse();
        reach
            .map_err(|_| format!("agm listens on {address}, and the gateway needs an IPv4 address or a name"))
    });
    reach.map_err(|message| {
        Failure::field("reach", message).hint(
            "Say where the gateway reaches agm: --reach HOST:PORT, or AGM_REACH. agm must listen there.",
        )
    })
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn refuse_tls(clients: &Clients) -> Result<(), Failure> {
    if !clients.front()?.speaks_tls() {
        return Ok(());
    }
    Err(Failure::new(Code::Conflict, "agm speaks HTTPS, and the gateway calls it over HTTP")
        .hint("Start agm without tls-cert and tls-key: the gateway stands before it."))
}

async fn gateway_answers(clients: &Clients) -> Result<(), Failure> {
    let asked = clients.http.get(clients.gateway.clone()).timeout(PATIENCE).send().await;
    asked.map(drop).map_err(|error| {
        let why = scrub::http_error(&error);
        let mut failure =
            Failure::new(Code::UpstreamUnavailable, format!("the AI gateway does not answer: {why}"))
                .hint("Does the gateway run, and is HICLAW_AI_GATEWAY_URL its address?");
        failure.system = Some("gateway".into());
        failure
    })
}
