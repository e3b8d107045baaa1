//! The server's news: which topics are no longer as this page shows them. A page that nobody sees follows nothing, so that
//! many open tabs do not take each other's connections.
use super::{
    kept,
    notice::{self, Notice},
    on, page, report,
};
use leptos::prelude::{document, set_timeout};
use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{Event, EventSource, MessageEvent};
use std::{cell::RefCell, time::Duration};
use wasm_bindgen_futures::spawn_local;

/// The topics of a page stand at its live parts.
pub const TOPICS: [&str; 6] = ["office", "operations", "metrics", "providers", "routes", BACKUPS];
/// This one is news for every page: the browser keeps backups of its own.
const BACKUPS: &str = "backups";

/// When to come back to a server that has too many streams.
const LATER: Duration = Duration::from_secs(30);

thread_local! {
    static SOURCE: RefCell<Option<EventSource>> = const { RefCell::new(None) };
    /// How far this page knows the news.
    static MARK: RefCell<String> = const { RefCell::new(String::new()) };
    static HEARD: Closure<dyn Fn(MessageEvent)> = Closure::new(heard);
    static FOUND: Closure<dyn Fn()> = Closure::new(page::look_again);
    static LOST: Closure<dyn Fn()> = Closure::new(lost);
}

/// Follows the news as long as somebody sees the page. While nobody answers, the page says so.
pub fn listen() {
    if !matches!(document().query_selector(".live"), Ok(Some(_))) {
        return;
    }
    let mark = document().document_element().and_then(|root| root.get_attribute("data-mark"));
    MARK.set(mark.unwrap_or_default());
    follow();
    on(&document(), "visibilitychange", |_: Event| follow());
}

/// Opens the stream, or closes it when nobody sees the page.
fn follow() {
    if document().hidden() {
        if let Some(source) = SOURCE.take() {
            source.close();
        }
        return;
    }
    if SOURCE.with_borrow(Option::is_some) {
        return;
    }
    let url = MARK.with_borrow(|mark| format!("/ni_status/stream?since={mark}"));
    let Ok(source) = EventSource::new(&url) else { return notice::say(Some(Notice::Gone)) };
    HEARD.with(|heard| {
        for topic in TOPICS {
            report(source.add_event_listener_with_callback(topic, heard.as_ref().unchecked_ref()));
        }
    });
    FOUND.with(|found| source.set_onopen(Some(found.as_ref().unchecked_ref())));
    LOST.with(|lost| source.set_onerror(Some(lost.as_ref().unchecked_ref())));
    SOURCE.set(Some(source));
}

fn heard(event: MessageEvent) {
    MARK.set(event.last_event_id());
    let told = event.type_();
    let Some(topic) = TOPICS.into_iter().find(|topic| *topic == told) else { return };
    if topic == BACKUPS {
        kept::look();
    }
    if matches!(document().query_selector(&format!("[data-live~='{topic}']")), Ok(Some(_))) {
        spawn_local(async move { page::renew_about(&[topic]).await });
    }
}

/// The browser takes a broken stream up again by itself, but not one that was refused.
fn lost() {
    if !is(EventSource::CLOSED) {
        return notice::say(Some(Notice::Gone));
    }
    SOURCE.set(None);
    set_timeout(follow, LATER);
    // Asking for the page shows why: nobody is signed in any more, or nobody is there, or there are too many streams.
    spawn_local(page::renew());
}

/// Whether the news come in.
pub fn lives() -> bool {
    is(EventSource::OPEN)
}

fn is(state: u16) -> bool {
    SOURCE.with_borrow(|source| source.as_ref().is_some_and(|source| source.ready_state() == state))
}
