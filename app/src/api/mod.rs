//! What the page can ask and do: server functions under `/ni_status`, the same that scripts call by `curl`. A body
//! is: take the caller, call one operation, map the answer. Paths with a parameter are axum's (`server/src/rest`);
//! the page reads those through [`client`].
mod answers;
#[cfg(not(feature = "ssr"))]
pub mod backups;
#[cfg(feature = "ssr")]
mod caller;
pub mod changes;
mod client;
#[cfg(feature = "ssr")]
mod doctor;
pub mod providers;
pub mod routes;
pub mod session;
pub mod state;

/// Marks what an open page asks for by itself: nobody did, so it keeps no session alive, and no system is asked anew for
/// what was seen a moment ago. Its value is the topics that had news, parted by spaces: the page comes without the live parts
/// about others.
pub const RENEWAL: &str = "x-agm-renew";

pub use answers::{
    Account, BulkOutcome, CreateProvider, Created, Exported, Models, Operations, Outcome, Providers, Reload,
    Reloaded, Repair, Routes, Session, Success, Switch, Switched,
};
#[cfg(feature = "ssr")]
pub use caller::{Answered, Caller, Identity, Installation};
pub use changes::{apply, operation, operations, plan};
#[cfg(not(feature = "ssr"))]
pub use changes::{cancel, plan_models, release, switch_models};
pub use client::UiClient;
#[cfg(feature = "ssr")]
pub use doctor::{Examination, ServerFacts};
pub use providers::{list_providers, provider_models, test_provider};
pub use routes::{list_routes, simulate};
pub use session::session;
#[cfg(not(feature = "ssr"))]
pub use state::assignment;
pub use state::{Health, assignments, deep_health, health, manager, metrics, workers};

/// Sets the status of a successful answer.
#[cfg(feature = "ssr")]
fn answer_with(status: http::StatusCode) {
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}
