//! The adapter of HiClaw's controllers against one that behaves as recorded, over HTTP.
#![expect(clippy::unwrap_used, reason = "what a test prepares may panic as the test itself may")]

mod acts;
mod failures;
mod hostile;
mod hostile_late;
mod identity;
mod switch;
mod world;
