//! Containers put to sleep, woken and restarted as operations, and what is told of who awaits that.
use crate::world::{World, step, switch, worker};
use domain::{
    CheckId, CheckState, Code, ContainerAct, Mutation, OperationState, Restart, SetModel, StepName,
    StepState, Worker,
};
use operations::Pace;
use sandbox::{SandboxOptions, controller::Generation};
use std::time::Duration;

async fn start(generation: Generation) -> World {
    World::start_on(SandboxOptions { generation, ..SandboxOptions::default() }, |_| ()).await
}

fn act(act: ContainerAct, name: &str) -> Mutation {
    Mutation::of_container(act, worker(name))
}

async fn seen(world: &World, name: &str) -> Worker {
    let workers = world.operations.workers().await.unwrap();
    workers.value.iter().find(|worker| worker.name.as_str() == name).unwrap().clone()
}

/// Waits until a worker's container runs, or does not.
async fn until(world: &World, name: &str, runs: bool) {
    let is_so = async {
        loop {
            let container = seen(world, name).await.container;
            if container.is_some_and(|container| container.state == "running") == runs {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_so).await.expect("the container is so");
}

#[tokio::test]
async fn a_container_is_put_to_sleep_woken_and_restarted_and_each_is_on_record() {
    for generation in [Generation::V1_1, Generation::V1_2] {
        let world = start(generation).await;
        for (what, name) in [
            (ContainerAct::Sleep, StepName::Sleep),
            (ContainerAct::Wake, StepName::Wake),
            (ContainerAct::Restart, StepName::Restart),
        ] {
            let done = world.run(act(what, "alice")).await.unwrap();
            let done_step = step(&done.steps, name);
            assert_eq!((done_step.state, done_step.object.as_deref()), (StepState::Done, Some("alice")));
            assert!(done_step.evidence.is_some());
            assert_eq!(done.kind, what.as_str());
            // A woken container may be made anew a moment later.
            until(&world, "alice", what != ContainerAct::Sleep).await;
        }
        let kinds: Vec<_> = world.operations.operations().iter().map(|done| done.kind.clone()).collect();
        assert_eq!(kinds, ["restart", "wake", "sleep"]);
    }
}

#[tokio::test]
async fn what_hiclaw_cannot_do_is_told_before_and_refused_with_the_way_that_works() {
    for (generation, name) in [(Generation::V1_0, "alice"), (Generation::V1_1, "dev1")] {
        let world = start(generation).await;
        let told = seen(&world, name).await.cannot.remove(&ContainerAct::Sleep).unwrap();
        let refused = world.operations.plan(&act(ContainerAct::Sleep, name)).await.unwrap_err();
        assert_eq!(refused.code, Code::ReadOnlyTarget);
        assert_eq!((refused.message, refused.hint), (told.reason, Some(told.way)));
    }
}

#[tokio::test]
async fn who_does_nothing_loses_nothing_and_an_unknown_worker_has_no_plan() {
    let world = start(Generation::V1_2).await;
    let plan = world.operations.plan(&act(ContainerAct::Restart, "alice")).await.unwrap();
    assert_eq!(plan.warnings, [], "who does nothing loses nothing");
    assert!(!plan.is_empty() && plan.changes.is_empty());
    let wake = world.operations.plan(&act(ContainerAct::Wake, "alice")).await.unwrap();
    assert_eq!(wake.warnings, []);
    let unknown = world.operations.plan(&act(ContainerAct::Wake, "nobody")).await.unwrap_err();
    assert_eq!(unknown.code, Code::WorkerNotFound);
}

#[tokio::test]
async fn what_was_ordered_and_not_seen_is_no_success_and_is_not_said_to_be_undone() {
    let options = SandboxOptions { generation: Generation::V1_2, ..SandboxOptions::default() };
    let world = World::start_on(options, |config| {
        let controller = config.controller.as_mut().unwrap();
        controller.pace = Pace { container: Duration::from_millis(300), ..controller.pace };
    })
    .await;
    world.sandbox.set_containers_offline(true);
    let running = world.operations.submit(act(ContainerAct::Sleep, "alice"), crate::world::context(None));
    let mut watch = running.await.unwrap().watch();
    let ended = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
    assert_eq!(ended.state, OperationState::NeedsOperator);
    let failure = ended.failure.as_ref().unwrap();
    assert!(failure.message.contains("not undone: the container of alice"), "{failure}");
    let step = step(&ended.steps, StepName::Sleep);
    assert_eq!(step.state, StepState::Failed);
    assert!(step.evidence.as_ref().unwrap().contains("the container stays as it is"));
}

#[tokio::test]
async fn a_worker_that_was_switched_runs_the_former_model_until_it_was_restarted() {
    let world = start(Generation::V1_2).await;
    let before = seen(&world, "alice").await.model.unwrap();
    world.run(switch("alice", "qwen", "qwen-max")).await.unwrap();
    let switched = seen(&world, "alice").await;
    let awaits = switched.awaits_restart.clone().unwrap();
    assert_eq!((switched.model.unwrap().as_str(), awaits.runs), ("qwen-max", Some(before)));
    assert_eq!(switched.unpulled, None);
    world.run(act(ContainerAct::Restart, "alice")).await.unwrap();
    assert_eq!(seen(&world, "alice").await.awaits_restart, None);
}

#[tokio::test]
async fn members_of_teams_and_owners_are_told() {
    let world = start(Generation::V1_1).await;
    let (lead, dev) = (seen(&world, "lead").await, seen(&world, "dev1").await);
    assert_eq!((lead.team.as_deref(), lead.role), (Some("alpha"), Some(domain::TeamRole::Leader)));
    assert_eq!((dev.team.as_deref(), dev.role), (Some("alpha"), Some(domain::TeamRole::Member)));
    let all = world.operations.assignments().await.unwrap();
    let of = |name: &str| &all.workers[&name.parse().unwrap()];
    assert!(of("dev1").read_only.as_ref().unwrap().way.contains("alpha"));
    assert_eq!(of("lead").read_only, None);
    let owned = of("lead").ownership.as_ref().unwrap();
    assert_eq!(
        (owned.model.owner.as_str(), owned.model.ours, owned.limits.ours),
        ("controller", true, false)
    );
    assert_eq!(owned.limits.overwritten.as_deref(), Some(domain::lasts::NEXT_PASS));
}

#[tokio::test]
async fn which_hiclaw_it_is_is_told_and_doubted_where_the_settings_say_otherwise() {
    let world = start(Generation::V1_2).await;
    let told = world.operations.health().await.hiclaw.unwrap();
    assert_eq!((told.generation.as_str(), told.adapter.as_str(), told.doubt), ("1.2", "controller", None));
    for (said, adapter) in [("1.1", "controller"), ("1.0", "files")] {
        let options = SandboxOptions { generation: Generation::V1_2, ..SandboxOptions::default() };
        let world = World::start_on(options, |config| config.generation = Some(said.parse().unwrap())).await;
        let told = world.operations.hiclaw().await.unwrap();
        assert_eq!((told.generation.as_str(), told.adapter.as_str()), (said, adapter));
        assert!(told.doubt.is_some());
        let doctor = world.operations.doctor(false).await;
        let check = doctor.checks.iter().find(|check| check.id == CheckId::HiclawKnown).unwrap();
        assert_eq!(check.state, CheckState::Warning, "{}", check.evidence);
    }
}

#[tokio::test]
async fn who_was_restarted_for_a_switch_is_restarted_for_its_undo_once_idle() {
    let world = start(Generation::V1_2).await;
    let Mutation::SetModel { target, wish } = switch("alice", "qwen", "qwen-max") else { unreachable!() };
    for restart in [Restart::No, Restart::Now] {
        let wish = SetModel { restart, ..wish.clone() };
        let done = world.run(Mutation::SetModel { target: target.clone(), wish }).await.unwrap();
        let restarts = restart == Restart::Now;
        assert_eq!(done.steps.iter().any(|step| step.name == StepName::Restart), restarts);
        let undo = Mutation::Undo { operation: done.id.clone() };
        let plan = world.operations.plan(&undo).await.unwrap();
        let again = plan.steps.iter().find(|step| step.name == StepName::Restart);
        let when = again.map(|step| step.evidence.as_deref().unwrap());
        assert_eq!(when, restarts.then_some("once it has no open task"));
        let undone = world.operations.submit(undo, crate::world::context(None)).await.unwrap();
        let mut watch = undone.watch();
        let settled = watch.wait_for(|operation| operation.settled.is_some()).await.unwrap().clone();
        let ended = settled.steps.iter().find(|step| step.name == StepName::Restart);
        assert_eq!(ended.map(|step| step.state), restarts.then_some(StepState::Done), "{ended:?}");
    }
}
