//! Restores of an installation in which more has happened since than somebody's change.
use super::{
    changed, edit, field, fingerprints, keys, plan, restore, restored, taken, warned, with_zhipu,
    without_zhipu, write_route,
};
use crate::world::{BUCKET, World, model, provider, switch, worker};
use domain::{Code, KeySource, Plan, Warning, WarningCode};
use higress::{ProviderDoc, RouteDoc};
use sandbox::s3::{Condition, Object};
use serde_json::{Value, json};

/// Takes whatever has this name, and the name itself, out of all lists and maps.
fn forget(tree: &mut Value, name: &str) {
    let is_it = |value: &Value| value == name || value["name"] == name || value["id"] == name;
    match tree {
        Value::Array(list) => {
            list.retain(|one| !is_it(one));
            list.iter_mut().for_each(|one| forget(one, name));
        }
        Value::Object(map) => {
            map.retain(|key, _| key != name);
            map.values_mut().for_each(|one| forget(one, name));
        }
        _ => {}
    }
}

/// Makes the console as it was before bob came. Returns how it was with him.
fn before_bob(world: &World) -> Value {
    let console = world.sandbox.console();
    let with_bob = console.export();
    let mut without_bob = with_bob.clone();
    forget(&mut without_bob, "worker-bob");
    console.import(without_bob).unwrap();
    with_bob
}

async fn allowed(world: &World, route: &str) -> Value {
    world.state().await.stored().1[route]["authConfig"]["allowedConsumers"].clone()
}

/// The sentences of what is left out of a restore.
fn left_out(plan: &Plan) -> Vec<&str> {
    let is_it = |warning: &&Warning| warning.code == WarningCode::NotRestored;
    plan.warnings.iter().filter(is_it).map(|warning| warning.message.as_str()).collect()
}

#[tokio::test]
async fn who_came_after_the_backup_stays_let_in() {
    let world = World::start().await;
    let with_bob = before_bob(&world);
    let before = allowed(&world, "moonshot-ai-route").await;
    assert!(!before.to_string().contains("worker-bob"));
    let id = taken(&world).await;

    world.sandbox.console().import(with_bob).unwrap();
    write_route(&world, "moonshot-ai-route", |route| {
        route["headerControl"] = json!({"enabled": false});
        let list = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
        list.retain(|one| one != "worker-alice");
    })
    .await;
    let done = restored(&world, &id, json!({})).await;
    assert!(changed(done.plan.as_ref().unwrap()).contains(&"route:moonshot-ai-route"));
    let after = allowed(&world, "moonshot-ai-route").await;
    let mut expected: Vec<Value> = before.as_array().unwrap().clone();
    expected.push("worker-bob".into());
    expected.sort_by_key(ToString::to_string);
    assert_eq!(after, Value::Array(expected));
    assert_eq!(world.ask_worker("bob", "kimi-k2.5").await.status, Some(200));
    assert!(plan(&world, &id, json!({})).await.unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_route_that_is_open_now_is_closed_for_nobody_who_came_since() {
    let world = World::start().await;
    let with_bob = before_bob(&world);
    let id = taken(&world).await;
    world.sandbox.console().import(with_bob).unwrap();
    write_route(&world, "moonshot-ai-route", |route| route["authConfig"]["enabled"] = false.into()).await;
    restored(&world, &id, json!({"items": ["route:moonshot-ai-route"]})).await;
    assert!(allowed(&world, "moonshot-ai-route").await.to_string().contains("worker-bob"));
}

#[tokio::test]
async fn a_route_that_follows_a_new_name_overwrites_none() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    let console = world.console();
    let own = console.route(&"zhipuai-ai-route".parse().unwrap()).await.unwrap().unwrap();
    let mut by_hand = own.json().clone();
    by_hand["name"] = "zhipu-old-ai-route".into();
    by_hand["modelPredicates"] = json!([{"matchType": "EQUAL", "matchValue": "mine", "caseSensitive": true}]);
    console.write_route(None, &RouteDoc::parse(by_hand).unwrap()).await.unwrap();
    let rename = |more: Value| {
        let mut names = json!({"provider:zhipuai": "zhipu-old"});
        names.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"items": ["provider:zhipuai", "route:zhipuai-ai-route"], "rename": names})
    };
    let taken = plan(&world, &id, rename(json!({}))).await.unwrap_err();
    assert_eq!((taken.code, field(&taken)), (Code::InvalidRequest, "rename.provider:zhipuai"), "{taken}");
    let other = plan(&world, &id, rename(json!({"route:zhipuai-ai-route": "another"}))).await.unwrap();
    assert_eq!(changed(&other), ["provider:zhipu-old", "route:another"]);
    assert_eq!(other.keys[0].takes, KeySource::Sealed);
}

#[tokio::test]
async fn a_whole_backup_under_a_new_name_tells_of_nothing_that_is_in_it() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    let whole = plan(&world, &id, json!({"rename": {"provider:zhipuai": "zhipu-old"}})).await.unwrap();
    let stays = whole.warnings.iter().filter(|warning| warning.code == WarningCode::Stays);
    let named: Vec<&str> = stays.flat_map(|warning| &warning.about).map(String::as_str).collect();
    assert_eq!(named, ["dave"], "he had no model that worked");
    assert_eq!(left_out(&whole).len(), 1, "a route that is there takes the model of alice: {whole:?}");
}

#[tokio::test]
async fn a_provider_without_keys_gets_those_of_the_backup() {
    let world = World::start().await;
    let id = taken(&world).await;
    let (before, prints) = (keys(&world, "moonshot").await, fingerprints(&world, "moonshot").await);
    let console = world.console();
    let present = console.provider(&provider("moonshot")).await.unwrap().unwrap();
    let mut blank = present.json().clone();
    blank["tokens"] = json!([]);
    console.write_provider(Some(&present), &ProviderDoc::parse(blank).unwrap()).await.unwrap();

    let only = |keys: Value| json!({"items": ["provider:moonshot"], "keys": keys});
    let refused = plan(&world, &id, only(json!({"moonshot": "current"}))).await.unwrap_err();
    assert_eq!((field(&refused), refused.message.contains("another host")), ("keys.moonshot", false));
    let done = restored(&world, &id, json!({})).await;
    let planned = done.plan.as_ref().unwrap();
    assert!(warned(planned, "SEALED_KEYS") && !warned(planned, "NOT_RESTORED"), "{:?}", planned.warnings);
    let told = &planned.keys[0];
    assert_eq!((told.takes, &told.current, &told.sealed), (KeySource::Sealed, &None, &Some(prints)));
    assert_eq!(keys(&world, "moonshot").await, before);
}

#[tokio::test]
async fn a_route_that_cannot_be_made_again_is_left_out() {
    let world = World::start().await;
    let console = world.console();
    let stored = console.route(&"moonshot-ai-route".parse().unwrap()).await.unwrap().unwrap();
    let mut odd = stored.json().clone();
    odd["name"] = "Odd_route".into();
    odd["modelPredicates"] = json!([{"matchType": "EQUAL", "matchValue": "odd", "caseSensitive": true}]);
    let odd = console.write_route(None, &RouteDoc::parse(odd).unwrap()).await.unwrap();
    let id = taken(&world).await;
    console.remove_route(&odd.after).await.unwrap();
    world.run(edit("moonshot", json!({"settings": {"firstByteTimeout": 25}}))).await.unwrap();

    let single = plan(&world, &id, json!({"items": ["route:Odd_route"]})).await.unwrap_err();
    assert_eq!(field(&single), "route:Odd_route", "{single}");
    let done = restored(&world, &id, json!({})).await;
    let planned = done.plan.as_ref().unwrap();
    assert_eq!(changed(planned), ["provider:moonshot"]);
    let told = left_out(planned);
    assert!(told.len() == 1 && told[0].starts_with("route Odd_route: a new route's name"), "{told:?}");
}

#[tokio::test]
async fn a_route_that_led_to_a_provider_that_nobody_had_is_left_out() {
    let world = World::start().await;
    let console = world.console();
    let mut soon_gone = console.provider(&provider("moonshot")).await.unwrap().unwrap().json().clone();
    soon_gone["name"] = "soon-gone".into();
    console.write_provider(None, &ProviderDoc::parse(soon_gone).unwrap()).await.unwrap();
    let stored = console.route(&"moonshot-ai-route".parse().unwrap()).await.unwrap().unwrap();
    let mut dangling = stored.json().clone();
    dangling["name"] = "dangling".into();
    dangling["upstreams"][0]["provider"] = "soon-gone".into();
    dangling["modelPredicates"] = json!([{"matchType": "EQUAL", "matchValue": "odd", "caseSensitive": true}]);
    console.write_route(None, &RouteDoc::parse(dangling).unwrap()).await.unwrap();
    let mut without = world.sandbox.console().export();
    forget(&mut without, "soon-gone");
    world.sandbox.console().import(without).unwrap();
    let id = taken(&world).await;
    assert_eq!(left_out(&plan(&world, &id, json!({})).await.unwrap()), [""; 0], "it is as it was");
    let dangling = console.route(&"dangling".parse().unwrap()).await.unwrap().unwrap();
    console.remove_route(&dangling).await.unwrap();
    world.run(edit("moonshot", json!({"settings": {"firstByteTimeout": 25}}))).await.unwrap();
    let done = restored(&world, &id, json!({})).await;
    let planned = done.plan.as_ref().unwrap();
    assert_eq!(changed(planned), ["provider:moonshot"]);
    assert_eq!(left_out(planned), ["route dangling: it leads to soon-gone, which is not there"]);
}

#[tokio::test]
async fn a_model_that_its_provider_lists_no_more_is_left_out() {
    let world = World::start().await;
    let path = "agents/bob/openclaw.json";
    let usual = world.object(path).unwrap();
    let write = |body: Vec<u8>| {
        let object = Object::new(body, "application/json");
        world.sandbox.s3().objects().put(BUCKET, path, object, &Condition::default()).unwrap();
    };
    write(String::from_utf8(usual.clone()).unwrap().replace("kimi-k2.5", "kimi-gone").into_bytes());
    let id = taken(&world).await;
    let kept = world.operations.backup(&id).await.unwrap().file.assignments.workers;
    assert_eq!(kept[&"bob".parse().unwrap()].model, model("kimi-gone"));
    write(usual);
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();

    let single = plan(&world, &id, json!({"items": ["worker:bob"]})).await.unwrap_err();
    assert_eq!(single.code, Code::InvalidModel);
    let done = restored(&world, &id, json!({})).await;
    let planned = done.plan.as_ref().unwrap();
    assert_eq!(left_out(planned), ["the model of bob: moonshot does not list a model kimi-gone"]);
    let told = planned.warnings.iter().find(|warning| warning.code == WarningCode::NotRestored).unwrap();
    assert_eq!(told.about[0], "worker:bob", "what a page tells in its own words");
    assert_eq!(world.stored_model(&worker("bob")), "kimi-k2.5", "it is left as it is");
    assert_ne!(world.stored_model(&worker("alice")), "kimi-k2.5");
}

#[tokio::test]
async fn a_gone_provider_is_told_with_the_name_that_it_gets() {
    let world = World::start().await;
    let id = with_zhipu(&world).await;
    without_zhipu(&world).await;
    let renamed = json!({"rename": {"provider:zhipuai": "zhipu-old"}, "keys": {"zhipuai": "sealed"}});
    let planned = world.operations.plan(&restore(&id, renamed)).await.unwrap();
    let told = &planned.keys[0];
    assert_eq!((&told.provider, &told.renamed), (&provider("zhipuai"), &Some(provider("zhipu-old"))));
}
