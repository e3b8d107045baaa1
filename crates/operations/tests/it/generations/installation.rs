//! An installation of one generation: its clock stands still unless something is awaited, and it can be harmed.
use super::table::{Agent, Generation, HandEdit, Holder, Role};
use crate::world::{World, context, switch};
use domain::{Failure, Mutation, Operation, OperationId, Restart, SetModel, Target};
use operations::Running;
use sandbox::{
    SandboxOptions,
    agents::WorkerState,
    containers::Status,
    controller::{Account, Flow, Mishap},
    s3::{Condition, Object, Switches},
    upstreams::Behaviour,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};

const PROVIDER: &str = "qwen";
/// What all agents of the suite are switched to.
pub const MODEL: &str = "qwen-max";
/// What somebody else switches to.
pub const THEIRS: &str = "qwen-plus";
/// HiClaw's time goes so much faster while something is awaited.
const FASTER: u32 = 250;
/// Two passes of every controller, and some more.
const TWO_PASSES: Duration = Duration::from_secs(700);
/// Until a controller that starts has seen to everything.
const STARTED: Duration = Duration::from_secs(60);
/// After so long nothing that HiClaw does by itself is waited for any more: in its time more than two passes.
const SURE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(90);

/// One installation of the suite.
pub struct Installation {
    pub of: &'static Generation,
    pub world: World,
}

/// What a switch that is undone must leave as it was: the model of an agent, our record of it, and the routes.
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    model: String,
    record: Option<Vec<u8>>,
    routes: BTreeMap<String, Value>,
}

impl Installation {
    pub async fn start(of: &'static Generation) -> Self {
        Self::start_on(of, SandboxOptions::default()).await
    }

    /// The same in a cluster, where nobody is let through to Docker.
    pub async fn start_in_cluster(of: &'static Generation) -> Self {
        Self::start_on(of, SandboxOptions { in_cluster: true, ..SandboxOptions::default() }).await
    }

    async fn start_on(of: &'static Generation, options: SandboxOptions) -> Self {
        let options = SandboxOptions { generation: of.played, controller_time: Flow::Held, ..options };
        let world = World::start_on(options, |config| {
            // A call gets half of it, and a machine may be busy.
            config.timing.horizon = Duration::from_secs(4);
            config.timing.pulled = SURE;
            if let Some(controller) = &mut config.controller {
                controller.pace.pass = SURE;
                controller.pace.carried_out = Duration::from_secs(20);
                controller.pace.container = Duration::from_secs(2);
            }
        })
        .await;
        let installation = Self { of, world };
        installation.hire().await;
        installation
    }

    /// The demo of HiClaw without a controller has neither teams nor another runtime.
    async fn hire(&self) {
        let sandbox = &self.world.sandbox;
        if sandbox.controller().is_some() {
            return;
        }
        let known = sandbox.agents().workspace().workers().unwrap();
        let is_new =
            |agent: &&Agent| agent.role != Role::Manager && !known.iter().any(|name| name == agent.name);
        let hired: Vec<_> = self.of.agents.iter().filter(is_new).collect();
        let names: Vec<_> = hired.iter().map(|agent| agent.name.to_owned()).collect();
        sandbox.hire(&names, &["default-ai-route"]).await.unwrap();
        let file = self.world.manager_file().with_file_name("workers-registry.json");
        let mut registry: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for agent in hired {
            let entry = &mut registry["workers"][agent.name];
            entry["runtime"] = json!(agent.runtime);
            if matches!(agent.role, Role::Leader | Role::Member) {
                entry["team_id"] = json!("alpha");
            }
        }
        std::fs::write(&file, registry.to_string()).unwrap();
        for name in names {
            sandbox.agents().set_state(&name, &WorkerState::Idle).unwrap();
        }
    }

    /// Awaits something while HiClaw's clock goes on.
    pub async fn during<T>(&self, awaited: impl Future<Output = T>) -> T {
        let clock = async {
            let mut last = Instant::now();
            loop {
                sleep(Duration::from_millis(1)).await;
                let now = Instant::now();
                self.advance((now - last) * FASTER).await;
                last = now;
            }
        };
        tokio::select! {
            done = timeout(PATIENCE, awaited) => done.expect("it ends"),
            () = clock => unreachable!("the clock does not end"),
        }
    }

    async fn advance(&self, by: Duration) {
        if let Some(controller) = self.world.sandbox.controller() {
            controller.timeline().advance(by).await;
        }
    }

    pub async fn begin(&self, mutation: Mutation) -> Running {
        self.world.operations.submit(mutation, context(None)).await.unwrap()
    }

    /// Runs a mutation to its end.
    pub async fn run(&self, mutation: Mutation) -> Result<Arc<Operation>, Failure> {
        self.during(async { self.begin(mutation).await.finished().await }).await
    }

    pub async fn switch(&self, agent: &Agent) -> Result<Arc<Operation>, Failure> {
        self.run(to_model(agent)).await
    }

    /// The same, and the agent is started again if it needs that.
    pub async fn switch_and_restart(&self, agent: &Agent) -> Result<Arc<Operation>, Failure> {
        self.run(with_restart(agent, Restart::Now)).await
    }

    /// The same, once it is idle.
    pub async fn switch_and_restart_idle(&self, agent: &Agent) -> Result<Arc<Operation>, Failure> {
        self.run(with_restart(agent, Restart::WhenIdle)).await
    }

    /// An operation once this holds of it.
    pub async fn until(&self, id: &OperationId, holds: impl Fn(&Operation) -> bool) -> Arc<Operation> {
        let mut watch = self.world.operations.operation(id).await.unwrap();
        self.during(async { watch.wait_for(|operation| holds(operation)).await.unwrap().clone() }).await
    }

    pub async fn undo(&self, operation: &OperationId) -> Result<Arc<Operation>, Failure> {
        self.run(Mutation::Undo { operation: operation.clone() }).await
    }

    /// An ended operation once nothing of it is waited for any more.
    pub async fn settled(&self, id: &OperationId) -> Arc<Operation> {
        self.until(id, |operation| operation.settled.is_some()).await
    }

    /// How often the controller has gone over an agent; none: there is no controller.
    pub fn passes(&self, object: &str) -> Option<u64> {
        let resource = object.rsplit('/').next()?.split('#').next()?;
        Some(self.world.sandbox.controller()?.passes(resource))
    }

    /// Begins a switch, and holds it where the model is asked: after the plan, before an agent is written.
    pub async fn held(&self, agent: &Agent) -> Running {
        self.world.sandbox.upstreams().set_behaviour(PROVIDER, Behaviour::Holding);
        let running = self.begin(with_restart(agent, Restart::Now)).await;
        let mut watch = running.watch();
        let asks = |operation: &Arc<Operation>| {
            let mut steps = operation.steps.iter();
            steps.any(|s| s.name == domain::StepName::Test && s.state == domain::StepState::Running)
        };
        self.during(async { watch.wait_for(asks).await.unwrap().clone() }).await;
        running
    }

    /// Lets a held switch go on, to its end.
    pub async fn release(&self, running: Running) -> Result<Arc<Operation>, Failure> {
        self.world.sandbox.upstreams().set_behaviour(PROVIDER, Behaviour::Healthy);
        self.during(running.finished()).await
    }

    /// The model in the config that an agent lives by, as it lies there.
    pub fn lived(&self, agent: &Agent) -> String {
        let text = match agent.lives_by {
            None => std::fs::read(self.world.manager_file()).unwrap(),
            Some(key) => self.object(key).unwrap(),
        };
        let text = String::from_utf8(text).unwrap();
        let primary = match serde_json::from_str::<Value>(&text) {
            Ok(tree) => tree["agents"]["defaults"]["model"]["primary"].as_str().unwrap().to_owned(),
            Err(_) => {
                let mut lines = text.lines().map(str::trim_start);
                lines.find_map(|line| line.strip_prefix("model: ")).unwrap().to_owned()
            }
        };
        primary.rsplit('/').next().unwrap().to_owned()
    }

    /// The model that `agm` observes.
    pub async fn observed(&self, agent: &Agent) -> String {
        let seen = self.world.operations.assignment(&target(agent)).await.unwrap();
        seen.value.observed.model.as_ref().unwrap().to_string()
    }

    pub async fn snapshot(&self, agent: &Agent) -> Snapshot {
        let routes = self.world.console().routes().await.unwrap();
        let json = |route: &higress::RouteDoc| crate::world::without_version(route.json());
        Snapshot {
            model: self.lived(agent),
            record: self.record(agent),
            routes: routes.iter().map(|route| (route.name().to_string(), json(route))).collect(),
        }
    }

    /// Our own record of a switch.
    pub fn record(&self, agent: &Agent) -> Option<Vec<u8>> {
        self.object(&record_key(agent)).map(|bytes| bytes.trim_ascii_end().to_vec())
    }

    /// Lets HiClaw go over all its agents twice by itself, and every agent pull its config twice.
    pub async fn pass_twice(&self) {
        self.advance(TWO_PASSES).await;
        if self.world.sandbox.controller().is_none() {
            for worker in self.of.agents.iter().filter(|agent| agent.role != Role::Manager) {
                for _ in 0..2 {
                    self.world.sandbox.agents().sync(worker.name).unwrap();
                }
            }
        }
    }

    /// Starts HiClaw and an agent's container again.
    pub async fn restart(&self, agent: &Agent) {
        let sandbox = &self.world.sandbox;
        match (sandbox.controller(), agent.role) {
            (Some(controller), _) => {
                self.turn(agent, Status::Exited);
                self.turn(agent, Status::Running);
                controller.restart().await;
                self.advance(STARTED).await;
            }
            (None, Role::Manager) => sandbox.agents().restart_manager().unwrap(),
            (None, _) => {
                for state in [WorkerState::Stopped, WorkerState::Idle] {
                    sandbox.agents().set_state(agent.name, &state).unwrap();
                }
            }
        }
    }

    fn turn(&self, agent: &Agent, status: Status) {
        let (name, containers) = (self.container(agent), self.world.sandbox.containers());
        let mut container = containers.get(&name).unwrap();
        container.turn(status);
        containers.set(&name, Some(container)).unwrap();
    }

    /// Takes a container away, and Docker with it, so that nobody makes it anew.
    pub fn lose_container(&self, agent: &Agent) {
        self.world.sandbox.set_containers_offline(true);
        self.world.sandbox.containers().set(&self.container(agent), None).unwrap();
    }

    /// Docker is back, and whoever makes containers makes this one.
    pub async fn find_container(&self, agent: &Agent) {
        self.world.sandbox.set_containers_offline(false);
        self.advance(TWO_PASSES).await;
        if self.world.sandbox.controller().is_none() {
            self.world.sandbox.agents().set_state(agent.name, &WorkerState::Idle).unwrap();
        }
        let container = self.world.sandbox.containers().get(&self.container(agent)).unwrap();
        assert_eq!(container.status, Status::Running);
    }

    /// How often agents' containers were restarted by Docker.
    pub fn restarts(&self, agent: &Agent) -> usize {
        let Some(controller) = self.world.sandbox.controller() else { return 0 };
        let restart = format!("POST /containers/{}/restart", self.container(agent));
        controller.docker_calls().iter().filter(|call| call.call.starts_with(&restart)).count()
    }

    /// How often an agent's container was started, by whomever, since it was made.
    pub fn starts(&self, agent: &Agent) -> (String, u32) {
        let container = self.world.sandbox.containers().get(&self.container(agent)).unwrap();
        (container.id, container.starts)
    }

    fn container(&self, agent: &Agent) -> String {
        match agent.role {
            Role::Manager => format!("{}manager", self.of.prefix),
            _ => format!("{}worker-{}", self.of.prefix, agent.name),
        }
    }

    /// While true, nobody reaches what holds the workers' models.
    pub fn set_holder_down(&self, down: bool) {
        match self.of.holder {
            Holder::Store => {
                let switches = Switches { offline: down, ..Switches::default() };
                self.world.sandbox.s3().faults().set(switches);
            }
            Holder::Controller => self.world.sandbox.set_controller_offline(down),
        }
    }

    /// What lets us in at the controller is good no more, and replaced where that is usual.
    pub fn expire_entry(&self) {
        let controller = self.world.sandbox.controller().unwrap();
        let before = controller.token(&Account::Admin);
        controller.renew_token();
        assert_ne!(controller.token(&Account::Admin), before);
    }

    /// Lets this befall the controller between the next write and the look behind it.
    pub fn befalls_behind_the_write(&self, mishap: Mishap) {
        self.world.sandbox.controller().unwrap().after_next_write(mishap);
    }

    /// Another process of the controller.
    pub async fn start_controller(&self) {
        self.world.sandbox.controller().unwrap().restart().await;
        self.advance(STARTED).await;
    }

    /// Gives a worker an open task, or takes it away.
    pub fn set_busy(&self, agent: &Agent, busy: bool) {
        let (agents, name) = (self.world.sandbox.agents(), agent.name);
        if self.world.sandbox.controller().is_none() {
            let state = if busy { WorkerState::Busy { task: "fix #1".into() } } else { WorkerState::Idle };
            return agents.set_state(name, &state).unwrap();
        }
        let task = json!({"task_id": "one", "title": "fix #1", "type": "finite", "assigned_to": name, "room_id": null});
        let tasks = if busy { vec![task] } else { Vec::new() };
        let file = agents.workspace().folder().join("state.json");
        std::fs::write(file, json!({"active_tasks": tasks}).to_string()).unwrap();
    }

    /// The things that are not as they are recorded.
    pub async fn drifted(&self) -> Vec<String> {
        let drift = self.world.operations.drift().await.unwrap();
        drift.items.iter().map(|item| format!("{item:?}")).collect()
    }

    /// Somebody else switches a worker, where the models are held.
    pub async fn foreign_switch(&self, agent: &Agent, model: &str) {
        let Some(controller) = &self.world.sandbox.addresses().controller else {
            return self.hand_edit(agent, model);
        };
        let token = std::fs::read_to_string(&controller.token_file).unwrap();
        let http = higress::http_client(Duration::from_secs(5)).unwrap();
        let put = http.put(format!("{}/api/v1/workers/{}", controller.url, agent.name)).bearer_auth(token);
        let put = put.json(&json!({"model": model})).send().await.unwrap();
        assert!(put.status().is_success(), "{put:?}");
    }

    /// Somebody edits an agent's config in the store.
    pub fn hand_edit(&self, agent: &Agent, model: &str) {
        let key = agent.lives_by.unwrap();
        let text = String::from_utf8(self.object(key).unwrap()).unwrap();
        let former = self.lived(agent);
        let primary = |model: &str| format!("-gateway/{model}\"");
        let edited = text.replacen(&primary(&former), &primary(model), 1);
        assert_ne!(edited, text);
        let (objects, bucket) = (self.world.sandbox.s3().objects(), self.bucket());
        let object = Object::new(edited, "application/json");
        objects.put(bucket, key, object, &Condition::default()).unwrap();
        assert_eq!(self.lived(agent), model);
    }

    /// What a hand edit during a switch comes to.
    pub fn hand_edit_stands(&self) -> bool {
        self.of.hand_edit == HandEdit::Stands
    }

    fn object(&self, key: &str) -> Option<Vec<u8>> {
        let objects = self.world.sandbox.s3().objects();
        objects.get(self.bucket(), key).ok().map(|object| object.body.to_vec())
    }

    fn bucket(&self) -> &str {
        &self.world.sandbox.addresses().s3.bucket
    }
}

fn with_restart(agent: &Agent, restart: Restart) -> Mutation {
    match to_model(agent) {
        Mutation::SetModel { target, wish } => {
            Mutation::SetModel { target, wish: SetModel { restart, ..wish } }
        }
        other => other,
    }
}

/// The switch of the suite.
fn to_model(agent: &Agent) -> Mutation {
    switch(agent.name, PROVIDER, MODEL)
}

fn target(agent: &Agent) -> Target {
    agent.name.parse().unwrap()
}

fn record_key(agent: &Agent) -> String {
    format!("agents/{}/model.json", agent.name)
}
