//! That it is a HiClaw without a controller, and what shows that it is not.
use super::Files;
use crate::{
    controller::{ALL, PORT},
    object,
};
use domain::{HiclawIdentity, Target};
use reqwest::StatusCode;
use std::{sync::PoisonError, time::Duration};
use store::{Listed, Listing, ObjectKey};
use url::Url;

/// What the gateway is called in configs.
const GATEWAY: &str = "hiclaw-gateway";
/// A controller that takes longer is not seen.
const PATIENCE: Duration = Duration::from_secs(1);

impl Files {
    pub(super) async fn identify(&self) -> HiclawIdentity {
        let shown = self.params.manager_config.display();
        let why = if self.unused.is_some() { "the settings say so" } else { "no controller is named" };
        let (names, answering, stored) = futures::join!(self.names(), self.answering(), self.is_stored());
        let mut evidence = vec![format!("{why}; the Manager's config is {shown}")];
        evidence.extend(names.as_ref().map(|primary| format!("the Manager's config names {primary}")));
        let doubt = match (answering, names) {
            (Some(url), _) => {
                Some(format!("a controller answers at {url}, which writes over what others write into files"))
            }
            (None, _) if stored => Some(controllers_own()),
            (None, Some(primary)) if is_later(&primary) => Some(format!(
                "{primary} is named as a HiClaw with a controller does, and no controller is used"
            )),
            (None, _) => None,
        };
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&doubt);
        HiclawIdentity { generation: "1.0".into(), adapter: "files".into(), evidence, doubt }
    }

    /// As far as this listing and the last look at the whole tell it.
    pub(super) fn doubt_by_now(&self, listing: &Listing) -> Option<String> {
        match listing.of(&ObjectKey::config(&Target::Manager)) {
            Listed::Version(_) => Some(controllers_own()),
            _ => self.doubted.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    async fn names(&self) -> Option<String> {
        self.read_config(&Target::Manager).await.ok()?.primary
    }

    async fn is_stored(&self) -> bool {
        matches!(self.params.store.get(&ObjectKey::config(&Target::Manager)).await, Ok(Some(_)))
    }

    /// The controller that is named and not used, or that is where HiClaw has its own: on the host of the console.
    async fn answering(&self) -> Option<Url> {
        let usual =
            || Url::parse(&format!("http://{}:{PORT}/", self.params.console.as_ref()?.host_str()?)).ok();
        let url = self.unused.clone().or_else(usual)?;
        self.is_controller(&url).await.then_some(url)
    }

    /// Others answer for their health too. A controller lets nobody in whom it does not know.
    async fn is_controller(&self, url: &Url) -> bool {
        let status = async |path| {
            let asked = self.params.http.get(url.join(path).ok()?).timeout(PATIENCE).send().await;
            asked.ok().map(|answer| answer.status())
        };
        status("/healthz").await == Some(StatusCode::OK)
            && status("/api/v1/version").await == Some(StatusCode::UNAUTHORIZED)
    }
}

fn controllers_own() -> String {
    let name = object::name(&ObjectKey::config(&Target::Manager));
    format!("{name} is there, which only a HiClaw with a controller writes, and no controller is used")
}

/// Whether a model is named as it is since a later generation.
fn is_later(primary: &str) -> bool {
    let gateway = primary.split('/').next();
    ALL.iter().any(|ways| ways.gateway != GATEWAY && Some(ways.gateway) == gateway)
}
