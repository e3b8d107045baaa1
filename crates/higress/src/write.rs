//! The writes: look, write, look again. A 2xx is no proof (another writer's copy of the shared document may win), and an
//! error is no proof of the contrary (an AI route goes live before its version is checked).
use crate::{
    Console, HigressError, Observation, Outcome, ProviderDoc, RouteDoc, WriteError,
    console::{Stored, is_same, observation},
};
use domain::{ProviderName, RouteName};
use planted::Bug;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// How often a write is tried when others write at the same time.
const TRIES: u32 = 5;
/// The longest pause before the second try; it grows with each.
const PAUSE: Duration = Duration::from_millis(60);

/// A write that was read back: the object was seen before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Written<D> {
    pub before: Option<D>,
    pub after: D,
}

impl Console {
    /// Writes `wanted` where `before` stands; `None`: where nothing stands. What already is as wanted is written once
    /// more, which is harmless. Tries again on conflicts and when an acknowledged write was swallowed.
    ///
    /// # Errors
    /// [`HigressError::Changed`] when anything else stands there; else what the console said, with what is known about
    /// the object.
    pub async fn write_provider(
        &self,
        before: Option<&ProviderDoc>,
        wanted: &ProviderDoc,
    ) -> Result<Written<ProviderDoc>, WriteError> {
        self.write(before, wanted).await
    }

    /// As [`Console::write_provider`]. The `version` inside the images does not matter: the fresh one is sent.
    pub async fn write_route(
        &self,
        before: Option<&RouteDoc>,
        wanted: &RouteDoc,
    ) -> Result<Written<RouteDoc>, WriteError> {
        self.write(before, wanted).await
    }

    /// Removes the provider that stands as in `before`; none there is fine. Who uses it is the caller's to check: the
    /// console does not.
    ///
    /// # Errors
    /// As [`Console::write_provider`].
    pub async fn remove_provider(&self, before: &ProviderDoc) -> Result<(), WriteError> {
        self.remove(before).await
    }

    /// As [`Console::remove_provider`], for an AI route.
    pub async fn remove_route(&self, before: &RouteDoc) -> Result<(), WriteError> {
        self.remove(before).await
    }

    /// Writes the stored provider once more and returns it.
    ///
    /// # Errors
    /// What the console said.
    pub async fn resync_provider(&self, name: &ProviderName) -> Result<Option<ProviderDoc>, WriteError> {
        let _one_at_a_time = self.inner.writes.lock().await;
        match self.fetch(name.as_str()).await.map_err(WriteError::unknown)? {
            None => Ok(None),
            Some(stored) => self.rewrite(stored).await.map(Some).map_err(WriteError::unknown),
        }
    }

    /// Makes the live route what is stored: writes the stored one again, or deletes the orphan when none is stored.
    ///
    /// # Errors
    /// What the console said; the live route may then differ from the stored one.
    pub async fn resync_route(&self, name: &RouteName) -> Result<Option<RouteDoc>, WriteError> {
        let _one_at_a_time = self.inner.writes.lock().await;
        self.resync(name.as_str()).await.map_err(WriteError::unknown)
    }

    pub(crate) async fn write<D: Stored>(
        &self,
        before: Option<&D>,
        wanted: &D,
    ) -> Result<Written<D>, WriteError> {
        let _one_at_a_time = self.inner.writes.lock().await;
        self.inner.transport.learn(wanted.secrets());
        let (mut last, mut sent) = (None, Sent::Nothing);
        for attempt in 0..TRIES {
            pause(attempt).await;
            let now = match self.fetch::<D>(wanted.id()).await {
                Ok(now) => now,
                Err(error) if last.is_none() => return Err(WriteError::not_applied(error)),
                Err(error) => return Err(WriteError::unknown(error)),
            };
            if observation(now.as_ref(), before, Some(wanted)) == Observation::Foreign {
                return Err(self.met_foreign::<D>(wanted.id(), sent).await);
            }
            match self.put(now.as_ref(), wanted).await {
                Ok(_) if planted::is(Bug::AckMeansDone) => {
                    return Ok(Written { before: now, after: wanted.clone() });
                }
                Ok(_) => match self.read_back(now, before, wanted).await? {
                    Some(written) => return Ok(written),
                    None => {
                        last = Some(HigressError::Lost { object: name_for_people(wanted) });
                        sent = Sent::Acknowledged;
                    }
                },
                Err(error @ HigressError::Conflict { .. })
                    if planted::is(Bug::ConflictMeansNothingHappened) =>
                {
                    return Err(WriteError::not_applied(error));
                }
                Err(error @ HigressError::Conflict { .. }) => {
                    last = Some(error);
                    sent = sent.max(Sent::Refused);
                }
                Err(error) => return self.after_error(before, wanted, error, last.is_some()).await,
            }
        }
        let error = last.unwrap_or_else(|| HigressError::Lost { object: name_for_people(wanted) });
        self.after_error(before, wanted, error, true).await
    }

    /// Whether the acknowledged write is there. `None`: another writer swallowed it.
    async fn read_back<D: Stored>(
        &self,
        now: Option<D>,
        before: Option<&D>,
        wanted: &D,
    ) -> Result<Option<Written<D>>, WriteError> {
        let after = self.fetch::<D>(wanted.id()).await.map_err(WriteError::unknown)?;
        match (observation(after.as_ref(), before, Some(wanted)), after) {
            (Observation::AllNew, Some(after)) => Ok(Some(Written { before: now, after })),
            (Observation::Foreign, _) => Err(self.met_foreign::<D>(wanted.id(), Sent::Acknowledged).await),
            _ => Ok(None),
        }
    }

    /// Somebody else's work stands where ours should go. If we sent something, live must become what is stored.
    async fn met_foreign<D: Stored>(&self, name: &D::Name, sent: Sent) -> WriteError {
        let changed = HigressError::Changed { object: format!("{} {name}", D::label(name)) };
        let in_step = sent == Sent::Nothing || !D::TWO_PHASE || self.resync::<D>(name).await.is_ok();
        match sent {
            Sent::Nothing | Sent::Refused if in_step => WriteError::not_applied(changed),
            _ => WriteError::unknown(changed),
        }
    }

    /// After an answer that is no success: what is there now, and is live what is stored?
    async fn after_error<D: Stored>(
        &self,
        before: Option<&D>,
        wanted: &D,
        error: HigressError,
        sent_earlier: bool,
    ) -> Result<Written<D>, WriteError> {
        match after(&error) {
            Aftermath::Nothing if !sent_earlier => return Err(WriteError::not_applied(error)),
            Aftermath::Nothing | Aftermath::Late => return Err(WriteError::unknown(error)),
            Aftermath::Look => {}
        }
        let Ok(now) = self.fetch::<D>(wanted.id()).await else { return Err(WriteError::unknown(error)) };
        match observation(now.as_ref(), before, Some(wanted)) {
            // Stored in spite of the error: with a second write that succeeds, all that belongs to it is done too.
            Observation::AllNew => match self.rewrite(wanted.clone()).await {
                Ok(after) if is_same(Some(&after), Some(wanted)) => {
                    Ok(Written { before: before.cloned(), after })
                }
                Ok(_) => Err(WriteError::unknown(HigressError::Changed { object: name_for_people(wanted) })),
                Err(_) => Err(WriteError { error, outcome: Outcome::Applied }),
            },
            Observation::AllOld | Observation::Foreign if D::TWO_PHASE => {
                match self.resync::<D>(wanted.id()).await {
                    Ok(_) => Err(WriteError::not_applied(error)),
                    Err(_) => Err(WriteError::unknown(error)),
                }
            }
            Observation::AllOld | Observation::Foreign => Err(WriteError::not_applied(error)),
        }
    }

    pub(crate) async fn remove<D: Stored>(&self, before: &D) -> Result<(), WriteError> {
        let _one_at_a_time = self.inner.writes.lock().await;
        let path = D::path(before.id());
        let mut last: Option<HigressError> = None;
        for attempt in 0..TRIES {
            pause(attempt).await;
            let now = match self.fetch::<D>(before.id()).await {
                Ok(now) => now,
                Err(error) if last.is_none() => return Err(WriteError::not_applied(error)),
                Err(error) => return Err(WriteError::unknown(error)),
            };
            match now {
                None if last.is_some() || !D::TWO_PHASE => return Ok(()),
                Some(now) if !is_same(Some(&now), Some(before)) => {
                    let sent = match last {
                        None => Sent::Nothing,
                        Some(HigressError::Conflict { .. }) => Sent::Refused,
                        Some(_) => Sent::Acknowledged,
                    };
                    return Err(self.met_foreign::<D>(before.id(), sent).await);
                }
                // A route that is not stored may be live as an orphan: DELETE takes that away too.
                _ => {}
            }
            last = match self.inner.transport.write(Method::DELETE, &path, None).await {
                Ok(_) => Some(HigressError::Lost { object: name_for_people(before) }),
                Err(error @ HigressError::Conflict { .. }) => Some(error),
                Err(error) => return self.after_failed_removal(before, error, last.is_some()).await,
            };
            if self.fetch::<D>(before.id()).await.map_err(WriteError::unknown)?.is_none() {
                return Ok(());
            }
        }
        let error = last.unwrap_or_else(|| HigressError::Lost { object: name_for_people(before) });
        self.after_failed_removal(before, error, true).await
    }

    async fn after_failed_removal<D: Stored>(
        &self,
        before: &D,
        error: HigressError,
        sent_earlier: bool,
    ) -> Result<(), WriteError> {
        match after(&error) {
            Aftermath::Nothing if !sent_earlier => return Err(WriteError::not_applied(error)),
            Aftermath::Nothing | Aftermath::Late => return Err(WriteError::unknown(error)),
            Aftermath::Look => {}
        }
        match self.fetch::<D>(before.id()).await {
            Ok(None) => Ok(()),
            Ok(Some(now)) if is_same(Some(&now), Some(before)) => match self.rewrite(now).await {
                Ok(_) => Err(WriteError::not_applied(error)),
                Err(_) => Err(WriteError::unknown(error)),
            },
            _ => Err(WriteError::unknown(error)),
        }
    }

    async fn put<D: Stored>(&self, now: Option<&D>, wanted: &D) -> Result<Option<Value>, HigressError> {
        let body = wanted.body(now);
        let path = D::path(wanted.id());
        match (now, path.split_last()) {
            (None, Some((_, collection))) if D::is_posted(wanted.id()) => {
                self.inner.transport.write(Method::POST, collection, Some(&body)).await
            }
            _ => self.inner.transport.write(Method::PUT, &path, Some(&body)).await,
        }
    }

    /// Writes the stored object unchanged, or removes the orphan when nothing is stored.
    async fn resync<D: Stored>(&self, name: &D::Name) -> Result<Option<D>, HigressError> {
        match self.fetch::<D>(name).await? {
            Some(stored) => self.rewrite(stored).await.map(Some),
            None => self.inner.transport.write(Method::DELETE, &D::path(name), None).await.map(|_| None),
        }
    }

    /// Writes what is stored once more, following what others write meanwhile, and returns what stands in the end.
    async fn rewrite<D: Stored>(&self, stored: D) -> Result<D, HigressError> {
        let mut last = HigressError::Lost { object: name_for_people(&stored) };
        for attempt in 0..TRIES {
            pause(attempt).await;
            let Some(now) = self.fetch::<D>(stored.id()).await? else {
                return Err(HigressError::Changed { object: name_for_people(&stored) });
            };
            match self.put(Some(&now), &now).await {
                Ok(_) => {
                    let after = self.fetch::<D>(stored.id()).await?;
                    if let Some(after) = after.filter(|after| is_same(Some(after), Some(&now))) {
                        return Ok(after);
                    }
                }
                Err(error @ HigressError::Conflict { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

/// What became of what we sent, before somebody else's work was met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    Nothing,
    /// The console refused it: nothing of it is stored.
    Refused,
    /// It was stored, so what they made of it may hold it.
    Acknowledged,
}

/// What a failed call can have left behind.
enum Aftermath {
    /// Nothing: it was never sent, or turned away at the door.
    Nothing,
    /// Perhaps something: look now.
    Look,
    /// Perhaps something, perhaps only later: looking now proves nothing.
    Late,
}

fn after(error: &HigressError) -> Aftermath {
    match error {
        HigressError::Setup { .. }
        | HigressError::Unreachable { .. }
        | HigressError::Refused
        | HigressError::NotInitialised
        | HigressError::Changed { .. } => Aftermath::Nothing,
        HigressError::Timeout if planted::is(Bug::TimeoutMeansNotApplied) => Aftermath::Nothing,
        HigressError::Timeout | HigressError::Interrupted { .. } => Aftermath::Late,
        // A proxy in front of the console says these while the console may still be at work.
        HigressError::Server { status: 502..=504, .. } => Aftermath::Late,
        HigressError::Invalid { .. }
        | HigressError::Conflict { .. }
        | HigressError::NotAConsole
        | HigressError::Server { .. }
        | HigressError::Malformed { .. }
        | HigressError::Lost { .. } => Aftermath::Look,
    }
}

fn name_for_people<D: Stored>(doc: &D) -> String {
    format!("{} {}", D::label(doc.id()), doc.id())
}

/// Waits a little, and not as long as the other writer.
async fn pause(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(PAUSE.mul_f64(f64::from(attempt) * (0.3 + 0.7 * fastrand::f64()))).await;
    }
}
