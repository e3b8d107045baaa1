use domain::Timestamp;
use leptos::prelude::*;

/// A point in time as hours and minutes: UTC as served; the client puts the reader's own clock in its place.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    let utc = at.as_str().get(11..16).unwrap_or("--:--").to_owned();
    view! { <time datetime=at.to_string() title=at.to_string()>{utc}</time> }.into_any()
}
