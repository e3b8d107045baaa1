//! The operations against the sandbox: real HTTP, real files, faults on the way.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test prepares may panic as the test itself may"
)]
mod access;
mod acts;
mod away;
mod backups;
mod bulk;
mod concurrency;
mod controlled;
mod crowd;
mod declared;
mod doctor;
mod drift;
mod faults;
mod generations;
mod golden;
mod install;
mod lasting;
mod neighbours;
mod news;
mod plans;
mod portable;
mod providers;
mod reads;
mod restore;
mod rival;
mod sealed;
mod switch;
mod undo;
mod whole;
mod world;
