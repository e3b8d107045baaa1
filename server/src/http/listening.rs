//! What the operations must know of this server to prove the way to it through the gateway.
use super::{
    sign_in::CookieName,
    state::{AppState, Shared},
};
use operations::{Front, SignedIn};
use std::{
    net::SocketAddr,
    sync::{Arc, Weak},
    time::Instant,
};

/// This server, listening. The operations outlive it, so they do not keep it.
struct Listening {
    address: SocketAddr,
    secure: bool,
    shared: Weak<Shared>,
}

impl AppState {
    /// Tells the operations that this server listens here.
    pub fn listens(&self, address: SocketAddr) {
        let (secure, shared) = (self.shared.secure, Arc::downgrade(&self.shared));
        self.shared.operations.work_for(Arc::new(Listening { address, secure, shared }));
    }
}

impl Front for Listening {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn speaks_tls(&self) -> bool {
        self.secure
    }

    fn sign_in(&self) -> SignedIn {
        let name = CookieName::of(self.secure).as_str();
        let Some(shared) = self.shared.upgrade() else { return SignedIn::new(name.to_owned().into(), || ()) };
        let token = shared.sessions.begin(Instant::now());
        let cookie = format!("{name}={}", token.as_str()).into();
        SignedIn::new(cookie, move || shared.sessions.end(token.as_str()))
    }
}
