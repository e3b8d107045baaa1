//! What runs in the browser. It answers to what is pressed on the rendered page, follows the news of the server, and renews
//! the parts of the page that are no longer as they were. Forms and plans are loaded when the first one is wanted.
mod call;
mod checks;
mod clicks;
mod dialogs;
mod filter;
mod follow;
mod form;
mod found;
mod held;
mod kept;
mod notice;
mod page;
mod save;
mod stream;
mod theme;
mod times;
mod tip;

use leptos::prelude::{document, window};
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{Element, Event, EventTarget, HtmlElement};

/// Makes the page alive, and marks its root element `data-hydrated`.
pub fn start() {
    theme::tell();
    if let Some(body) = document().body() {
        times::localize(&body);
    }
    clicks::listen();
    held::listen();
    filter::listen();
    checks::listen();
    form::listen();
    page::listen();
    tip::listen();
    stream::listen();
    kept::listen();
    dialogs::take_up();
    if let Some(root) = document().document_element() {
        report(root.set_attribute("data-hydrated", ""));
    }
}

/// Goes to an address with a full load of the page.
fn visit(href: &str) {
    report(window().location().set_href(href));
}

/// Moves the focus.
fn focus(place: &Element) {
    report(place.unchecked_ref::<HtmlElement>().focus());
}

/// What an event is about, where it is such an element.
fn target<T: JsCast>(event: &Event) -> Option<T> {
    event.target()?.dyn_into().ok()
}

/// Listens as long as the page lives.
fn on<E: JsCast + 'static>(target: &EventTarget, event: &str, heard: impl Fn(E) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(move |event: Event| heard(event.unchecked_into()));
    report(target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()));
    closure.forget();
}

/// All elements below `root` that a selector names.
fn all(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = root.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

/// A refusal of the browser goes to its console: there is nothing that the page could do about it.
fn report<T>(outcome: Result<T, JsValue>) {
    if let Err(refused) = outcome {
        leptos::logging::warn!("{refused:?}");
    }
}
