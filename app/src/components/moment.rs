use domain::Timestamp;
use leptos::prelude::*;

/// A point in time as hours and minutes: UTC as served; the client puts the reader's own clock in its place.
#[component]
pub fn Moment(
    at: Timestamp,
    /// With its day, also today: in a list over many days.
    #[prop(optional)]
    dated: bool,
) -> impl IntoView {
    let utc = match dated {
        true => at.as_str().get(..16).map(|minute| format!("{} UTC", minute.replace('T', " "))),
        false => at.as_str().get(11..16).map(ToOwned::to_owned),
    };
    let utc = utc.unwrap_or_else(|| "--:--".to_owned());
    let dated = dated.then_some("");
    view! { <time datetime=at.to_string() title=at.to_string() data-dated=dated>{utc}</time> }.into_any()
}
