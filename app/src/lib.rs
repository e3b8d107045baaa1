//! The web client of AI Gateway Management, and the server functions it calls. Pages are rendered by the server alone
//! ([`pages`]); what runs in the browser ([`client`]) answers to what is pressed there and keeps the page up to date, and
//! [`browser`] is what is kept there.
pub mod act;
pub mod api;
pub mod codec;
pub mod components;
pub mod describe;
pub mod error;
pub mod sprite;
pub mod text;

#[cfg(feature = "hydrate")]
pub mod browser;
#[cfg(feature = "hydrate")]
pub mod client;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub use pages::{App, Hashes, shell};
