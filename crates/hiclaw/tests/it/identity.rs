//! Which generation it is, and what speaks for it.
use crate::world::{BOTH, Played, World, impatient, target};
use hiclaw::{Error, ModelHolder};

#[tokio::test]
async fn a_generation_is_told_by_the_paths_of_its_controller_before_anybody_is_let_in() {
    for (played, wanted) in BOTH.into_iter().zip(["1.1", "1.2"]) {
        let world = World::start(played).await;
        let identity = world.holder.identity().await.unwrap();
        assert_eq!((identity.generation.as_str(), identity.adapter.as_str()), (wanted, "controller"));
        let evidence = identity.evidence.join("; ");
        assert!(
            evidence.contains("embedded") && evidence.contains(&format!("{}-gateway/", world.prefix())),
            "{evidence}"
        );
        std::fs::write(&world.token_file, "stale").unwrap();
        let stranger = world.another(None, impatient());
        assert_eq!(stranger.identity().await.unwrap().generation, wanted);
    }
}

#[tokio::test]
async fn the_settings_win() {
    let world = World::start(Played::V1_2).await;
    let forced = world.another(Some("1.1".parse().unwrap()), impatient());
    let identity = forced.identity().await.unwrap();
    assert_eq!(identity.generation, "1.1");
    assert!(identity.evidence[0].starts_with("the settings say so"));
}

#[tokio::test]
async fn a_controller_that_is_down_at_first_is_found_out_later() {
    let mut world = World::start(Played::V1_1).await;
    world.go_down().await;
    let late = world.another(None, impatient());
    assert!(matches!(late.identity().await, Err(Error::NoController(_))));
    world.come_back().await;
    assert_eq!(late.identity().await.unwrap().generation, "1.1");
}

#[tokio::test]
async fn the_name_of_a_config_is_that_of_the_object_by_which_the_agent_lives() {
    let world = World::start(Played::V1_2).await;
    world.holder.agents().await.unwrap();
    assert_eq!(world.holder.config_object(&target("bob")), "s3:agents/bob/runtime/runtime.yaml");
    assert_eq!(world.holder.config_object(&target("alice")), "s3:agents/alice/openclaw.json");
    assert_eq!(world.holder.config_object(&target("manager")), "s3:agents/manager/openclaw.json");
}
