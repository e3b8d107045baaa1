//! Which generation a controller is of.
use super::{
    Controller,
    client::Path,
    ways::{ALL, Ways},
    wire::Release,
};
use crate::{Error, error::System};
use domain::{HiclawIdentity, Target};
use reqwest::StatusCode;
use std::sync::PoisonError;

const HEALTH: Path<'static> = Path::of(&["healthz"]);
const RELEASE: Path<'static> = Path::of(&["api", "v1", "version"]);

fn no_controller() -> Error {
    Error::Http {
        system: System::Controller,
        what: "HiClaw's controller",
        message: "what answers at its address is no controller".into(),
        timeout: false,
    }
}

impl Controller {
    /// How this controller goes about things, as it was found out last.
    pub(super) async fn ways(&self) -> Result<&'static Ways, Error> {
        match self.known_ways() {
            Some(ways) => Ok(ways),
            None => self.find_out().await,
        }
    }

    /// The same as far as it is known without asking.
    pub(super) fn known_ways(&self) -> Option<&'static Ways> {
        self.forced.or_else(|| *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn find_out(&self) -> Result<&'static Ways, Error> {
        let ways = self.detect().await?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(ways);
        Ok(ways)
    }

    /// Whether there is a controller.
    pub(super) async fn answers(&self) -> Result<(), Error> {
        match self.client.answer_for_strangers(HEALTH).await?.status {
            StatusCode::OK => Ok(()),
            _ => Err(no_controller()),
        }
    }

    /// A controller answers for its health, and says of a path that it does not have that it has none before it asks who
    /// we are.
    async fn detect(&self) -> Result<&'static Ways, Error> {
        self.answers().await?;
        for ways in ALL.iter().copied().rev() {
            let Some(path) = ways.new_path else { return Ok(ways) };
            let answer = self.client.answer_for_strangers(Path::of(path)).await?;
            match answer.status {
                StatusCode::NOT_FOUND => {}
                status if status.is_server_error() => {
                    return Err(Error::Refused {
                        what: Path::of(path).to_string(),
                        status: status.as_u16(),
                        message: "its generation cannot be told".into(),
                    });
                }
                // It refuses strangers in its own words; a page is somebody else's.
                _ if answer.is_json() => return Ok(ways),
                _ => return Err(no_controller()),
            }
        }
        Err(Error::NoController("its generation is not known".into()))
    }

    /// The generation, and everything that speaks for it. A HiClaw that was replaced by another one is found out here.
    pub(super) async fn identify(&self) -> Result<HiclawIdentity, Error> {
        let ways = match self.forced {
            Some(ways) => ways,
            None => self.find_out().await?,
        };
        let doubt = self.against_settings().await;
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&doubt);
        let url = self.client.url();
        let mut evidence = vec![match (self.forced, ways.new_path) {
            (Some(_), _) => format!("the settings say so; the controller is at {url}"),
            (None, Some(path)) => format!("the controller at {url} has {}", Path::of(path)),
            (None, None) => format!("the controller at {url} has none of the paths of later generations"),
        }];
        evidence.push(match self.client.get::<Release>(RELEASE).await {
            Ok(release) => {
                let Release { controller, kube_mode } = release.unwrap_or_default();
                format!("it calls itself {controller:?} and runs {kube_mode}")
            }
            Err(error) => error.to_string(),
        });
        evidence.push(match self.read_config(&Target::Manager).await {
            Ok(config) => {
                let primary = config.primary.unwrap_or_default();
                format!("the Manager's config names {primary}")
            }
            Err(error) => format!("the Manager's config cannot be read: {error}"),
        });
        let (generation, adapter) = (ways.generation.to_owned(), "controller".to_owned());
        Ok(HiclawIdentity { generation, adapter, evidence, doubt })
    }

    /// What the controller's own paths say against the settings.
    async fn against_settings(&self) -> Option<String> {
        let (forced, found) = (self.forced?, self.detect().await.ok()?);
        let (said, seen) = (forced.generation, found.generation);
        (said != seen)
            .then(|| format!("the settings say {said}, and the controller's paths are those of {seen}"))
    }
}
