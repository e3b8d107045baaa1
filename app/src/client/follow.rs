//! The news of one operation that runs.
use super::report;
use domain::OperationId;
use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{EventSource, MessageEvent};
use std::{cell::RefCell, rc::Rc};

/// News about an operation that runs on the server.
#[derive(Clone, Debug)]
pub enum News {
    Step(domain::Step),
    State,
    /// The stream ended or could not be had.
    Gone,
}

/// What listens to a stream, kept alive as long as the stream is.
type Listeners = Rc<RefCell<Vec<Closure<dyn Fn(MessageEvent)>>>>;

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
