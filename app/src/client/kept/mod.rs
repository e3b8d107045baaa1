//! The backups that this browser keeps: fetched as soon as the server has new ones, and shown on the page of the backups.
//! What does that is loaded when the page has nothing else to do.
mod advice;
mod clear_text;
mod fetch;
mod here;
mod lost;
mod row;

use super::notice;
use crate::browser::backups::NotKept;
use domain::BackupId;
use here::Here;
use leptos::{
    mount::mount_to,
    prelude::*,
    wasm_bindgen::JsCast,
    wasm_split::{SplitLoaderError, wasm_split},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    pin::Pin,
    time::Duration,
};
use wasm_bindgen_futures::spawn_local;

/// Where the page of the backups has its parts.
const HERE: &str = "here-list";
const CLEAR_TEXT: &str = "clear-text";

/// How long a page that is about something else is left alone first.
const AT_REST: Duration = Duration::from_secs(3);

/// What becomes of the looking.
pub enum News {
    /// What the server has.
    Listed(BTreeSet<BackupId>),
    /// What lies here is perhaps no longer as it was.
    Changed,
    /// Whether everything is here that there is a place for.
    Ended(Result<(), NotKept>),
}

/// Hears it.
type Shows = Box<dyn Fn(News)>;

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
    /// What shows them, on the page that does.
    static SHOWS: RefCell<Option<Shows>> = const { RefCell::new(None) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Looking,
    /// The server has news since it was asked.
    Old,
}

/// Looks for new backups once: at once where they are shown, else when the page is at rest. On a page that follows no news
/// nobody is signed in.
pub fn listen() {
    if !matches!(document().query_selector(".live"), Ok(Some(_))) {
        return;
    }
    if is_page() {
        return look();
    }
    set_timeout(
        || {
            // Not every browser can tell when it is idle.
            if request_idle_callback_with_handle(look).is_err() {
                look();
            }
        },
        AT_REST,
    );
}

/// Keeps what the server has and this browser has not. While it is at work, further calls make it look once more.
pub fn look() {
    if STATE.replace(State::Old) != State::Idle {
        return;
    }
    spawn_local(async {
        while STATE.replace(State::Looking) == State::Old {
            let loaded = match is_page() && SHOWS.with_borrow(Option::is_none) {
                true => show().await.and(fetched().await),
                false => fetched().await,
            };
            // Elsewhere nobody has asked for it, and the next page tries again.
            if loaded.is_err() && is_page() {
                notice::say_not_loaded(true);
            }
        }
        STATE.set(State::Idle);
    });
}

fn is_page() -> bool {
    document().get_element_by_id(HERE).is_some()
}

/// Loads what fetches them, which every page needs.
#[wasm_split(
    kept,
    wasm_split_path = leptos::wasm_split,
    return_wrapper(let doing = _; { doing.await; Ok(()) } -> Result<(), SplitLoaderError>),
    fallible
)]
fn fetched() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(fetch::fetch(|news| {
        SHOWS.with_borrow(|shows| {
            if let Some(show) = shows {
                show(news);
            }
        });
    }))
}

/// Loads what shows them, which one page needs, and puts it there.
#[wasm_split(
    here,
    wasm_split_path = leptos::wasm_split,
    return_wrapper(let () = _; { Ok(()) } -> Result<(), SplitLoaderError>),
    fallible
)]
fn show() {
    let place = |id: &str| document().get_element_by_id(id).map(JsCast::unchecked_into);
    let Some(list) = place(HERE) else { return };
    let view = move || {
        let here = Here::new();
        SHOWS.set(Some(Box::new(move |news| here.hear(news))));
        if let Some(place) = place(CLEAR_TEXT) {
            mount_to(place, clear_text::view).forget();
        }
        here.view()
    };
    mount_to(list, view).forget();
}
