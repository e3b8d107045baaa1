//! The web client of AI Gateway Management, and the server functions it calls.
pub mod api;
pub mod browser;
pub mod change;
pub mod codec;
pub mod components;
pub mod describe;
pub mod error;
pub mod later;
pub mod pages;
pub mod sprite;
pub mod text;

use change::Change;
use components::{
    header::Header,
    switch_dialog::Switch,
    toast::{Toaster, Toasts},
};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    hooks::use_location,
    path,
};
use pages::{home::HomePage, not_found::NotFoundPage};
use text::t;

/// The fonts of what is seen first.
const FONTS: [&str; 3] = ["press-start-2p", "silkscreen", "vt323"];

/// The document around the client. Everything it loads lies under `/agm`.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let fonts = FONTS.map(|font| {
        let href = format!("/agm/fonts/{font}.woff2");
        view! { <link rel="preload" r#as="font" r#type="font/woff2" crossorigin="anonymous" href=href/> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme="pixel">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="dark"/>
                <script nonce=use_nonce()>{browser::THEME_BOOT}</script>
                {fonts.collect_view()}
                <link rel="icon" r#type="image/svg+xml" href="/agm/icon.svg"/>
                <HashedStylesheet options=options.clone() root="/agm" id="style"/>
                <HydrationScripts options root="/agm"/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The whole client.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let toaster = Toaster::default();
    let change = Change::new(toaster);
    provide_context(change);
    provide_context(Switch::new(change));
    view! {
        <Title formatter=|page: String| format!("{page} · {}", t().product)/>
        <Router>
            <Frame toaster/>
        </Router>
    }
}

/// What stands around every page but the sign-in page.
#[component]
fn Frame(toaster: Toaster) -> impl IntoView {
    let path = use_location().pathname;
    let inside = Memo::new(move |_| path.get() != "/agm/login");
    view! {
        <Show when=move || inside.get()>
            <Header/>
            <noscript><p class="note warn no-script">{t().page_needs_script}</p></noscript>
        </Show>
        <main id="content" tabindex="-1">
            <Routes fallback=NotFoundPage>
                <Route path=path!("/agm/login") view=later::Login::route() ssr=SsrMode::Async/>
                <Route path=path!("/agm/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/agm/providers") view=later::Providers::route() ssr=SsrMode::Async/>
                <Route path=path!("/agm/models") view=later::Models::route() ssr=SsrMode::Async/>
            </Routes>
        </main>
        <Show when=move || inside.get()>
            <later::Dialogs/>
        </Show>
        <Toasts toaster/>
    }
    .into_any()
}
