//! Who is let into routes: a route of ours is complete at once, whoever lacks access is seen and let in, and what HiClaw
//! does about it by itself is nobody's drift.
use crate::{
    doctor::{one, rival, well, with},
    world::{World, context, provider, switch},
};
use domain::{
    BackupItem, CheckId, CheckState, Drift, Drifted, Mutation, OperationState, Repair, RouteName, Step,
    StepName, StepState,
};
use http::Method;
use operations::Running;
use sandbox::{
    SandboxOptions,
    controller::{Account, Flow, Generation},
    upstreams::Behaviour,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const WITH_CONTROLLER: [Generation; 2] = [Generation::V1_1, Generation::V1_2];
const OURS: &str = "deepseek-ai-route";
/// More than two passes of the controller.
const TWO_PASSES: Duration = Duration::from_secs(700);

/// An installation with a controller whose clock stands still, and a provider and a route of ours.
async fn start(generation: Generation) -> World {
    let options = SandboxOptions { generation, controller_time: Flow::Held, ..SandboxOptions::default() };
    let world = World::start_on(options, |_| ()).await;
    world.run(Mutation::AddProvider(world.new_provider("deepseek"))).await.unwrap();
    world
}

impl World {
    async fn passes(&self) {
        self.sandbox.controller().unwrap().timeline().advance(TWO_PASSES).await;
    }

    /// Asks the controller for something, and gives it time for that.
    async fn tell(&self, method: Method, path: &str, body: &Value) {
        let controller = self.sandbox.controller().unwrap();
        let address = self.sandbox.addresses().controller.as_ref().unwrap();
        let token = controller.token(&Account::Admin).unwrap();
        let client = higress::http_client(Duration::from_secs(5)).unwrap();
        let call = client.request(method, format!("{}/api/v1/{path}", address.url)).bearer_auth(token);
        assert!(call.json(body).send().await.unwrap().status().is_success());
        controller.timeline().advance(Duration::from_secs(60)).await;
    }

    async fn hires(&self, name: &str) {
        self.tell(Method::POST, "workers", &json!({"name": name, "model": "m", "runtime": "openclaw"})).await;
    }

    async fn route(&self, name: &str) -> Value {
        self.console().route(&name.parse().unwrap()).await.unwrap().unwrap().into_json()
    }

    async fn lets_in(&self, route: &str) -> BTreeSet<String> {
        let route = self.route(route).await;
        let allowed = route["authConfig"]["allowedConsumers"].as_array().unwrap();
        allowed.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Changes a route behind our back.
    async fn changes(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut route = self.route(name).await;
        change(&mut route);
        let path = format!("/v1/ai/routes/{name}");
        assert!(rival(self, Method::PUT, &path, &route).await.is_success());
    }

    async fn shuts_out(&self, name: &str, consumer: &str) {
        self.changes(name, |route| {
            let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
            allowed.retain(|allowed| allowed != consumer);
        })
        .await;
    }

    /// What somebody else is said to have changed on routes.
    async fn drifted_routes(&self) -> Vec<RouteName> {
        let Drift { items, .. } = self.operations.drift().await.unwrap();
        let route = |what: &Drifted| match what {
            Drifted::Outside { item: BackupItem::Route(name), .. } => Some(name.clone()),
            _ => None,
        };
        items.iter().filter_map(|item| route(&item.what)).collect()
    }
}

fn name(route: &str) -> RouteName {
    route.parse().unwrap()
}

#[tokio::test]
async fn a_route_of_ours_lets_all_agents_in_at_once_and_the_controller_has_nothing_to_add() {
    for generation in WITH_CONTROLLER {
        let world = start(generation).await;
        let known = world.console().consumers().await.unwrap();
        let agents: BTreeSet<_> = known
            .iter()
            .filter(|known| known.name().is_agent())
            .map(|known| known.name().to_string())
            .collect();
        assert!(agents.contains("manager") && agents.contains("worker-dev1"), "{agents:?}");
        assert_eq!(world.lets_in(OURS).await, agents);
        world.passes().await;
        assert_eq!(world.lets_in(OURS).await, agents);
        assert_eq!(world.drifted_routes().await, []);
        well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
    }
}

#[tokio::test]
async fn whom_the_controller_lets_in_later_is_no_drift_and_what_else_somebody_changes_is() {
    for generation in WITH_CONTROLLER {
        let world = start(generation).await;
        world.hires("zoe").await;
        assert!(world.lets_in(OURS).await.contains("worker-zoe"), "{generation:?}");
        world.passes().await;
        assert_eq!(world.drifted_routes().await, [], "our route and that of HiClaw let zoe in");
        world.operations.back_up("admin", None).await.unwrap();
        world.tell(Method::DELETE, "workers/zoe", &Value::Null).await;
        assert!(!world.lets_in(OURS).await.contains("worker-zoe"), "{generation:?}");
        assert_eq!(world.drifted_routes().await, [], "zoe was dismissed");

        world.shuts_out("default-ai-route", "worker-alice").await;
        assert_eq!(world.drifted_routes().await, [name("default-ai-route")]);
        world.changes(OURS, |route| route["upstreams"][0]["modelMapping"] = json!({"a": "b"})).await;
        assert_eq!(world.drifted_routes().await, [name(OURS), name("default-ai-route")]);
    }
}

#[tokio::test]
async fn who_lacks_access_is_seen_and_let_in_and_that_can_be_undone() {
    let world = start(Generation::V1_2).await;
    world.hires("zoe").await;
    world.shuts_out(OURS, "worker-zoe").await;
    world.passes().await;
    let told = world.operations.doctor(false).await;
    let told = one(&told, CheckId::RouteConsumers, CheckState::Warning);
    assert_eq!((told.about.as_str(), told.evidence.as_str()), (OURS, "does not let worker-zoe in"));
    assert_eq!(told.repair, Some(Repair::RouteAccess { route: name(OURS), consumer: None }));
    let routes = world.operations.routes().await.unwrap();
    let ours = routes.value.iter().find(|route| route.name == name(OURS)).unwrap();
    assert_eq!(ours.missing, ["worker-zoe".parse().unwrap()]);

    let repair = Mutation::RepairRoutes { route: Some(name(OURS)), consumer: None };
    let plan = world.operations.plan(&repair).await.unwrap();
    assert_eq!(plan.changes.len(), 1);
    let before = world.lets_in(OURS).await;
    let done = world.run(repair).await.unwrap();
    assert!(world.lets_in(OURS).await.contains("worker-zoe"));
    well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
    world.run(Mutation::Undo { operation: done.id.clone() }).await.unwrap();
    assert_eq!(world.lets_in(OURS).await, before);
}

#[tokio::test]
async fn a_controller_that_heals_routes_by_itself_leaves_nothing_to_repair() {
    let world = start(Generation::V1_1).await;
    world.shuts_out(OURS, "worker-alice").await;
    let doctor = world.operations.doctor(false).await;
    assert_eq!(with(&doctor, CheckId::RouteConsumers, CheckState::Warning).len(), 1);
    world.passes().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
    let left = Mutation::RepairRoutes { route: None, consumer: None };
    assert!(world.operations.plan(&left).await.unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_worker_of_a_route_that_it_lacks_is_let_in_without_a_controller_too() {
    let world = World::start().await;
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    world.sandbox.hire(&["zoe".to_owned()], &["default-ai-route"]).await.unwrap();
    assert_eq!(world.drifted_routes().await, [], "HiClaw let zoe in");
    let doctor = world.operations.doctor(false).await;
    let told = with(&doctor, CheckId::RouteConsumers, CheckState::Warning);
    let about: Vec<_> = told.iter().map(|check| check.about.as_str()).collect();
    assert_eq!(about, ["deepseek-ai-route", "moonshot-ai-route"]);
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
    assert_eq!(world.drifted_routes().await, []);
}

#[tokio::test]
async fn an_operation_is_undone_though_hiclaw_let_somebody_into_its_routes_since() {
    let world = World::start().await;
    let new = world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    let switched = world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    let routes = ["default-ai-route", "deepseek-ai-route", "moonshot-ai-route", "zhipuai-ai-route"];
    world.sandbox.hire(&["zoe".to_owned()], &routes).await.unwrap();
    for operation in [&switched, &new] {
        let undone = world.run(Mutation::Undo { operation: operation.id.clone() }).await.unwrap();
        assert_eq!(undone.state, OperationState::Committed, "{undone:?}");
    }
    assert!(world.console().provider(&provider("zhipuai")).await.unwrap().is_none());
    assert!(world.lets_in("default-ai-route").await.contains("worker-zoe"));
}

#[tokio::test]
async fn whom_hiclaw_lets_in_during_the_watch_is_not_the_change_of_somebody_else() {
    let world = World::start_with(|config| config.timing.horizon = Duration::from_secs(2)).await;
    let repair = Mutation::RepairRoutes { route: None, consumer: None };
    let handle = world.operations.submit(repair, context(None)).await.unwrap();
    let mut watch = handle.watch();
    handle.finished().await.unwrap();
    world.sandbox.hire(&["zoe".to_owned()], &["default-ai-route", "deepseek-ai-route"]).await.unwrap();
    let settled = watch.wait_for(|operation| operation.settled.is_some()).await.unwrap().settled.clone();
    let evidence = settled.unwrap().evidence;
    assert!(evidence.ends_with("all as told"), "{evidence}");
}

/// A switch that writes a route and is held at its question meanwhile.
async fn held(world: &World) -> Running {
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    let switch = switch("dave", "deepseek", "deepseek-reasoner");
    let running = world.operations.submit(switch, context(None)).await.unwrap();
    let asks = |step: &Step| step.name == StepName::Test && step.state == StepState::Running;
    running.watch().wait_for(|operation| operation.steps.iter().any(asks)).await.map(drop).unwrap();
    running
}

#[tokio::test]
async fn whom_hiclaw_lets_in_during_a_switch_is_in_the_way_of_neither_end() {
    for (behaviour, outcome) in [
        (Behaviour::Healthy, OperationState::Committed),
        (Behaviour::Failing(500), OperationState::RolledBack),
    ] {
        let world = World::start().await;
        let before = world.lets_in(OURS).await;
        let running = held(&world).await;
        assert!(!before.contains("worker-dave") && world.lets_in(OURS).await.contains("worker-dave"));
        world.sandbox.hire(&["zoe".to_owned()], &[OURS]).await.unwrap();
        world.sandbox.upstreams().set_behaviour("deepseek", behaviour);
        let watch = running.watch();
        drop(running.finished().await);
        assert_eq!(watch.borrow().state, outcome, "{:?}", watch.borrow());
        let lets_in = world.lets_in(OURS).await;
        let dave = outcome == OperationState::Committed;
        assert!(lets_in.contains("worker-zoe") && lets_in.contains("worker-dave") == dave, "{lets_in:?}");
    }
}
