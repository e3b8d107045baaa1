//! The document around every page, and which page an address has.
use super::{
    activity::{ActivityPage, OperationPage},
    backups::BackupsPage,
    doctor::DoctorPage,
    drift::DriftPage,
    gallery::GalleryPage,
    header::Header,
    home::HomePage,
    loader::{Hashes, Loader},
    login::LoginPage,
    models::ModelsPage,
    monitor::MonitorPage,
    not_found::NotFoundPage,
    notice::Notices,
    providers::ProvidersPage,
    routes::RoutesPage,
};
use crate::{
    api::Installation,
    components::avatar::SpriteSheet,
    text::{Lang, t},
};
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    hooks::use_location,
    path,
};

/// Runs before the first paint: puts the theme that this browser keeps on the root element.
const THEME_BOOT: &str =
    "try{var t=localStorage.getItem('agm-theme');if(t)document.documentElement.dataset.theme=t}catch(e){}";

/// The document around the page. Everything it loads lies under `/agm`.
pub fn shell(hashes: Hashes) -> impl IntoView {
    // Taken before anything is read, so that nothing is missed between the reading and the page's own following.
    let mark = Installation::take().ok().map(|installation| installation.operations.news_mark().to_string());
    view! {
        <!DOCTYPE html>
        <html lang=Lang::current().to_string() data-theme="pixel" data-mark=mark>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="dark"/>
                <script nonce=use_nonce()>{THEME_BOOT}</script>
                <Loader hashes/>
                <link rel="icon" r#type="image/svg+xml" href="/agm/icon.svg"/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// All pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|page: String| format!("{page} · {}", t().product())/>
        <Router>
            <Frame/>
        </Router>
    }
}

/// What stands around every page but the sign-in page.
#[component]
fn Frame() -> impl IntoView {
    let inside = use_location().pathname.get_untracked() != "/agm/login";
    let top = inside.then(|| {
        view! {
            <Header/>
            <noscript><p class="note warn no-script">{t().page_needs_script()}</p></noscript>
            <Notices/>
        }
    });
    view! {
        <SpriteSheet/>
        {top}
        <main id="content" tabindex="-1">
            <Routes fallback=NotFoundPage>
                <Route path=path!("/agm/login") view=LoginPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/agm/providers") view=ProvidersPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/models") view=ModelsPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/routes") view=RoutesPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/monitor") view=MonitorPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/backups") view=BackupsPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/activity") view=ActivityPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/activity/:id") view=OperationPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/doctor") view=DoctorPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/drift") view=DriftPage ssr=SsrMode::Async/>
                <Route path=path!("/agm/gallery") view=GalleryPage ssr=SsrMode::Async/>
            </Routes>
        </main>
    }
}
