//! SIGTERM in the midst of a change: it is brought to its end before the process goes.
use super::{installation::Installation, program::Program};
use domain::{Mutation, Operation, OperationState, StepName, StepState};
use sandbox::upstreams::Behaviour;
use serde_json::json;

fn switch() -> Mutation {
    let wish =
        json!({"kind": "set_model", "target": "worker:alice", "provider": "moonshot", "model": "kimi-k2.5"});
    serde_json::from_value(wish).unwrap()
}

fn asks_the_model(operation: &Operation) -> bool {
    operation.steps.iter().any(|step| step.name == StepName::Test && step.state == StepState::Running)
}

/// A program that is in the midst of a switch, whose model does not answer yet.
async fn in_the_midst(at: &Installation) -> Program {
    at.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Holding);
    let mut program = at.program(&[]);
    assert!(program.listens().await);
    program.begin(&switch()).await.unwrap();
    while !program.operations().await.iter().any(asks_the_model) {
        tokio::task::yield_now().await;
    }
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_runs_is_done_before_the_process_goes() {
    let at = Installation::start().await;
    let program = in_the_midst(&at).await;
    program.terminate();
    program.refuses_calls().await;
    at.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    assert_eq!(program.ended().await, Some(0));
    let config = &at.contents()["s3:agents/alice/openclaw.json"];
    assert!(config.contains("hiclaw-gateway/kimi-k2.5"), "{config}");
    at.assert_books_whole("told to stop");
    let mut next = at.program(&[]);
    assert!(next.listens().await);
    let states: Vec<_> = next.operations().await.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [OperationState::Committed]);
    next.kill().await;
}
