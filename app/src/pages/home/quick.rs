//! What many people come for, in one press each.
use super::unread;
use crate::{
    act::Act,
    components::{
        button::{CallButton, Press},
        moment::Moment,
    },
    describe,
    error::ApiError,
    pages::backups,
    text::t,
};
use domain::{Backups, Target};
use leptos::prelude::*;

/// The row of quick actions.
pub fn actions() -> AnyView {
    view! {
        <div class="quick">
            <Press act=Act::AddProvider text=format!("+ {}", t().add_provider())/>
            <Press act=Act::Switch(Target::Manager) text=t().set_manager_model()/>
            <CallButton call=backups::back_up() text=t().back_up_now()/>
            <a class="btn" href="">{t().refresh()}</a>
        </div>
    }
    .into_any()
}

/// When the last backup was taken, and what for.
pub fn last_backup(backups: Result<Backups, ApiError>) -> AnyView {
    let newest = match backups {
        Ok(backups) => backups.backups.into_iter().next(),
        Err(error) => return unread::last_backup(error),
    };
    let Some(newest) = newest else {
        return view! { <p class="last-backup">{t().no_backup()}</p> }.into_any();
    };
    let why = describe::backup_reason(&newest.reason);
    view! {
        <p class="last-backup">
            <a href="/agm/backups">{t().last_backup()} " " <Moment at=newest.taken_at/></a> " · " {why}
        </p>
    }
    .into_any()
}
