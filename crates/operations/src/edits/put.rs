//! Bringing an object back to one of an edit's images, from whatever of ours stands there.
use super::{Edit, Side};
use crate::clients::Clients;
use domain::Failure;
use hiclaw::{Held, Image, Version};

/// What putting an image where it belongs came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stood there already.
    There,
    /// One of our own images stood there, and was replaced.
    Written,
    /// Somebody else's work stands there, and was left.
    Foreign,
}

impl Side {
    /// The image that the other one replaces.
    pub fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

impl Edit {
    /// Makes the object the image of `side`, where the other image of this edit or any image of `ours` stands. What was
    /// looked at is what is replaced: a write of somebody else in between makes it fail, and the next try sees it.
    ///
    /// An object that is as it shall be is written once more, and so is somebody else's work in the console: the live part
    /// may be what the console refused to store, and a request to the store that is still on its way must find another
    /// version.
    pub async fn put(&self, clients: &Clients, side: Side, ours: &[Edit]) -> Result<Put, Failure> {
        let known: Vec<String> = std::iter::once(self.hash(side.other()))
            .chain(ours.iter().flat_map(|edit| [edit.hash(Side::Before), edit.hash(Side::After)]))
            .collect();
        match self {
            Self::Provider { .. } | Self::Route { .. } => self.put_in_console(clients, side, &known).await,
            Self::Plain { .. } | Self::Registration { .. } => self.put_entry(clients, side, &known).await,
            Self::Record { .. } | Self::Agent { .. } => self.put_text(clients, side, &known).await,
        }
    }

    /// Makes live what is stored, whoever stored it. Nothing to do for what has no live part.
    pub async fn resync(&self, clients: &Clients) -> Result<(), Failure> {
        match self {
            Self::Provider { name, .. } => drop(clients.console.resync_provider(name).await?),
            Self::Route { name, .. } => drop(clients.console.resync_route(name).await?),
            Self::Record { .. } | Self::Agent { .. } | Self::Plain { .. } | Self::Registration { .. } => {}
        }
        Ok(())
    }

    async fn put_in_console(&self, clients: &Clients, side: Side, known: &[String]) -> Result<Put, Failure> {
        let console = &clients.console;
        let wanted = self.hash(side);
        match self {
            Self::Provider { name, before, after } => {
                let now = console.provider(name).await?;
                let seen = now.as_ref().map_or_else(String::new, higress::ProviderDoc::content_hash);
                match (judge(&seen, &wanted, known), side.of(before, after), now) {
                    (Put::Written, Some(image), now) => {
                        drop(console.write_provider(now.as_ref(), image).await?);
                    }
                    (Put::Written, None, Some(now)) => console.remove_provider(&now).await?,
                    (Put::Foreign, ..) => return Ok(Put::Foreign),
                    (put, ..) => {
                        self.resync(clients).await?;
                        return Ok(put);
                    }
                }
            }
            Self::Route { name, before, after } => {
                let now = console.route(name).await?;
                if let Some((_, edit)) = self.beside(now.as_ref())? {
                    let known = [edit.hash(side.other())];
                    return Box::pin(edit.put_in_console(clients, side, &known)).await;
                }
                let seen = now.as_ref().map_or_else(String::new, higress::RouteDoc::content_hash);
                match (judge(&seen, &wanted, known), side.of(before, after), now) {
                    (Put::Written, Some(image), now) => {
                        drop(console.write_route(now.as_ref(), image).await?);
                    }
                    (Put::Written, None, Some(now)) => console.remove_route(&now).await?,
                    (put, ..) => {
                        self.resync(clients).await?;
                        return Ok(put);
                    }
                }
            }
            Self::Record { .. } | Self::Agent { .. } | Self::Plain { .. } | Self::Registration { .. } => {}
        }
        Ok(Put::Written)
    }

    /// What agm is reached by has no live part of its own: what is stored is what the gateway gets.
    async fn put_entry(&self, clients: &Clients, side: Side, known: &[String]) -> Result<Put, Failure> {
        let wanted = self.hash(side);
        match self {
            Self::Plain { name, before, after } => {
                let now = clients.console.plain(name).await?;
                let seen = now.as_ref().map_or_else(String::new, higress::PlainDoc::content_hash);
                let put = judge(&seen, &wanted, known);
                match (put, side.of(before, after), now) {
                    (Put::Written, Some(image), now) => {
                        clients.console.write_plain(now.as_ref(), image).await?;
                    }
                    (Put::Written, None, Some(now)) => clients.console.remove_plain(&now).await?,
                    _ => {}
                }
                Ok(put)
            }
            Self::Registration { before, after } => {
                let now = clients.registration.read().await?;
                let seen = now.as_ref().map_or_else(String::new, |now| now.content_hash());
                let put = judge(&seen, &wanted, known);
                if put == Put::Written {
                    clients.registration.write(side.of(before, after)).await?;
                }
                Ok(put)
            }
            Self::Provider { .. } | Self::Route { .. } | Self::Record { .. } | Self::Agent { .. } => {
                Ok(Put::There)
            }
        }
    }

    async fn put_text(&self, clients: &Clients, side: Side, known: &[String]) -> Result<Put, Failure> {
        let now = self.look(clients).await?;
        let seen = now.as_ref().map_or_else(String::new, |held| held.image.content_hash());
        let put = judge(&seen, &self.hash(side), known);
        match (put, &now) {
            (Put::Written, _) => self.write_text(clients, self.text(side), now.as_ref()).await?,
            (Put::There, Some(Held { version: Version::Object(_), .. })) => {
                self.write_text(clients, self.text(side), now.as_ref()).await?;
            }
            (Put::There, Some(_)) => self.persist(clients).await?,
            _ => {}
        }
        Ok(put)
    }

    async fn write_text(
        &self,
        clients: &Clients,
        image: Option<&Image>,
        over: Option<&Held>,
    ) -> Result<(), Failure> {
        let version = over.map(|held| &held.version);
        match (self, image, version) {
            (Self::Record { target, .. }, Some(image), version) => {
                clients.records.write(target, image, version).await?;
            }
            (Self::Record { target, .. }, None, Some(version)) => {
                clients.records.remove(target, version).await?;
            }
            (Self::Agent { target, edit }, Some(image), Some(version)) => {
                clients.holder.write(target, edit.part, image, version).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Side {
    fn of<'a, T>(self, before: &'a Option<T>, after: &'a Option<T>) -> Option<&'a T> {
        match self {
            Self::Before => before.as_ref(),
            Self::After => after.as_ref(),
        }
    }
}

/// What is to be done with an object that was seen like this.
fn judge(seen: &str, wanted: &str, known: &[String]) -> Put {
    if seen == wanted {
        Put::There
    } else if known.iter().any(|known| known == seen) || planted::is(planted::Bug::BlindUndo) {
        Put::Written
    } else {
        Put::Foreign
    }
}
