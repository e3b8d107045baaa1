use super::{News, THEME_KEY};
use domain::OperationId;
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::{document, window};
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use std::{cell::RefCell, rc::Rc};
use web_sys::{EventSource, MessageEvent, js_sys};

/// What listens to a stream, kept alive as long as the stream is.
type Listeners = Rc<RefCell<Vec<Closure<dyn Fn(MessageEvent)>>>>;

/// The theme that this browser keeps.
pub fn kept_theme() -> Option<String> {
    LocalStorage::raw().get_item(THEME_KEY).ok().flatten()
}

/// Shows a theme and keeps it. A browser that refuses to keep it still shows it.
pub fn keep_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        report(root.set_attribute("data-theme", theme));
    }
    report(LocalStorage::raw().set_item(THEME_KEY, theme));
}

/// Hours and minutes of an RFC 3339 time on this browser's clock.
pub fn local_time(rfc3339: &str) -> Option<String> {
    let date = js_sys::Date::new(&JsValue::from_str(rfc3339));
    let valid = !date.get_time().is_nan();
    valid.then(|| format!("{:02}:{:02}", date.get_hours(), date.get_minutes()))
}

/// Goes to an address with a full load of the page.
pub fn visit(href: &str) {
    report(window().location().set_href(href));
}

/// Follows an operation: `tell` hears each step and each change of state, and once that the stream is gone.
pub fn follow(id: &OperationId, tell: impl Fn(News) + 'static) {
    let url = format!("/ni_status/operations/{id}");
    let Ok(source) = EventSource::new(&url) else { return tell(News::Gone) };
    let tell = Rc::new(tell);
    let closures = Listeners::default();
    listen(&source, &closures, "step", {
        let tell = tell.clone();
        move |event| {
            let text = event.data().as_string().unwrap_or_default();
            if let Ok(step) = serde_json::from_slice(text.as_bytes()) {
                tell(News::Step(step));
            }
        }
    });
    listen(&source, &closures, "state", {
        let tell = tell.clone();
        move |_| tell(News::State)
    });
    let (ended, kept) = (source.clone(), closures.clone());
    listen(&source, &closures, "error", move |_| {
        ended.close();
        tell(News::Gone);
        // The listeners own the list of listeners: emptying it later breaks the ring without freeing the one that runs.
        let kept = kept.clone();
        leptos::prelude::queue_microtask(move || kept.borrow_mut().clear());
    });
}

fn listen(source: &EventSource, kept: &Listeners, event: &str, heard: impl Fn(MessageEvent) + 'static) {
    let closure = Closure::<dyn Fn(MessageEvent)>::new(heard);
    report(source.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()));
    kept.borrow_mut().push(closure);
}

/// A refusal of the browser goes to its console: there is nothing that the page could do about it.
fn report<T>(outcome: Result<T, JsValue>) {
    if let Err(refused) = outcome {
        leptos::logging::warn!("{refused:?}");
    }
}
