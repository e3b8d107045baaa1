//! The one adapter for the HTTP API of a Higress Console (2.2.1 to 2.2.4).
//!
//! The console's objects stay JSON trees: [`ProviderDoc`], [`RouteDoc`], [`ConsumerDoc`] and [`PlainDoc`] are typed views on them, so
//! members that we do not know survive a read and a write. Every write reads before and after, and says what it saw.
mod compare;
mod console;
mod consumer;
mod declared;
mod endpoint;
mod error;
mod failure;
mod live;
mod plain;
mod provider;
mod restored;
mod route;
mod rules;
mod scrub;
mod transport;
mod wire;
mod write;

pub use compare::Observation;
pub use console::{Console, ConsoleParams, SystemInfo};
pub use consumer::ConsumerDoc;
pub use endpoint::{KeyHeader, ModelList};
pub use error::{HigressError, Outcome, WriteError};
pub use live::LiveRoute;
pub use plain::{PlainDoc, PlainName, PlainRoute};
pub use provider::ProviderDoc;
pub use restored::KeysOf;
pub use route::RouteDoc;
pub use scrub::scrub;
pub use wire::{HttpWire, Wire, WireAnswer, WireRequest, http_client};
pub use write::Written;
