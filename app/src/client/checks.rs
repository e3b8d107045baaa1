//! Rows of a page that are marked for doing something to all of them: `<input type="checkbox" name="target">`, with one
//! `<input type="checkbox" data-check-all>` that marks all that are shown. The button `[data-act-checked]` can be
//! pressed while some are marked, and tells in `[data-checked-count]` how many; in the act that it names they take the place
//! of its empty list. While none is marked, `[data-checked-none]` says what to do first.
//!
//! A mark with `data-needs`, values with slashes between them, brings the marks of those values along. What is typed into
//! `<input data-name-of=VALUE>` marks that value, and takes its place in the empty map of the act; in the map of a
//! `[data-act-named]`, which is for all there is, whether marked or not.
use super::{all, filter, on, report, target};
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement, js_sys::JSON};

/// On a field for another name: what it would name.
const NAME_OF: &str = "data-name-of";
/// What can be marked.
const MARKS: &str = "input[name='target']:not(:disabled)";

/// Listens to all marks of the page. A browser may have put back those of before it was loaded anew.
pub fn listen() {
    tell();
    on(&document(), "change", |event: Event| {
        let Some(mark) = target::<HtmlInputElement>(&event) else { return };
        if mark.has_attribute("data-check-all") {
            mark_shown(mark.checked());
        } else if mark.name() != "target" {
            return;
        } else if mark.checked() {
            bring_along(&mark);
        }
        tell();
    });
    on(&document(), "input", |event: Event| {
        let Some(field) = target::<HtmlInputElement>(&event) else { return };
        let Some(item) = field.get_attribute(NAME_OF).filter(|_| !field.value().trim().is_empty()) else {
            return;
        };
        for mark in marks().filter(|mark| mark.value() == item) {
            mark.set_checked(true);
            bring_along(&mark);
        }
        tell();
    });
}

/// The marked ones, as members of a JSON list.
pub fn checked() -> String {
    marked().map(|mark| quoted(&mark.value())).collect::<Vec<_>>().join(",")
}

/// The new names of the marked ones, as members of a JSON object.
pub fn renamed() -> String {
    let marked: Vec<_> = marked().map(|mark| mark.value()).collect();
    names(|item| marked.iter().any(|marked| marked == item))
}

/// All new names that were typed, in the same way.
pub fn all_renamed() -> String {
    names(|_| true)
}

fn names(is_wanted: impl Fn(&str) -> bool) -> String {
    let body = document().body();
    let fields = body.into_iter().flat_map(|body| all(&body, "input[data-name-of]"));
    let named = fields.filter_map(|field| {
        let field: HtmlInputElement = field.unchecked_into();
        let (item, name) = (field.get_attribute(NAME_OF)?, field.value());
        let wanted = !name.trim().is_empty() && is_wanted(&item);
        wanted.then(|| format!("{}:{}", quoted(&item), quoted(name.trim())))
    });
    named.collect::<Vec<_>>().join(",")
}

/// As JSON.
fn quoted(text: &str) -> String {
    JSON::stringify(&JsValue::from_str(text)).map(String::from).unwrap_or_default()
}

/// Marks what a marked one needs.
fn bring_along(mark: &HtmlInputElement) {
    let needs = mark.get_attribute("data-needs").unwrap_or_default();
    for needed in marks().filter(|other| needs.split('/').any(|need| need == other.value())) {
        needed.set_checked(true);
    }
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
