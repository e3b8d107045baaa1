//! What stands at the gateway under the names of what agm is reached by, judged: ours, a former plugin's, or somebody
//! else's.
use super::{
    draft::Draft,
    install::{BY_API, BY_DOMAIN, BY_PATH, FORMER_ROUTE, SOURCE},
};
use crate::{
    clients::Clients,
    edits::Edit,
    registration::{Registration, Replaced},
};
use domain::{Code, DomainName, Failure, Warning, WarningCode};
use higress::{PlainDoc, PlainName, PlainRoute};

/// The service that the gateway makes of the former plugin's source, and where that leads.
const FORMER_SERVICE: &str = "monitor.static";
const FORMER_ADDRESS: &str = "127.0.0.1:18080";

/// What plans of an entry are made from.
pub struct Entry<'a> {
    clients: &'a Clients,
    /// All of the gateway.
    routes: Vec<PlainRoute>,
}

impl<'a> Entry<'a> {
    /// Looks at the gateway's routes.
    pub async fn read(clients: &'a Clients) -> Result<Self, Failure> {
        Ok(Self { clients, routes: clients.console.plain_routes().await? })
    }

    async fn now(&self, name: &PlainName) -> Result<Option<PlainDoc>, Failure> {
        Ok(self.clients.console.plain(name).await?)
    }

    /// An object of ours as it is to be, and what stood there before. A domain serves as it is, whoever made it.
    pub async fn ours(
        &self,
        wanted: PlainDoc,
        known: Option<&Registration>,
    ) -> Result<(Replaced, Edit), Failure> {
        let name = wanted.name().clone();
        let before = self.now(&name).await?;
        let is_domain = matches!(name, PlainName::Domain(_));
        let kept = known.and_then(|known| known.replaced(&name)).cloned();
        let replaced = match (&before, kept) {
            (Some(now), Some(_)) if matches!(name, PlainName::Route(_)) && !leads_to_us(now) => {
                return Err(somebody_elses(now));
            }
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
    pub async fn former(
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
        match doc.name() {
            PlainName::Source(_) => {
                let uses =
                    |route: &&PlainRoute| route.services.iter().any(|service| service == FORMER_SERVICE);
                let is_alike = doc.json()["type"] == "static" && doc.json()["domain"] == FORMER_ADDRESS;
                is_alike && self.routes.iter().filter(uses).all(is_former_route)
            }
            PlainName::Route(_) | PlainName::Plugin { .. } => self.routes.iter().any(is_former_route),
            PlainName::Domain(_) => false,
        }
    }

    /// Of two routes of one host and path the gateway takes the older.
    pub fn refuse_shadowed(&self, domain: &DomainName) -> Result<(), Failure> {
        for (host, prefix) in [(Some(domain.as_str()), "/"), (None, "/agm"), (None, "/ni_status")] {
            let same_host = |route: &PlainRoute| match host {
                Some(host) => route.hosts.iter().any(|named| named == host),
                None => route.hosts.is_empty(),
            };
            let takes = |route: &&PlainRoute| {
                same_host(route)
                    && route.prefix.as_deref() == Some(prefix)
                    && !route.conditional
                    && !is_our_route(&route.name)
                    && !is_former_route(route)
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
    pub async fn given_back(&self, draft: &mut Draft, replaced: &Replaced) -> Result<Option<Edit>, Failure> {
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
            PlainName::Source(_) if !self.routes.iter().any(is_ours) => {
                return Some("no route of agm leads to it".to_owned());
            }
            PlainName::Source(_) => {
                others().find(|route| route.services.iter().any(|service| is_our_service(service)))
            }
            PlainName::Domain(domain) => others().find(|route| route.hosts.contains(domain)),
        };
        user.map(|route| format!("the route {} uses it", route.name))
    }

    /// What of ours stands there without a note of it. Who made the domain is not known then, and it does no harm.
    pub fn unnoted(&self) -> Vec<Replaced> {
        let routes = [BY_DOMAIN, BY_PATH, BY_API].map(|name| PlainName::Route(name.to_owned()));
        let names = std::iter::once(PlainName::Source(SOURCE.to_owned())).chain(routes);
        names.map(|name| Replaced { name, before: None }).collect()
    }
}

fn is_former_route(route: &PlainRoute) -> bool {
    route.name == FORMER_ROUTE
        && !route.services.is_empty()
        && route.services.iter().all(|s| s == FORMER_SERVICE)
}

/// One of our routes that leads to our source.
fn is_ours(route: &PlainRoute) -> bool {
    is_our_route(&route.name)
        && !route.services.is_empty()
        && route.services.iter().all(|s| is_our_service(s))
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
