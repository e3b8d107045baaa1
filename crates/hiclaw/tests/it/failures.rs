//! What is said when the controller, or something behind it, is not there, and what is not shown then.
use crate::world::{BOTH, Played, World, impatient, switch, target};
use hiclaw::{Error, ModelHolder, Part};
use sandbox::s3::Switches;

/// Those of HiClaw's systems that do not answer.
async fn down(world: &World) -> Vec<&'static str> {
    let mut down = Vec::new();
    for (name, look) in world.holder.systems() {
        if look.await.is_err() {
            down.push(name);
        }
    }
    down
}

#[tokio::test]
async fn a_controller_that_is_down_is_named_and_nothing_was_written() {
    for played in BOTH {
        let mut world = World::start(played).await;
        let alice = target("alice");
        let [edit] = &world.edits(&alice, "kimi-k2.5").await.unwrap()[..] else { panic!("no edit") };
        world.go_down().await;
        let written = world.holder.write(&alice, edit.part, &edit.after, &edit.before.version).await;
        let error = written.unwrap_err();
        assert!(matches!(error, Error::NoController(_)) && error.wrote_nothing(), "{error}");
        assert!(matches!(world.holder.agents().await, Err(Error::NoController(_))));
        assert_eq!(down(&world).await, ["controller", "manager"]);
        world.come_back().await;
        assert!(down(&world).await.is_empty());
        world.switch(&alice, "kimi-k2.5").await.unwrap();
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_any_more_is_read_again() {
    for played in BOTH {
        let world = World::start(played).await;
        let good = std::fs::read(&world.token_file).unwrap();
        std::fs::write(&world.token_file, "stale").unwrap();
        let late = world.another(None, impatient());
        assert!(matches!(late.agents().await, Err(Error::NoEntry(_))), "{played:?}");
        std::fs::write(&world.token_file, good).unwrap();
        assert_eq!(late.agents().await.unwrap().len(), 6);
        world.during(switch(&late, &target("alice"), "kimi-k2.5")).await.ok();
        assert_eq!(world.ask("GET", "/api/v1/workers/alice", None).await.1["model"], "kimi-k2.5");
    }
}

#[tokio::test]
async fn a_switch_that_is_not_carried_out_is_no_success_and_becomes_one_when_it_is() {
    for (played, name) in [(Played::V1_1, "alice"), (Played::V1_2, "manager")] {
        let world = World::start(played).await;
        let target = target(name);
        world.set_console_offline(true);
        let hasty = world.another(None, impatient());
        let error = world.during(switch(&hasty, &target, "kimi-k2.5")).await.unwrap_err();
        assert!(matches!(error, Error::NotCarriedOut { .. }), "{played:?}: {error:?}");
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert!(!error.wrote_nothing());
        let config = world.config(&target).await;
        assert_eq!(config.desired.unwrap().as_str(), "kimi-k2.5");
        world.set_console_offline(false);
        world.during(world.holder.persist(&target, Part::Spec)).await.unwrap();
        assert_eq!(world.config(&target).await.desired, None);
    }
}

#[tokio::test]
async fn a_switch_that_was_noted_and_not_carried_out_can_be_asked_for_again() {
    let world = World::start(Played::V1_1).await;
    let alice = target("alice");
    world.set_console_offline(true);
    let hasty = world.another(None, impatient());
    world.during(switch(&hasty, &alice, "kimi-k2.5")).await.unwrap_err();
    let again = world.edits(&alice, "kimi-k2.5").await.unwrap();
    assert_eq!(again.len(), 1, "it does not live by it yet");
    assert!(world.during(switch(&hasty, &alice, "kimi-k2.5")).await.is_err());
    world.set_console_offline(false);
    world.switch(&alice, "kimi-k2.5").await.unwrap();
}

#[tokio::test]
async fn the_controllers_words_are_shown_without_the_passwords_in_them() {
    let world = World::start(Played::V1_2).await;
    let set = |offline| world.s3.faults().set(Switches { offline, ..Switches::default() });
    set(true);
    world.ask("PUT", "/api/v1/workers/alice", Some(serde_json::json!({"model": "kimi-k2.5"}))).await;
    world.pass(2).await;
    let (_, worker) = world.ask("GET", "/api/v1/workers/alice", None).await;
    let said = worker["message"].as_str().unwrap();
    let (_, secret) = said.split_once("user add agentteams alice ").unwrap();
    let secret = secret.split(':').next().unwrap();
    assert!(secret.len() > 4, "{said}");
    let shown = format!("{:?}", world.holder.workers().await.unwrap());
    assert!(shown.contains("Unable to add new user"), "{shown}");
    assert!(!shown.contains(secret), "{shown}");
    set(false);
}

#[tokio::test]
async fn what_the_controller_makes_is_not_written_by_us() {
    let world = World::start(Played::V1_2).await;
    let alice = target("alice");
    let held = world.holder.observe(&alice, Part::Config).await.unwrap();
    for part in [Part::Config, Part::Registry] {
        let written = world.holder.write(&alice, part, &held.image, &held.version).await;
        assert!(matches!(written, Err(Error::Made(_))));
    }
    let nobody = target("nobody");
    assert!(world.holder.observe(&nobody, Part::Spec).await.unwrap_err().is_gone());
}
