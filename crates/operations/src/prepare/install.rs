//! Being reached through the gateway: what is registered there, and what is given back.
//!
//! All of it is planned by what stands there now. What stood there before agm is in our note, which is written first and
//! removed last. A former plugin's route for `/ni_status` goes when ours stands: of two routes of one host and path the
//! gateway takes the older, so that calls are served by the one until they are served by the other.
use super::draft::Draft;
use crate::{
    clients::Clients,
    edits::Edit,
    proof::Proof,
    registration::{Registration, Replaced},
    scrub,
};
use domain::{Code, DomainName, Failure, Install, Reach, Warning, WarningCode};
use higress::{PlainDoc, PlainName, PlainRoute};
use serde_json::json;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Our service source, and the beginning of the services that the gateway makes of it.
const SOURCE: &str = "agm";
/// Our routes: everything under the domain, and two paths under any other host.
const BY_DOMAIN: &str = "agm-domain";
const BY_PATH: &str = "agm-path";
const BY_API: &str = "agm-api";
/// What the former plugin registered.
const FORMER_SOURCE: &str = "monitor";
const FORMER_ROUTE: &str = "ai-gateway-monitor";
const FORMER_PLUGIN: &str = "key-auth";
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

/// What the former plugin leaves, in the order in which it is removed.
pub fn former() -> [PlainName; 3] {
    [
        PlainName::Plugin { route: FORMER_ROUTE.to_owned(), plugin: FORMER_PLUGIN.to_owned() },
        PlainName::Route(FORMER_ROUTE.to_owned()),
        PlainName::Source(FORMER_SOURCE.to_owned()),
    ]
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
    let entry = Entry { clients, routes: clients.console.plain_routes().await? };
    entry.refuse_shadowed(&domain)?;

    let (mut objects, mut edits) = (Vec::new(), Vec::new());
    for wanted in wanted(&domain, &reach) {
        let (replaced, edit) = entry.ours(wanted, known).await?;
        objects.push(replaced);
        edits.push(edit);
    }
    let stays = |name: &PlainName| {
        objects.iter().any(|replaced: &Replaced| replaced.name == *name) || former().contains(name)
    };
    for outdated in known.into_iter().flat_map(|known| &known.objects).filter(|old| !stays(&old.name)) {
        edits.extend(entry.given_back(draft, outdated).await?);
    }
    for name in former() {
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
    let entry = Entry { clients, routes: clients.console.plain_routes().await? };
    let objects = match known.as_deref() {
        Some(known) => known.objects.clone(),
        None => entry.unnoted(),
    };
    let mut edits = Vec::new();
    for replaced in objects.iter().rev() {
        edits.extend(entry.given_back(draft, replaced).await?);
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
        ip if ip.is_loopback() && here => Some(ip),
        ip if ip.is_unspecified() && here => Some(IpAddr::from([127, 0, 0, 1])),
        ip if !ip.is_loopback() && !ip.is_unspecified() => Some(ip),
        _ => None,
    };
    let reach = reach.and_then(|ip| format!("{ip}:{}", address.port()).parse().ok());
    reach.ok_or_else(|| {
        let message = format!("agm listens on {address}, and the gateway is not on this machine");
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

/// What plans of an entry are made from.
struct Entry<'a> {
    clients: &'a Clients,
    /// All of the gateway.
    routes: Vec<PlainRoute>,
}

impl Entry<'_> {
    async fn now(&self, name: &PlainName) -> Result<Option<PlainDoc>, Failure> {
        Ok(self.clients.console.plain(name).await?)
    }

    /// An object of ours as it is to be, and what stood there before. A domain serves as it is, whoever made it.
    async fn ours(
        &self,
        wanted: PlainDoc,
        known: Option<&Registration>,
    ) -> Result<(Replaced, Edit), Failure> {
        let name = wanted.name().clone();
        let before = self.now(&name).await?;
        let is_domain = matches!(name, PlainName::Domain(_));
        let kept = known.and_then(|known| known.replaced(&name)).cloned();
        let replaced = match (&before, kept) {
            (_, Some(kept)) => kept,
            (Some(now), None) if is_domain => {
                Replaced { name: name.clone(), before: Some(now.json().clone()) }
            }
            (Some(now), None) if *now != wanted && !leads_to_us(now) => return Err(somebody_elses(now)),
            (_, None) => Replaced { name: name.clone(), before: None },
        };
        let after = before.clone().filter(|_| is_domain).unwrap_or(wanted);
        Ok((replaced, Edit::Plain { name, before, after: Some(after) }))
    }

    /// What the former plugin left under this name, and its removal.
    async fn former(
        &self,
        name: PlainName,
        known: Option<&Registration>,
    ) -> Result<(Option<Replaced>, Option<Edit>), Failure> {
        let kept = known.and_then(|known| known.replaced(&name)).cloned();
        let Some(now) = self.now(&name).await?.filter(|now| self.is_former(now)) else {
            return Ok((kept, None));
        };
        let replaced = kept.unwrap_or(Replaced { name: name.clone(), before: Some(now.json().clone()) });
        Ok((Some(replaced), Some(Edit::Plain { name, before: Some(now), after: None })))
    }

    fn is_former(&self, doc: &PlainDoc) -> bool {
        let service = format!("{FORMER_SOURCE}.static");
        let is_former_route =
            |route: &PlainRoute| route.name == FORMER_ROUTE && route.services == [service.clone()];
        match doc.name() {
            PlainName::Source(_) => {
                let mut users = self.routes.iter().filter(|route| route.services.contains(&service));
                doc.json()["type"] == "static" && users.all(is_former_route)
            }
            PlainName::Route(_) | PlainName::Plugin { .. } => self.routes.iter().any(is_former_route),
            PlainName::Domain(_) => false,
        }
    }

    /// Of two routes of one host and path the gateway takes the older.
    fn refuse_shadowed(&self, domain: &DomainName) -> Result<(), Failure> {
        for (host, prefix) in [(Some(domain.as_str()), "/"), (None, "/agm"), (None, "/ni_status")] {
            let same_host = |route: &PlainRoute| match host {
                Some(host) => route.hosts.iter().any(|named| named == host),
                None => route.hosts.is_empty(),
            };
            let former = format!("{FORMER_SOURCE}.static");
            let goes = |route: &PlainRoute| {
                is_our_route(&route.name)
                    || (route.name == FORMER_ROUTE && route.services == [former.clone()])
            };
            let takes = |route: &&PlainRoute| {
                same_host(route)
                    && route.prefix.as_deref() == Some(prefix)
                    && !route.conditional
                    && !goes(route)
            };
            if let Some(other) = self.routes.iter().find(takes) {
                let host = host.unwrap_or("any host");
                let message = format!("the route {} takes {prefix} of {host} already", other.name);
                return Err(Failure::new(Code::Conflict, message).hint(
                    "Remove that route in the console, or install under another domain with --domain.",
                ));
            }
        }
        Ok(())
    }

    /// The write that brings back what stood there before agm; none where it stands there, or where what stands there is
    /// not to be removed, of which the plan then warns.
    async fn given_back(&self, draft: &mut Draft, replaced: &Replaced) -> Result<Option<Edit>, Failure> {
        let (name, after) = (&replaced.name, replaced.doc());
        let before = self.now(name).await?;
        draft.look_at_plain(name, before.as_ref());
        if before == after {
            return Ok(None);
        }
        let stays = match (&before, &after) {
            (Some(now), None) => self.why_it_stays(now),
            (Some(_), Some(_)) => Some("somebody changed it since".to_owned()),
            (None, _) => None,
        };
        if let Some(why) = stays {
            let message = format!("{name} is not removed: {why}");
            draft.warn(Warning::new(WarningCode::NotRemoved, message).about([name.to_string(), why]));
            return Ok(None);
        }
        Ok(Some(Edit::Plain { name: name.clone(), before, after }))
    }

    /// Why an object of our name is not removed. None: it can be.
    fn why_it_stays(&self, doc: &PlainDoc) -> Option<String> {
        let others = || self.routes.iter().filter(|route| !is_our_route(&route.name));
        let user = match doc.name() {
            PlainName::Route(_) if leads_to_us(doc) => None,
            PlainName::Route(_) | PlainName::Plugin { .. } => {
                return Some("it is somebody else's".to_owned());
            }
            PlainName::Source(_) => {
                others().find(|route| route.services.iter().any(|service| is_our_service(service)))
            }
            PlainName::Domain(domain) => others().find(|route| route.hosts.contains(domain)),
        };
        user.map(|route| format!("the route {} uses it", route.name))
    }

    /// What of ours stands there without a note of it.
    fn unnoted(&self) -> Vec<Replaced> {
        let by_domain = self.routes.iter().find(|route| route.name == BY_DOMAIN);
        let domains = by_domain.into_iter().flat_map(|route| &route.hosts).cloned().map(PlainName::Domain);
        let routes = [BY_DOMAIN, BY_PATH, BY_API].map(|name| PlainName::Route(name.to_owned()));
        let names = std::iter::once(PlainName::Source(SOURCE.to_owned())).chain(domains).chain(routes);
        names.map(|name| Replaced { name, before: None }).collect()
    }
}

fn is_our_route(name: &str) -> bool {
    [BY_DOMAIN, BY_PATH, BY_API].contains(&name)
}

fn is_our_service(service: &str) -> bool {
    service
        .split_once('.')
        .is_some_and(|(source, kind)| source == SOURCE && ["static", "dns"].contains(&kind))
}

/// Whether a route is one of ours, of whatever version.
fn leads_to_us(doc: &PlainDoc) -> bool {
    let services = doc.services();
    !services.is_empty() && services.into_iter().all(is_our_service)
}

fn somebody_elses(doc: &PlainDoc) -> Failure {
    let leads_to = match doc.services().as_slice() {
        [] => doc.json()["domain"].as_str().unwrap_or("something else").to_owned(),
        services => services.join(", "),
    };
    Failure::new(Code::Conflict, format!("{} is somebody else's: it leads to {leads_to}", doc.name()))
        .hint("Nothing was changed. Remove or rename it in the console, and install again.")
}
