//! The controller against its recordings, and what its writes do to the store, the console and the containers.
#![expect(clippy::expect_used, reason = "a test fails where its set-up does")]
mod effects;
mod first;
mod replay;
mod rules;
mod script;
mod second;
mod served;

use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, Request, StatusCode, header};
use sandbox::{
    console::{Console, ConsoleOptions},
    containers::Containers,
    controller::{Account, Controller, Flow, Generation, Plan, Surroundings},
    s3::{Faults, Listing, Object, Objects, Switches},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Longer than anything takes that a write sets off.
const SETTLED: Duration = Duration::from_secs(20);

/// An installation whose clock stands still.
pub struct World {
    pub controller: Controller,
    pub router: Router,
    pub console: Router,
    pub console_offline: Arc<AtomicBool>,
    pub containers: Arc<Containers>,
    pub containers_offline: Arc<AtomicBool>,
    pub objects: Arc<Objects>,
    pub faults: Arc<Faults>,
    pub bucket: &'static str,
    pub provider: &'static str,
    folder: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl World {
    /// A process that has just been started on empty stores.
    pub fn started(generation: Generation, plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let containers = folder.path().join("containers.json");
        let containers = Arc::new(Containers::open(containers).expect("containers"));
        let console = Console::new(ConsoleOptions::default()).router();
        let (console_offline, containers_offline) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let objects = Arc::new(Objects::open(None).expect("objects"));
        let faults = Arc::new(Faults::default());
        let around = Surroundings {
            console: console.clone(),
            console_offline: console_offline.clone(),
            containers: containers.clone(),
            containers_offline: containers_offline.clone(),
            objects: objects.clone(),
            faults: faults.clone(),
            workspace: folder.path().to_owned(),
            token_file: folder.path().join("cli-token"),
        };
        let controller =
            Controller::start(generation, Flow::Held, plan, around).expect("a generation with a controller");
        let router = controller.router();
        let (bucket, provider) = match generation {
            Generation::V1_2 => ("agentteams-storage", "agentteams-gateway"),
            _ => ("hiclaw-storage", "hiclaw-gateway"),
        };
        Self {
            controller,
            router,
            console,
            console_offline,
            containers,
            containers_offline,
            objects,
            faults,
            bucket,
            provider,
            folder,
        }
    }

    /// An installation in which nothing is going on.
    pub async fn settled(generation: Generation) -> Self {
        let world = Self::started(generation, Plan::of(generation));
        world.pass(SETTLED * 2).await;
        world
    }

    /// An installation with these workers, by name and runtime.
    pub async fn with_workers(generation: Generation, workers: &[(&str, &str)]) -> Self {
        let world = Self::settled(generation).await;
        for (name, runtime) in workers {
            let model = world.default_model();
            let worker = json!({"name": name, "model": model, "runtime": runtime});
            world.created("/api/v1/workers", &worker).await;
        }
        world.pass(SETTLED * 2).await;
        world
    }

    pub fn default_model(&self) -> &'static str {
        if self.bucket.starts_with("hiclaw") { "qwen3.5-plus" } else { "qwen3.6-plus" }
    }

    pub async fn pass(&self, time: Duration) {
        self.controller.timeline().advance(time).await;
    }

    pub fn now(&self) -> Duration {
        self.controller.timeline().now()
    }

    /// The admin's token, as the file has it.
    pub fn admin(&self) -> Option<String> {
        fs::read_to_string(self.folder.path().join("cli-token")).ok()
    }

    /// Sends a request; none: the connection was closed without an answer.
    pub async fn send(&self, request: Request<Body>) -> Option<Answer> {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.ok()?;
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Some(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// A call of the admin.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let token = self.admin().expect("a token");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.map(Value::to_string).unwrap_or_default()))
            .expect("a request");
        let answer = self.send(request).await.expect("an answer");
        self.controller.timeline().settled().await;
        answer
    }

    pub async fn created(&self, path: &str, body: &Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, 201, "{path} {body}: {}", answer.body);
        answer.json()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Value {
        let answer = self.call(Method::PUT, path, Some(body)).await;
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
        answer.json()
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    pub async fn delete(&self, path: &str) {
        let answer = self.call(Method::DELETE, path, None).await;
        assert_eq!(answer.status, 204, "{path}: {}", answer.body);
    }

    pub async fn read(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.json()
    }

    /// A call of the console's admin; the data of a GET.
    pub async fn at_console(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let admin = STANDARD.encode("admin:admin");
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::AUTHORIZATION, format!("Basic {admin}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.map(Value::to_string).unwrap_or_default()))
            .expect("a request");
        let Ok(response) = self.console.clone().oneshot(request).await;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        (status, if method == Method::GET { body["data"].take() } else { body })
    }

    /// Changes an object of the console by hand.
    pub async fn edit_console(&self, path: &str, edit: impl FnOnce(&mut Value)) {
        let (status, mut object) = self.at_console(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        edit(&mut object);
        let (status, answer) = self.at_console(Method::PUT, path, Some(&object)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    }

    /// A provider `kimi` that is not the controller's, and an AI route to it that lets these in.
    pub async fn route_by_hand(&self, name: &str, allowed: &[&str]) {
        let provider = json!({"name": "kimi", "type": "openai", "tokens": ["sk-test-kimi"], "protocol": "openai/v1",
            "tokenFailoverConfig": {"enabled": false}, "rawConfigs": {"openaiCustomUrl": "https://kimi.example.com/v1"}});
        self.at_console(Method::POST, "/v1/ai/providers", Some(&provider)).await;
        let route = json!({"name": name, "domains": [],
            "pathPredicate": {"matchType": "PRE", "matchValue": "/v1", "caseSensitive": false},
            "modelPredicates": [{"matchType": "PRE", "matchValue": format!("{name}-"), "caseSensitive": true}],
            "upstreams": [{"provider": "kimi", "weight": 100, "modelMapping": {}}],
            "authConfig": {"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": allowed}});
        let (status, answer) = self.at_console(Method::POST, "/v1/ai/routes", Some(&route)).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    /// Whom an AI route lets in.
    pub async fn allowed(&self, route: &str) -> Vec<String> {
        let path = format!("/v1/ai/routes/{route}");
        let route = self.at_console(Method::GET, &path, None).await.1;
        let allowed = route["authConfig"]["allowedConsumers"].as_array().cloned().unwrap_or_default();
        allowed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub async fn consumers(&self) -> Vec<String> {
        let consumers = self.at_console(Method::GET, "/v1/consumers", None).await.1;
        let mut names: Vec<String> = consumers
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|consumer| consumer["name"].as_str())
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    pub fn object(&self, key: &str) -> Option<String> {
        let object = self.objects.get(self.bucket, key).ok()?;
        Some(String::from_utf8(object.body.to_vec()).expect("UTF-8"))
    }

    pub fn config(&self, agent: &str) -> Value {
        let text = self.object(&format!("agents/{agent}/openclaw.json")).expect("a config");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The model of an agent's config, without the provider.
    pub fn model(&self, agent: &str) -> String {
        let config = self.config(agent);
        let primary =
            config["agents"]["defaults"]["model"]["primary"].as_str().expect("a primary").to_owned();
        primary
            .strip_prefix(self.provider)
            .and_then(|rest| rest.strip_prefix('/'))
            .expect("the provider")
            .to_owned()
    }

    /// The model of a QwenPaw worker's config.
    pub fn yaml_model(&self, agent: &str) -> String {
        let text = self.object(&format!("agents/{agent}/runtime/runtime.yaml")).expect("a config");
        let line = text.lines().find_map(|line| line.strip_prefix("    model: ")).expect("a model");
        line.to_owned()
    }

    pub fn write(&self, key: &str, body: String) {
        let object = Object::new(body, "application/json");
        self.objects.put(self.bucket, key, object, &sandbox::s3::Condition::default()).expect("written");
    }

    /// Edits an agent's config by hand.
    pub fn edit_config(&self, agent: &str, edit: impl FnOnce(&mut Value)) {
        let mut config = self.config(agent);
        edit(&mut config);
        self.write(&format!("agents/{agent}/openclaw.json"), config.to_string());
    }

    /// The keys below a folder, without it.
    pub fn keys(&self, folder: &str) -> Vec<String> {
        let listing = Listing { prefix: folder, ..Listing::default() };
        let page = self.objects.list(self.bucket, &listing).expect("a list");
        page.objects.into_iter().map(|(key, _)| key[folder.len()..].to_owned()).collect()
    }

    /// A file of the Manager's workspace on the host.
    pub fn workspace(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// What Docker was told since then, without reads: method and path.
    pub fn told(&self, since: Duration) -> Vec<(Duration, String)> {
        let calls = self.controller.docker_calls().into_iter().filter(|call| call.at >= since);
        calls
            .filter(|call| !call.call.starts_with("GET"))
            .map(|call| (call.at - since, format!("{} -> {}", call.call, call.status)))
            .collect()
    }

    pub fn told_words(&self, since: Duration) -> Vec<String> {
        self.told(since).into_iter().map(|(_, call)| call).collect()
    }

    /// The environment of a container.
    pub fn env(&self, container: &str) -> BTreeMap<String, String> {
        let container = self.containers.get(container).expect("a container");
        container
            .env
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    pub fn console_down(&self, down: bool) {
        self.console_offline.store(down, Ordering::Relaxed);
    }

    pub fn docker_down(&self, down: bool) {
        self.containers_offline.store(down, Ordering::Relaxed);
    }

    pub fn store_down(&self, down: bool) {
        self.faults.set(Switches { offline: down, ..Switches::default() });
    }

    /// Lets time pass until something is so, event by event, and tells how long that took.
    pub async fn until(&self, limit: Duration, done: impl Fn(&Self) -> bool) -> Duration {
        let start = self.now();
        loop {
            self.controller.timeline().settled().await;
            if done(self) {
                return self.now() - start;
            }
            let next = self.controller.timeline().next_event().filter(|next| *next <= start + limit);
            let next = next.expect("it happens in time");
            self.pass(next.saturating_sub(self.now())).await;
        }
    }

    pub fn account(&self, account: &Account) -> String {
        self.controller.token(account).expect("a token")
    }
}

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
