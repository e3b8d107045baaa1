//! Who may come in: the admin's password, sessions, and how often somebody may guess.
mod account;
mod limiter;
mod sessions;

pub use account::{Account, basic_pair};
pub use limiter::{Limiter, Limits};
pub use sessions::{Sessions, Token};
