//! The whole server in process, with a sandbox behind it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backups;
mod canary;
mod cli;
mod cross_site;
mod drift;
mod history;
mod install;
mod kill;
mod language;
mod news;
mod openapi;
mod operations;
mod paths;
mod running;
mod sign_in;
mod sockets;
mod support;
