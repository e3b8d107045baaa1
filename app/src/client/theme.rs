//! The three faces of the page.
use super::{all, report};
use crate::browser::storage::{Kept, Texts};
use leptos::prelude::document;

/// Where the theme is kept: a bare word, as the script before the first paint reads it.
const KEY: &str = "agm-theme";

/// Shows a theme and keeps it. A browser that refuses to keep it still shows it.
pub fn choose(theme: &str) {
    if let Some(root) = document().document_element() {
        report(root.set_attribute("data-theme", theme));
    }
    if Kept::open().and_then(|kept| kept.set(KEY, theme)).is_err() {
        leptos::logging::warn!("this browser does not keep the theme");
    }
    tell();
}

/// Tells screen readers which theme is on.
pub fn tell() {
    let Some(root) = document().document_element() else { return };
    let on = root.get_attribute("data-theme").unwrap_or_default();
    for button in all(&root, "[data-theme-name]") {
        let pressed = button.get_attribute("data-theme-name").is_some_and(|name| name == on);
        report(button.set_attribute("aria-pressed", if pressed { "true" } else { "false" }));
    }
}
