//! The outside world of `agm` in one process, over real HTTP on loopback: a Higress Console, an AI gateway, LLM
//! upstreams, an S3 store, the agents of a HiClaw v1.0 installation, or the controller of a later one. It knows wire formats only, nothing of `agm`.
//!
//! [`Sandbox::start`] assembles it. The parts can be started alone too, for tests of one client, and [`Still`] is the same
//! installation without any server, for simulations.
mod addresses;
pub mod agents;
mod clock;
pub mod console;
pub mod containers;
mod controlled;
pub mod controller;
mod demo;
mod files;
pub mod gateway;
mod home;
mod listen;
pub mod live;
pub mod s3;
mod switch;
pub mod upstreams;
mod world;

pub use addresses::{Account, Addresses, ManagerAddress, S3Address};
pub use controlled::ControllerAddress;
pub use demo::{DEFAULT_MODEL, Still};
pub use world::{Sandbox, SandboxError, SandboxOptions};
