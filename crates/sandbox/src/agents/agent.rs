//! One agent's process: the config it runs on, and how it asks its model through the gateway.
use super::config::{AgentConfig, Call};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::Serialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;
use url::Url;

/// How long an agent waits for its model.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer that an agent reads, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// What an agent runs on at the moment.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// None: the process does not run, or has never had a config that it accepted.
    pub config: Option<Arc<AgentConfig>>,
    /// How many configs it has taken up.
    pub loads: u64,
    /// Why the newest file was refused; the config before it still counts.
    pub rejected: Option<String>,
}

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The model that was asked.
    pub model: String,
    /// The gateway's status; none: it was not reached.
    pub status: Option<u16>,
    pub answer: Option<String>,
    /// What went wrong, in the words of who refused.
    pub error: Option<String>,
}

/// One agent.
pub struct Agent {
    live: watch::Sender<Live>,
    gateway: SocketAddr,
}

impl Agent {
    /// An agent whose process has not begun. Host names in its config stand for `gateway`.
    pub fn new(gateway: SocketAddr) -> Self {
        Self { live: watch::Sender::new(Live::default()), gateway }
    }

    /// What it runs on; changes with every config it takes up or refuses.
    pub fn watch(&self) -> watch::Receiver<Live> {
        self.live.subscribe()
    }

    /// What it runs on now.
    pub fn live(&self) -> Live {
        self.live.borrow().clone()
    }

    /// Takes up a config, or keeps the one it has.
    pub fn take_up(&self, config: Result<AgentConfig, String>) {
        self.live.send_modify(|live| match config {
            Ok(config) => {
                let unchanged = live.config.as_ref().is_some_and(|now| **now == config);
                live.rejected = None;
                if !unchanged {
                    live.config = Some(Arc::new(config));
                    live.loads += 1;
                }
            }
            Err(reason) => live.rejected = Some(reason),
        });
    }

    /// Its process ended.
    pub fn halt(&self) {
        self.live.send_modify(|live| live.config = None);
    }

    /// Asks the live primary model with the agent's own key. None: the agent has no config.
    pub async fn ask(&self, prompt: &str) -> Option<Reply> {
        let config = self.live().config?;
        let reply = Reply { model: config.model().to_owned(), status: None, answer: None, error: None };
        let call = match config.call() {
            Ok(call) => call,
            Err(error) => return Some(Reply { error: Some(error), ..reply }),
        };
        Some(match tokio::time::timeout(PATIENCE, self.complete(&call, prompt)).await {
            Err(_) => Reply { error: Some(format!("no answer within {} s", PATIENCE.as_secs())), ..reply },
            Ok(Err(error)) => Reply { error: Some(error.to_string()), ..reply },
            Ok(Ok((status, body))) => read(status, &body, reply),
        })
    }

    async fn complete(&self, call: &Call, prompt: &str) -> Result<(u16, Bytes), CallError> {
        let url = Url::parse(&format!("{}/chat/completions", call.base_url))?;
        let address = match url.host() {
            Some(url::Host::Ipv4(ip)) => SocketAddr::from((ip, url.port_or_known_default().unwrap_or(80))),
            _ => self.gateway,
        };
        let body = json!({"model": call.model, "messages": [{"role": "user", "content": prompt}]});
        let request = Request::post(format!("http://{address}{}", url.path()))
            .header(header::HOST, url.authority())
            .header(header::AUTHORIZATION, format!("Bearer {}", call.api_key))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(CallError::Body)?;
        Ok((head.status.as_u16(), body.to_bytes()))
    }
}

/// Why the gateway gave no answer.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the base URL is no URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("the request cannot be written: {0}")]
    Request(#[from] http::Error),
    #[error("the gateway cannot be reached: {0}")]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("the answer broke off: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

fn read(status: u16, body: &[u8], reply: Reply) -> Reply {
    let reply = Reply { status: Some(status), ..reply };
    let json = serde_json::from_slice::<Value>(body).ok();
    let answer =
        json.as_ref().and_then(|json| json.pointer("/choices/0/message/content")).and_then(Value::as_str);
    match answer {
        Some(answer) if status == 200 => Reply { answer: Some(answer.to_owned()), ..reply },
        _ => Reply { error: Some(String::from_utf8_lossy(body).trim().to_owned()), ..reply },
    }
}
