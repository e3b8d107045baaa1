//! A sandbox with operations pointed at it, and a whole look at what is stored.
use domain::{
    Context, Door, Failure, ModelId, Mutation, NewProvider, Operation, ProviderName, SetModel, Step,
    StepName, Target,
};
use operations::{
    Config, ConsoleConfig, ControllerParams, ManagerConfig, Operations, Pace, StoreConfig, Timing,
};
use sandbox::{Sandbox, SandboxOptions, live::LiveConfig};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// The bucket of the sandbox.
pub const BUCKET: &str = "hiclaw-storage";
/// The host under which the demo's agents call the gateway.
const GATEWAY_HOST: &str = "aigw-local.hiclaw.io";

/// A sandbox and operations on it.
pub struct World {
    pub sandbox: Sandbox,
    pub operations: Operations,
    pub config: Config,
    _data: TempDir,
}

/// Everything that an operation may touch, without versions and times of writing.
#[derive(Debug, PartialEq)]
pub struct State {
    providers: BTreeMap<String, Value>,
    routes: BTreeMap<String, Value>,
    live: LiveConfig,
    objects: BTreeMap<String, String>,
    manager: String,
    registry: Value,
}

impl State {
    /// What the console has stored alone: providers, routes.
    pub fn stored(&self) -> (&BTreeMap<String, Value>, &BTreeMap<String, Value>) {
        (&self.providers, &self.routes)
    }
}

impl World {
    /// The demo, with a gateway that follows at once and reads that are never old.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// As [`World::start`], with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(SandboxOptions::default(), change).await
    }

    /// As [`World::start_with`], on another sandbox; its delays are those of the tests.
    pub async fn start_on(options: SandboxOptions, change: impl FnOnce(&mut Config)) -> Self {
        let options = SandboxOptions {
            effective_after: Duration::from_millis(30),
            worker_pull: Duration::from_millis(50),
            manager_debounce: Duration::from_millis(50),
            ..options
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let data = TempDir::new().unwrap();
        let mut config = config(&sandbox, data.path());
        change(&mut config);
        let operations = Operations::new(config.clone()).unwrap();
        operations.recover().await.unwrap();
        operations.start_sampling();
        Self { sandbox, operations, config, _data: data }
    }

    /// Another life of the server on the same data directory; the one before must have let go of it.
    pub async fn start_again(&mut self) {
        let before = std::mem::replace(&mut self.operations, Operations::new(self.config.clone()).unwrap());
        before.drain(Duration::ZERO).await;
        drop(before);
        // Its tasks let go of the data directory when they next run.
        while self.operations.recover().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// Runs a mutation to its end.
    pub async fn run(&self, mutation: Mutation) -> Result<Arc<Operation>, Failure> {
        self.operations.submit(mutation, context(None)).await?.finished().await
    }

    /// Everything that is stored now. Faults must be cleared before.
    pub async fn state(&self) -> State {
        let console = self.console();
        let providers = console.providers().await.unwrap();
        let routes = console.routes().await.unwrap();
        let objects = self.sandbox.s3().objects();
        let all = objects.list(BUCKET, &sandbox::s3::Listing::default()).unwrap();
        let text = |body: &[u8]| String::from_utf8_lossy(body).trim_end().to_owned();
        State {
            providers: providers.iter().map(|p| (p.name().to_string(), p.json().clone())).collect(),
            routes: routes.iter().map(|r| (r.name().to_string(), without_version(r.json()))).collect(),
            live: LiveConfig::clone(&self.sandbox.console().live().borrow()),
            objects: all.objects.into_iter().map(|(key, object)| (key, text(&object.body))).collect(),
            manager: std::fs::read_to_string(self.manager_file()).unwrap(),
            registry: self.registry(),
        }
    }

    /// A client of the console that is not the one under test.
    pub fn console(&self) -> higress::Console {
        let params = higress::ConsoleParams {
            url: self.config.console.url.clone(),
            user: self.config.console.user.clone(),
            password: self.config.console.password.clone(),
            connect: Duration::from_secs(2),
            call: Duration::from_secs(10),
            write: Duration::from_secs(10),
        };
        higress::Console::new(params).unwrap()
    }

    pub fn manager_file(&self) -> PathBuf {
        self.config.manager.config_path.clone()
    }

    /// The model in an agent's stored config.
    pub fn stored_model(&self, target: &Target) -> String {
        let text = match target {
            Target::Manager => std::fs::read(self.manager_file()).unwrap(),
            Target::Worker(name) => self.object(&format!("agents/{name}/openclaw.json")).unwrap(),
        };
        let tree: Value = serde_json::from_slice(&text).unwrap();
        let primary = tree["agents"]["defaults"]["model"]["primary"].as_str().unwrap().to_owned();
        primary.strip_prefix("hiclaw-gateway/").unwrap().to_owned()
    }

    /// The list of workers, without the time of its writing.
    fn registry(&self) -> Value {
        let bytes = std::fs::read(self.manager_file().with_file_name("workers-registry.json")).unwrap();
        let mut registry: Value = serde_json::from_slice(&bytes).unwrap();
        registry.as_object_mut().unwrap().remove("updated_at");
        registry
    }

    /// The bytes of an object, if it is there.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        self.sandbox.s3().objects().get(BUCKET, key).ok().map(|object| object.body.to_vec())
    }

    /// Waits until the worker's own agent has taken this model up, and asks it.
    pub async fn ask_worker(&self, worker: &str, model: &str) -> sandbox::agents::Reply {
        let mut live = self.sandbox.agents().watch_worker(worker).unwrap();
        let takes = |live: &sandbox::agents::Live| {
            live.config.as_ref().is_some_and(|config| config.call().is_ok_and(|call| call.model == model))
        };
        tokio::time::timeout(Duration::from_secs(20), live.wait_for(takes))
            .await
            .expect("the agent takes the model up")
            .unwrap();
        self.sandbox.agents().ask_worker(worker, "Who are you?").await.unwrap()
    }

    /// A provider as somebody would add it, with a key that works.
    pub fn new_provider(&self, kind: &str) -> NewProvider {
        let key = self.sandbox.upstreams().key_for(kind);
        serde_json::from_value(json!({"name": kind, "type": kind, "tokens": [key]})).unwrap()
    }
}

/// Settings that point at a sandbox, with little patience.
pub fn config(sandbox: &Sandbox, data: &Path) -> Config {
    let at = sandbox.addresses();
    let url = |text: &str| text.parse().unwrap();
    Config {
        console: ConsoleConfig {
            url: url(&at.console),
            user: at.admin.user.clone(),
            password: at.admin.password.clone().into(),
        },
        gateway: url(&at.gateway),
        gateway_host: Some(GATEWAY_HOST.into()),
        gateway_metrics: Some(url(&at.gateway_metrics)),
        store: StoreConfig {
            endpoint: url(&at.s3.endpoint),
            access_key: at.s3.access_key.clone(),
            secret_key: at.s3.secret_key.clone().into(),
            bucket: at.s3.bucket.clone(),
        },
        manager: ManagerConfig {
            config_path: at.manager.config.clone(),
            url: Some(url(&at.manager.url)),
            gateway_key: None,
        },
        containers: Some(url(&at.containers)),
        controller: at.controller.as_ref().map(|controller| ControllerParams {
            url: url(&controller.url),
            token: None,
            token_file: Some(controller.token_file.clone()),
            prefix: None,
            pace: Pace { poll: Duration::from_millis(5), pass: Duration::from_secs(1), ..Pace::default() },
        }),
        generation: None,
        hiclaw_provider: Some("qwen".into()),
        hiclaw_model: Some(sandbox::DEFAULT_MODEL.into()),
        hiclaw_env_file: None,
        allow_private_upstreams: false,
        upstream_map: sandbox.upstream_map(),
        entry: Default::default(),
        data_dir: data.to_owned(),
        timing: Timing {
            connect: Duration::from_secs(1),
            call: Duration::from_secs(2),
            question: Duration::from_secs(2),
            list: Duration::from_secs(1),
            effective: Duration::from_secs(2),
            cache: Duration::ZERO,
            look: Duration::from_millis(50),
            operation: Duration::from_secs(60),
            horizon: Duration::from_secs(8),
            pulled: Duration::from_secs(8),
            idle: Duration::from_secs(8),
        },
    }
}

pub fn context(key: Option<&str>) -> Context {
    Context { actor: "admin".into(), door: Door::Rest, idempotency_key: key.map(str::to_owned), bulk: None }
}

pub fn worker(name: &str) -> Target {
    format!("worker:{name}").parse().unwrap()
}

pub fn provider(name: &str) -> ProviderName {
    name.parse().unwrap()
}

pub fn model(id: &str) -> ModelId {
    id.parse().unwrap()
}

/// `agent` is `manager` or a worker's name.
pub fn switch(agent: &str, provider: &str, model: &str) -> Mutation {
    let wish = SetModel {
        provider: provider.parse().unwrap(),
        model: model.parse().unwrap(),
        context_window: None,
        max_tokens: None,
        reasoning: None,
        restart: domain::Restart::No,
        lasting: false,
    };
    Mutation::SetModel { target: agent.parse().unwrap(), wish }
}

/// The first step of this name.
pub fn step(steps: &[Step], name: StepName) -> &Step {
    steps.iter().find(|step| step.name == name).unwrap()
}

/// A route's JSON without what a rewrite of the same content changes.
pub fn without_version(route: &Value) -> Value {
    let mut route = route.clone();
    route.as_object_mut().unwrap().remove("version");
    route
}
