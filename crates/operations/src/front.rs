//! The server in front of the operations, as far as they must know it to prove the way to it through the gateway.
use secrecy::SecretString;
use std::{fmt, net::SocketAddr};

/// The server that the operations run in.
pub trait Front: Send + Sync {
    /// Where it listens.
    fn address(&self) -> SocketAddr;
    /// Whether it speaks TLS.
    fn speaks_tls(&self) -> bool;
    /// Begins a session of its own.
    fn sign_in(&self) -> SignedIn;
}

/// A session of the server with itself; it ends when this is dropped.
pub struct SignedIn {
    /// A `Cookie` header.
    pub cookie: SecretString,
    end: Option<Box<dyn FnOnce() + Send>>,
}

impl SignedIn {
    /// A session that `end` ends.
    pub fn new(cookie: SecretString, end: impl FnOnce() + Send + 'static) -> Self {
        Self { cookie, end: Some(Box::new(end)) }
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedIn(redacted)")
    }
}

impl Drop for SignedIn {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}
