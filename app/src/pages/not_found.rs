use crate::{
    components::avatar::{Avatar, Pose},
    text::t,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// No page has this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text=t().not_found()/>
        <section class="panel lost">
            <Avatar name="404" pose=Pose::Away/>
            <h1>{t().not_found()}</h1>
            <p>{t().not_found_lead()}</p>
            <a href="/agm/" class="btn">{t().go_home()}</a>
        </section>
    }
    .into_any()
}
