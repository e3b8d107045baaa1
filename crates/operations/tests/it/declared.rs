//! The declarative file: written by an export, planned and applied in one piece.
use crate::world::{World, provider, step, switch, worker};
use domain::{Code, Declared, Mutation, OperationState, StepName, StepState, Target};
use sandbox::upstreams::Behaviour;
use serde_json::{Value, json};

fn file(json: Value) -> Mutation {
    let mut json = json;
    json["version"] = 1.into();
    Mutation::Apply(serde_json::from_value(json).unwrap())
}

async fn exported(world: &World) -> Declared {
    let exported = world.operations.export().await.unwrap();
    // As somebody's file: written and read again.
    serde_json::from_value(serde_json::to_value(&exported.file).unwrap()).unwrap()
}

/// What planning the export of this moment would change.
async fn left_to_change(world: &World) -> Vec<String> {
    let plan = world.operations.plan(&Mutation::Apply(exported(world).await)).await.unwrap();
    plan.changes.into_iter().map(|change| change.object).collect()
}

#[tokio::test]
async fn planning_an_export_changes_nothing_whatever_was_done_before() {
    let world = World::start().await;
    assert_eq!(left_to_change(&world).await, Vec::<String>::new());
    let edit = json!({"settings": {"firstByteTimeout": 30}, "failover": {"enabled": true, "healthCheckModel": "kimi-k2.5"}});
    let edit = serde_json::from_value(edit).unwrap();
    let key = world.sandbox.upstreams().key_for("lab");
    let url = format!("https://{}/v1", world.sandbox.upstreams().host_for("lab"));
    let lab = json!({"name": "lab", "type": "openai", "baseUrl": url, "tokens": [key]});
    let lab_model = world.sandbox.upstreams().models("lab")[0];
    for mutation in [
        switch("alice", "moonshot", "kimi-k2.5"),
        Mutation::EditProvider { name: provider("moonshot"), edit },
        Mutation::AddProvider(world.new_provider("zhipuai")),
        Mutation::AddProvider(serde_json::from_value(lab).unwrap()),
        switch("dave", "lab", lab_model),
        switch("manager", "zhipuai", "glm-5"),
        Mutation::RepairRoutes { route: None, consumer: None },
        Mutation::RemoveProvider { name: provider("zhipuai") },
    ] {
        let kind = mutation.kind();
        // Removing the Manager's provider is refused, which must change nothing either.
        let done = world.run(mutation).await;
        assert!(done.is_ok() || kind == "remove_provider", "{kind}: {done:?}");
        assert_eq!(left_to_change(&world).await, Vec::<String>::new(), "after {kind}");
    }
}

#[tokio::test]
async fn an_export_holds_no_secret_and_says_what_it_leaves_out() {
    let world = World::start().await;
    let exported = world.operations.export().await.unwrap();
    let text = serde_json::to_string(&exported.file).unwrap();
    for secret in world.sandbox.secrets().iter().filter(|secret| secret.len() > 8) {
        assert!(!text.contains(secret.as_str()), "the export holds a secret");
    }
    assert!(!text.contains("(secret)") && !text.contains("***"));
    assert_eq!(exported.file.providers.len(), 3);
    assert_eq!(exported.file.assignments.manager.as_ref().unwrap().model.as_str(), "qwen3.5-plus");
    // Dave is shut out of his route.
    assert!(!exported.file.assignments.workers.keys().any(|name| name.as_str() == "dave"));
    assert!(
        exported.left_out.len() == 1 && exported.left_out[0].message.contains("dave"),
        "{:?}",
        exported.left_out
    );
}

/// A new provider, a route of one's own, and two agents, in one file.
fn lab(world: &World) -> Mutation {
    let upstreams = world.sandbox.upstreams();
    let model = upstreams.models("lab")[0];
    let (url, key) = (format!("https://{}/v1", upstreams.host_for("lab")), upstreams.key_for("lab"));
    file(json!({
        "providers": [{"name": "lab", "type": "openai", "baseUrl": url, "tokens": [key]},
            {"name": "moonshot", "type": "moonshot", "settings": {"firstByteTimeout": 25}}],
        "routes": [{"name": "lab-only", "predicates": [{"type": "EQUAL", "value": model}],
            "upstreams": [{"provider": "lab", "weight": 100}], "consumers": ["manager", "worker-alice"]}],
        "assignments": {"manager": {"provider": "lab", "model": model, "contextWindow": 64000},
            "workers": {"erin": {"provider": "lab", "model": model}, "bob": {"provider": "moonshot", "model": "kimi-k2.5"}}},
    }))
}

#[tokio::test]
async fn a_file_is_applied_in_one_transaction_and_then_asks_for_nothing_more() {
    let world = World::start().await;
    let before = world.state().await;
    let mutation = lab(&world);
    let plan = world.operations.plan(&mutation).await.unwrap();
    let objects: Vec<_> = plan.changes.iter().map(|change| change.object.as_str()).collect();
    assert_eq!(objects[..3], ["provider:lab", "provider:moonshot", "route:lab-only"], "{objects:?}");
    assert!(objects.iter().all(|object| !object.contains("bob")), "bob runs that already");
    assert_eq!(objects.iter().filter(|object| **object == "route:lab-only").count(), 1);
    assert_eq!(world.state().await, before);

    let done = world.run(mutation.clone()).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    let first = |name| done.steps.iter().position(|step| step.name == name).unwrap();
    let last = |name| done.steps.iter().rposition(|step| step.name == name).unwrap();
    assert!(last(StepName::Route) < first(StepName::Test) && last(StepName::Test) < first(StepName::Record));
    assert!(done.broke.is_empty());
    let model = world.sandbox.upstreams().models("lab")[0];
    assert_eq!(world.stored_model(&Target::Manager), model);
    assert_eq!(world.stored_model(&worker("erin")), model);
    // Erin is not in the file's list of consumers, but cannot run the model without being let in.
    let routes = world.operations.routes().await.unwrap();
    let route = routes.value.iter().find(|route| route.name.as_str() == "lab-only").unwrap();
    let inside: Vec<_> = route.consumers.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(inside, ["manager", "worker-alice", "worker-erin"]);
    assert!(routes.value.iter().all(|route| route.name.as_str() != "lab-ai-route"));

    let again = world.operations.plan(&mutation).await.unwrap();
    assert_eq!(again.changes, []);
    assert_eq!(left_to_change(&world).await, Vec::<String>::new());
    let nothing = world.run(mutation).await.unwrap();
    assert_eq!(nothing.state, OperationState::Committed);
}

#[tokio::test]
async fn a_file_that_fails_in_one_part_leaves_no_trace_of_any() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("lab", Behaviour::NoBalance);
    let before = world.state().await;
    let failure = world.run(lab(&world)).await.unwrap_err();
    assert_eq!(failure.code, Code::ModelNotReachable);
    assert_eq!(step(&failure.steps, StepName::Provider).state, StepState::Undone);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_bad_file_names_its_fields_and_begins_nothing() {
    let world = World::start().await;
    let bad = [
        (json!({"version": 2}), "version"),
        (
            json!({"version": 1, "providers": [{"name": "qwen", "type": "qwen", "keys": [{"env": "KEY"}]}]}),
            "providers[0].keys",
        ),
        (
            json!({"version": 1, "providers": [{"name": "x", "type": "openai", "tokens": ["sk-…1"]}]}),
            "providers[0].tokens[0]",
        ),
        (
            json!({"version": 1, "routes": [{"name": "r", "upstreams": [{"provider": "qwen", "weight": 40}]}]}),
            "routes[0].upstreams",
        ),
        (
            json!({"version": 1, "routes": [{"name": "default-ai-route", "predicates": [{"type": "PRE", "value": "x"}]}]}),
            "routes[0].predicates",
        ),
    ];
    for (json, field) in bad {
        let file: Declared = serde_json::from_value(json).unwrap();
        let failure =
            world.operations.submit(Mutation::Apply(file), crate::world::context(None)).await.err().unwrap();
        assert_eq!((failure.code, failure.fields[0].field.as_str()), (Code::InvalidRequest, field));
    }
    assert!(world.operations.operations().is_empty());
    let before = world.state().await;
    // These need a look at the installation.
    for (json, field) in [
        (json!({"providers": [{"name": "deepseek", "type": "qwen"}]}), "providers[0].type"),
        (json!({"providers": [{"name": "new", "type": "deepseek"}]}), "providers[0].tokens"),
        (json!({"routes": [{"name": "r", "upstreams": [{"provider": "gone"}]}]}), "routes[0].upstreams"),
        (json!({"routes": [{"name": "r"}]}), "routes[0].upstreams"),
        (json!({"routes": [{"name": "default-ai-route", "domains": ["x.example.com"]}]}), "routes"),
    ] {
        let failure = world.run(file(json)).await.unwrap_err();
        assert_eq!(
            (failure.code, failure.fields[0].field.as_str()),
            (Code::InvalidRequest, field),
            "{failure:?}"
        );
    }
    let failure = world
        .run(file(json!({"assignments": {"workers": {"zoe": {"provider": "qwen", "model": "qwen-max"}}}})))
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::WorkerNotFound);
    assert!(failure.message.starts_with("assignments.workers.zoe"), "{}", failure.message);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_file_that_shuts_agents_out_says_so() {
    let world = World::start().await;
    let shut = file(json!({"routes": [{"name": "deepseek-ai-route", "consumers": ["manager"]}]}));
    let plan = world.operations.plan(&shut).await.unwrap();
    let lost = plan.warnings.iter().find(|warning| warning.code.as_str() == "ACCESS_LOST").unwrap();
    assert!(lost.message.contains("worker-alice"), "{}", lost.message);
    assert!(plan.affected.iter().any(|affected| affected.agent == "alice"), "{:?}", plan.affected);
}

#[tokio::test]
async fn two_agents_swap_their_models_in_one_file() {
    let world = World::start().await;
    let swap = file(json!({"assignments": {"workers": {
        "alice": {"provider": "moonshot", "model": "kimi-k2.5"}, "bob": {"provider": "deepseek", "model": "deepseek-chat"}}}}));
    let done = world.run(swap).await.unwrap();
    assert_eq!(done.targets, ["worker:alice", "worker:bob"]);
    assert_eq!(world.stored_model(&worker("alice")), "kimi-k2.5");
    assert_eq!(world.ask_worker("bob", "deepseek-chat").await.status, Some(200));
}
