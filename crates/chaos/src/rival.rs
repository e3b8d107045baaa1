//! Somebody else who works on the same installation as HiClaw's scripts do: read, change, write back. What goes to the
//! console is looked at afterwards and written again until it stays, because the console itself loses writes.
pub mod agents;

use crate::world::{WORKSPACE, World, admin_call};
use fastrand::Rng;
use http::Method;
use sandbox::s3::{Condition, Object};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::sleep;

const WORKERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// What all of its marks begin with.
pub const MARK: &str = "rival-";
/// How often it writes again.
const TRIES: usize = 20;

/// Edits until `edits` are done.
pub async fn rival(world: Arc<World>, mut chance: Rng, edits: usize) {
    for number in 1..=edits {
        sleep(Duration::from_millis(chance.u64(200..12_000))).await;
        let text = format!("{MARK}{number}.");
        match chance.u32(0..10) {
            0..4 => mark_console(&world, &mut chance, "provider", &text).await,
            4..7 => mark_console(&world, &mut chance, "route", &text).await,
            7 => mark_store(&world, WORKERS[chance.usize(..WORKERS.len())], &text).await,
            8 => mark_manager(&world, &text),
            _ => mark_registry(&world, WORKERS[chance.usize(..WORKERS.len())], &text),
        }
    }
}

/// Marks an object now, if it is there.
pub async fn mark(world: &World, object: &str, text: &str) {
    match object.split_once(':') {
        Some(("s3", key)) => {
            let worker = key.split('/').nth(1).filter(|_| key.ends_with("openclaw.json"));
            if let Some(worker) = worker {
                mark_store(world, worker, text).await;
            }
        }
        Some((kind, name)) => mark_one(world, &mut Rng::with_seed(1), kind, name, text).await,
        None => {}
    }
}

async fn mark_console(world: &World, chance: &mut Rng, kind: &str, text: &str) {
    let all = admin_call(world, Method::GET, &format!("/v1/ai/{kind}s"), None).await.data();
    let names: Vec<String> = all
        .iter()
        .flat_map(|all| all.as_array())
        .flatten()
        .filter_map(|one| one["name"].as_str().map(str::to_owned))
        .collect();
    // It works on the same things as we do, more often than not.
    let ours = |name: &String| world.book.last_write(&format!("{kind}:{name}")).is_some();
    let touched: Vec<String> = names.iter().filter(|name| ours(name)).cloned().collect();
    let names = if touched.is_empty() || chance.u32(0..4) == 0 { names } else { touched };
    let Some(name) = chance.choice(names) else { return };
    mark_one(world, chance, kind, &name, text).await;
}

async fn mark_one(world: &World, chance: &mut Rng, kind: &str, name: &str, text: &str) {
    let (path, object) = (format!("/v1/ai/{kind}s/{name}"), format!("{kind}:{name}"));
    for _ in 0..TRIES {
        let Some(mut tree) = admin_call(world, Method::GET, &path, None).await.data() else { return };
        if tree.to_string().contains(text) {
            world.trace.note(format_args!("rival marked {object} {text}"));
            world.book.marked(&object, text, world.moment());
            return;
        }
        put_mark(&mut tree, kind, text);
        world.book.meddles(&object);
        let reply = admin_call(world, Method::PUT, &path, Some(tree)).await;
        world.trace.note(format_args!("rival writes {object} {text} -> {}", reply.status));
        sleep(Duration::from_millis(chance.u64(1..30))).await;
    }
}

fn put_mark(tree: &mut Value, kind: &str, text: &str) {
    if kind == "provider" {
        tree["rawConfigs"][text] = json!(true);
    } else if let Some(list) = tree["authConfig"]["allowedConsumers"].as_array_mut() {
        list.push(text.into());
    }
}

async fn mark_store(world: &World, worker: &str, text: &str) {
    let key = format!("agents/{worker}/openclaw.json");
    let Some(mut tree) = world.stored(&key) else { return };
    sleep(Duration::from_millis(3)).await;
    tree["plugins"]["entries"][text] = json!({"enabled": false});
    let body = Object::new(format!("{tree:#}\n"), "application/json");
    // Whatever came in between is overwritten: the scripts know no conditions.
    if world.objects.put(&world.bucket, &key, body, &Condition::default()).is_ok() {
        world.trace.note(format_args!("rival marked s3:{key} {text}"));
        world.book.marked(&format!("s3:{key}"), text, world.moment());
    }
}

fn mark_manager(world: &World, text: &str) {
    let Some(mut tree) = world.manager_file("openclaw.json") else { return };
    tree["plugins"]["entries"][text] = json!({"enabled": false});
    write(world, "openclaw.json", &tree, text);
}

fn mark_registry(world: &World, worker: &str, text: &str) {
    let Some(mut tree) = world.manager_file("workers-registry.json") else { return };
    if let Some(skills) = tree["workers"][worker]["skills"].as_array_mut() {
        skills.push(text.into());
        write(world, "workers-registry.json", &tree, text);
    }
}

fn write(world: &World, file: &str, tree: &Value, text: &str) {
    let path = Path::new(WORKSPACE).join(file);
    if world.disk().put(&path, format!("{tree:#}\n").as_bytes()).is_ok() {
        world.trace.note(format_args!("rival marked file:{file} {text}"));
        world.book.marked(&format!("file:{file}"), text, world.moment());
    }
}
