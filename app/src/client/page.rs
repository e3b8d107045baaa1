//! Renewing the page: it is fetched again as the server renders it now, and each live part that differs takes the place of
//! the one that is shown.
use super::{
    all, checks, filter, focus, held,
    notice::{self, Notice},
    on, report, stream, target, times, visit,
};
use crate::api::RENEWAL;
use leptos::prelude::{document, set_timeout, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    AbortSignal, DomParser, Element, Event, Headers, HtmlInputElement, RequestInit, Response, SupportedType,
    js_sys::Reflect,
};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Around parts that stay as they are while somebody has paused them.
const PAUSED: &str = "[data-pausable]:has([data-pause]:checked)";
/// A call that is on its way. What is left as it is meanwhile is renewed when it is answered; when a form was refused, with
/// the next news.
const CALLING: &str = ":is([data-call], [data-form])[aria-busy]";
/// What can have the focus.
const FOCUSABLE: &str = "a[href], button, input, select, summary, [tabindex]";

/// When a page that does not come is given up, in milliseconds: the server itself waits half a minute for a system behind it.
const GIVEN_UP: u32 = 40_000;
/// When a page that did not come is asked for again, first; each time that it fails again the wait is twice as long.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the wait grows: to about half a minute.
const GROWS: u32 = 5;

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
    /// The topics that had news since the page last came with them.
    static NEWS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    /// How often in a row the page did not come.
    static FAILED: Cell<u32> = const { Cell::new(0) };
    /// It will be asked for again by itself.
    static WAITS: Cell<bool> = const { Cell::new(false) };
    static COMPOSING: Cell<Composing> = const { Cell::new(Composing::No) };
}

/// Whether somebody puts a character together out of several keys. The field must not go away under that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Composing {
    No,
    Yes,
    /// And a part of the page was left as it is meanwhile.
    LeftOut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Renewing,
    /// Something changed since the page was asked for.
    Old,
}

/// Renews the page at once when somebody ends a pause, has put a character together, or comes back from where one signs in.
pub fn listen() {
    on(&document(), "compositionstart", |_: Event| COMPOSING.set(Composing::Yes));
    on(&document(), "compositionend", |_: Event| {
        if COMPOSING.replace(Composing::No) == Composing::LeftOut {
            spawn_local(renew());
        }
    });
    on(&window(), "focus", |_: Event| look_again());
    on(&document(), "visibilitychange", |_: Event| ask_again());
    on(&document(), "change", |event: Event| {
        if target::<Element>(&event)
            .is_some_and(|it| matches!(it.matches("[data-pause]:not(:checked)"), Ok(true)))
        {
            spawn_local(renew());
        }
    });
}

/// Shows how things are now.
pub async fn renew() {
    renew_about(&stream::TOPICS).await;
}

/// Shows how things are now in the parts that are about these topics: a large page is not fetched and read as a whole for
/// a small one of its parts. While it is at work, further calls make it look once more.
pub async fn renew_about(topics: &[&'static str]) {
    add_news(topics);
    if STATE.replace(State::Old) != State::Idle {
        return;
    }
    while STATE.replace(State::Renewing) == State::Old {
        let topics = NEWS.take();
        match fetch(&topics.join(" ")).await {
            Ok(Answer::Page(page)) => {
                well();
                held::let_go().await;
                put(&page);
            }
            Ok(Answer::SignedOut) => signed_out(),
            Ok(Answer::Refused) => well(),
            Err(_) => {
                // The next page that comes, whatever it is asked for, brings these too.
                add_news(&topics);
                try_later();
            }
        }
    }
    STATE.set(State::Idle);
}

fn add_news(topics: &[&'static str]) {
    NEWS.with_borrow_mut(|news| {
        for topic in topics {
            if !news.contains(topic) {
                news.push(topic);
            }
        }
    });
}

/// Looks whether it is still so what the page says of itself.
pub fn look_again() {
    if notice::is_said() {
        spawn_local(renew());
    }
}

/// Goes to where one signs in. When something is open or typed that would be lost there, it is said instead.
pub fn signed_out() {
    match is_filling_in() {
        true => notice::say(Some(Notice::SignedOut)),
        false => visit("/agm/login"),
    }
}

/// The server answers.
fn well() {
    FAILED.set(0);
    notice::say(None);
}

fn try_later() {
    let failed = FAILED.replace(FAILED.get().saturating_add(1));
    // One page that does not come is no news, as long as the server's own come in.
    if failed > 0 || !stream::lives() {
        notice::say(Some(Notice::Gone));
    }
    if WAITS.replace(true) {
        return;
    }
    let again = || {
        WAITS.set(false);
        ask_again();
    };
    set_timeout(again, AGAIN * 2_u32.pow(failed.min(GROWS)));
}

/// Asks for a page that did not come, as soon as somebody sees it.
fn ask_again() {
    if FAILED.get() > 0 && !document().hidden() {
        spawn_local(renew());
    }
}

/// What became of asking for the page.
enum Answer {
    Page(Element),
    /// Nobody is signed in any more.
    SignedOut,
    /// There is no such page any more: asking again would bring nothing else.
    Refused,
}

/// The parts of the page about these topics as they are now; an error when they may come later.
async fn fetch(topics: &str) -> Result<Answer, JsValue> {
    let href = window().location().href()?;
    let init = RequestInit::new();
    // Nobody asked for it, so it is no sign that somebody is there.
    let headers = Headers::new()?;
    headers.set(RENEWAL, topics)?;
    init.set_headers(&headers);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(GIVEN_UP)));
    let asked = window().fetch_with_str_and_init(&href, &init);
    let response: Response = JsFuture::from(asked).await?.dyn_into()?;
    if response.redirected() {
        // To the sign-in page.
        return Ok(Answer::SignedOut);
    }
    match response.status() {
        200..=299 => {}
        400..=499 => return Ok(Answer::Refused),
        status => return Err(status.into()),
    }
    let html = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let parsed = DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml)?;
    parsed.document_element().map(Answer::Page).ok_or(JsValue::NULL)
}

/// Whether something is open or typed that would be lost with the page.
fn is_filling_in() -> bool {
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
        if calls || matches!(shown.closest(PAUSED), Ok(Some(_))) || composes(&shown) {
            continue;
        }
        let Ok(Some(new)) = page.query_selector(&format!("#{}", shown.id())) else { continue };
        keep_open(&shown, &new);
        checks::keep(&shown, &new);
        keep_typed(&shown, &new);
        filter::keep(&new);
        if shown.is_equal_node(Some(&new)) {
            continue;
        }
        let focused = Focused::of(&shown);
        report(shown.replace_with_with_node_1(&new));
        if let Some(focused) = focused {
            focused.restore(&new);
        }
    }
    checks::tell();
}

/// Whether somebody puts a character together in a part of the page, which is left as it is then.
fn composes(part: &Element) -> bool {
    let composes = COMPOSING.get() != Composing::No && part.contains(document().active_element().as_deref());
    if composes {
        COMPOSING.set(Composing::LeftOut);
    }
    composes
}

/// What somebody has unfolded or folded stays so.
fn keep_open(shown: &Element, new: &Element) {
    let mut places = all(new, "details");
    for details in all(shown, "details") {
        let name = name(&details);
        let Some(at) = places.iter().position(|place| self::name(place) == name) else { continue };
        // Of several with the same name, each is the next one.
        let same = places.remove(at);
        report(same.toggle_attribute_with_force("open", details.has_attribute("open")));
    }
}

/// What a `<details>` is known by: its id, or else its summary and the id of what it stands in.
fn name(details: &Element) -> String {
    let id = details.closest("[id]").ok().flatten().map(|named| named.id()).unwrap_or_default();
    if details.has_attribute("id") {
        return id;
    }
    let summary = || details.query_selector("summary").ok()??.text_content();
    format!("{id} {}", summary().unwrap_or_default())
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
        focus(&place);
        if let (Some(caret), Some(input)) = (self.caret, place.dyn_ref::<HtmlInputElement>()) {
            report(input.set_selection_range(caret, caret));
        }
    }

    /// The same in what takes the place of the part: lists grow at their beginning, and a press changes what was pressed.
    fn again(&self, new: &Element) -> Option<Element> {
        let mut places = all(new, FOCUSABLE);
        let same = places.iter().position(|element| element.outer_html() == self.html).unwrap_or(self.at);
        (same < places.len()).then(|| places.swap_remove(same))
    }
}
