use super::Live;
use crate::{
    act::Act,
    api::Caller,
    components::{drawer::Drawer, said::Said},
    sprite::{draw, icon, maps},
    text::{Lang, t},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The page of which the navigation tells how many operations run.
const ACTIVITY: &str = "/agm/activity";

/// An address and the name of its page in the language in use.
type Entry = (&'static str, fn() -> &'static str);

/// Which pages there are, in the order of the navigation.
const PAGES: [Entry; 9] = [
    ("/agm/", || t().nav_home()),
    ("/agm/providers", || t().nav_providers()),
    ("/agm/models", || t().nav_models()),
    ("/agm/routes", || t().routes()),
    ("/agm/monitor", || t().monitor()),
    ("/agm/backups", || t().backups()),
    (ACTIVITY, || t().nav_activity()),
    ("/agm/drift", || t().drift_title()),
    ("/agm/doctor", || t().doctor()),
];

/// The product's mark.
#[component]
pub fn Mark() -> impl IntoView {
    view! { <svg class="mark" viewBox="0 0 14 12" aria-hidden="true">{draw(maps::ROBOT, 0, 0)}</svg> }
        .into_any()
}

/// Name, navigation with what runs, language, theme, sign-out; on a phone all but the name are in a drawer.
#[component]
pub fn Header() -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let link = |(href, text): Entry| {
        let here = match path.strip_prefix(href) {
            Some("" | "/") => Some("page"),
            Some(below) if below.starts_with('/') => Some("true"),
            _ if path.trim_end_matches('/') == href.trim_end_matches('/') => Some("page"),
            _ => None,
        };
        let runs = (href == ACTIVITY)
            .then(|| view! { <Live id="runs" topics="operations">{Suspend::new(runs())}</Live> });
        view! { <li><a href=href aria-current=here>{text()}</a> {runs}</li> }
    };
    let links = PAGES.map(link).collect_view();
    view! {
        <header class="top">
            <a class="skip" href="#content">{t().skip_to_content()}</a>
            <div class="brand">
                <Mark/>
                <div>
                    <b>{t().product()}</b>
                    <Live id="hiclaw" topics="office">{Suspend::new(hiclaw())}</Live>
                </div>
            </div>
            <Drawer id="menu" title=t().menu() says=t().something_runs()>
                <nav aria-label=t().navigation()>
                    <ul>{links}</ul>
                </nav>
                <div class="tools">
                    <Languages/>
                    <Themes/>
                    <button
                        type="button" class="btn small sign-out" aria-label=t().sign_out() title=t().sign_out()
                        data-call="logout" data-body="{}" data-then="/agm/login"
                    >
                        {icon(maps::DOOR)}
                    </button>
                </div>
            </Drawer>
        </header>
    }
    .into_any()
}

/// Which HiClaw it is, with what that rests on; the way to the doctor, who tells more. The tagline while nobody can say.
async fn hiclaw() -> AnyView {
    let Ok(caller) = Caller::take() else { return ().into_any() };
    let Some(hiclaw) = caller.operations.hiclaw_soon().await else {
        return view! { <span>{t().tagline()}</span> }.into_any();
    };
    let mut badge = t().hiclaw_badge(&hiclaw.generation, t().adapter(&hiclaw.adapter));
    let class = if hiclaw.doubt.is_some() { "hiclaw doubted" } else { "hiclaw" };
    if hiclaw.doubt.is_some() {
        badge.push_str(t().doubted());
    }
    let why = hiclaw.doubt.iter().chain(&hiclaw.evidence);
    let why = why.map(|said| view! { <p><Said text=said.clone()/></p> }).collect_view();
    view! {
        <a class=class href="/agm/doctor?find=hiclaw_known" aria-describedby="hiclaw-why">{badge}</a>
        <div id="hiclaw-why" class="hiclaw-why" role="tooltip">{why}</div>
    }
    .into_any()
}

/// How many changes run, whoever began them: the way to the one, or to the list of several.
async fn runs() -> Option<AnyView> {
    let operations = Caller::take().ok()?.operations.operations();
    let mut running = operations.iter().filter(|operation| !operation.state.is_final());
    let first = running.next()?;
    let count = 1 + running.count();
    let said = t().running_count(count);
    if count > 1 {
        let href = format!("{ACTIVITY}?outcome=running");
        return Some(
            view! { <a class="runs" href=href aria-label=said.clone() title=said>{count}</a> }.into_any(),
        );
    }
    let act = Act::Follow(first.id.clone()).data();
    let button = view! {
        <button type="button" class="runs" aria-label=said.clone() title=said data-act=act>{count}</button>
    };
    Some(button.into_any())
}

/// The other language, under its own name. What else the address asks for stays.
#[component]
pub fn Languages() -> impl IntoView {
    let other = Lang::current().other();
    let search = use_location().search.get_untracked();
    let rest = search.trim_start_matches('?');
    let href = format!("?lang={other}{}{rest}", if rest.is_empty() { "" } else { "&" });
    view! { <a class="btn small lang" href=href lang=other.to_string() hreflang=other.to_string()>{other.name()}</a> }
        .into_any()
}

/// The three faces of the page. Which one is on is drawn from the root element, so that it is right before any script of
/// ours runs; the client tells it to screen readers.
#[component]
fn Themes() -> impl IntoView {
    let themes = [("pixel", t().theme_pixel()), ("cyber", t().theme_cyber()), ("office", t().theme_office())];
    let button = |(theme, name): (&'static str, &'static str)| {
        view! {
            <button
                type="button" class=format!("swatch swatch-{theme}") aria-label=name title=name data-theme-name=theme
            >
                <i></i>
            </button>
        }
    };
    view! {
        <div class="themes" role="group" aria-label=t().theme()>{themes.map(button).collect_view()}</div>
    }
    .into_any()
}
