use crate::{browser, text::t};
use leptos::prelude::*;

/// The three faces of the page. Which one is on is drawn from the root element, so that it is right before the first
/// script of ours runs; to screen readers it is told once the page is alive.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let on = RwSignal::new(String::new());
    Effect::new(move |_| on.set(browser::kept_theme().unwrap_or_else(|| "pixel".into())));
    let themes = [("pixel", t().theme_pixel), ("cyber", t().theme_cyber), ("office", t().theme_office)];
    let button = |(theme, name): (&'static str, &'static str)| {
        let choose = move |_| {
            browser::keep_theme(theme);
            on.set(theme.into());
        };
        view! {
            <button
                type="button"
                class=format!("swatch swatch-{theme}")
                aria-label=name
                title=name
                aria-pressed=move || (on.get() == theme).to_string()
                on:click=choose
            >
                <i></i>
            </button>
        }
    };
    view! {
        <div class="themes" role="group" aria-label=t().theme>{themes.map(button).collect_view()}</div>
    }
    .into_any()
}
