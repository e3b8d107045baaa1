//! The installation with every call slowed down: a forwarding proxy before each system, which also notes when each
//! call began and ended.
use crate::{Outcome, processes::Installation};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use url::Url;

type Calls = Arc<Mutex<Vec<(Instant, Instant)>>>;

/// Calls that each began after the one before had ended.
pub struct Chain {
    /// The sum of the chain's calls.
    pub time: Duration,
    /// How many calls there were in all.
    pub calls: usize,
}

pub struct SlowInstallation {
    pub installation: Installation,
    calls: Calls,
}

impl SlowInstallation {
    pub async fn start(fast: &Installation, delay: Duration) -> Outcome<Self> {
        let calls = Calls::default();
        let mut installation = fast.clone();
        for url in [&mut installation.console, &mut installation.gateway, &mut installation.s3.endpoint] {
            *url = slowed(url, delay, calls.clone()).await?;
        }
        Ok(Self { installation, calls })
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The chain of calls that takes the longest: what no cleverness could do at the same time, given the calls made.
    pub fn longest_chain(&self) -> Chain {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        calls.sort_by_key(|(_, ended)| *ended);
        let mut best: Vec<Duration> = Vec::with_capacity(calls.len());
        for (began, ended) in &calls {
            let before =
                calls.iter().zip(&best).filter(|((_, e), _)| e <= began).map(|(_, time)| *time).max();
            best.push(before.unwrap_or_default() + (*ended - *began));
        }
        Chain { time: best.into_iter().max().unwrap_or_default(), calls: calls.len() }
    }
}

#[derive(Clone)]
struct Proxy {
    to: Url,
    delay: Duration,
    calls: Calls,
    client: reqwest::Client,
}

async fn slowed(to: &Url, delay: Duration, calls: Calls) -> Outcome<Url> {
    let proxy = Proxy { to: to.clone(), delay, calls, client: reqwest::Client::new() };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let app = Router::new().fallback(forward).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Passes a call on with its own `Host`, which a signature may cover.
async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    let began = Instant::now();
    tokio::time::sleep(proxy.delay).await;
    let answer = pass_on(&proxy, request).await;
    proxy.calls.lock().unwrap_or_else(PoisonError::into_inner).push((began, Instant::now()));
    answer.unwrap_or_else(|e| (StatusCode::BAD_GATEWAY, e.to_string()).into_response())
}

async fn pass_on(proxy: &Proxy, request: Request) -> Outcome<Response> {
    let (parts, body) = request.into_parts();
    let mut url = proxy.to.clone();
    url.set_path(parts.uri.path());
    url.set_query(parts.uri.query());
    let mut headers = parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    let body = to_bytes(body, 16 << 20).await?;
    let reply = proxy.client.request(parts.method, url).headers(headers).body(body).send().await?;
    let mut response = Response::builder().status(reply.status());
    for (name, value) in reply.headers() {
        if name != header::TRANSFER_ENCODING && name != header::CONTENT_LENGTH {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Body::from(reply.bytes().await?))?)
}
