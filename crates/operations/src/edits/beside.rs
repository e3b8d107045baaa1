//! Routes that let in agents beside those of an edit's images. HiClaw lets its agents in by itself, on its own time: that is
//! no change of somebody else, and what is brought back lets them in too.
use super::{Edit, Side};
use crate::{clients::Clients, prepare::letting_in};
use domain::Failure;
use higress::{Observation, RouteDoc};

impl Edit {
    /// What a route is now that is none of its images.
    pub(super) async fn observe_beside(&self, clients: &Clients) -> Result<Observation, Failure> {
        let Self::Route { name, .. } = self else { return Ok(Observation::Foreign) };
        let now = clients.console.route(name).await?;
        Ok(match self.beside(now.as_ref())? {
            Some((Side::After, _)) => Observation::AllNew,
            Some((Side::Before, _)) => Observation::AllOld,
            None => Observation::Foreign,
        })
    }

    /// The image beside which a route stands now, and the edit with those let in on both sides who were let in since.
    pub(super) fn beside(&self, now: Option<&RouteDoc>) -> Result<Option<(Side, Self)>, Failure> {
        let (Self::Route { name, before, after }, Some(now)) = (self, now) else { return Ok(None) };
        let more = |image: &Option<RouteDoc>| now.lets_in_beside(image.as_ref()?);
        let exactly = |image: &Option<RouteDoc>| {
            image.as_ref().is_some_and(|image| image.content_hash() == now.content_hash())
        };
        if exactly(before) || exactly(after) {
            return Ok(None);
        }
        // Beside both, it is nearer to the one that needs fewer let in.
        let (side, more) = match (more(before), more(after)) {
            (Some(before), Some(after)) if before.len() < after.len() => (Side::Before, before),
            (_, Some(more)) => (Side::After, more),
            (Some(more), None) => (Side::Before, more),
            (None, None) => return Ok(None),
        };
        let with_more = |image: &Option<RouteDoc>| match image {
            Some(image) if image.consumers().is_some() => letting_in(image, more.clone()).map(Some),
            image => Ok(image.clone()),
        };
        let (before, after) = (with_more(before)?, with_more(after)?);
        Ok(Some((side, Self::Route { name: name.clone(), before, after })))
    }
}
