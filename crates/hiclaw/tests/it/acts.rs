//! Containers: put to sleep, woken, restarted, made anew.
use crate::world::{BOTH, Played, World, impatient, target};
use domain::WorkerStatus;
use hiclaw::{Act, Error, ModelHolder};

async fn status(world: &World, name: &str) -> WorkerStatus {
    let workers = world.holder.workers().await.unwrap();
    workers.iter().find(|worker| worker.name.as_str() == name).unwrap().status
}

#[tokio::test]
async fn a_worker_is_put_to_sleep_and_woken_and_both_are_seen() {
    for played in BOTH {
        let world = World::start(played).await;
        let alice = target("alice");
        assert_eq!(status(&world, "alice").await, WorkerStatus::Running);
        let slept = world.during(world.holder.act(&alice, Act::Sleep)).await.unwrap();
        assert!(slept.contains("stopped"), "{slept}");
        world.pass(5).await;
        assert_eq!(status(&world, "alice").await, WorkerStatus::Sleeping, "{played:?}");
        world.during(world.holder.act(&alice, Act::Wake)).await.unwrap();
        world.pass(5).await;
        assert_eq!(status(&world, "alice").await, WorkerStatus::Running, "{played:?}");
    }
}

#[tokio::test]
async fn a_restart_is_one_call_of_docker_after_which_the_container_runs() {
    for played in BOTH {
        let world = World::start(played).await;
        for name in ["alice", "manager", "lead"] {
            world.forget_writes();
            let seen = world.during(world.holder.act(&target(name), Act::Restart)).await.unwrap();
            assert!(seen.contains("was restarted"), "{seen}");
            let container = if name == "manager" { name.to_owned() } else { format!("worker-{name}") };
            let wanted = format!("POST /docker/containers/{}-{container}/restart ", world.prefix());
            assert_eq!(world.writes(), [wanted], "{played:?}");
        }
    }
}

#[tokio::test]
async fn what_was_ordered_and_is_not_seen_is_no_success() {
    for played in BOTH {
        let world = World::start(played).await;
        world.set_docker_offline(true);
        let hasty = world.another(None, impatient());
        let alice = target("alice");
        let slept = world.during(hasty.act(&alice, Act::Sleep)).await;
        assert!(matches!(slept, Err(Error::NotCarriedOut { .. })), "{played:?}: {slept:?}");
        world.set_docker_offline(false);
        world.during(world.holder.act(&alice, Act::Wake)).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_controller_cannot_do_is_told_with_the_way_that_works() {
    let world = World::start(Played::V1_1).await;
    for (name, act) in [("dev1", Act::Sleep), ("lead", Act::Wake), ("manager", Act::Sleep)] {
        match world.holder.act(&target(name), act).await {
            Err(Error::CannotAct { way, .. }) => assert!(way.starts_with("Restart it")),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_container_that_is_made_anew_is_seen_to_be_another_one() {
    for played in BOTH {
        let world = World::start(played).await;
        let manager = target("manager");
        world.switch(&manager, "kimi-k2.5").await.unwrap();
        for (_, look) in world.holder.systems() {
            look.await.ok();
        }
        let seen = world.during(world.holder.reload(&manager)).await.unwrap();
        assert!(seen.seen && seen.evidence.contains("made anew"), "{played:?}: {seen:?}");
        let again = world.holder.reload(&manager).await.unwrap();
        assert!(!again.seen && again.evidence.contains("nobody saw"), "it was not seen again: {again:?}");
    }
}

#[tokio::test]
async fn a_container_that_is_never_made_anew_is_not_called_so() {
    let world = World::start(Played::V1_1).await;
    let alice = target("alice");
    let hasty = world.another(None, impatient());
    let [edit] = &world.edits(&alice, "kimi-k2.5").await.unwrap()[..] else { panic!("no edit") };
    let written = hiclaw::ModelHolder::write(&hasty, &alice, edit.part, &edit.after, &edit.before.version);
    // Between the look at the container and the pass over the worker Docker goes away.
    written.await.unwrap();
    world.set_docker_offline(true);
    world.pass(5).await;
    world.set_docker_offline(false);
    world.during(world.holder.persist(&alice, edit.part)).await.unwrap();
    let seen = world.during(hasty.reload(&alice)).await.unwrap();
    assert!(!seen.seen && seen.evidence.contains("not made anew"), "{seen:?}");
}

#[tokio::test]
async fn who_keeps_the_former_model_until_a_restart_is_told() {
    let world = World::start(Played::V1_2).await;
    let seen = world.holder.reload(&target("alice")).await.unwrap();
    assert_eq!((seen.how, seen.seen), ("restart", false));
    assert!(!world.holder.reload(&target("bob")).await.unwrap().seen);
}
