//! Small parts of the page that could not be read: what is unknown, why, and where to go on.
use crate::{
    components::said::{Said, Told},
    error::ApiError,
    text::t,
};
use domain::Failure;
use leptos::prelude::*;

/// Which systems answer.
pub fn systems(error: ApiError) -> AnyView {
    line(t().systems_unread(), error, "/agm/doctor", t().see_doctor())
}

/// The last backup.
pub fn last_backup(error: ApiError) -> AnyView {
    line(t().last_backup_unread(), error, "/agm/backups", t().backups())
}

fn line(unknown: &'static str, error: ApiError, href: &'static str, there: &'static str) -> AnyView {
    let failure = Failure::from(error);
    let hint = failure.hint.clone().map(|hint| view! { " " <Said text=hint/> });
    view! {
        <p class="note warn">
            <b>{unknown}</b> " " {Told::from(failure).view()} {hint} " " <a href=href>{there}</a> " · "
            <a href="">{t().retry()}</a>
        </p>
    }
    .into_any()
}
