//! Whoever asked goes away, at each await of the question: what was begun ends all the same, and what was not begun
//! changes nothing.
use crate::world::{World, context, switch, worker};
use domain::{OperationState, Target};
use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// Drops the future at its `awaits`-th await that is not ready at once. Some: it had fewer.
async fn left_at<F: Future>(awaits: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = awaits;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_ends_whenever_its_request_goes_away() {
    let world = World::start().await;
    let target: Target = worker("dave");
    let mut known = BTreeSet::new();
    let (mut awaits, mut begun) = (0, 0);
    loop {
        awaits += 1;
        let (provider, model) = match world.stored_model(&target).as_str() {
            "kimi-k2.5" => ("deepseek", "deepseek-chat"),
            _ => ("moonshot", "kimi-k2.5"),
        };
        let request = async {
            let wish = switch("dave", provider, model);
            world.operations.submit(wish, context(None)).await.unwrap().finished().await
        };
        let before = world.stored_model(&target);
        let answered = left_at(awaits, request).await.is_some();
        let new =
            world.operations.operations().into_iter().find(|operation| known.insert(operation.id.clone()));
        let Some(new) = new else {
            assert_eq!(world.stored_model(&target), before, "nothing was begun");
            continue;
        };
        begun += 1;
        let mut watch = world.operations.operation(&new.id).await.unwrap();
        let ended = timeout(PATIENCE, watch.wait_for(|operation| operation.state.is_final()));
        let ended = ended.await.unwrap().unwrap().clone();
        assert_eq!(ended.state, OperationState::Committed, "await {awaits}: {ended:?}");
        assert_eq!(world.stored_model(&target), model);
        if answered {
            break;
        }
    }
    println!("left at each of {} awaits; {begun} operations were begun and ended", awaits - 1);
    assert!(begun > 3, "the request has more awaits than {awaits}");
}
