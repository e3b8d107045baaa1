//! The Manager's model when it starts again: what gives it another one is told before the switch, and changed with it when
//! that is asked for.
use crate::{
    doctor::{one, well},
    world::{World, switch},
};
use domain::{CheckId, CheckState, Code, Mutation, OperationState, Plan, Repair, Target, WarningCode, lasts};
use sandbox::{
    DEFAULT_MODEL, SandboxOptions,
    controller::{Flow, Generation},
};
use std::path::PathBuf;

const VARIABLE: &str = "HICLAW_DEFAULT_MODEL";
const CONTAINER: &str = "hiclaw-manager";
const OTHER: &str = "deepseek-chat";

/// A world in which agm knows HiClaw's environment file.
async fn start() -> World {
    let mut world = World::start().await;
    world.config.hiclaw_env_file = Some(env_file(&world));
    world.start_again().await;
    world
}

fn env_file(world: &World) -> PathBuf {
    world.sandbox.addresses().manager.env_file.clone().unwrap()
}

fn environment(world: &World) -> String {
    std::fs::read_to_string(env_file(world)).unwrap()
}

fn wish(lasting: bool) -> Mutation {
    let Mutation::SetModel { target, mut wish } = switch("manager", "deepseek", OTHER) else {
        unreachable!()
    };
    wish.lasting = lasting;
    Mutation::SetModel { target, wish }
}

/// What a plan warns of, of what comes when the Manager starts, with all that is named.
fn told(plan: &Plan) -> Vec<(WarningCode, Vec<String>)> {
    let of_starts = [WarningCode::ResetAtStart, WarningCode::KeptOnceRemade, WarningCode::ResetByHiclaw];
    let warnings = plan.warnings.iter().filter(|warning| of_starts.contains(&warning.code));
    warnings.map(|warning| (warning.code, warning.about.clone())).collect()
}

/// As HiClaw's installer makes the container from its file.
fn remake(world: &World) {
    let containers = world.sandbox.containers();
    let mut container = containers.get(CONTAINER).unwrap();
    container.env = environment(world).lines().filter(|line| line.contains('=')).map(str::to_owned).collect();
    containers.set(CONTAINER, Some(container)).unwrap();
}

#[tokio::test]
async fn what_will_take_the_switch_back_is_named_before_it_is_made() {
    let world = start().await;
    let plan = world.operations.plan(&wish(false)).await.unwrap();
    let file = env_file(&world).display().to_string();
    let line = format!("{VARIABLE}={OTHER}");
    let place = format!("container {CONTAINER}");
    let named = [VARIABLE, DEFAULT_MODEL, &place, &line, &file].map(str::to_owned).to_vec();
    assert_eq!(told(&plan), [(WarningCode::ResetAtStart, named)]);
    assert_eq!(plan.changes.iter().find_map(|change| change.lasts.as_deref()), Some(lasts::MANAGER_RESTART));
    let same = world.operations.plan(&switch("manager", "qwen", DEFAULT_MODEL)).await.unwrap();
    assert_eq!(told(&same), []);
    let worker = world.operations.plan(&switch("alice", "qwen", DEFAULT_MODEL)).await.unwrap();
    assert_eq!(told(&worker), []);
}

#[tokio::test]
async fn a_lasting_switch_writes_the_source_too_and_all_of_it_can_be_undone() {
    let world = start().await;
    let (before, file) = (world.state().await, environment(&world));
    let plan = world.operations.plan(&wish(true)).await.unwrap();
    let change =
        plan.changes.iter().find(|change| change.object.starts_with("file:hiclaw-manager.env#")).unwrap();
    assert_eq!(change.owner, "hiclaw");
    let line = &change.diff[0];
    assert_eq!((line.before.clone(), line.after.clone()), (Some(DEFAULT_MODEL.into()), Some(OTHER.into())));
    let named = [VARIABLE.to_owned(), DEFAULT_MODEL.to_owned(), format!("container {CONTAINER}")].to_vec();
    assert_eq!(told(&plan), [(WarningCode::KeptOnceRemade, named)]);
    assert!(
        !serde_json::to_string(&plan).unwrap().contains("HICLAW_ADMIN_USER"),
        "the rest of the file is not ours"
    );

    let done = world.run(wish(true)).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    assert_eq!(done.lasts.as_deref(), Some(lasts::MANAGER_REMADE));
    assert_eq!(environment(&world), file.replace(DEFAULT_MODEL, OTHER));
    assert_eq!(world.stored_model(&Target::Manager), OTHER);
    let told = world.operations.doctor(false).await;
    let told = one(&told, CheckId::ManagerModelLasts, CheckState::Warning);
    assert!(told.fix.as_ref().unwrap().contains("anew") && told.repair.is_none(), "{told:?}");
    remake(&world);
    well(&world.operations.doctor(false).await, &[CheckId::ManagerModelLasts]);

    world.run(Mutation::Undo { operation: done.id.clone() }).await.unwrap();
    assert_eq!((world.state().await, environment(&world)), (before, file));
}

#[tokio::test]
async fn the_doctor_names_the_trap_and_its_repair_ends_it() {
    let world = start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ManagerModelLasts]);
    world.run(wish(false)).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ManagerModelLasts, CheckState::Warning);
    assert!(told.evidence.contains(&format!("{VARIABLE} in container {CONTAINER}")), "{told:?}");
    assert_eq!(
        told.fix.as_deref(),
        Some("agm model set manager --provider deepseek --model deepseek-chat --lasting")
    );
    let Some(Repair::KeepModel { target, wish }) = told.repair.clone() else { panic!("{told:?}") };
    world.run(Mutation::SetModel { target, wish }).await.unwrap();
    assert!(environment(&world).contains(&format!("{VARIABLE}={OTHER}\n")));
    remake(&world);
    well(&world.operations.doctor(false).await, &[CheckId::ManagerModelLasts]);
}

#[tokio::test]
async fn where_the_source_is_not_known_the_line_is_told_and_a_lasting_switch_is_refused() {
    let world = World::start_with(|config| config.containers = None).await;
    let plan = world.operations.plan(&wish(false)).await.unwrap();
    let line = format!("{VARIABLE}={OTHER}");
    let named = [VARIABLE, DEFAULT_MODEL, domain::OWN_ENVIRONMENT, &line].map(str::to_owned).to_vec();
    assert_eq!(told(&plan), [(WarningCode::ResetAtStart, named)]);
    let before = world.state().await;
    let refused = world.run(wish(true)).await.unwrap_err();
    assert_eq!(refused.code, Code::ReadOnlyTarget);
    assert!(refused.hint.as_ref().unwrap().contains("HICLAW_ENV_FILE"), "{refused:?}");
    assert_eq!(world.state().await, before);

    let blind = World::start_with(|config| (config.containers, config.hiclaw_model) = (None, None)).await;
    let plan = blind.operations.plan(&wish(false)).await.unwrap();
    assert_eq!(told(&plan), [(WarningCode::ResetAtStart, vec![VARIABLE.to_owned()])]);
    one(&blind.operations.doctor(false).await, CheckId::ManagerModelLasts, CheckState::Unknown);
}

#[tokio::test]
async fn a_source_that_is_gone_by_the_time_of_the_switch_refuses_all_of_it() {
    let world = start().await;
    let before = world.state().await;
    let file = env_file(&world);
    std::fs::write(&file, "A=1\n").unwrap();
    let plan = world.operations.plan(&wish(true)).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let refused = world.run(wish(true)).await.unwrap_err();
    assert_eq!(refused.code, Code::ReadOnlyTarget, "{refused:?}");
    assert!(plan.changes.iter().any(|change| change.object.starts_with("file:hiclaw-manager.env#")));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn where_a_controller_keeps_the_model_nothing_takes_it_back() {
    for generation in [Generation::V1_1, Generation::V1_2] {
        let options = SandboxOptions { generation, controller_time: Flow::Held, ..SandboxOptions::default() };
        let world = World::start_on(options, |_| ()).await;
        let now = world.operations.assignment(&Target::Manager).await.unwrap();
        assert_eq!(now.value.reset, None, "{generation:?}");
        let doctor = world.operations.doctor(false).await;
        let told = one(&doctor, CheckId::ManagerModelLasts, CheckState::Ok);
        assert!(told.evidence.contains("HiClaw itself keeps"), "{told:?}");
    }
}
