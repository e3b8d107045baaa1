//! The writes of an operation: each can be done, looked at, undone and put right. Nothing is ever written without a look
//! before.
mod beside;
mod put;
mod reverse;
#[cfg(test)]
mod tests;
mod unwritten;

use crate::{
    clients::Clients,
    locks::{Hold, Needs, Shared},
    registration::{self, Registration},
};
use domain::{Failure, ProviderName, RouteName, Target};
use futures::TryFutureExt;
use hiclaw::{Held, Image, Part};
use higress::{Observation, PlainDoc, PlainName, ProviderDoc, RouteDoc};
use std::time::Duration;

pub use put::Put;
pub use reverse::Reversal;
pub use unwritten::Unwritten;

/// The name of a provider of the console for people: `provider:qwen`.
pub fn provider_object(name: &ProviderName) -> String {
    format!("provider:{name}")
}

/// The name of an AI route of the console for people: `route:qwen-ai-route`.
pub fn route_object(name: &RouteName) -> String {
    format!("route:{name}")
}

/// One object, as it was and as it shall be. None: not there.
#[derive(Clone, Debug)]
pub enum Edit {
    Provider {
        name: ProviderName,
        before: Option<ProviderDoc>,
        after: Option<ProviderDoc>,
    },
    Route {
        name: RouteName,
        before: Option<RouteDoc>,
        after: Option<RouteDoc>,
    },
    /// `model.json`.
    Record {
        target: Target,
        before: Option<Held>,
        after: Option<Image>,
    },
    /// A part of what HiClaw holds of an agent.
    Agent {
        target: Target,
        edit: hiclaw::Edit,
    },
    /// What agm is reached by, or what a former plugin left there.
    Plain {
        name: PlainName,
        before: Option<PlainDoc>,
        after: Option<PlainDoc>,
    },
    /// `installed.json`.
    Registration {
        before: Option<Registration>,
        after: Option<Registration>,
    },
}

/// One of the two images of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

impl Edit {
    /// The object's name for people, as in a plan: `route:deepseek-ai-route`.
    pub fn object(&self) -> String {
        match self {
            Self::Provider { name, .. } => provider_object(name),
            Self::Route { name, .. } => route_object(name),
            Self::Record { target, .. } => hiclaw::record_object(target),
            Self::Agent { edit, .. } => edit.object.clone(),
            Self::Plain { name, .. } => name.to_string(),
            Self::Registration { .. } => registration::OBJECT.to_owned(),
        }
    }

    /// True for objects of the console: the gateway takes a moment to follow them.
    pub fn is_console(&self) -> bool {
        matches!(self, Self::Provider { .. } | Self::Route { .. } | Self::Plain { .. })
    }

    /// True when both images are one: the object was to become what it is.
    pub fn changes_nothing(&self) -> bool {
        self.hash(Side::Before) == self.hash(Side::After)
    }

    /// True for a route of models, whose live part the console writes before it refuses a request.
    pub fn is_route(&self) -> bool {
        matches!(self, Self::Route { .. })
    }

    /// True for a route that is there on this side.
    pub fn is_stored_route(&self, side: Side) -> bool {
        self.route(side).is_some()
    }

    /// True for parts of a document that others read, change and write back too: a write that was acknowledged can be
    /// swallowed by somebody else's older copy.
    pub fn is_shared(&self) -> bool {
        self.is_console() || matches!(self, Self::Agent { edit, .. } if edit.part == Part::Registry)
    }

    /// Whether a write that comes late is refused over another version. Else one that was answered can still be done once
    /// more: also one that makes a note, when the note was taken away since.
    pub fn is_fenced(&self) -> bool {
        match self {
            Self::Agent { edit, .. } => edit.part.is_fenced(),
            Self::Record { before, .. } => before.is_some(),
            _ => true,
        }
    }

    /// What of HiClaw's own it changes.
    pub fn held(&self) -> Option<&hiclaw::Edit> {
        match self {
            Self::Agent { edit, .. } => Some(edit),
            _ => None,
        }
    }

    /// For how long after the write HiClaw itself may yet undo it.
    pub fn sure_after(&self) -> Duration {
        self.held().map(|edit| edit.sure_after).unwrap_or_default()
    }

    /// The same with what it writes alone: as if that had stood there before, too.
    pub fn after_alone(&self) -> Self {
        match self {
            Self::Agent { target, edit } => {
                let before = Held { image: edit.after.clone(), ..edit.before.clone() };
                Self::Agent { target: target.clone(), edit: hiclaw::Edit { before, ..edit.clone() } }
            }
            other => other.clone(),
        }
    }

    /// The agent whose own object it is.
    pub fn agent(&self) -> Option<&Target> {
        match self {
            Self::Record { target, .. } | Self::Agent { target, .. } => Some(target),
            Self::Provider { .. } | Self::Route { .. } | Self::Plain { .. } | Self::Registration { .. } => {
                None
            }
        }
    }

    /// Adds what has to be held while the object is written by itself.
    pub fn add_needs(&self, needs: &mut Needs) {
        match self {
            Self::Provider { .. } => needs.add(Shared::Providers, Hold::Write),
            Self::Route { name, .. } => {
                // Which route takes a model is decided anew.
                needs.add(Shared::Providers, Hold::Write);
                needs.add(Shared::Route(name.clone()), Hold::Write);
            }
            Self::Record { .. } | Self::Agent { .. } => {}
            Self::Plain { .. } | Self::Registration { .. } => needs.add(Shared::Entry, Hold::Write),
        }
    }

    /// A route of models on this side, where it is one and is there.
    pub fn route(&self, side: Side) -> Option<&RouteDoc> {
        match (self, side) {
            (Self::Route { before: doc, .. }, Side::Before)
            | (Self::Route { after: doc, .. }, Side::After) => doc.as_ref(),
            _ => None,
        }
    }

    /// Where a route leads on this side, fallback included.
    pub fn leads_to(&self, side: Side) -> Vec<ProviderName> {
        let upstreams = |doc: &RouteDoc| doc.upstreams().into_iter().map(|upstream| upstream.provider);
        self.route(side).into_iter().flat_map(|doc| upstreams(doc).chain(doc.fallback())).collect()
    }

    /// The provider that it takes away.
    pub fn removed_provider(&self) -> Option<&ProviderName> {
        match self {
            Self::Provider { name, after: None, .. } => Some(name),
            _ => None,
        }
    }

    /// A hash of an image: equal for images that mean the same. Empty: not there.
    pub fn hash(&self, side: Side) -> String {
        let hash = match (self, side) {
            (Self::Provider { before: doc, .. }, Side::Before)
            | (Self::Provider { after: doc, .. }, Side::After) => doc.as_ref().map(ProviderDoc::content_hash),
            (Self::Route { before: doc, .. }, Side::Before)
            | (Self::Route { after: doc, .. }, Side::After) => doc.as_ref().map(RouteDoc::content_hash),
            (Self::Plain { before: doc, .. }, Side::Before)
            | (Self::Plain { after: doc, .. }, Side::After) => doc.as_ref().map(PlainDoc::content_hash),
            (Self::Registration { before: kept, .. }, Side::Before)
            | (Self::Registration { after: kept, .. }, Side::After) => {
                kept.as_ref().map(Registration::content_hash)
            }
            (Self::Record { .. } | Self::Agent { .. }, _) => self.text(side).map(Image::content_hash),
        };
        hash.unwrap_or_default()
    }

    /// A hash of an image of a route but for the agents that it lets in, which HiClaw changes too.
    pub fn body_hash(&self, side: Side) -> Option<String> {
        self.route(side).map(RouteDoc::body_hash)
    }

    /// The image of an object that is a text.
    fn text(&self, side: Side) -> Option<&Image> {
        match (self, side) {
            (Self::Record { before, .. }, Side::Before) => before.as_ref().map(|held| &held.image),
            (Self::Record { after, .. }, Side::After) => after.as_ref(),
            (Self::Agent { edit, .. }, Side::Before) => Some(&edit.before.image),
            (Self::Agent { edit, .. }, Side::After) => Some(&edit.after),
            (
                Self::Provider { .. } | Self::Route { .. } | Self::Plain { .. } | Self::Registration { .. },
                _,
            ) => None,
        }
    }

    /// Writes the object and reads it back. The text says what was seen.
    pub async fn apply(&self, clients: &Clients) -> Result<&'static str, Unwritten> {
        match self {
            Self::Provider { before, after: Some(after), .. } => {
                clients.console.write_provider(before.as_ref(), after).await?;
                Ok("written and read back")
            }
            Self::Route { before, after: Some(after), .. } => {
                clients.console.write_route(before.as_ref(), after).await?;
                Ok("written and read back")
            }
            Self::Provider { before: Some(before), after: None, .. } => {
                clients.console.remove_provider(before).await?;
                Ok("removed")
            }
            Self::Route { before: Some(before), after: None, .. } => {
                clients.console.remove_route(before).await?;
                Ok("removed")
            }
            Self::Plain { before, after: Some(after), .. } => {
                clients.console.write_plain(before.as_ref(), after).await?;
                Ok("written and read back")
            }
            Self::Plain { before: Some(before), after: None, .. } => {
                clients.console.remove_plain(before).await?;
                Ok("removed")
            }
            Self::Provider { .. } | Self::Route { .. } | Self::Plain { .. } => Ok("not there"),
            Self::Registration { after, .. } => {
                clients.registration.write(after.as_ref()).await?;
                Ok(if after.is_some() { "written" } else { "removed" })
            }
            Self::Record { target, before, after } => {
                let version = before.as_ref().map(|held| &held.version);
                let written = match (after, version) {
                    (Some(after), version) => clients.records.write(target, after, version).await,
                    (None, Some(version)) => clients.records.remove(target, version).await,
                    (None, None) => return Ok("not there"),
                };
                self.settle(clients, written).await
            }
            Self::Agent { target, edit } => {
                let written =
                    clients.holder.write(target, edit.part, &edit.after, &edit.before.version).await;
                self.settle(clients, written).await
            }
        }
    }

    /// What is there now, against both images.
    pub async fn observe(&self, clients: &Clients) -> Result<Observation, Failure> {
        match self {
            Self::Provider { name, before, after } => {
                let seen = clients.console.observe_provider(name, before.as_ref(), after.as_ref());
                seen.err_into().await
            }
            Self::Route { name, before, after } => {
                match clients.console.observe_route(name, before.as_ref(), after.as_ref()).await? {
                    Observation::Foreign => self.observe_beside(clients).await,
                    seen => Ok(seen),
                }
            }
            Self::Plain { name, before, after } => {
                clients.console.observe_plain(name, before.as_ref(), after.as_ref()).err_into().await
            }
            Self::Registration { before, after } => {
                let now = clients.registration.read().await?;
                Ok(compare(now.as_deref(), before.as_ref(), after.as_ref()))
            }
            Self::Record { .. } | Self::Agent { .. } => {
                let now = self.look(clients).await?;
                Ok(compare(
                    now.as_ref().map(|held| &held.image),
                    self.text(Side::Before),
                    self.text(Side::After),
                ))
            }
        }
    }

    /// Makes what stands there last. A file that was replaced may come back as it was when the power fails.
    pub async fn persist(&self, clients: &Clients) -> Result<(), Failure> {
        match self {
            Self::Agent { target, edit } => Ok(clients.holder.persist(target, edit.part).await?),
            Self::Provider { .. }
            | Self::Route { .. }
            | Self::Record { .. }
            | Self::Plain { .. }
            | Self::Registration { .. } => Ok(()),
        }
    }

    /// What HiClaw has not made of what stands there; none: all of it, or there is nothing to be made.
    pub async fn lack(&self, clients: &Clients) -> Result<Option<String>, Failure> {
        let Self::Agent { target, edit } = self else { return Ok(None) };
        match clients.holder.persist(target, edit.part).await {
            Err(error @ hiclaw::Error::NotCarriedOut { .. }) => Ok(Some(error.to_string())),
            seen => Ok(seen.map(|()| None)?),
        }
    }

    /// An object that is a text, as it stands.
    async fn look(&self, clients: &Clients) -> Result<Option<Held>, Failure> {
        match self {
            Self::Record { target, .. } => Ok(clients.records.read(target).await?),
            Self::Agent { target, edit } => match clients.holder.observe(target, edit.part).await {
                // Somebody dismissed the worker.
                Err(error) if error.is_gone() => Ok(None),
                held => Ok(Some(held?)),
            },
            Self::Provider { .. } | Self::Route { .. } | Self::Plain { .. } | Self::Registration { .. } => {
                Ok(None)
            }
        }
    }
}

fn compare<T: PartialEq>(now: Option<&T>, before: Option<&T>, after: Option<&T>) -> Observation {
    if now == after {
        Observation::AllNew
    } else if now == before {
        Observation::AllOld
    } else {
        Observation::Foreign
    }
}
