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
        self.with_own_checks(self.operations.doctor(probe).await)
    }

    /// The examination of a moment ago, see [`operations::Operations::doctor_lately`].
    pub async fn examined_lately(&self) -> Examination {
        self.with_own_checks(self.operations.doctor_lately().await)
    }

    fn with_own_checks(&self, mut doctor: Doctor) -> Examination {
        doctor.add(self.server.checks.iter().cloned());
        Examination { success: true, settings: self.server.settings.clone(), doctor }
    }
}
