//! HiClaw, the installation around the gateway: its agents, who holds their models, and how the workers are.
mod containers;
mod error;
mod failure;
mod files;
mod holder;
mod known;
mod object;
mod record;
mod registry;
mod status;

pub use containers::ContainerApi;
pub use error::{Error, System};
pub use files::{Files, FilesParams};
pub use holder::{
    Agent, AgentConfig, Call, Edit, Held, Image, ModelHolder, Part, ReadOnly, TakenUp, Version, Wish,
    model_in,
};
pub use openclaw::takes_images;
pub use record::{Record, Records, record_object};

/// Why an HTTP call failed: without its URL, with the innermost cause, which says the most.
fn http_error(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    if let Some(status) = error.status() {
        return format!("HTTP {}", status.as_u16());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
