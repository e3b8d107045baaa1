//! What holds in every generation.
use super::{
    installation::{Installation, MODEL, THEIRS},
    table::{Agent, Generation, Restart, Role, Switch, TakenUp},
};
use crate::world::step;
use domain::{Code, Operation, OperationState, Step, StepName, StepState, WarningCode};
use sandbox::controller::Mishap;

/// A switch reaches the config that the agent lives by, is still there after all that HiClaw does by itself, and is
/// taken back. Who cannot be switched is left alone, with a reason and a way.
async fn switched(of: &'static Generation, role: Role) {
    let installation = Installation::start(of).await;
    for agent in of.of(role) {
        match agent.switch {
            Switch::Refused { reason, way } => refused(&installation, agent, reason, way).await,
            Switch::Written { object, taken_up } => {
                lasts_and_comes_back(&installation, agent, object, taken_up).await;
            }
        }
    }
}

async fn refused(installation: &Installation, agent: &Agent, reason: &str, way: &str) {
    let before = installation.snapshot(agent).await;
    let failure = installation.switch(agent).await.unwrap_err();
    assert_eq!(failure.code, Code::ReadOnlyTarget, "{agent:?}: {failure:?}");
    assert!(failure.message.contains(reason), "{agent:?}: {}", failure.message);
    assert!(failure.hint.as_ref().unwrap().contains(way), "{agent:?}: {:?}", failure.hint);
    assert_eq!(installation.snapshot(agent).await, before, "{agent:?}");
}

async fn lasts_and_comes_back(installation: &Installation, agent: &Agent, object: &str, taken_up: TakenUp) {
    let before = installation.snapshot(agent).await;
    let drifted = installation.drifted().await;
    let former = installation.lived(agent);
    let done = installation.switch(agent).await.unwrap_or_else(|failure| panic!("{agent:?}: {failure:?}"));
    assert_eq!(done.state, OperationState::Committed);
    let plan = done.plan.as_ref().unwrap();
    assert!(plan.changes.iter().any(|change| change.object == object), "{agent:?}: {:?}", plan.changes);
    let told = plan.warnings.iter().any(|warning| warning.code == WarningCode::ResetAtStart);
    assert_eq!(told, agent.restart == Restart::Resets, "{agent:?}: {:?}", plan.warnings);
    let reload = step(&done.steps, StepName::Reload);
    assert_eq!(reload.state == StepState::Done, taken_up.is_seen(), "{agent:?}: {reload:?}");
    runs(installation, agent, MODEL).await;
    assert_eq!(installation.drifted().await, drifted, "{agent:?}");
    let passes = installation.passes(object);
    let settled = installation.settled(&done.id).await;
    let evidence = &settled.settled.as_ref().unwrap().evidence;
    assert!(evidence.contains("all as told") && evidence.contains("lasts"), "{agent:?}: {evidence}");
    assert!(passes.is_none() || installation.passes(object) > passes, "{agent:?}: it lasts through no pass");
    installation.pass_twice().await;
    runs(installation, agent, MODEL).await;

    let undone = installation.undo(&done.id).await.unwrap_or_else(|failure| panic!("{agent:?}: {failure:?}"));
    assert_eq!(undone.state, OperationState::Committed);
    runs(installation, agent, &former).await;
    assert_eq!(installation.snapshot(agent).await, before, "{agent:?}");
    installation.settled(&undone.id).await;

    let restarts = installation.restarts(agent);
    let done = installation.switch_and_restart(agent).await.unwrap();
    let restarted = done.steps.iter().filter(|step| step.name == StepName::Restart);
    assert!(restarted.clone().all(|step| step.state == StepState::Done), "{agent:?}: {:?}", done.steps);
    assert_eq!(restarted.count() == 1, taken_up == TakenUp::AtStart, "{agent:?}: {:?}", done.steps);
    assert_eq!(installation.restarts(agent) > restarts, taken_up == TakenUp::AtStart, "{agent:?}");
    installation.restart(agent).await;
    let after = match agent.restart {
        Restart::Keeps => MODEL,
        Restart::Resets => &installation.world.sandbox.addresses().default_model,
    };
    runs(installation, agent, after).await;
    installation.pass_twice().await;
    runs(installation, agent, after).await;
}

/// The config has this model, and that is what is told.
async fn runs(installation: &Installation, agent: &Agent, model: &str) {
    let found = (installation.lived(agent), installation.observed(agent).await);
    assert_eq!(found, (model.to_owned(), model.to_owned()), "{agent:?}");
}

pub async fn the_manager_is_switched_and_it_lasts(of: &'static Generation) {
    switched(of, Role::Manager).await;
}

pub async fn a_worker_that_runs_openclaw_is_switched_and_it_lasts(of: &'static Generation) {
    switched(of, Role::OpenClaw).await;
}

pub async fn workers_of_other_runtimes_are_switched_or_refused(of: &'static Generation) {
    switched(of, Role::OtherRuntime).await;
}

pub async fn the_leader_of_a_team_is_switched_and_it_lasts(of: &'static Generation) {
    switched(of, Role::Leader).await;
}

pub async fn members_of_a_team_are_switched_or_refused(of: &'static Generation) {
    switched(of, Role::Member).await;
}

pub async fn somebody_elses_switch_meanwhile_is_left_and_ours_is_taken_back(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let record_before = installation.record(agent);
    let running = installation.held(agent).await;
    installation.foreign_switch(agent, THEIRS).await;
    let failure = installation.release(running).await.unwrap_err();
    assert_eq!(failure.code, Code::RolledBack, "{failure:?}");
    installation.pass_twice().await;
    runs(&installation, agent, THEIRS).await;
    assert_eq!(installation.record(agent), record_before);
}

pub async fn who_sets_a_switch_back_while_it_settles_is_told(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let former = installation.lived(agent);
    let done = installation.switch(agent).await.unwrap();
    assert!(done.settled.is_none());
    installation.foreign_switch(agent, &former).await;
    let settled = installation.settled(&done.id).await;
    let evidence = &settled.settled.as_ref().unwrap().evidence;
    assert_eq!(evidence, of.set_back);
    installation.pass_twice().await;
    runs(&installation, agent, &former).await;
}

pub async fn an_edit_by_hand_meanwhile_stands_where_the_config_is_the_truth_and_is_undone_elsewhere(
    of: &'static Generation,
) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let running = installation.held(agent).await;
    installation.hand_edit(agent, THEIRS);
    let result = installation.release(running).await;
    assert_eq!(result.is_err(), installation.hand_edit_stands(), "{result:?}");
    installation.pass_twice().await;
    runs(&installation, agent, if installation.hand_edit_stands() { THEIRS } else { MODEL }).await;
}

pub async fn what_holds_the_models_goes_down_meanwhile_and_nothing_is_left_half_done(
    of: &'static Generation,
) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let before = installation.snapshot(agent).await;
    let running = installation.held(agent).await;
    installation.set_holder_down(true);
    let failure = installation.release(running).await.unwrap_err();
    // A write that nobody answered can still be carried out, so its undo waits for the holder.
    let told = matches!(failure.code, Code::RolledBack | Code::UpstreamUnavailable | Code::NeedsOperator);
    assert!(told && failure.system.is_some(), "{failure:?}");
    installation.set_holder_down(false);
    installation.settled(&failure.operation.unwrap()).await;
    installation.pass_twice().await;
    assert_eq!(installation.snapshot(agent).await, before);
    installation.switch(agent).await.unwrap();
    runs(&installation, agent, MODEL).await;
}

pub async fn what_lets_us_in_expires_meanwhile_and_is_read_again(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let running = installation.held(agent).await;
    installation.expire_entry();
    let done = installation.release(running).await.unwrap();
    runs(&installation, agent, MODEL).await;
    installation.settled(&done.id).await;
    installation.expire_entry();
    installation.undo(&done.id).await.unwrap();
}

pub async fn what_lets_us_in_expires_behind_the_write_and_is_read_again(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    installation.befalls_behind_the_write(Mishap::TokenRenewed);
    let done = installation.switch(agent).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    runs(&installation, agent, MODEL).await;
    installation.settled(&done.id).await;
}

pub async fn the_controller_goes_down_behind_the_write_and_what_is_told_is_true(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let before = installation.snapshot(agent).await;
    installation.befalls_behind_the_write(Mishap::Down);
    let failure = installation.switch(agent).await.unwrap_err();
    // The write is there, so nobody may be told that nothing was done before it was taken back.
    let told = matches!(failure.code, Code::UpstreamUnavailable | Code::NeedsOperator);
    assert!(told && failure.system.is_some(), "{failure:?}");
    installation.start_controller().await;
    let settled = installation.settled(&failure.operation.unwrap()).await;
    assert_eq!(settled.state, OperationState::RolledBack, "{settled:?}");
    installation.pass_twice().await;
    assert_eq!(installation.snapshot(agent).await, before);
}

pub async fn without_docker_behind_the_controller_workers_are_started_again_by_sleep_and_wake(
    of: &'static Generation,
) {
    let (installation, agent) = (Installation::start_in_cluster(of).await, of.worker());
    let starts = installation.starts(agent);
    let done = installation.switch_and_restart(agent).await.unwrap();
    let restarts: Vec<_> = done.steps.iter().filter(|step| step.name == StepName::Restart).collect();
    assert!(restarts.iter().all(|step| step.state == StepState::Done), "{restarts:?}");
    runs(&installation, agent, MODEL).await;
    installation.settled(&done.id).await;
    assert_ne!(
        installation.starts(agent),
        starts,
        "it is another container, or was started again: {restarts:?}"
    );
}

pub async fn somebody_elses_switch_while_a_restart_waits_is_told_and_the_restart_is_not_made(
    of: &'static Generation,
) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let restart =
        |operation: &Operation| operation.steps.iter().find(|step| step.name == StepName::Restart).cloned();
    let waits = |step: Step| {
        step.state == StepState::Pending
            && step.evidence.is_some_and(|how| how.starts_with("waits until alice is idle; "))
    };
    installation.set_busy(agent, true);
    let restarts = installation.restarts(agent);
    let done = installation.switch_and_restart_idle(agent).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    installation.until(&done.id, |operation| restart(operation).is_none_or(waits)).await;
    installation.foreign_switch(agent, THEIRS).await;
    let settled = installation.settled(&done.id).await;
    let evidence = &settled.settled.as_ref().unwrap().evidence;
    assert!(evidence.contains("somebody else changed") && !evidence.contains("lasts"), "{evidence}");
    if let Some(step) = restart(&settled) {
        let why = "not restarted: a later change of alice decides";
        assert_eq!((step.state, step.evidence.as_deref()), (StepState::Skipped, Some(why)));
    }
    installation.set_busy(agent, false);
    installation.pass_twice().await;
    assert_eq!(installation.restarts(agent), restarts);
    runs(&installation, agent, THEIRS).await;
}

pub async fn a_container_that_does_not_come_back_is_not_called_so(of: &'static Generation) {
    let (installation, agent) = (Installation::start(of).await, of.worker());
    let running = installation.held(agent).await;
    installation.lose_container(agent);
    let done = installation.release(running).await.unwrap();
    let reload = step(&done.steps, StepName::Reload);
    assert_eq!(reload.state, StepState::Skipped, "{reload:?}");
    assert!(reload.evidence.as_ref().unwrap().starts_with("not seen yet: "), "{reload:?}");
    if let Some(step) = done.steps.iter().find(|step| step.name == StepName::Restart) {
        let why = step.evidence.as_deref().unwrap_or_default();
        let told = why.ends_with("; its model is set, and it runs it once its container starts");
        assert_eq!((step.state, told), (StepState::Failed, true), "{step:?}");
    }
    runs(&installation, agent, MODEL).await;
    installation.find_container(agent).await;
    runs(&installation, agent, MODEL).await;
}
