//! The operations against the sandbox: real HTTP, real files, faults on the way.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test prepares may panic as the test itself may"
)]
mod concurrency;
mod faults;
mod providers;
mod reads;
mod switch;
mod world;
