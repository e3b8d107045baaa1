//! An examination of everything: the installation as the operations see it, and the server itself.
use super::Installation;
use domain::{Check, Doctor, Setting};
use serde::{Deserialize, Serialize};

/// What the server knows of itself from its start on.
#[derive(Debug, Default)]
pub struct ServerFacts {
    /// Each setting and who said it.
    pub settings: Vec<Setting>,
    pub checks: Vec<Check>,
}

/// `GET /doctor`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Examination {
    pub success: bool,
    pub settings: Vec<Setting>,
    #[serde(flatten)]
    pub doctor: Doctor,
}

impl Installation {
    /// Makes every check. With `probe` also those that cost something, see [`operations::Operations::doctor`].
    pub async fn examine(&self, probe: bool) -> Examination {
        let mut doctor = self.operations.doctor(probe).await;
        doctor.add(self.server.checks.iter().cloned());
        Examination { success: true, settings: self.server.settings.clone(), doctor }
    }
}
