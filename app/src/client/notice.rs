//! What the page says of itself. The words are templates of the page, and the places where they are said are there from the
//! beginning: one on the page and one in each dialog, behind which the page cannot be reached.
use super::all;
use leptos::prelude::document;
use std::cell::Cell;

/// What is said until it is no longer so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Nobody answers.
    Gone,
    /// Nobody is signed in any more, and something is typed that would be lost at the sign-in page.
    SignedOut,
}

thread_local! {
    static SAID: Cell<Option<Notice>> = const { Cell::new(None) };
}

/// Says it, or that all is well again.
pub fn say(notice: Option<Notice>) {
    if SAID.replace(notice) != notice {
        say_again();
    }
}

/// Says it also in places that are new.
pub fn say_again() {
    let words = match SAID.get() {
        None => String::new(),
        Some(Notice::Gone) => words("says-gone"),
        Some(Notice::SignedOut) => words("says-signed-out"),
    };
    let Some(body) = document().body() else { return };
    for place in all(&body, "[data-notice]") {
        place.set_inner_html(&words);
    }
}

pub fn is_said() -> bool {
    SAID.get().is_some()
}

/// Says that a part of the page could not be loaded, or no longer so.
pub fn say_not_loaded(failed: bool) {
    if let Some(toast) = document().get_element_by_id("toast") {
        toast.set_inner_html(&if failed { words("says-not-loaded") } else { String::new() });
    }
}

fn words(template: &str) -> String {
    document().get_element_by_id(template).map(|template| template.inner_html()).unwrap_or_default()
}
