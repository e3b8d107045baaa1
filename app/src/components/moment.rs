use crate::browser;
use domain::Timestamp;
use leptos::prelude::*;

/// A point in time as hours and minutes: UTC as served, then by the browser's own clock.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    let utc = at.as_str().get(11..16).unwrap_or("--:--").to_owned();
    let shown = RwSignal::new(utc);
    let instant = at.clone();
    Effect::new(move |_| {
        if let Some(local) = browser::local_time(instant.as_str()) {
            shown.set(local);
        }
    });
    view! { <time datetime=at.to_string() title=at.to_string()>{shown}</time> }.into_any()
}
