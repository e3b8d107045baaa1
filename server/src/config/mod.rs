//! What the server is told: flags over the environment over a TOML file, each value with its source.
mod declared;
mod lookup;
mod rehearsal;
mod settings;

pub use declared::{ADDR, ALL, DATA_DIR, Declared, MONITOR_PORT, Unsaid};
pub use lookup::{ConfigError, Lookup};
pub use rehearsal::rehearse;
pub use settings::{Settings, TlsFiles, own_address};
