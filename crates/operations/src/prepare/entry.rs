//! What stands at the gateway under the names of what agm is reached by, judged: ours, a former plugin's, or somebody
//! else's.
use super::{
    draft::Draft,
    install::{BY_API, BY_DOMAIN, BY_PATH, FORMER_ROUTE, SOURCE, former, wanted},
};
use crate::{
    clients::Clients,
    edits::Edit,
    registration::{Registration, Replaced},
};
use domain::{Code, DomainName, Failure, Warning, WarningCode, rules::diff};
use higress::{PlainDoc, PlainName, PlainRoute};
use std::collections::BTreeSet;

/// The service that the gateway makes of the former plugin's source, and where that leads.
const FORMER_SERVICE: &str = "monitor.static";
const FORMER_ADDRESS: &str = "127.0.0.1:18080";

/// What plans of an entry are made from.
pub struct Entry<'a> {
    clients: &'a Clients,
    /// All of the gateway.
    routes: Vec<PlainRoute>,
    /// What is set to something on the former plugin's route.
    former_plugins: Vec<String>,
}

impl<'a> Entry<'a> {
    /// Looks at the gateway's routes.
    pub async fn read(clients: &'a Clients) -> Result<Self, Failure> {
        let routes = clients.console.plain_routes().await?;
        let former_plugins = match routes.iter().any(is_former_route) {
            true => clients.console.plugins_on(FORMER_ROUTE).await?,
            false => Vec::new(),
        };
        Ok(Self { clients, routes, former_plugins })
    }

    async fn now(&self, name: &PlainName) -> Result<Option<PlainDoc>, Failure> {
        Ok(self.clients.console.plain(name).await?)
    }

    /// An object of ours as it is to be, and what stood there before. A domain serves as it is, whoever made it. What
    /// somebody changed in ours is set back, of which the plan then warns.
    pub async fn ours(
        &self,
        draft: &mut Draft,
        wanted: PlainDoc,
        known: Option<&Registration>,
    ) -> Result<(Replaced, Edit), Failure> {
        let name = wanted.name().clone();
        let noted = known.and_then(|known| as_noted(known, &name));
        let before = self.now(&name).await?;
        let is_domain = matches!(name, PlainName::Domain(_));
        let kept = known.and_then(|known| known.replaced(&name)).cloned();
        let is_ours =
            |now: &PlainDoc| is_alike(now, &wanted) || noted.as_ref().is_some_and(|own| is_alike(now, own));
        let replaced = match (&before, kept) {
            (Some(now), Some(_)) if !is_domain && !is_ours(now) => return Err(somebody_elses(now)),
            (_, Some(kept)) => kept,
            (Some(now), None) if is_domain => {
                Replaced { name: name.clone(), before: Some(now.json().clone()) }
            }
            (Some(now), None) if *now != wanted && !leads_to_us(now) => return Err(somebody_elses(now)),
            (_, None) => Replaced { name: name.clone(), before: None },
        };
        let is_edited = |now: &&PlainDoc| !is_domain && **now != wanted && Some(*now) != noted.as_ref();
        if let Some(now) = before.as_ref().filter(is_edited) {
            draft.warn(set_back(now, &wanted));
        }
        let after = before.clone().filter(|_| is_domain).unwrap_or(wanted);
        Ok((replaced, Edit::Plain { name, before, after: Some(after) }))
    }

    /// What the former plugin may have left, by what stands there now and by our note.
    pub fn former_names(&self, known: Option<&Registration>) -> Vec<PlainName> {
        let noted = known.into_iter().flat_map(|known| &known.objects).filter_map(|old| match &old.name {
            PlainName::Plugin { plugin, .. } => Some(plugin.as_str()),
            _ => None,
        });
        let now = self.former_plugins.iter().map(String::as_str);
        former(noted.chain(now).collect::<BTreeSet<_>>())
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
                let name = &other.name;
                let message = match host {
                    Some(host) => format!("the route {name} takes {prefix} of {host} already"),
                    None => format!("the route {name} takes {prefix} of any address already"),
                };
                return Err(Failure::new(Code::Conflict, message).hint(
                    "Remove that route in the console, or install under another domain with --domain.",
                ));
            }
        }
        Ok(())
    }

    /// The write that brings back what stood there before agm; none where it stands there, or where what stands there is
    /// not to be removed, of which the plan then warns.
    pub async fn given_back(
        &self,
        draft: &mut Draft,
        known: Option<&Registration>,
        replaced: &Replaced,
    ) -> Result<Option<Edit>, Failure> {
        let (name, after) = (&replaced.name, replaced.doc());
        let before = self.now(name).await?;
        draft.look_at_plain(name, before.as_ref());
        if before == after {
            return Ok(None);
        }
        let stays = match (&before, &after) {
            (Some(now), None) => self.why_it_stays(now, known),
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
    fn why_it_stays(&self, doc: &PlainDoc, known: Option<&Registration>) -> Option<String> {
        let noted = known.and_then(|known| as_noted(known, doc.name()));
        let others = || self.routes.iter().filter(|route| !is_our_route(&route.name));
        let user = match doc.name() {
            PlainName::Route(_) if leads_to_us(doc) => None,
            PlainName::Route(_) | PlainName::Plugin { .. } => {
                return Some("it is somebody else's".to_owned());
            }
            PlainName::Source(_) if noted.is_none() && !self.routes.iter().any(is_ours) => {
                return Some("no route of agm leads to it".to_owned());
            }
            PlainName::Source(_) if noted.is_some_and(|noted| !is_alike(doc, &noted)) => {
                return Some("somebody changed it since".to_owned());
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

/// An object of ours as it was written.
fn as_noted(known: &Registration, name: &PlainName) -> Option<PlainDoc> {
    wanted(&known.domain, &known.reach).into_iter().find(|doc| doc.name() == name)
}

/// Whether an object leads where one of ours does, whatever else it says.
fn is_alike(doc: &PlainDoc, own: &PlainDoc) -> bool {
    let is_source = matches!(doc.name(), PlainName::Source(_));
    let same = |key: &str| doc.json()[key] == own.json()[key];
    if is_source { same("type") && same("domain") } else { leads_to_us(doc) }
}

fn set_back(now: &PlainDoc, wanted: &PlainDoc) -> Warning {
    let differs = diff(Some(&now.shown()), Some(&wanted.shown()));
    let places = differs.into_iter().map(|line| line.path).collect::<Vec<_>>().join(", ");
    let message = format!("{} was changed by somebody at {places}, which is set back", now.name());
    Warning::new(WarningCode::SetBack, message).about([now.name().to_string(), places])
}

fn somebody_elses(doc: &PlainDoc) -> Failure {
    let leads_to = match doc.services().as_slice() {
        [] => doc.json()["domain"].as_str().unwrap_or("something else").to_owned(),
        services => services.join(", "),
    };
    Failure::new(Code::Conflict, format!("{} is somebody else's: it leads to {leads_to}", doc.name()))
        .hint("Nothing was changed. Remove or rename it in the console, and install again.")
}
