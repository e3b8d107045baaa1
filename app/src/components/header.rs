use crate::{
    api, browser,
    change::Change,
    components::{badge::Tone, theme_switch::ThemeSwitch},
    sprite::{draw, maps},
    text::t,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;

/// The product's mark.
#[component]
pub fn Mark() -> impl IntoView {
    view! { <svg class="mark" viewBox="0 0 14 12" aria-hidden="true">{draw(maps::ROBOT, 0, 0)}</svg> }
        .into_any()
}

/// Name, navigation, what runs, theme, sign-out.
#[component]
pub fn Header() -> impl IntoView {
    let path = use_location().pathname;
    let link = move |href: &'static str, text: &'static str| {
        let here = move || (path.get().trim_end_matches('/') == href.trim_end_matches('/')).then_some("page");
        view! { <li><a href=href aria-current=here>{text}</a></li> }
    };
    let sign_out = move |_| {
        spawn_local(async move {
            // Signed out is what the sign-in page shows, whether or not the server still knew the session.
            if let Err(error) = api::logout().await {
                leptos::logging::warn!("{error}");
            }
            browser::visit("/agm/login");
        });
    };
    view! {
        <header class="top">
            <a class="skip" href="#content">{t().skip_to_content}</a>
            <div class="brand">
                <Mark/>
                <p><b>{t().product}</b> <span>{t().tagline}</span></p>
            </div>
            <nav aria-label=t().navigation>
                <ul>
                    {link("/agm/", t().nav_home)}
                    {link("/agm/providers", t().nav_providers)}
                    {link("/agm/models", t().nav_models)}
                </ul>
            </nav>
            <div class="tools">
                <Runs/>
                <ThemeSwitch/>
                <button type="button" class="btn small" on:click=sign_out>{t().sign_out}</button>
            </div>
        </header>
    }
    .into_any()
}

/// One that runs is among the newest.
const NEWEST: usize = 20;

/// Tells of a change that runs while its dialog is closed; also of one that was begun before this page was loaded.
#[component]
fn Runs() -> impl IntoView {
    let change = Change::take();
    Effect::new(move |_| {
        spawn_local(async move {
            let Ok(operations) = api::operations(NEWEST).await else { return };
            let running = operations.into_iter().find(|operation| !operation.state.is_final());
            if let Some(operation) = running.filter(|_| !change.runs()) {
                change.resume(operation);
            }
        });
    });
    let button = move || {
        let hidden = change.runs() && !change.open.get();
        hidden.then(|| {
            let class = format!("btn small running {}", Tone::Busy.class());
            view! { <button type="button" class=class on:click=move |_| change.open.set(true)>{t().one_running}</button> }
        })
    };
    view! { <div aria-live="polite">{button}</div> }.into_any()
}
