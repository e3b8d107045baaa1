//! One exchange with a console or another system of HiClaw, below everything that is known about consoles: no account rules, no envelope, no retry.
use crate::{HigressError, scrub};
use futures::future::BoxFuture;
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// No list of a console comes near this.
pub(crate) const LARGEST_BODY: usize = 8 << 20;
/// What people get to see of an error's text.
const LONGEST_MESSAGE: usize = 300;

/// What goes out.
#[derive(Clone, Debug)]
pub struct WireRequest {
    pub method: Method,
    pub url: Url,
    /// The header that names the account; none: an anonymous call.
    pub account: Option<(HeaderName, HeaderValue)>,
    /// Sent as JSON.
    pub body: Option<Value>,
    /// From the request to the last byte of the answer.
    pub limit: Duration,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct WireAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Carries a request to the console and its answer back.
pub trait Wire: Send + Sync {
    /// One exchange; redirects are not followed.
    ///
    /// # Errors
    /// What is known when no whole answer came: [`HigressError::Unreachable`], [`HigressError::Timeout`],
    /// [`HigressError::Interrupted`], [`HigressError::Setup`], or [`HigressError::Malformed`] for an endless body.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>>;
}

/// The wire of the real world.
pub struct HttpWire(Client);

impl HttpWire {
    /// Makes no call. `connect` is the time until a connection stands.
    ///
    /// # Errors
    /// [`HigressError::Setup`] when the TLS stack cannot be built.
    pub fn new(connect: Duration) -> Result<Self, HigressError> {
        http_client(connect).map(Self)
    }

    /// The same over a client of [`http_client`].
    pub fn over(client: Client) -> Self {
        Self(client)
    }
}

impl Wire for HttpWire {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        let WireRequest { method, url, account, body, limit } = request;
        let mut request = self.0.request(method, url).timeout(limit);
        if let Some((name, value)) = account {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Box::pin(async { read(request.send().await.map_err(|e| lost(&e))?).await })
    }
}

async fn read(mut answer: Response) -> Result<WireAnswer, HigressError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| lost(&e))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(HigressError::Malformed { message: format!("more than {LARGEST_BODY} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(WireAnswer { status, headers, body })
}

/// A client for systems of our own: no proxy, no redirects, TLS by rustls with ring.
///
/// # Errors
/// [`HigressError::Setup`] when the TLS stack cannot be built.
pub fn http_client(connect: Duration) -> Result<Client, HigressError> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A loser of the race to install it finds the winner's, which is the same.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let builder = || Client::builder().connect_timeout(connect).no_proxy().redirect(Policy::none());
    builder()
        .build()
        // A machine without root certificates can still speak plain HTTP; its HTTPS calls fail as they must.
        .or_else(|_| builder().tls_certs_only([]).build())
        .map_err(|e| HigressError::Setup { message: root_cause(&e) })
}

/// The last link of an error's chain: `Connection refused (os error 111)`. It holds no URL.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What is known when no whole answer came.
fn lost(error: &reqwest::Error) -> HigressError {
    let message = scrub(&root_cause(error), [], LONGEST_MESSAGE);
    if error.is_connect() {
        HigressError::Unreachable { message }
    } else if error.is_timeout() {
        HigressError::Timeout
    } else if error.is_builder() {
        HigressError::Setup { message }
    } else {
        HigressError::Interrupted { message }
    }
}
