//! Where a controller holds the models: what nobody writes there, keys that no config has, and what answers.
use crate::world::{World, worker};
use domain::{CheckId, CheckState, Code, Mutation, SetModel, SystemState, Warning, WarningCode, WorkerName};
use operations::Config;
use sandbox::{SandboxOptions, controller::Generation};
use serde_json::{Value, json};

/// A worker whose config holds neither figures nor a key.
const BARE: &str = "bob";

async fn start_with(change: impl FnOnce(&mut Config)) -> World {
    let options = SandboxOptions { generation: Generation::V1_2, ..SandboxOptions::default() };
    World::start_on(options, change).await
}

async fn start() -> World {
    start_with(|_| ()).await
}

fn wish(more: &Value) -> Mutation {
    let mut wish = json!({"provider": "qwen", "model": "qwen-max"});
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let wish: SetModel = serde_json::from_value(wish).unwrap();
    Mutation::SetModel { target: worker(BARE), wish }
}

async fn warned(world: &World, mutation: &Mutation) -> Vec<WarningCode> {
    let plan = world.operations.plan(mutation).await.unwrap();
    plan.warnings.iter().map(|warning: &Warning| warning.code).collect()
}

#[tokio::test]
async fn figures_that_are_not_ours_are_refused_a_promise_a_note_and_a_drift() {
    let world = start().await;
    let given = wish(&json!({"contextWindow": 1000, "reasoning": false}));
    assert!(warned(&world, &given).await.contains(&WarningCode::LimitsNotOurs));
    let plain = wish(&json!({}));
    let figures = [
        WarningCode::LimitsNotOurs,
        WarningCode::LimitsAreDefaults,
        WarningCode::ContextShrinks,
        WarningCode::VisionLost,
    ];
    let told = warned(&world, &plain).await;
    assert!(!told.iter().any(|code| figures.contains(code)), "nobody writes them: {told:?}");
    for mutation in [plain, given] {
        world.run(mutation).await.unwrap();
        let seen = world.operations.assignments().await.unwrap();
        let name: WorkerName = BARE.parse().unwrap();
        let now = &seen.workers[&name];
        assert_eq!(now.model.as_ref().unwrap().as_str(), "qwen-max");
        assert_eq!((now.context_window, now.max_tokens, now.reasoning), (None, None, None));
        let drift = world.operations.drift().await.unwrap();
        let drifted = drift.items.iter().any(|item| item.what.about().to_string().contains(BARE));
        assert!(!drifted, "{:?}", drift.items);
    }
}

#[tokio::test]
async fn the_key_of_an_agent_whose_config_holds_none_is_its_consumers() {
    let world = start().await;
    let about_bare = |doctor: &domain::Doctor, id: CheckId, state: CheckState| {
        doctor.checks.iter().any(|check| {
            check.id == id
                && check.state == state
                && (check.about.contains(BARE) || check.about.contains("agents"))
        })
    };
    let doctor = world.operations.doctor(true).await;
    for id in [CheckId::AgentKey, CheckId::AgentAnswered] {
        assert!(about_bare(&doctor, id, CheckState::Ok), "{id:?}: {:?}", doctor.checks);
        assert!(!about_bare(&doctor, id, CheckState::Failed), "{id:?}: {:?}", doctor.checks);
    }
    assert!(!about_bare(&doctor, CheckId::AgentAnswered, CheckState::Unknown), "{:?}", doctor.checks);
}

#[tokio::test]
async fn a_controller_is_a_system_of_its_own_and_why_nothing_is_known_of_it_is_told() {
    let world = start().await;
    let health = world.operations.health().await;
    let states = |health: &domain::DeepHealth, wanted: SystemState| -> Vec<String> {
        health
            .systems
            .iter()
            .filter(|system| system.state == wanted)
            .map(|system| system.name.clone())
            .collect()
    };
    assert_eq!(states(&health, SystemState::Down), Vec::<String>::new(), "{health:?}");
    assert!(states(&health, SystemState::Up).contains(&"controller".to_owned()));
    assert_eq!(health.hiclaw_unknown, None);
    let blind = start_with(|config| {
        config.controller.as_mut().unwrap().url = "http://127.0.0.1:9".parse().unwrap();
    })
    .await;
    let health = blind.operations.health().await;
    assert_eq!(states(&health, SystemState::Down), ["controller", "manager"]);
    assert_eq!(health.hiclaw, None);
    assert!(health.hiclaw_unknown.unwrap().contains("cannot be reached"));
    let refused = blind.operations.plan(&wish(&json!({}))).await.unwrap_err();
    assert_eq!(refused.code, Code::UpstreamUnavailable);
}
