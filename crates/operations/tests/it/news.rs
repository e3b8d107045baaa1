//! What is told to those who look at pages, and the figures that the server keeps for them.
use crate::world::{World, model, provider, switch};
use domain::{EditProvider, ModelUsage, Mutation, TestProvider, Topic, TypedKey, Used};
use futures::{Stream, StreamExt};
use operations::{News, Operations};
use sandbox::{agents::WorkerState, upstreams::Behaviour};
use std::{pin::Pin, time::Duration};

/// Longer than anything here takes; who waits this long failed.
const PATIENCE: Duration = Duration::from_secs(20);

type Listener = Pin<Box<dyn Stream<Item = News>>>;

/// Waits for news of a topic.
async fn told(news: &mut Listener, topic: Topic) {
    let waiting = async { while !news.next().await.unwrap().topics.contains(&topic) {} };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no news of {topic}"));
}

#[tokio::test]
async fn own_changes_are_told_without_a_look() {
    let world = World::start_with(|config| config.timing.look = PATIENCE * 10).await;
    let mut news: Listener = Box::pin(world.operations.news(None));
    let before = world.operations.news_mark().to_string();
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    for topic in [Topic::Operations, Topic::Office, Topic::Providers, Topic::Routes] {
        let mut since: Listener = Box::pin(world.operations.news(Some(&before)));
        told(&mut since, topic).await;
    }
    told(&mut news, Topic::Operations).await;
}

#[tokio::test]
async fn what_others_change_is_told_while_somebody_listens() {
    let world = World::start().await;
    let mut news: Listener = Box::pin(world.operations.news(None));
    let agents = world.sandbox.agents();
    let waiting = async {
        // The first look only learns how things are, so more than one change may be needed.
        for state in [WorkerState::Stopped, WorkerState::Idle].iter().cycle() {
            agents.set_state("alice", state).unwrap();
            let next = tokio::time::timeout(Duration::from_secs(1), told(&mut news, Topic::Office));
            if next.await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    world.sandbox.set_console_offline(true);
    told(&mut news, Topic::Routes).await;
}

/// The last test as the list of providers shows it: whether it was fine.
async fn last_test(operations: &Operations, name: &str) -> Option<bool> {
    operations.provider(&provider(name)).await.unwrap().last_test.map(|last| last.test.success)
}

#[tokio::test]
async fn a_provider_shows_its_last_test_until_it_is_changed() {
    // Reads stay young here, so that only a test or an own write makes them anew.
    let world = World::start_with(|config| config.timing.cache = PATIENCE * 10).await;
    let operations = &world.operations;
    assert_eq!(last_test(operations, "deepseek").await, None);
    let before = operations.news_mark().to_string();
    let test = || TestProvider { provider: provider("deepseek"), model: None };
    operations.test_provider(test()).await.unwrap();
    assert_eq!(last_test(operations, "deepseek").await, Some(true));
    assert_eq!(last_test(operations, "qwen").await, None);
    told(&mut (Box::pin(operations.news(Some(&before))) as Listener), Topic::Providers).await;

    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::InvalidKey);
    operations.test_provider(test()).await.unwrap_err();
    assert_eq!(last_test(operations, "deepseek").await, Some(false));

    let edit = EditProvider {
        tokens: Some(vec![TypedKey::new("sk-another-key".into())]),
        ..EditProvider::default()
    };
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
    world.run(Mutation::EditProvider { name: provider("deepseek"), edit }).await.unwrap();
    assert_eq!(last_test(operations, "deepseek").await, None);
}

#[tokio::test]
async fn the_gateway_says_who_used_which_model() {
    let world = World::start().await;
    let test = TestProvider { provider: provider("deepseek"), model: Some(model("deepseek-chat")) };
    world.operations.test_provider(test).await.unwrap();
    // A second reader, whose first sight of the gateway's page comes after the question.
    let reader = Operations::new(world.config.clone()).unwrap();
    assert_eq!(reader.usage().unavailable.as_deref(), Some("not yet measured"));
    let mut news: Listener = Box::pin(reader.news(None));
    reader.start_sampling();
    told(&mut news, Topic::Metrics).await;
    let usage = reader.usage();
    let by_manager =
        |row: &&ModelUsage| row.model == "deepseek-chat" && row.consumer.as_deref() == Some("manager");
    let row = usage.rows.iter().find(by_manager).unwrap_or_else(|| panic!("{usage:?}"));
    assert_eq!((row.since_start.requests, row.last_hour), (1, Used::default()));
    assert!(row.since_start.input_tokens > 0 && row.since_start.output_tokens > 0, "{row:?}");
    assert_eq!((usage.unavailable, usage.left_out), (None, 0));
    let history = reader.metrics_history(PATIENCE);
    assert!(history.samples.iter().any(|sample| sample.connections.is_some()), "{history:?}");
}
