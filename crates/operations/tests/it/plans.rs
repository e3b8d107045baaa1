//! Plans that are looked at first and applied later, as they were shown or not at all.
use crate::world::{World, context, model, provider, step, switch, worker};
use domain::{Code, Mutation, OperationState, StepName, StepState};

#[tokio::test]
async fn a_plan_is_applied_as_it_was_shown_and_only_once() {
    let world = World::start().await;
    let plan = world.operations.plan_to_apply(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap();
    let done = world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap();
    assert_eq!((&done.id, done.state), (&plan.id, OperationState::Committed));
    let changes =
        |plan: &domain::Plan| plan.changes.iter().map(|change| change.object.clone()).collect::<Vec<_>>();
    assert_eq!(changes(done.plan.as_ref().unwrap()), changes(&plan));
    assert_eq!(world.stored_model(&worker("dave")), "deepseek-reasoner");

    world.run(switch("dave", "moonshot", "kimi-k2.5")).await.unwrap();
    let again = world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap();
    assert_eq!((&again.id, &again.finished_at), (&done.id, &done.finished_at));
    assert_eq!(world.stored_model(&worker("dave")), "kimi-k2.5", "it was not done a second time");
}

#[tokio::test]
async fn a_plan_whose_ground_has_moved_changes_nothing_and_shows_what_moved() {
    let world = World::start().await;
    let plan = world.operations.plan_to_apply(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    // Somebody edits the route by hand meanwhile, and the key of the provider.
    let console = world.console();
    let name = "moonshot-ai-route".parse().unwrap();
    let route = console.route(&name).await.unwrap().unwrap();
    let mut tree = route.json().clone();
    tree["modelPredicates"][0]["matchValue"] = "kimi-k".into();
    console.write_route(Some(&route), &higress::RouteDoc::parse(tree).unwrap()).await.unwrap();
    let moonshot = console.provider(&provider("moonshot")).await.unwrap().unwrap();
    let second = world.sandbox.upstreams().second_key_for("moonshot");
    let edit = serde_json::from_value(serde_json::json!({"tokens": [second]})).unwrap();
    console.write_provider(Some(&moonshot), &moonshot.edited(&edit).unwrap()).await.unwrap();
    let before = world.state().await;

    let failure =
        world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap_err();
    assert_eq!((failure.code, failure.operation.as_ref()), (Code::Conflict, Some(&plan.id)));
    let moved: Vec<_> = failure.diff.iter().map(|moved| moved.object.as_str()).collect();
    assert_eq!(moved, ["provider:moonshot", "route:moonshot-ai-route"]);
    let line = failure.diff[1].diff.iter().find(|line| line.path == "/modelPredicates/0/matchValue").unwrap();
    assert_eq!((&line.before, &line.after), (&Some("kimi-".into()), &Some("kimi-k".into())));
    assert!(failure.diff[0].diff.iter().any(|line| line.path == "/tokens/0" || line.path == "/tokens"));
    let text = serde_json::to_string(&failure).unwrap();
    let moonshot_keys = [second.to_string(), world.sandbox.upstreams().key_for("moonshot").to_string()];
    assert!(moonshot_keys.iter().all(|key| !text.contains(key)), "the conflict shows a key");
    assert_eq!(step(&failure.steps, StepName::Plan).state, StepState::Failed);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_plan_for_an_agent_that_was_switched_since_is_refused() {
    let world = World::start().await;
    let plan = world.operations.plan_to_apply(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(switch("alice", "qwen", "qwen-max")).await.unwrap();
    let failure =
        world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap_err();
    assert_eq!(failure.code, Code::Conflict);
    let moved: Vec<_> = failure.diff.iter().map(|moved| moved.object.as_str()).collect();
    assert!(
        moved.contains(&"s3:agents/alice/openclaw.json") && moved.contains(&"s3:agents/alice/model.json"),
        "{moved:?}"
    );
    assert_eq!(world.stored_model(&worker("alice")), "qwen-max");
}

#[tokio::test]
async fn what_no_plan_depends_on_may_move() {
    let world = World::start().await;
    let plan = world.operations.plan_to_apply(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(switch("bob", "deepseek", "deepseek-chat")).await.unwrap();
    let done = world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await;
    assert!(done.is_ok(), "{done:?}");
    let seen = world.operations.assignment(&worker("alice")).await.unwrap();
    assert_eq!(seen.value.model, Some(model("kimi-k2.5")));
}

#[tokio::test]
async fn an_unknown_plan_is_not_found() {
    let world = World::start().await;
    let unknown = "01JD0000000000000000000000".parse().unwrap();
    let failure = world.operations.apply(&unknown, context(None)).await.err().unwrap();
    assert_eq!((failure.code, failure.hint.is_some()), (Code::OperationNotFound, true));
    let bad = Mutation::RemoveProvider { name: provider("nobody") };
    assert_eq!(world.operations.plan_to_apply(bad).await.unwrap_err().code, Code::ProviderNotFound);
}
