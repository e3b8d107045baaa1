//! What no outside world can bring about.
use super::*;
use crate::fake::{Holder, clients};
use domain::{Door, OperationState, SetModel};
use futures::FutureExt;
use std::{path::Path, time::Duration};

fn engine(data: &Path) -> Arc<Engine> {
    let installation = Installation { gateway_host: String::new(), hiclaw_provider: None };
    let caches = Arc::new(Caches::new(Duration::ZERO));
    let clients = Arc::new(clients(Holder::default()));
    Arc::new(Engine::new(clients, installation, caches, data.to_owned(), Timing::default()))
}

#[tokio::test]
async fn a_panic_ends_its_operation_and_lets_everything_go() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let wish = SetModel {
        provider: "deepseek".parse().unwrap(),
        model: "deepseek-chat".parse().unwrap(),
        context_window: None,
        max_tokens: None,
        reasoning: None,
    };
    for _ in 0..2 {
        let mutation = Mutation::SetModel { target: "alice".parse().unwrap(), wish: wish.clone() };
        let context = Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None, bulk: None };
        let asked = Asked { mutation, context, kept: None };
        let running = engine.submit(asked, tokio::spawn(async {})).await.expect("the target is free");
        let (id, mut watch) = (running.id().clone(), running.watch());
        let ended = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
        let failure = ended.failure.as_ref().unwrap();
        assert_eq!((ended.state, failure.code), (OperationState::RolledBack, Code::Internal));
        assert_eq!((&ended.id, failure.operation.as_ref()), (&id, Some(&id)));
        assert!(
            !format!("{ended:?}").contains("no answer was prepared"),
            "the text of a panic stays in the log"
        );
    }
    tokio::time::timeout(Duration::from_secs(5), engine.drain(Duration::from_secs(5))).await.unwrap();
}

#[tokio::test]
async fn a_pause_lasts_until_it_is_over_or_the_server_stops() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    assert_eq!(engine.pause(Duration::ZERO).await, Some(()));
    assert_eq!(engine.pause(Duration::MAX).now_or_never(), None, "it is not over");
    engine.stop.cancel();
    assert_eq!(engine.pause(Duration::MAX).now_or_never(), Some(None), "the server stops");
}
