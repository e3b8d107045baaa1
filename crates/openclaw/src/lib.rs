//! `openclaw.json`: read it, change in it what a model switch may change and not one byte more, and replace the file so
//! that a reader sees the old or the new one.
mod config;
mod edit;
mod file;
mod nonce;
mod text;

pub use config::{Config, Gateway, ModelEntry, ParseError, takes_images};
pub use edit::{EditError, Switch, switch_model};
pub use file::{
    FileError, FileHash, Replaced, persist_file, read_file, replace_alone, replace_file, sweep_beside,
};
pub use nonce::with_nonce;
