//! The adapter of HiClaw's controllers against one that behaves as recorded, over HTTP.
mod acts;
mod failures;
mod identity;
mod switch;
mod world;
