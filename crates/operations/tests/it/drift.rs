//! Drift: what disagrees is told once, with the ways out; what others changed since the newest backup is told with a
//! diff, and what we changed ourselves is not.
use crate::{
    doctor::{rewrite, rival},
    world::{BUCKET, World, context, model, provider, switch, worker},
};
use domain::{
    ChangeAction, Code, Drift, DriftItem, DriftVerdict, Drifted, EditProvider, KeyChoice, Mutation,
    OperationId, StepName, Target, TypedKey, Unseen, WhyNot,
};
use http::Method;
use serde_json::{Value, json};

const ALICE_RUNS: &str = "\"primary\": \"hiclaw-gateway/deepseek-chat\"";
const NOTE: &str = "agents/alice/model.json";

async fn drift(world: &World) -> Drift {
    world.operations.drift().await.unwrap()
}

/// `model worker:alice`, `access worker:dave`, `outside route:qwen-ai-route`.
fn told(drift: &Drift) -> Vec<String> {
    let line = |item: &DriftItem| {
        let kind = match item.what {
            Drifted::Model { .. } => "model",
            Drifted::Access { .. } => "access",
            Drifted::Outside { .. } => "outside",
        };
        format!("{kind} {}", item.what.about())
    };
    drift.items.iter().map(line).collect()
}

/// The demo without its one fault.
async fn in_order() -> World {
    let world = World::start().await;
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    world
}

async fn run(world: &World, mutation: &Mutation) -> OperationId {
    world.run(mutation.clone()).await.unwrap().id.clone()
}

fn put(world: &World, key: &str, text: String) {
    let object = sandbox::s3::Object::new(text, "application/json");
    world.sandbox.s3().objects().put(BUCKET, key, object, &Default::default()).unwrap();
}

fn note(world: &World) -> Value {
    serde_json::from_slice(&world.object(NOTE).unwrap()).unwrap()
}

/// Changes an object of the console behind our back.
async fn change(world: &World, path: &str, change: impl FnOnce(&mut Value)) {
    let routes = world.console().routes().await.unwrap();
    let providers = world.console().providers().await.unwrap();
    let (_, name) = path.rsplit_once('/').unwrap();
    let route = routes.iter().find(|route| route.name().as_str() == name).map(|route| route.json().clone());
    let found = providers.iter().find(|provider| provider.name().as_str() == name);
    let mut json = route.or(found.map(|provider| provider.json().clone())).unwrap();
    change(&mut json);
    assert!(rival(world, Method::PUT, path, &json).await.is_success());
}

#[tokio::test]
async fn what_is_as_it_was_recorded_does_not_drift() {
    let world = World::start().await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["access worker:dave"], "the one fault of the demo");
    assert!(now.since.is_none() && now.unseen.is_empty(), "{now:?}");
    run(&world, now.items[0].repair.change().unwrap()).await;
    let now = drift(&world).await;
    assert_eq!((told(&now), now.verdict()), (Vec::new(), DriftVerdict::InOrder));
    assert_eq!(now.since.unwrap().reason.to_string(), "before repair_routes deepseek-ai-route");
}

#[tokio::test]
async fn a_note_that_says_something_else_is_accepted_and_that_can_be_undone() {
    let world = in_order().await;
    let mut says = note(&world);
    says["model"] = "deepseek-reasoner".into();
    put(&world, NOTE, says.to_string());
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:alice"]);
    let Drifted::Model { recorded, runs, .. } = &now.items[0].what else { panic!("{now:?}") };
    assert_eq!(
        (&recorded.model, runs.model.as_ref()),
        (&model("deepseek-reasoner"), Some(&model("deepseek-chat")))
    );

    let before = world.state().await;
    let accept = now.items[0].accept.change().unwrap();
    let done = world.run(accept.clone()).await.unwrap();
    assert_eq!(note(&world)["model"], "deepseek-chat");
    let steps: Vec<_> = done.steps.iter().map(|step| step.name).collect();
    assert_eq!(
        steps,
        [StepName::Plan, StepName::Record, StepName::Verify],
        "nothing but the note is written"
    );
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());

    world.run(Mutation::Undo { operation: done.id.clone() }).await.unwrap();
    assert_eq!(world.state().await, before);
    assert_eq!(told(&drift(&world).await), ["model worker:alice"]);
}

#[tokio::test]
async fn a_config_that_somebody_changed_is_repaired_or_accepted() {
    let world = in_order().await;
    let moved = ALICE_RUNS.replace("deepseek-chat", "deepseek-reasoner");
    rewrite(&world, "alice", ALICE_RUNS, &moved);
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:alice"], "and not once more as the work of others");
    run(&world, now.items[0].repair.change().unwrap()).await;
    assert_eq!(world.stored_model(&worker("alice")), "deepseek-chat");
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());

    rewrite(&world, "alice", ALICE_RUNS, &moved);
    run(&world, &Mutation::AcceptModel { target: worker("alice") }).await;
    assert_eq!(
        (note(&world)["model"].as_str(), world.stored_model(&worker("alice")).as_str()),
        (Some("deepseek-reasoner"), "deepseek-reasoner")
    );
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
    // There is nothing left to accept.
    let plan = world.operations.plan(&Mutation::AcceptModel { target: worker("alice") }).await.unwrap();
    assert!(plan.changes.is_empty(), "{plan:?}");
}

#[tokio::test]
async fn a_route_that_leads_elsewhere_is_a_drift_of_the_agent_and_the_work_of_others() {
    let world = in_order().await;
    world.operations.back_up("admin", None).await.unwrap();
    let path = "v1/ai/routes/deepseek-ai-route";
    change(&world, path, |route| route["upstreams"][0]["provider"] = "qwen".into()).await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:alice", "outside route:deepseek-ai-route"]);
    let Drifted::Outside { diff, change, .. } = &now.items[1].what else { panic!("{now:?}") };
    assert!(
        diff.iter().any(|line| line.path == "/upstreams/0/provider" && line.after == Some("qwen".into())),
        "{diff:?}"
    );
    assert_eq!(*change, ChangeAction::Update);
    run(&world, now.items[1].repair.change().unwrap()).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn an_agent_that_is_shut_out_is_told_until_it_is_let_in() {
    let world = in_order().await;
    let path = "v1/ai/routes/deepseek-ai-route";
    change(&world, path, |route| {
        let consumers = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
        consumers.retain(|consumer| consumer != "worker-alice");
    })
    .await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["access worker:alice", "outside route:deepseek-ai-route"]);
    run(&world, now.items[0].repair.change().unwrap()).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_provider_changed_behind_our_back_is_shown_and_brought_back_or_backed_up() {
    let world = in_order().await;
    world.operations.back_up("admin", None).await.unwrap();
    let elsewhere = |provider: &mut Value| {
        provider["rawConfigs"]["moonshotFileId"] = "file-1".into();
        provider["rawConfigs"]["apiKey"] = "sk-canary".into();
    };
    change(&world, "v1/ai/providers/moonshot", elsewhere).await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["outside provider:moonshot"]);
    let said = serde_json::to_string(&now).unwrap();
    assert!(said.contains("file-1") && !said.contains("canary"), "{said}");
    let Drifted::Outside { ours: None, .. } = &now.items[0].what else { panic!("{now:?}") };
    let back = now.items[0].repair.change().unwrap();
    assert!(
        matches!(back, Mutation::Restore(wish) if wish.items.as_ref().unwrap()[0].to_string() == "provider:moonshot")
    );

    world.operations.back_up("admin", None).await.unwrap();
    assert_eq!(told(&drift(&world).await), Vec::<String>::new(), "it counts as it is now");
}

#[tokio::test]
async fn what_came_after_the_backup_cannot_be_restored_away() {
    let world = in_order().await;
    let key = world.sandbox.upstreams().key_for("zhipuai");
    let new = json!({"name": "zhipuai", "type": "zhipuai", "protocol": "openai/v1", "tokens": [key]});
    assert!(rival(&world, Method::POST, "v1/ai/providers", &new).await.is_success());
    let now = drift(&world).await;
    assert_eq!(told(&now), ["outside provider:zhipuai"]);
    assert!(matches!(&now.items[0].repair, domain::WayOut::WhyNot(WhyNot::NotInBackup)), "{now:?}");
    assert!(!serde_json::to_string(&now).unwrap().contains(key));
}

/// The backup before a change never has what the change did.
#[tokio::test]
async fn our_own_changes_are_never_the_work_of_others() {
    let mut world = in_order().await;
    let clean = async |world: &World, after: &str| {
        let now = drift(world).await;
        assert!(now.since.is_some());
        assert_eq!(told(&now), Vec::<String>::new(), "after {after}");
    };
    let switched = run(&world, &switch("bob", "qwen", "qwen-max")).await;
    clean(&world, "a switch").await;
    run(&world, &Mutation::Undo { operation: switched }).await;
    clean(&world, "its undo, which leaves no note").await;
    run(&world, &Mutation::AddProvider(world.new_provider("zhipuai"))).await;
    clean(&world, "a new provider").await;
    run(&world, &switch("manager", "zhipuai", "glm-5")).await;
    clean(&world, "a switch of the Manager").await;
    world.start_again().await;
    clean(&world, "a restart").await;
    run(&world, &switch("manager", "qwen", "qwen3.5-plus")).await;
    run(&world, &Mutation::RemoveProvider { name: provider("zhipuai") }).await;
    clean(&world, "its removal").await;
    let taken = world.operations.backups().await.unwrap().backups;
    let oldest = taken.last().unwrap().id.clone();
    run(&world, &Mutation::Restore(domain::Restore::whole(oldest))).await;
    let now = drift(&world).await;
    // The oldest backup is of the demo with its fault.
    assert_eq!(told(&now), ["access worker:dave"], "after a restore");
}

#[tokio::test]
async fn other_limits_than_ours_are_a_drift_of_the_model_and_can_be_accepted() {
    let world = in_order().await;
    run(&world, &switch("alice", "moonshot", "kimi-k2.5")).await;
    let text = String::from_utf8(world.object("agents/alice/openclaw.json").unwrap()).unwrap();
    let mut tree: Value = serde_json::from_str(&text).unwrap();
    tree["meta"] = json!({"touched": "by its own agent"});
    put(&world, "agents/alice/openclaw.json", tree.to_string());
    assert_eq!(told(&drift(&world).await), Vec::<String>::new(), "another part of it is nobody's drift");

    let models = tree["models"]["providers"]["hiclaw-gateway"]["models"].as_array_mut().unwrap();
    let kimi = models.iter_mut().find(|entry| entry["id"] == "kimi-k2.5").unwrap();
    kimi["contextWindow"] = 1234.into();
    put(&world, "agents/alice/openclaw.json", tree.to_string());
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:alice"], "and not once more as the work of others");
    let Drifted::Model { runs, recorded, .. } = &now.items[0].what else { panic!("{now:?}") };
    assert!(runs.context_window == Some(1234) && recorded.context_window != Some(1234), "{now:?}");
    world.operations.back_up("admin", None).await.unwrap();
    assert_eq!(
        told(&drift(&world).await),
        ["model worker:alice"],
        "a backup does not make it what was recorded"
    );

    run(&world, now.items[0].accept.change().unwrap()).await;
    assert_eq!(note(&world)["contextWindow"], 1234);
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
    let wish = switch("alice", "moonshot", "kimi-k2.5");
    let Mutation::SetModel { target, mut wish } = wish else { panic!("{wish:?}") };
    wish.context_window = recorded.context_window;
    run(&world, &Mutation::SetModel { target, wish }).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_limit_of_an_agent_without_a_note_is_the_work_of_others() {
    let world = in_order().await;
    world.operations.back_up("admin", None).await.unwrap();
    let text = String::from_utf8(world.object("agents/bob/openclaw.json").unwrap()).unwrap();
    let mut tree: Value = serde_json::from_str(&text).unwrap();
    let models = tree["models"]["providers"]["hiclaw-gateway"]["models"].as_array_mut().unwrap();
    models.iter_mut().find(|entry| entry["id"] == "kimi-k2.5").unwrap()["contextWindow"] = 1234.into();
    put(&world, "agents/bob/openclaw.json", tree.to_string());
    let now = drift(&world).await;
    assert_eq!(told(&now), ["outside worker:bob"]);
    let Drifted::Outside { diff, .. } = &now.items[0].what else { panic!("{now:?}") };
    assert!(
        diff.iter().any(|line| line.path == "/contextWindow" && line.after == Some(1234.into())),
        "{diff:?}"
    );
}

#[tokio::test]
async fn another_key_alone_is_told_by_its_fingerprint_and_our_own_is_not() {
    let world = in_order().await;
    let ours = TypedKey::new(world.sandbox.upstreams().key_for("moonshot").to_owned());
    let edit = EditProvider { tokens: Some(vec![ours]), ..EditProvider::default() };
    run(&world, &Mutation::EditProvider { name: provider("moonshot"), edit }).await;
    world.operations.back_up("admin", None).await.unwrap();
    let path = "v1/ai/providers/moonshot";
    change(&world, path, |moonshot| moonshot["tokens"] = json!(["sk-canary-0123456789"])).await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["outside provider:moonshot"]);
    let Drifted::Outside { diff, .. } = &now.items[0].what else { panic!("{now:?}") };
    let [line] = diff.as_slice() else { panic!("{diff:?}") };
    assert!(line.path == "/keys" && line.before != line.after, "{line:?}");
    assert!(!serde_json::to_string(&now).unwrap().contains("canary"), "{now:?}");
    let Some(Mutation::Restore(back)) = now.items[0].repair.change() else { panic!("{now:?}") };
    assert!(matches!(back.keys.get(&provider("moonshot")), Some(KeyChoice::Sealed)), "{back:?}");

    let again = vec![TypedKey::new("sk-canary-9876543210".into())];
    world.operations.back_up("admin", None).await.unwrap();
    let edit = EditProvider { tokens: Some(again), ..EditProvider::default() };
    run(&world, &Mutation::EditProvider { name: provider("moonshot"), edit }).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new(), "we did it ourselves");
}

#[tokio::test]
async fn what_others_made_of_a_provider_that_we_edited_is_theirs() {
    let world = in_order().await;
    let tokens = Some(vec![TypedKey::new("sk-another-0123456789".into())]);
    let edit = EditProvider { tokens, ..EditProvider::default() };
    let ours = run(&world, &Mutation::EditProvider { name: provider("moonshot"), edit }).await;
    let path = "v1/ai/providers/moonshot";
    change(&world, path, |moonshot| moonshot["rawConfigs"]["moonshotFileId"] = "file-1".into()).await;
    let now = drift(&world).await;
    assert_eq!(told(&now), ["outside provider:moonshot"]);
    let Drifted::Outside { ours: told_of, .. } = &now.items[0].what else { panic!("{now:?}") };
    assert_eq!(told_of.as_ref(), Some(&ours));
}

#[tokio::test]
async fn who_was_never_switched_has_no_note_to_drift_from() {
    let world = World::start().await;
    rewrite(
        &world,
        "bob",
        "\"primary\": \"hiclaw-gateway/kimi-k2.5\"",
        "\"primary\": \"hiclaw-gateway/qwen-max\"",
    );
    assert_eq!(told(&drift(&world).await), ["access worker:dave"]);
}

#[tokio::test]
async fn one_that_cannot_be_changed_from_here_is_told_with_the_reason() {
    let world = in_order().await;
    run(&world, &switch("erin", "qwen", "qwen-max")).await;
    let path = world.manager_file().with_file_name("workers-registry.json");
    let mut tree: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    tree["workers"]["erin"]["runtime"] = "copaw".into();
    std::fs::write(&path, tree.to_string()).unwrap();
    rewrite(
        &world,
        "erin",
        "\"primary\": \"hiclaw-gateway/qwen-max\"",
        "\"primary\": \"hiclaw-gateway/qwen3.5-plus\"",
    );
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:erin"]);
    let domain::WayOut::WhyNot(WhyNot::ReadOnly { reason, .. }) = &now.items[0].repair else {
        panic!("{now:?}")
    };
    assert!(reason.contains("copaw"), "{reason}");
    run(&world, now.items[0].accept.change().unwrap()).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_accepted_is_what_the_plan_saw() {
    let world = in_order().await;
    let to = |model: &str| ALICE_RUNS.replace("deepseek-chat", model);
    rewrite(&world, "alice", ALICE_RUNS, &to("deepseek-reasoner"));
    let accept = Mutation::AcceptModel { target: worker("alice") };
    let plan = world.operations.plan_to_apply(accept).await.unwrap();
    rewrite(&world, "alice", &to("deepseek-reasoner"), &to("deepseek-v9"));
    let refused =
        world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict, "{refused}");
    assert!(refused.diff.iter().any(|moved| moved.object == "s3:agents/alice/openclaw.json"), "{refused:?}");
    assert_eq!(note(&world)["model"], "deepseek-chat");
}

#[tokio::test]
async fn what_cannot_be_looked_at_says_so_and_is_no_drift() {
    let world = in_order().await;
    put(&world, NOTE, "{".into());
    rewrite(&world, "bob", "\"agents\"", "agents");
    let now = drift(&world).await;
    assert_eq!(told(&now), Vec::<String>::new());
    assert_eq!(now.verdict(), DriftVerdict::NotAllSeen);
    let named = |unseen: &Unseen| match unseen {
        Unseen::Agent { agent, message } => (agent.clone(), message.clone()),
        other => panic!("{other:?}"),
    };
    let unseen: Vec<_> = now.unseen.iter().map(named).collect();
    let who: Vec<&Target> = unseen.iter().map(|(agent, _)| agent).collect();
    assert_eq!(who, [&worker("alice"), &worker("bob")]);
    assert!(unseen[0].1.contains("model.json") && unseen[1].1.contains("openclaw.json"), "{unseen:?}");
    // A note that says nothing is written anew.
    run(&world, &Mutation::AcceptModel { target: worker("alice") }).await;
    assert_eq!(note(&world)["model"], "deepseek-chat");
}

#[tokio::test]
async fn a_model_without_a_route_or_outside_of_the_gateway_cannot_be_accepted() {
    let world = in_order().await;
    rewrite(&world, "alice", ALICE_RUNS, "\"primary\": \"openai/gpt-5\"");
    let now = drift(&world).await;
    assert_eq!(told(&now), ["model worker:alice"]);
    assert!(matches!(&now.items[0].accept, domain::WayOut::WhyNot(WhyNot::NotOverGateway)), "{now:?}");
    let refused = world.run(Mutation::AcceptModel { target: worker("alice") }).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict, "{refused}");
    run(&world, now.items[0].repair.change().unwrap()).await;
    assert_eq!(told(&drift(&world).await), Vec::<String>::new());
}
