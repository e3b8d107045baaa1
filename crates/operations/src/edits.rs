//! The writes of an operation: each can be done, looked at and undone. Nothing is ever written without a look before.
use crate::clients::Clients;
use domain::{Failure, ProviderName, RouteName, Target};
use futures::TryFutureExt;
use hiclaw::{Held, Image, Part};
use higress::{HigressError, Observation, Outcome, ProviderDoc, RouteDoc, WriteError};

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
        after: Image,
    },
    /// A part of what HiClaw holds of an agent.
    Agent {
        target: Target,
        edit: hiclaw::Edit,
    },
}

/// A write that failed.
#[derive(Debug)]
pub struct Unwritten {
    pub failure: Failure,
    /// The object is seen or known to be as it was, so there is nothing of ours to undo.
    pub untouched: bool,
}

/// What undoing one object came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// It is as it was; the text says how that was seen.
    Restored(&'static str),
    /// Somebody else changed it meanwhile, so it was left alone.
    Foreign,
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self { failure, untouched: false }
    }
}

impl From<WriteError> for Unwritten {
    fn from(error: WriteError) -> Self {
        // A refused AI route may be live all the same, so only an error that came before the write leaves no trace.
        let before_the_write = matches!(
            error.error,
            HigressError::Setup { .. }
                | HigressError::Unreachable { .. }
                | HigressError::Refused
                | HigressError::NotInitialised
                | HigressError::NotAConsole
                | HigressError::Changed { .. }
        );
        let untouched = error.outcome == Outcome::NotApplied && before_the_write;
        Self { failure: error.into(), untouched }
    }
}

impl Edit {
    /// The object's name for people, as in a plan: `route:deepseek-ai-route`.
    pub fn object(&self) -> String {
        match self {
            Self::Provider { name, .. } => format!("provider:{name}"),
            Self::Route { name, .. } => format!("route:{name}"),
            Self::Record { target, .. } => hiclaw::record_object(target),
            Self::Agent { edit, .. } => edit.object.clone(),
        }
    }

    /// True for objects of the console: the gateway takes a moment to follow them.
    pub fn is_console(&self) -> bool {
        matches!(self, Self::Provider { .. } | Self::Route { .. })
    }

    /// True for parts of a document that others read, change and write back too: a write that was acknowledged can be
    /// swallowed by somebody else's older copy.
    pub fn is_shared(&self) -> bool {
        self.is_console() || matches!(self, Self::Agent { edit, .. } if edit.part == Part::Registry)
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
            Self::Provider { .. } | Self::Route { .. } => Ok("not there"),
            Self::Record { target, before, after } => {
                let version = before.as_ref().map(|held| &held.version);
                let written = clients.records.write(target, after, version).await;
                self.settle(clients, written).await
            }
            Self::Agent { target, edit } => {
                let written =
                    clients.holder.write(target, edit.part, &edit.after, &edit.before.version).await;
                self.settle(clients, written).await
            }
        }
    }

    /// A write that answered with an error may have been done: only a look can tell.
    async fn settle(
        &self,
        clients: &Clients,
        written: Result<(), hiclaw::Error>,
    ) -> Result<&'static str, Unwritten> {
        let Err(error) = written else { return Ok("written") };
        if error.wrote_nothing() {
            return Err(Unwritten { failure: error.into(), untouched: true });
        }
        let failure = Failure::from(error);
        match self.observe(clients).await {
            Ok(Observation::AllNew) => Ok("the answer was lost, and the object was read back as written"),
            Ok(Observation::AllOld | Observation::Foreign) => Err(Unwritten { failure, untouched: true }),
            Err(_) => Err(failure.into()),
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
                clients.console.observe_route(name, before.as_ref(), after.as_ref()).err_into().await
            }
            Self::Record { target, before, after } => {
                let now = clients.records.read(target).await?;
                Ok(compare(now.as_ref().map(|h| &h.image), before.as_ref().map(|h| &h.image), after))
            }
            Self::Agent { target, edit } => {
                let now = clients.holder.observe(target, edit.part).await?;
                Ok(compare(Some(&now.image), Some(&edit.before.image), &edit.after))
            }
        }
    }

    /// Puts the before-image back if what is there is ours. What was looked at is what is replaced: a write of somebody
    /// else in between makes it fail, and the next try sees it.
    pub async fn undo(&self, clients: &Clients) -> Result<Undone, Failure> {
        match self {
            Self::Provider { .. } | Self::Route { .. } => return self.undo_in_console(clients).await,
            Self::Record { target, before, after } => {
                let now = clients.records.read(target).await?;
                let then = before.as_ref().map(|held| &held.image);
                match (compare(now.as_ref().map(|held| &held.image), then, after), now, then) {
                    (Observation::AllNew, Some(now), Some(then)) => {
                        clients.records.write(target, then, Some(&now.version)).await?;
                    }
                    (Observation::AllNew, Some(now), None) => {
                        clients.records.remove(target, &now.version).await?;
                    }
                    (seen, ..) => return Ok(left(seen)),
                }
            }
            Self::Agent { target, edit } => {
                let (now, then) = (clients.holder.observe(target, edit.part).await?, &edit.before.image);
                match compare(Some(&now.image), Some(then), &edit.after) {
                    Observation::AllNew => {
                        clients.holder.write(target, edit.part, then, &now.version).await?;
                    }
                    seen => return Ok(left(seen)),
                }
            }
        }
        Ok(RESTORED)
    }

    async fn undo_in_console(&self, clients: &Clients) -> Result<Undone, Failure> {
        let console = &clients.console;
        let seen = self.observe(clients).await?;
        match self {
            Self::Provider { before: Some(before), after, .. } if seen == Observation::AllNew => {
                console.write_provider(after.as_ref(), before).await?;
            }
            Self::Provider { before: None, after: Some(after), .. } if seen == Observation::AllNew => {
                console.remove_provider(after).await?;
            }
            Self::Route { before: Some(before), after, .. } if seen == Observation::AllNew => {
                console.write_route(after.as_ref(), before).await?;
            }
            Self::Route { before: None, after: Some(after), .. } if seen == Observation::AllNew => {
                console.remove_route(after).await?;
            }
            Self::Route { name, .. } => {
                // The live route may be what the console refused to store.
                console.resync_route(name).await?;
                return Ok(left(seen));
            }
            Self::Provider { name, .. } => {
                console.resync_provider(name).await?;
                return Ok(left(seen));
            }
            Self::Record { .. } | Self::Agent { .. } => return Ok(left(seen)),
        }
        Ok(RESTORED)
    }
}

const RESTORED: Undone = Undone::Restored("was written, is as before again");

fn left(seen: Observation) -> Undone {
    match seen {
        Observation::Foreign => Undone::Foreign,
        Observation::AllOld | Observation::AllNew => Undone::Restored("is as before"),
    }
}

fn compare(now: Option<&Image>, before: Option<&Image>, after: &Image) -> Observation {
    if now == Some(after) {
        Observation::AllNew
    } else if now == before {
        Observation::AllOld
    } else {
        Observation::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Holder, clients};
    use hiclaw::Version;

    fn held(text: &str) -> Held {
        Held { image: Image::new(text.to_owned()), version: Version::Note(text.to_owned()) }
    }

    /// What undoing a switch from `old` to `new` comes to when these are the looks, and what it writes.
    async fn undone(looks: &[&str], stands: &str) -> (Result<Undone, Failure>, Vec<String>) {
        let holder = Holder {
            looks: std::sync::Mutex::new(looks.iter().map(|text| held(text)).collect()),
            stands: Some(held(stands).version),
            ..Holder::default()
        };
        let written = holder.written.clone();
        let edit = hiclaw::Edit {
            part: Part::Config,
            object: "s3:agents/alice/openclaw.json".into(),
            before: held("old"),
            after: Image::new("new".into()),
            owner: "manager",
            lasts: None,
        };
        let undone = Edit::Agent { target: Target::Manager, edit }.undo(&clients(holder)).await;
        let written = written.lock().unwrap().clone();
        (undone, written)
    }

    #[tokio::test]
    async fn undo_replaces_nothing_but_what_it_looked_at() {
        let (ours, written) = undone(&["new"], "new").await;
        assert_eq!((ours.unwrap(), written), (RESTORED, vec!["old".to_owned()]));
        let (theirs, written) = undone(&["theirs"], "theirs").await;
        assert_eq!((theirs.unwrap(), written.len()), (Undone::Foreign, 0));
        // Somebody writes between the look and the write: a second look would have fetched their version.
        let (raced, written) = undone(&["new", "theirs"], "theirs").await;
        assert_eq!((raced.unwrap_err().code, written.len()), (domain::Code::Conflict, 0));
    }
}
