//! The HTTP side: the layers of every call, and what lies behind each path.
mod access;
mod counters;
mod docs;
mod events;
mod front;
mod gate;
mod hosts;
mod openapi;
mod pages;
mod prometheus;
mod reads;
mod rest;
mod routes;
mod serve;
mod sign_in;
mod site;
mod state;

pub use access::{Access, OPEN, OPEN_BELOW, access};
pub use front::Peer;
pub use hosts::Hosts;
pub use openapi::document;
pub use routes::{Stack, all_routes, stack};
pub use serve::serve;
pub use site::site_options;
pub use state::{AppState, Setup};
