//! An edit taken back: from what is there now to what was there before.
use super::{Edit, Side};
use crate::{clients::Clients, registration::Registration};
use domain::{Failure, Moved, rules::diff};
use hiclaw::{Held, Image};
use higress::{PlainDoc, ProviderDoc, RouteDoc};
use serde_json::Value;

/// What taking an edit back would be.
pub enum Reversal {
    /// This write: its `before` is what is there now.
    Edit(Edit),
    /// None: the object is as it was before the edit.
    AsBefore,
    /// None: somebody changed the object since.
    Moved(Moved),
}

impl Edit {
    /// Looks at the object and works out the write that brings its before-image back. Only what the edit itself wrote is
    /// replaced.
    pub async fn reversal(&self, clients: &Clients) -> Result<Reversal, Failure> {
        match self {
            Self::Provider { name, before, after } => {
                let now = clients.console.provider(name).await?;
                let seen = now.as_ref().map(ProviderDoc::content_hash);
                let trees = (after.as_ref().map(ProviderDoc::json), now.as_ref().map(ProviderDoc::json));
                Ok(self.judged(seen.as_deref(), trees, || Self::Provider {
                    name: name.clone(),
                    before: now.clone(),
                    after: before.clone(),
                }))
            }
            Self::Route { name, before, after } => {
                let now = clients.console.route(name).await?;
                if let Some((Side::After, Self::Route { before: back, .. })) = self.beside(now.as_ref())? {
                    return Ok(Reversal::Edit(Self::Route { name: name.clone(), before: now, after: back }));
                }
                let seen = now.as_ref().map(RouteDoc::content_hash);
                let trees = (after.as_ref().map(RouteDoc::json), now.as_ref().map(RouteDoc::json));
                Ok(self.judged(seen.as_deref(), trees, || Self::Route {
                    name: name.clone(),
                    before: now.clone(),
                    after: before.clone(),
                }))
            }
            Self::Plain { name, before, after } => {
                let now = clients.console.plain(name).await?;
                let seen = now.as_ref().map(PlainDoc::content_hash);
                let trees = (after.as_ref().map(PlainDoc::shown), now.as_ref().map(PlainDoc::shown));
                let trees = (trees.0.as_ref(), trees.1.as_ref());
                Ok(self.judged(seen.as_deref(), trees, || Self::Plain {
                    name: name.clone(),
                    before: now.clone(),
                    after: before.clone(),
                }))
            }
            Self::Registration { before, after } => {
                let now = clients.registration.read().await?;
                let seen = now.as_deref().map(Registration::content_hash);
                let trees =
                    (after.as_ref().map(Registration::shown), now.as_deref().map(Registration::shown));
                let trees = (trees.0.as_ref(), trees.1.as_ref());
                Ok(self.judged(seen.as_deref(), trees, || Self::Registration {
                    before: now.as_deref().cloned(),
                    after: before.clone(),
                }))
            }
            Self::Record { .. } | Self::Agent { .. } => {
                let now = self.look(clients).await?;
                let seen = now.as_ref().map(|held| held.image.content_hash());
                let trees =
                    (self.text(Side::After).and_then(tree), now.as_ref().and_then(|held| tree(&held.image)));
                let trees = (trees.0.as_ref(), trees.1.as_ref());
                Ok(self.judged(seen.as_deref(), trees, || self.reversed_text(now.clone())))
            }
        }
    }

    fn judged(
        &self,
        seen: Option<&str>,
        (left, now): (Option<&Value>, Option<&Value>),
        reversed: impl FnOnce() -> Self,
    ) -> Reversal {
        let seen = seen.unwrap_or_default();
        if seen == self.hash(Side::Before) {
            Reversal::AsBefore
        } else if seen == self.hash(Side::After) {
            Reversal::Edit(reversed())
        } else {
            Reversal::Moved(Moved {
                object: self.object(),
                planned: short(&self.hash(Side::After)),
                now: short(seen),
                diff: diff(left, now),
            })
        }
    }

    fn reversed_text(&self, now: Option<Held>) -> Self {
        match (self, now) {
            (Self::Agent { target, edit }, Some(now)) => {
                let edit = hiclaw::Edit { before: now, after: edit.before.image.clone(), ..edit.clone() };
                Self::Agent { target: target.clone(), edit }
            }
            (Self::Record { target, before, .. }, now) => Self::Record {
                target: target.clone(),
                before: now,
                after: before.as_ref().map(|held| held.image.clone()),
            },
            (other, _) => other.clone(),
        }
    }
}

/// As a version for people; absent is empty.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}

fn tree(image: &Image) -> Option<Value> {
    serde_json::from_str(image.expose()).ok()
}
