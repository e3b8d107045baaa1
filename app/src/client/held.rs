//! Whether somebody holds something down. What is held must not go away before it is let go: the browser makes no
//! click of a press that began on one element and ended on another.
use super::{on, report};
use leptos::prelude::{document, window};
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Event, js_sys::Date, js_sys::Promise};
use std::cell::Cell;
use wasm_bindgen_futures::JsFuture;

/// A press that takes longer, in milliseconds, is none, or its end was not seen.
const LONGEST: f64 = 5_000.0;
/// How often it is looked whether it has ended, in milliseconds.
const LOOK: i32 = 20;

thread_local! {
    /// When it began.
    static SINCE: Cell<Option<f64>> = const { Cell::new(None) };
}

/// Listens to presses.
pub fn listen() {
    on(&document(), "pointerdown", |_: Event| SINCE.set(Some(Date::now())));
    for end in ["pointerup", "pointercancel"] {
        on(&document(), end, |_: Event| SINCE.set(None));
    }
}

/// Waits until nothing is held.
pub async fn let_go() {
    while SINCE.get().is_some_and(|since| (0.0..LONGEST).contains(&(Date::now() - since))) {
        let look = Promise::new(&mut |look, _| {
            report(window().set_timeout_with_callback_and_timeout_and_arguments_0(&look, LOOK));
        });
        drop::<Result<JsValue, JsValue>>(JsFuture::from(look).await);
    }
}
