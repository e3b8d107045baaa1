//! Renewing the page: it is fetched again as the server renders it now, and each live part that differs takes the place of
//! the one that is shown.
use super::{all, checks, filter, on, times, visit};
use crate::api::RENEWAL;
use leptos::prelude::{document, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    DomParser, Element, Event, Headers, HtmlElement, HtmlInputElement, RequestInit, Response, SupportedType,
    js_sys::Reflect,
};
use std::cell::Cell;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Around parts that stay as they are while somebody has paused them.
const PAUSED: &str = "[data-pausable]:has([data-pause]:checked)";
/// A call that is on its way. It renews the page when it is answered.
const CALLING: &str = "[data-call][aria-busy]";
/// What can have the focus.
const FOCUSABLE: &str = "a[href], button, input, select, summary, [tabindex]";

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Renewing,
    /// Something changed since the page was asked for.
    Old,
}

/// Renews the page at once when somebody ends a pause.
pub fn listen() {
    on(&document(), "change", |event: Event| {
        let changed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if changed.is_some_and(|it| matches!(it.matches("[data-pause]:not(:checked)"), Ok(true))) {
            spawn_local(renew());
        }
    });
}

/// Shows how things are now. While it is at work, further calls make it look once more.
pub async fn renew() {
    if STATE.replace(State::Old) != State::Idle {
        return;
    }
    while STATE.replace(State::Renewing) == State::Old {
        // Nobody answers: the stream of news tells of that, and that it is over.
        if let Ok(page) = fetch().await {
            put(&page);
        }
    }
    STATE.set(State::Idle);
}

async fn fetch() -> Result<Element, JsValue> {
    let href = window().location().href()?;
    let init = RequestInit::new();
    // Nobody asked for it, so it is no sign that somebody is there.
    let headers = Headers::new()?;
    headers.set(RENEWAL, "1")?;
    init.set_headers(&headers);
    let asked = window().fetch_with_str_and_init(&href, &init);
    let response: Response = JsFuture::from(asked).await?.dyn_into()?;
    if response.redirected() {
        // To the sign-in page.
        if !is_filling_in() {
            visit(&response.url());
        }
        return Err(JsValue::NULL);
    }
    if !response.ok() {
        return Err(response.status().into());
    }
    let html = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let parsed = DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml)?;
    parsed.document_element().ok_or(JsValue::NULL)
}

/// Whether something is open or typed that would be lost with the page.
pub fn is_filling_in() -> bool {
    let Some(body) = document().body() else { return false };
    let is_typed = |field: &Element| {
        let of = |name: &str| Reflect::get(field, &name.into()).ok();
        of("value") != of("defaultValue")
    };
    let is_open = matches!(body.query_selector("dialog[open]"), Ok(Some(_)));
    is_open || all(&body, "form[data-form] :is(input, textarea)").iter().any(is_typed)
}

fn put(page: &Element) {
    times::localize(page);
    let Some(body) = document().body() else { return };
    for shown in all(&body, ".live") {
        let calls = matches!(shown.query_selector(CALLING), Ok(Some(_)));
        if calls || matches!(shown.closest(PAUSED), Ok(Some(_))) {
            continue;
        }
        let Ok(Some(new)) = page.query_selector(&format!("#{}", shown.id())) else { continue };
        keep_open(&shown, &new);
        checks::keep(&shown, &new);
        keep_typed(&shown, &new);
        if shown.outer_html() == new.outer_html() {
            continue;
        }
        let focused = Focused::of(&shown);
        shown.replace_with_with_node_1(&new).unwrap_or_else(|refused| leptos::logging::warn!("{refused:?}"));
        if let Some(focused) = focused {
            focused.restore(&new);
        }
    }
    filter::apply_all();
    checks::tell();
}

/// What somebody has unfolded stays so.
fn keep_open(shown: &Element, new: &Element) {
    for details in all(shown, "details[open][id]") {
        if let Ok(Some(same)) = new.query_selector(&format!("details[id='{}']", details.id())) {
            super::report(same.set_attribute("open", ""));
        }
    }
}

/// What somebody has typed and not sent yet stays so.
fn keep_typed(shown: &Element, new: &Element) {
    for field in all(shown, "input[id]:not([type='checkbox'])") {
        let field: HtmlInputElement = field.unchecked_into();
        let same = new.query_selector(&format!("input[id='{}']", field.id()));
        if let (true, Ok(Some(same))) = (field.value() != field.default_value(), same) {
            same.unchecked_ref::<HtmlInputElement>().set_value(&field.value());
        }
    }
}

/// What has the focus in a part of the page.
struct Focused {
    html: String,
    /// Its place among all that can have the focus.
    at: usize,
    /// Where somebody types.
    caret: Option<u32>,
}

impl Focused {
    fn of(part: &Element) -> Option<Self> {
        let active = document().active_element()?;
        let at = all(part, FOCUSABLE).iter().position(|element| *element == active)?;
        let caret =
            active.dyn_ref::<HtmlInputElement>().and_then(|input| input.selection_start().ok().flatten());
        Some(Self { html: active.outer_html(), at, caret })
    }

    fn restore(&self, new: &Element) {
        let Some(place) = self.again(new) else { return };
        super::report(place.unchecked_ref::<HtmlElement>().focus());
        if let (Some(caret), Some(input)) = (self.caret, place.dyn_ref::<HtmlInputElement>()) {
            super::report(input.set_selection_range(caret, caret));
        }
    }

    /// The same in what takes the place of the part: lists grow at their beginning, and a press changes what was pressed.
    fn again(&self, new: &Element) -> Option<Element> {
        let mut places = all(new, FOCUSABLE);
        let same = places.iter().position(|element| element.outer_html() == self.html).unwrap_or(self.at);
        (same < places.len()).then(|| places.swap_remove(same))
    }
}
