//! Going back to what the systems had: documents, keys, names, and what things rely on.
mod since;

use crate::world::{BUCKET, World, context, provider, switch, worker};
use domain::{
    BackupId, Code, Failure, KeySource, Mutation, Operation, Plan, PlannedKeys, RouteName, StepName,
    StepState,
};
use sandbox::s3::{Condition, Object};
use serde_json::{Value, json};
use std::sync::Arc;

async fn taken(world: &World) -> BackupId {
    world.operations.back_up("admin", None).await.unwrap().backup.id
}

/// A restore; `more` may have items, new names and keys.
fn restore(id: &BackupId, more: Value) -> Mutation {
    let mut wish = json!({"kind": "restore", "backup": id});
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(wish).unwrap()
}

async fn plan(world: &World, id: &BackupId, more: Value) -> Result<Plan, Failure> {
    world.operations.plan(&restore(id, more)).await
}

/// What is planned is what is done.
async fn restored(world: &World, id: &BackupId, more: Value) -> Arc<Operation> {
    let plan = world.operations.plan_to_apply(restore(id, more)).await.unwrap();
    let done = world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap();
    let shown = serde_json::to_string(&*done).unwrap();
    assert!(
        world.sandbox.secrets().iter().all(|secret| secret.len() < 9 || !shown.contains(secret.as_str()))
    );
    done
}

fn edit(name: &str, edit: Value) -> Mutation {
    Mutation::EditProvider { name: provider(name), edit: serde_json::from_value(edit).unwrap() }
}

async fn undo(world: &World, done: &Operation) {
    world.run(Mutation::Undo { operation: done.id.clone() }).await.unwrap();
}

/// A provider's keys, in clear.
async fn keys(world: &World, name: &str) -> Value {
    let doc = world.console().provider(&provider(name)).await.unwrap();
    doc.map_or(Value::Null, |doc| doc.json()["tokens"].clone())
}

async fn fingerprints(world: &World, name: &str) -> Vec<String> {
    world.operations.provider(&provider(name)).await.unwrap().tokens.fingerprints
}

fn warned(plan: &Plan, code: &str) -> bool {
    plan.warnings.iter().any(|warning| warning.code.as_str() == code)
}

fn changed(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.object.as_str()).collect()
}

fn field(failure: &Failure) -> &str {
    failure.fields.first().map_or("", |error| error.field.as_str())
}

/// Zhipu with Alice on it, and a header that only the route's document has.
async fn with_zhipu(world: &World) -> BackupId {
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    write_route(world, "zhipuai-ai-route", |route| {
        route["headerControl"] =
            json!({"enabled": true, "request": {"add": [{"key": "x-team", "value": "lab"}]}});
    })
    .await;
    taken(world).await
}

async fn without_zhipu(world: &World) {
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(Mutation::RemoveProvider { name: provider("zhipuai") }).await.unwrap();
}

async fn write_route(world: &World, name: &str, change: impl FnOnce(&mut Value)) {
    let console = world.console();
    let name: RouteName = name.parse().unwrap();
    let before = console.route(&name).await.unwrap().unwrap();
    let mut json = before.json().clone();
    change(&mut json);
    console.write_route(Some(&before), &higress::RouteDoc::parse(json).unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_was_deleted_comes_back_whole_with_its_keys_and_goes_again() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    let before = world.state().await;
    let prints = fingerprints(&world, "zhipuai").await;
    without_zhipu(&world).await;
    let without = world.state().await;
    assert_ne!(without.stored(), before.stored());

    let compared = world.operations.compare_backup(&id).await.unwrap();
    assert!(
        warned(&compared, "SEALED_KEYS") && !warned(&compared, "NOT_RESTORED"),
        "{:?}",
        compared.warnings
    );
    let sealed = PlannedKeys {
        provider: provider("zhipuai"),
        renamed: None,
        takes: KeySource::Sealed,
        current: None,
        sealed: Some(prints),
    };
    assert_eq!(compared.keys, [sealed]);
    let done = restored(&world, &id, json!({})).await;
    assert_eq!(world.state().await.stored(), before.stored());
    assert_eq!(world.stored_model(&worker("alice")), "glm-5");
    for name in [StepName::Test, StepName::Verify] {
        assert_eq!(crate::world::step(&done.steps, name).state, StepState::Done);
    }
    assert_eq!(world.ask_worker("alice", "glm-5").await.status, Some(200));

    undo(&world, &done).await;
    assert_eq!(world.state().await, without);
}

#[tokio::test]
async fn present_keys_stay_unless_others_are_chosen() {
    let world = World::start().await;
    let upstreams = world.sandbox.upstreams();
    let (first, second) =
        (json!([upstreams.key_for("moonshot")]), json!([upstreams.second_key_for("moonshot")]));
    let id = taken(&world).await;
    world
        .run(edit("moonshot", json!({"tokens": second, "settings": {"firstByteTimeout": 25}})))
        .await
        .unwrap();
    let only = |keys: Value| json!({"items": ["provider:moonshot"], "keys": keys});

    let kept = restored(&world, &id, only(json!({}))).await;
    let planned = kept.plan.as_ref().unwrap().keys.first().cloned().unwrap();
    assert!(planned.takes == KeySource::Current && planned.current != planned.sealed, "{planned:?}");
    assert_eq!(keys(&world, "moonshot").await, second);
    assert_eq!(plan(&world, &id, only(json!({}))).await.unwrap().changes, [], "only the keys differ");

    let back = restored(&world, &id, only(json!({"moonshot": "sealed"}))).await;
    assert_eq!(keys(&world, "moonshot").await, first);
    undo(&world, &back).await;
    assert_eq!(keys(&world, "moonshot").await, second);

    restored(&world, &id, only(json!({"moonshot": {"new": ["sk-typed-1234567890"]}}))).await;
    assert_eq!(keys(&world, "moonshot").await, json!(["sk-typed-1234567890"]));

    for (chosen, at) in [
        (json!({"moonshot": {"new": ["sk-…abcd"]}}), "keys.moonshot[0]"),
        (json!({"moonshot": {"new": []}}), "keys.moonshot"),
        (json!({"qwen": "sealed"}), "keys.qwen"),
    ] {
        let refused = plan(&world, &id, only(chosen)).await.unwrap_err();
        assert_eq!((refused.code, field(&refused)), (Code::InvalidRequest, at), "{refused}");
    }
    let whole = plan(&world, &id, json!({"keys": {"moonshot": {"new": ["***"]}}})).await.unwrap_err();
    assert_eq!(field(&whole), "keys.moonshot[0]", "a choice is not left out in silence");
}

#[tokio::test]
async fn a_backup_of_other_keys_alone_is_another_state() {
    let world = World::start().await;
    let id = taken(&world).await;
    let second = world.sandbox.upstreams().second_key_for("moonshot");
    world.run(edit("moonshot", json!({"tokens": [second]}))).await.unwrap();
    let compared = world.operations.compare_backup(&id).await.unwrap();
    assert_eq!((compared.changes.len(), compared.keys.len()), (0, 1), "{compared:?}");
    let done = restored(&world, &id, json!({"keys": {"moonshot": "sealed"}})).await;
    assert_eq!(changed(done.plan.as_ref().unwrap()), ["provider:moonshot"]);
}

#[tokio::test]
async fn no_key_goes_to_a_host_that_it_is_not_for() {
    let world = World::start().await;
    world.run(Mutation::AddProvider(world.new_provider("openai"))).await.unwrap();
    let sealed = keys(&world, "openai").await;
    let id = taken(&world).await;
    let elsewhere = json!({"baseUrl": "https://llm.example.com/v1", "tokens": ["sk-for-elsewhere-1"]});
    world.run(edit("openai", elsewhere)).await.unwrap();

    let only = |keys: Value| json!({"items": ["provider:openai"], "keys": keys});
    let refused = plan(&world, &id, only(json!({"openai": "current"}))).await.unwrap_err();
    assert_eq!((refused.code, field(&refused)), (Code::InvalidRequest, "keys.openai"), "{refused}");
    let planned = plan(&world, &id, only(json!({}))).await.unwrap();
    assert!(warned(&planned, "OTHER_HOST"), "{:?}", planned.warnings);
    assert_eq!((planned.keys[0].takes, &planned.keys[0].current), (KeySource::Sealed, &None));
    restored(&world, &id, only(json!({}))).await;
    assert_eq!(keys(&world, "openai").await, sealed);

    world.run(Mutation::RemoveProvider { name: provider("openai") }).await.unwrap();
    let refused = plan(&world, &id, only(json!({"openai": "current"}))).await.unwrap_err();
    assert_eq!(field(&refused), "keys.openai", "{refused}");
}

#[tokio::test]
async fn things_come_back_under_other_names_beside_those_that_are_there() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let before = world.state().await;
    let items = json!(["provider:zhipuai", "route:zhipuai-ai-route"]);
    let renamed = |rename: Value| json!({"items": items, "rename": rename});
    let done = restored(&world, &id, renamed(json!({"provider:zhipuai": "zhipu-old"}))).await;
    let plan_of = done.plan.as_ref().unwrap();
    assert_eq!(changed(plan_of), ["provider:zhipu-old", "route:zhipu-old-ai-route"]);
    assert!(warned(plan_of, "SHADOWED"), "the present route has the same conditions: {:?}", plan_of.warnings);
    let after = world.state().await;
    assert_eq!(keys(&world, "zhipu-old").await, keys(&world, "zhipuai").await);
    let route = &after.stored().1["zhipu-old-ai-route"];
    assert_eq!(route["upstreams"][0]["provider"], "zhipu-old");
    assert_eq!(route["headerControl"], before.stored().1["zhipuai-ai-route"]["headerControl"]);

    let taken = plan(&world, &id, renamed(json!({"provider:zhipuai": "moonshot"}))).await.unwrap_err();
    assert_eq!((taken.code, field(&taken)), (Code::ProviderExists, "rename.provider:zhipuai"));
    let taken =
        plan(&world, &id, renamed(json!({"route:zhipuai-ai-route": "default-ai-route"}))).await.unwrap_err();
    assert_eq!((taken.code, field(&taken)), (Code::InvalidRequest, "rename.route:zhipuai-ai-route"));
    undo(&world, &done).await;
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_provider_that_was_renamed_by_hand_is_no_reason_not_to_restore_the_old_one() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    without_zhipu(&world).await;
    let key = world.sandbox.upstreams().key_for("zhipuai");
    let again = json!({"name": "glm", "type": "zhipuai", "tokens": [key]});
    world.run(Mutation::AddProvider(serde_json::from_value(again).unwrap())).await.unwrap();
    let items = json!({"items": ["provider:zhipuai", "route:zhipuai-ai-route"]});
    let done = restored(&world, &id, items).await;
    assert_eq!(changed(done.plan.as_ref().unwrap()), ["provider:zhipuai", "route:zhipuai-ai-route"]);
    assert_eq!(keys(&world, "glm").await, json!([key]), "what came since stays");
}

#[tokio::test]
async fn single_things_do_not_come_back_without_what_they_need() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    without_zhipu(&world).await;
    let needed = ["provider:zhipuai", "route:zhipuai-ai-route"];
    let refused = plan(&world, &id, json!({"items": ["worker:alice"]})).await.unwrap_err();
    assert_eq!((refused.code, field(&refused)), (Code::InvalidRequest, "items"));
    assert!(needed.iter().all(|item| refused.message.contains(item)), "{refused}");
    let compared = world.operations.compare_backup(&id).await.unwrap();
    let told: Vec<_> =
        compared.needs[&"worker:alice".parse().unwrap()].iter().map(ToString::to_string).collect();
    assert_eq!(told, needed);
    restored(&world, &id, json!({"items": ["worker:alice", needed[0], needed[1]]})).await;
    assert_eq!(world.stored_model(&worker("alice")), "glm-5");
    assert!(world.operations.compare_backup(&id).await.unwrap().needs.is_empty());
}

#[tokio::test]
async fn another_type_under_the_same_name_is_left_alone() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    without_zhipu(&world).await;
    let key = world.sandbox.upstreams().key_for("openai");
    let other = json!({"name": "zhipuai", "type": "openai", "tokens": [key]});
    world.run(Mutation::AddProvider(serde_json::from_value(other).unwrap())).await.unwrap();
    let whole = world.operations.compare_backup(&id).await.unwrap();
    assert!(warned(&whole, "NOT_RESTORED"), "{:?}", whole.warnings);
    assert!(!changed(&whole).contains(&"provider:zhipuai"));
    let single = plan(&world, &id, json!({"items": ["provider:zhipuai"]})).await.unwrap_err();
    assert_eq!(field(&single), "provider:zhipuai.type", "{single}");
}

#[tokio::test]
async fn a_model_gets_its_figures_back_vision_included() {
    let world = World::start().await;
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let entry = |config: &Value| {
        let models = config["models"]["providers"]["hiclaw-gateway"]["models"].as_array().unwrap();
        models.iter().find(|entry| entry["id"] == "kimi-k2.5").unwrap()["input"].clone()
    };
    let path = "agents/alice/openclaw.json";
    let mut config: Value = serde_json::from_slice(&world.object(path).unwrap()).unwrap();
    let usual = entry(&config);
    let odd = if usual == json!(["text"]) { json!(["text", "image"]) } else { json!(["text"]) };
    let write = |config: &Value| {
        let object = Object::new(serde_json::to_vec(config).unwrap(), "application/json");
        world.sandbox.s3().objects().put(BUCKET, path, object, &Condition::default()).unwrap();
    };
    let models = config["models"]["providers"]["hiclaw-gateway"]["models"].as_array_mut().unwrap();
    models.iter_mut().find(|entry| entry["id"] == "kimi-k2.5").unwrap()["input"] = odd.clone();
    write(&config);
    let id = taken(&world).await;
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let stored = || serde_json::from_slice::<Value>(&world.object(path).unwrap()).unwrap();
    assert_eq!(entry(&stored()), usual, "a switch takes the known figures");
    restored(&world, &id, json!({"items": ["worker:alice"]})).await;
    assert_eq!(entry(&stored()), odd);
}

#[tokio::test]
async fn a_route_that_asked_for_no_key_is_opened_again_with_a_warning() {
    let world = World::start().await;
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    write_route(&world, "zhipuai-ai-route", |route| route["authConfig"]["enabled"] = false.into()).await;
    let id = taken(&world).await;
    write_route(&world, "zhipuai-ai-route", |route| route["authConfig"]["enabled"] = true.into()).await;
    let done = restored(&world, &id, json!({"items": ["route:zhipuai-ai-route"]})).await;
    assert!(warned(done.plan.as_ref().unwrap(), "OPEN_ROUTE"), "{:?}", done.plan);
    let state = world.state().await;
    assert_eq!(state.stored().1["zhipuai-ai-route"]["authConfig"]["enabled"], false);
}

#[tokio::test]
async fn a_file_holds_no_keys_to_choose() {
    let world = World::start().await;
    let file = json!({"version": 1, "providers": [{"name": "moonshot", "type": "moonshot"}, {"name": "minimax", "type": "minimax"}]});
    let file = serde_json::from_value(file).unwrap();
    let id = world.operations.import_backup(file, "admin", None).await.unwrap().backup.id;
    for (chosen, at) in [
        (json!({"moonshot": "sealed"}), "keys.moonshot"),
        (json!({"minimax": "current"}), "keys.minimax"),
        (json!({"minimax": {"new": ["sk-***"]}}), "keys.minimax[0]"),
    ] {
        let refused = plan(&world, &id, json!({"keys": chosen})).await.unwrap_err();
        assert_eq!((refused.code, field(&refused)), (Code::InvalidRequest, at), "{refused}");
    }
    let key = world.sandbox.upstreams().key_for("minimax");
    restored(&world, &id, json!({"keys": {"minimax": {"new": [key]}}})).await;
    assert_eq!(keys(&world, "minimax").await, json!([key]));
}
