//! The `agm` server: configuration, HTTP, sign-in and the command line.
pub mod auth;
mod bundle;
pub mod cli;
pub mod config;
pub mod http;
pub mod log;
mod log_file;
pub mod packaging;
mod pid;
pub mod site;
mod yaml;

/// Makes ring the process's TLS library, once; reqwest is built without one.
pub fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster, with the same library.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
