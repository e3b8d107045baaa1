//! One suite for all generations of HiClaw: the same scenarios with the same assertions, run for each of them. What
//! differs is in the table.
mod installation;
mod scenarios;
mod table;

/// Each scenario as a test of each generation that it is of.
macro_rules! of_each_generation {
    (everywhere: [$($scenario:ident),+ $(,)?], with_a_controller: [$($other:ident),+ $(,)?]) => {
        of_each_generation!(@of v1_0 V1_0: $($scenario),+);
        of_each_generation!(@of v1_1 V1_1: $($scenario,)+ $($other),+);
        of_each_generation!(@of v1_2 V1_2: $($scenario,)+ $($other),+);
    };
    (@of $module:ident $generation:ident: $($scenario:ident),+) => {
        mod $module {
            use super::{scenarios, table::$generation};
            $(
                #[tokio::test]
                async fn $scenario() {
                    scenarios::$scenario(&$generation).await;
                }
            )+
        }
    };
}

of_each_generation! {
    everywhere: [
    the_manager_is_switched_and_it_lasts,
    a_worker_that_runs_openclaw_is_switched_and_it_lasts,
    workers_of_other_runtimes_are_switched_or_refused,
    the_leader_of_a_team_is_switched_and_it_lasts,
    members_of_a_team_are_switched_or_refused,
    somebody_elses_switch_meanwhile_is_left_and_ours_is_taken_back,
    who_sets_a_switch_back_while_it_settles_is_told,
    an_edit_by_hand_meanwhile_stands_where_the_config_is_the_truth_and_is_undone_elsewhere,
    what_holds_the_models_goes_down_meanwhile_and_nothing_is_left_half_done,
    a_container_that_does_not_come_back_is_not_called_so,
    somebody_elses_switch_while_a_restart_waits_is_told_and_the_restart_is_not_made,
    ],
    with_a_controller: [
    what_lets_us_in_expires_meanwhile_and_is_read_again,
    what_lets_us_in_expires_behind_the_write_and_is_read_again,
    the_controller_goes_down_behind_the_write_and_what_is_told_is_true,
    without_docker_behind_the_controller_workers_are_started_again_by_sleep_and_wake,
    ]
}

/// The list of what differs is printed, and the one that people read is the same.
#[test]
fn what_differs_is_told_as_it_is() {
    let told = table::markdown();
    println!("{told}");
    let page = include_str!("../../../../../docs/architecture.md");
    assert!(page.contains(&told), "the table in docs/architecture.md is another one");
}
