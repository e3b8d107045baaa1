//! Rows of a page that are marked for doing something to all of them: `<input type="checkbox" name="target">`, with one
//! `<input type="checkbox" data-check-all>` that marks all that are shown. The button `[data-act-checked]` can be
//! pressed while some are marked, and tells in `[data-checked-count]` how many; in the act that it names they take the place
//! of its empty list. While none is marked, `[data-checked-none]` says what to do first.
use super::{all, filter, on, report, target};
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement};

/// What can be marked.
const MARKS: &str = "input[name='target']";

/// Listens to all marks of the page. A browser may have put back those of before it was loaded anew.
pub fn listen() {
    tell();
    on(&document(), "change", |event: Event| {
        let Some(mark) = target::<HtmlInputElement>(&event) else { return };
        if mark.has_attribute("data-check-all") {
            mark_shown(mark.checked());
        } else if mark.name() != "target" {
            return;
        }
        tell();
    });
}

/// The marked ones, as members of a JSON list: names hold nothing that would have to be escaped.
pub fn checked() -> String {
    let quoted: Vec<_> = marked().map(|mark| format!("\"{}\"", mark.value())).collect();
    quoted.join(",")
}

/// Says how many are marked, also after rows went away.
pub fn tell() {
    let Some(body) = document().body() else { return };
    let count = marked().count();
    for button in all(&body, "[data-act-checked]") {
        report(button.toggle_attribute_with_force("disabled", count == 0));
    }
    for hint in all(&body, "[data-checked-none]") {
        hint.unchecked_ref::<HtmlElement>().set_hidden(count > 0);
    }
    for place in all(&body, "[data-checked-count]") {
        place.set_text_content(Some(&count.to_string()));
    }
    if let Ok(Some(whole)) = body.query_selector("[data-check-all]") {
        let whole: &HtmlInputElement = whole.unchecked_ref();
        let every = count > 0 && marks().filter(is_shown).all(|mark| mark.checked());
        whole.set_checked(every);
        whole.set_indeterminate(count > 0 && !every);
    }
}

/// Marks in `new` what is marked in the part of the page that it takes the place of.
pub fn keep(shown: &Element, new: &Element) {
    for mark in all(shown, MARKS) {
        let mark: HtmlInputElement = mark.unchecked_into();
        let same = new.query_selector(&format!("{MARKS}[value='{}']", mark.value()));
        if let (true, Ok(Some(same))) = (mark.checked(), same) {
            same.unchecked_ref::<HtmlInputElement>().set_checked(true);
        }
    }
}

fn mark_shown(checked: bool) {
    filter::show_rest();
    for mark in marks().filter(is_shown) {
        mark.set_checked(checked);
    }
}

fn marks() -> impl Iterator<Item = HtmlInputElement> {
    let body = document().body();
    body.into_iter().flat_map(|body| all(&body, MARKS)).map(JsCast::unchecked_into)
}

fn marked() -> impl Iterator<Item = HtmlInputElement> {
    marks().filter(HtmlInputElement::checked)
}

/// Whether the row of a mark is not left out by a search.
fn is_shown(mark: &HtmlInputElement) -> bool {
    matches!(mark.closest("[hidden]"), Ok(None))
}
