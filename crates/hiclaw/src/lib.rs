//! HiClaw, the installation around the gateway: its agents, who holds their models, and how the workers are.
mod beside;
mod containers;
mod controller;
mod error;
mod failure;
mod files;
mod holder;
mod known;
mod object;
mod openclaw_config;
mod record;
mod registry;
mod status;

pub use containers::ContainerApi;
pub use controller::{Controller, ControllerParams, Generation, Pace, UnknownGeneration};
pub use error::{Error, System};
pub use files::{Files, FilesParams};
pub use holder::{
    Act, Agent, AgentConfig, Call, Edit, Held, Image, ModelHolder, Part, TakeUp, TakenUp, Upkeep, Version,
    Wish, model_in,
};
pub use openclaw::takes_images;
pub use record::{Record, Records, record_object};

use higress::Wire;
use std::sync::Arc;
use url::Url;

/// The holder of an installation's models: the files of v1.0, or the controller that is named. `forced`: the generation,
/// where it is not to be found out. There is no way from one to the other: files that are written beside a controller
/// which does not answer would be written over. `wire`: the way to the controller; none: HTTP.
///
/// # Errors
/// [`Error::NoController`] when the generation has a controller and none is named.
pub fn holder(
    files: FilesParams,
    controller: Option<ControllerParams>,
    forced: Option<Generation>,
    wire: Option<Arc<dyn Wire>>,
) -> Result<Box<dyn ModelHolder>, Error> {
    let has_controller = forced.map(Generation::has_controller);
    match controller {
        Some(unused) if has_controller == Some(false) => {
            Ok(Box::new(Files::new(files).beside_controller(without_account(unused.url))))
        }
        Some(params) => {
            let controller = Controller::new(files, params, forced);
            Ok(Box::new(match wire {
                Some(wire) => controller.over(wire),
                None => controller,
            }))
        }
        None if has_controller == Some(true) => {
            Err(Error::NoController("this generation has one, and none is named".into()))
        }
        None => Ok(Box::new(Files::new(files))),
    }
}

/// The address without an account, which nothing behind it knows: addresses are shown.
fn without_account(mut url: Url) -> Url {
    let has_account = !url.username().is_empty() || url.password().is_some();
    if has_account && (url.set_username("").is_err() || url.set_password(None).is_err()) {
        tracing::warn!("an address holds an account that cannot be taken off it");
    }
    url
}

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
