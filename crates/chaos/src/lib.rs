//! The fault campaign: the real engine and its clients in a simulated world in which everything goes wrong, by seed.
//!
//! The sandbox's console and store are called in process, on a clock that jumps from event to event and a disk that loses
//! what was not synced. People ask for changes and go away, a rival edits the same objects, requests are refused, lost,
//! doubled and late, and the process ends at any moment and starts again. When all that is over, every promise of a
//! transaction is checked.
mod admin;
mod book;
mod campaign;
mod check;
mod fault;
mod life;
mod locked;
pub mod matrix;
mod process;
mod rival;
mod run;
mod script;
mod share_out;
mod theirs;
mod trace;
mod world;

pub use book::{Broken, Invariant};
pub use campaign::{Campaign, Report, Unheld, installation};
pub use fault::Seen;
pub use run::{Options, Outcome, run};
pub use world::{Base, PLANNED};
