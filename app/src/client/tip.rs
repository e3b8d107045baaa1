//! A tooltip stands while somebody points at what it is of, or at itself. Escape takes it away until it is pointed at anew.
use super::{on, report, target};
use leptos::ev::KeyboardEvent;
use leptos::prelude::document;
use leptos::web_sys::{Element, Event};

/// On the root element while the tooltip is not wanted.
const UNWANTED: &str = "data-no-tip";
/// What has one.
const OF: &str = "[aria-describedby='hiclaw-why']";

/// Listens to the keyboard and the pointer.
pub fn listen() {
    on(&document(), "keydown", |event: KeyboardEvent| {
        if event.key() == "Escape" {
            want(false);
        }
    });
    for event in ["pointerover", "focusin"] {
        on(&document(), event, |event: Event| {
            let is_it = |place: Element| matches!(place.matches(OF), Ok(true));
            if target::<Element>(&event).is_some_and(is_it) {
                want(true);
            }
        });
    }
}

fn want(wanted: bool) {
    if let Some(root) = document().document_element() {
        report(root.toggle_attribute_with_force(UNWANTED, !wanted));
    }
}
