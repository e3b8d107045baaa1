//! The program in a process of its own, pointed at a sandbox of the test.
use crate::{kill::installation::Installation, support::environment};
use domain::{Mutation, Operation, OperationId};
use serde_json::{Value, json};
use std::{os::unix::process::ExitStatusExt, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long changed objects are watched. A call may take half of it.
const HORIZON: Duration = Duration::from_secs(4);
/// How long the gateway may need to follow; a third of it is waited for where only that proves something.
const EFFECTIVE: Duration = Duration::from_secs(3);
/// What `abort` ends a process with.
const ABORTED: i32 = 6;

pub struct Program {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    client: reqwest::Client,
    /// None until it listens.
    url: Option<String>,
}

impl Program {
    /// Starts it. `extra` are the variables of the crash points.
    pub fn start(installation: &Installation, extra: &[(&str, &str)]) -> Self {
        let timing = json!({"horizonMs": HORIZON.as_millis(), "effectiveMs": EFFECTIVE.as_millis()});
        let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
            .args(["serve", "--addr", &installation.address.to_string(), "--log", "error"])
            .env_clear()
            .envs(environment(&installation.sandbox, timing))
            .env("AGM_DATA_DIR", installation.data())
            .env("AGM_SITE_DIR", installation.site())
            .envs(extra.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, out, client: reqwest::Client::new(), url: None }
    }

    /// Waits until it listens. False: it died before.
    pub async fn listens(&mut self) -> bool {
        while let Some(line) = timeout(PATIENCE, self.out.next_line()).await.unwrap().unwrap() {
            if let Some((_, rest)) = line.split_once("AI Gateway Management: ") {
                self.url = Some(rest.split("/agm/").next().unwrap().to_owned());
                return true;
            }
        }
        false
    }

    fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/ni_status/{path}", self.url.as_deref().unwrap());
        self.client.request(method, url).basic_auth("admin", Some("admin"))
    }

    /// Begins a change. An error: nobody knows whether it was begun.
    pub async fn begin(&self, mutation: &Mutation) -> Result<Operation, reqwest::Error> {
        let answer = self.request(http::Method::POST, "operations").json(mutation).send().await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        assert_eq!(status, 202, "{body}");
        Ok(serde_json::from_value(body).unwrap())
    }

    /// All operations, newest first.
    pub async fn operations(&self) -> Vec<Operation> {
        let answer = self.request(http::Method::GET, "operations").send().await.unwrap();
        let mut body: Value = answer.json().await.unwrap();
        serde_json::from_value(body["operations"].take()).unwrap()
    }

    /// Follows an operation to its end, or until nothing of it can come late any more.
    pub async fn follow(&self, id: &OperationId, until: &str) -> Operation {
        let stream = self.request(http::Method::GET, &format!("operations/{id}?until={until}"));
        let stream = stream.header(http::header::ACCEPT, "text/event-stream").send().await.unwrap();
        timeout(PATIENCE, stream.bytes()).await.unwrap().unwrap();
        let answer = self.request(http::Method::GET, &format!("operations/{id}")).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Begins a change and follows it to its end.
    pub async fn run(&self, mutation: &Mutation) -> Operation {
        let begun = self.begin(mutation).await.unwrap();
        self.follow(&begun.id, "end").await
    }

    /// Waits until it dies by its crash point. False: it is still alive.
    pub async fn crashed(&mut self) -> bool {
        let Ok(status) = timeout(2 * HORIZON + Duration::from_secs(10), self.child.wait()).await else {
            return false;
        };
        let status = status.unwrap();
        assert_eq!(status.signal(), Some(ABORTED), "{status}");
        true
    }

    /// Tells it to stop.
    pub fn terminate(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits until it takes no call any more.
    pub async fn refuses_calls(&self) {
        while self.request(http::Method::GET, "health").send().await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for its end; the exit code.
    pub async fn ended(mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().code()
    }

    /// Ends it at once, without a word.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
