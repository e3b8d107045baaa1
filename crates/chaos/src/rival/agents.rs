//! Somebody else who switches agents at HiClaw's controller, which compares nothing and asks nobody.
use crate::world::{FIRST_MODEL, Kept, World, controller_call};
use http::Method;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// A model that nobody of ours wishes.
const THEIRS: &str = "qwen-plus";
/// Longer than a write may count as swallowed after it was made.
const AGAIN: Duration = Duration::from_secs(20);
/// Who says something for the last time of these was put right before, and means it.
const TIMES: u32 = 3;

/// Gives every agent that the controller keeps another model.
pub async fn switch_away(world: &World) {
    for kept in world.kept() {
        give(world, kept, THEIRS, false).await;
    }
}

/// Puts back now what agents had at first, and later again where that did not stay.
pub async fn put_back(world: &Arc<World>) {
    return_all(world, false).await;
    let world = world.clone();
    tokio::spawn(async move {
        for time in 2..=TIMES {
            sleep(AGAIN).await;
            return_all(&world, time == TIMES).await;
        }
    });
}

async fn return_all(world: &World, insists: bool) {
    for kept in world.kept() {
        give(world, kept, FIRST_MODEL, insists).await;
    }
}

async fn give(world: &World, kept: &Kept, model: &str, insists: bool) {
    let now = controller_call(world, Method::GET, &kept.path(), None).await;
    if now.is_none_or(|now| now["model"] == *model) {
        return;
    }
    let (path, body) = kept.write(model);
    let object = kept.object();
    world.book.meddles(&object);
    let told = controller_call(world, Method::PUT, &path, Some(body)).await;
    world.trace.note(format_args!("rival gives {object} {model}: {}", told.is_some()));
    if told.is_some() {
        world.theirs.wished(&object, model, world.moment(), insists);
    }
}
