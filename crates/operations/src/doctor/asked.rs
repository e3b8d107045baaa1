//! The tests that cost something: each provider is tested, and the model of each agent is asked for one token,
//! through the gateway and with the agent's own key.
use crate::{
    Operations,
    engine::Engine,
    probe::ProbeFailure,
    reads::{Agents, ConsoleState, SeenAgent},
};
use domain::{Target, TestProvider};
use futures::{StreamExt, future::join_all, stream};
use higress::ProviderDoc;
use std::{collections::BTreeMap, time::Duration};

/// How many agents' models are asked at once.
const AT_ONCE: usize = 8;
/// How long all agents' models may take together. Who was not asked by then is told so.
const LONGEST: Duration = Duration::from_secs(60);

/// What each agent's model answered, or why none did.
pub type Answers = BTreeMap<Target, Result<String, ProbeFailure>>;

/// Tests every provider. What the tests saw is remembered, also of those that failed.
pub async fn providers(operations: &Operations, console: &ConsoleState) {
    let test = |provider: &ProviderDoc| TestProvider { provider: provider.name().clone(), model: None };
    let tests = console.providers.iter().map(|provider| operations.test_provider(test(provider)));
    drop(join_all(tests).await);
}

/// Asks the model of every agent that has one and a key.
pub async fn models(engine: &Engine, agents: &Agents) -> Answers {
    let able = |(target, seen): (&Target, &SeenAgent)| {
        let config = seen.config.as_ref().ok()?;
        Some((target.clone(), config.key.clone()?, config.model.clone()?))
    };
    let able: Vec<_> = agents.by_target.iter().filter_map(able).collect();
    let asked = stream::iter(able).map(|(target, key, model)| async move {
        let answer = engine.ask_model(&key, &model).await;
        (target, answer.map(|answered| answered.evidence))
    });
    let asked = asked.buffer_unordered(AT_ONCE).take_until(Box::pin(tokio::time::sleep(LONGEST)));
    asked.collect().await
}
