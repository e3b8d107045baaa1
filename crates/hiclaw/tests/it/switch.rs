//! Switches of every kind of agent, and what they leave alone.
use crate::world::{BOTH, Played, World, edits, target};
use hiclaw::{Error, ModelHolder, Part, TakeUp, model_in};
use serde_json::json;

/// Who can be switched in a generation.
fn switchable(played: Played) -> Vec<&'static str> {
    let mut all = vec!["manager", "alice", "bob", "lead"];
    if played == Played::V1_2 {
        all.extend(["dev1", "dev2"]);
    }
    all
}

fn model(config: &hiclaw::AgentConfig) -> &str {
    config.model.as_ref().map_or("", |model| model.as_str())
}

#[tokio::test]
async fn every_agent_that_can_be_switched_lives_by_its_new_model_and_can_be_switched_back() {
    for played in BOTH {
        let world = World::start(played).await;
        for name in switchable(played) {
            let target = target(name);
            let before = world.config(&target).await;
            let edits = world.edits(&target, "kimi-k2.5").await.unwrap();
            world.switch(&target, "kimi-k2.5").await.unwrap();
            let after = world.config(&target).await;
            assert_eq!((model(&after), &after.desired), ("kimi-k2.5", &None), "{played:?} {name}");
            let [edit] = edits.as_slice() else { panic!("{edits:?}") };
            assert_eq!(model_in(edit.part, &edit.after).unwrap().as_str(), "kimi-k2.5");
            let now = world.holder.observe(&target, Part::Spec).await.unwrap();
            assert_eq!(now.image, edit.after);
            let back = async {
                world.holder.write(&target, edit.part, &edit.before.image, &now.version).await?;
                world.holder.persist(&target, edit.part).await
            };
            world.during(back).await.unwrap();
            assert_eq!(model(&world.config(&target).await), model(&before), "{played:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_switch_to_the_model_that_an_agent_lives_by_writes_nothing() {
    for played in BOTH {
        let world = World::start(played).await;
        assert!(world.edits(&target("alice"), "m1").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn it_lasts_through_a_pass_and_a_restart_and_a_hand_edit_does_not() {
    for played in BOTH {
        let mut world = World::start(played).await;
        let alice = target("alice");
        world.switch(&alice, "kimi-k2.5").await.unwrap();
        world.pass(700).await;
        world.controller.restart().await;
        world.pass(30).await;
        assert_eq!(model(&world.config(&alice).await), "kimi-k2.5", "{played:?}");
        let bucket = format!("{}-storage", world.prefix());
        let key = "agents/alice/openclaw.json";
        let object = world.s3.objects().get(&bucket, key).unwrap();
        let edited = String::from_utf8(object.body.to_vec()).unwrap().replace("kimi-k2.5", "by-hand");
        let edited = sandbox::s3::Object::new(edited, "application/json");
        world.s3.objects().put(&bucket, key, edited, &sandbox::s3::Condition::default()).unwrap();
        let edited = world.config(&alice).await;
        assert_eq!((model(&edited), edited.desired.as_ref().unwrap().as_str()), ("by-hand", "kimi-k2.5"));
        world.pass(310).await;
        assert_eq!(model(&world.config(&alice).await), "kimi-k2.5", "{played:?}");
        world.go_down().await;
    }
}

#[tokio::test]
async fn nothing_but_the_model_is_sent_so_no_member_is_lost_and_no_provider_is_named() {
    for played in BOTH {
        let world = World::start(played).await;
        let (_, before) = world.ask("GET", "/api/v1/teams/alpha", None).await;
        world.forget_writes();
        for name in ["manager", "alice", "lead"] {
            world.switch(&target(name), "kimi-k2.5").await.unwrap();
        }
        let change = r#"{"model":"kimi-k2.5"}"#;
        let lead = match played {
            Played::V1_1 => format!(r#"PUT /api/v1/teams/alpha {{"leader":{change}}}"#),
            _ => format!("PUT /api/v1/workers/lead {change}"),
        };
        let wanted = [
            format!("PUT /api/v1/managers/default {change}"),
            format!("PUT /api/v1/workers/alice {change}"),
            lead,
        ];
        assert_eq!(world.writes(), wanted, "{played:?}");
        world.pass(20).await;
        let (_, after) = world.ask("GET", "/api/v1/teams/alpha", None).await;
        assert_eq!(after["workerNames"], json!(["dev1", "dev2"]), "{played:?}");
        for field in ["leaderName", "leaderHeartbeat", "workerMembers", "totalWorkers"] {
            assert_eq!(after[field], before[field], "{played:?} {field}");
        }
        world.controller.edit_worker("alice", |spec| {
            assert!(!spec.0.contains_key("modelProvider"), "{played:?}: {:?}", spec.0);
        });
    }
}

#[tokio::test]
async fn members_are_read_only_where_the_controller_would_replace_them_all() {
    for played in BOTH {
        let world = World::start(played).await;
        let agents = world.holder.agents().await.unwrap();
        let named: Vec<_> = agents.iter().map(|agent| agent.target.agent()).collect();
        assert_eq!(named, ["manager", "alice", "bob", "dev1", "dev2", "lead"]);
        let fixed: Vec<_> = agents
            .iter()
            .filter(|agent| agent.read_only.is_some())
            .map(|agent| agent.target.agent())
            .collect();
        let expected: &[&str] = if played == Played::V1_1 { &["dev1", "dev2"] } else { &[] };
        assert_eq!(fixed, expected);
        if played == Played::V1_1 {
            let dev1 = target("dev1");
            let [edit] = &world.edits(&dev1, "kimi-k2.5").await.unwrap()[..] else { panic!("no edit") };
            let written = world.holder.write(&dev1, edit.part, &edit.after, &edit.before.version).await;
            assert!(written.unwrap_err().wrote_nothing());
        }
    }
}

#[tokio::test]
async fn agents_are_shown_with_their_runtime_and_how_they_take_a_model_up() {
    for played in BOTH {
        let world = World::start(played).await;
        let agents = world.holder.agents().await.unwrap();
        let of = |name: &str| {
            let agent = agents.iter().find(|agent| agent.target == target(name)).unwrap();
            (agent.runtime.as_str(), agent.takes_up)
        };
        let wanted = match played {
            Played::V1_1 => {
                [("openclaw", TakeUp::Replaced), ("openclaw", TakeUp::Replaced), ("copaw", TakeUp::Replaced)]
            }
            _ => [("qwenpaw", TakeUp::Replaced), ("openclaw", TakeUp::Restart), ("qwenpaw", TakeUp::Restart)],
        };
        assert_eq!([of("manager"), of("alice"), of("bob")], wanted, "{played:?}");
    }
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_is_not_written_over() {
    for played in BOTH {
        let world = World::start(played).await;
        let alice = target("alice");
        let [edit] = &world.edits(&alice, "kimi-k2.5").await.unwrap()[..] else { panic!("no edit") };
        let (status, _) = world.ask("PUT", "/api/v1/workers/alice", Some(json!({"model": "theirs"}))).await;
        assert_eq!(status, 200);
        let write = world.holder.write(&alice, edit.part, &edit.after, &edit.before.version);
        let error = world.during(write).await.unwrap_err();
        assert!(matches!(error, Error::Changed(_)) && error.wrote_nothing(), "{error}");
        assert_eq!(world.ask("GET", "/api/v1/workers/alice", None).await.1["model"], "theirs");
    }
}

#[tokio::test]
async fn of_many_writers_at_once_none_is_refused_for_being_slower_than_another() {
    for played in BOTH {
        let world = World::start(played).await;
        let alice = target("alice");
        let wishes: Vec<String> = (0..12).map(|n| format!("wish-{n}")).collect();
        let mut prepared = Vec::new();
        for wish in &wishes {
            prepared.extend(edits(&world.holder, &alice, wish).await.unwrap());
        }
        let writes = prepared
            .iter()
            .map(|edit| world.holder.write(&alice, edit.part, &edit.after, &edit.before.version));
        let written = world.during(futures::future::join_all(writes)).await;
        assert!(written.iter().any(Result::is_ok), "{written:?}");
        for error in written.into_iter().filter_map(Result::err) {
            assert!(matches!(error, Error::Changed(_) | Error::NotCarriedOut { .. }), "{error}");
        }
        let (_, worker) = world.ask("GET", "/api/v1/workers/alice", None).await;
        assert!(wishes.iter().any(|wish| worker["model"] == wish.as_str()), "{worker}");
    }
}

#[tokio::test]
async fn a_write_is_done_when_reads_show_it_though_they_trail() {
    for played in BOTH {
        let world = World::start(played).await;
        world.controller.set_lag(std::time::Duration::from_millis(400));
        world.switch(&target("alice"), "kimi-k2.5").await.unwrap();
        assert_eq!(world.ask("GET", "/api/v1/workers/alice", None).await.1["model"], "kimi-k2.5");
    }
}

#[tokio::test]
async fn a_worker_is_known_by_the_name_of_its_objects() {
    let world = World::start(Played::V1_2).await;
    let zed = json!({"name": "zed", "workerName": "zed-biz", "model": "m1", "runtime": "openclaw"});
    assert_eq!(world.ask("POST", "/api/v1/workers", Some(zed)).await.0, 201);
    world.pass(20).await;
    let target = target("zed-biz");
    assert!(world.holder.agents().await.unwrap().iter().any(|agent| agent.target == target));
    world.switch(&target, "kimi-k2.5").await.unwrap();
    assert_eq!(model(&world.config(&target).await), "kimi-k2.5");
    assert_eq!(world.ask("GET", "/api/v1/workers/zed", None).await.1["model"], "kimi-k2.5");
}
