//! The whole server in process, with a sandbox behind it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod autostart;
mod backups;
mod canary;
mod cli;
mod containers;
mod cross_site;
mod data;
mod docs;
mod drift;
mod generations;
mod history;
mod install;
mod keepers;
mod kill;
mod language;
mod machine;
mod metrics;
mod news;
mod openapi;
mod operations;
mod packaging;
mod paths;
mod restarts;
mod running;
mod scripts;
mod sign_in;
mod site;
mod sockets;
mod support;
