//! One suite for all generations of HiClaw: the same scenarios with the same assertions, run for each of them. What
//! differs is in the table.
mod installation;
mod scenarios;
mod table;

/// Each scenario as a test of each generation.
macro_rules! of_each_generation {
    ($($scenario:ident),+ $(,)?) => {
        of_each_generation!(@of v1_0 V1_0: $($scenario),+);
        of_each_generation!(@of v1_1 V1_1: $($scenario),+);
        of_each_generation!(@of v1_2 V1_2: $($scenario),+);
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
    the_manager_is_switched_and_it_lasts,
    a_worker_that_runs_openclaw_is_switched_and_it_lasts,
    workers_of_other_runtimes_are_switched_or_refused,
    the_leader_of_a_team_is_switched_and_it_lasts,
    members_of_a_team_are_switched_or_refused,
    somebody_elses_switch_meanwhile_is_left_and_ours_is_taken_back,
    who_sets_a_switch_back_while_it_settles_is_told,
    an_edit_by_hand_meanwhile_stands_where_the_config_is_the_truth_and_is_undone_elsewhere,
    what_holds_the_models_goes_down_meanwhile_and_nothing_is_left_half_done,
    what_lets_us_in_expires_meanwhile_and_is_read_again,
    a_container_that_does_not_come_back_is_not_called_so,
}

/// The list of what differs is printed, and the one that people read is the same.
#[test]
fn what_differs_is_told_as_it_is() {
    let told = table::markdown();
    println!("{told}");
    let page = include_str!("../../../../../docs/architecture.md");
    assert!(page.contains(&told), "the table in docs/architecture.md is another one");
}
