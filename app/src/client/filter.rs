//! Search as you type over what the page already shows: `<input data-filter="ID">` narrows the children of an element to
//! those whose `data-text` holds what is typed. `<a data-find="INPUT" data-value="…">` types for whoever presses it.
use super::{all, found, on, report, target};
use leptos::prelude::{document, request_animation_frame};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement, MouseEvent};
use std::cell::RefCell;

/// How many come into view with the answer to a key: about what a screen holds.
const AT_ONCE: usize = 16;
/// How many more come with each further frame, so that a long list does not hold up the next key.
const PER_FRAME: usize = 12;

thread_local! {
    /// What fits and has yet to come into view, the last one first. While it is not empty, a frame is asked for.
    static REST: RefCell<Vec<HtmlElement>> = const { RefCell::new(Vec::new()) };
}

/// Listens to all filters of the page.
pub fn listen() {
    on(&document(), "input", |event: Event| {
        if let Some(input) = target(&event) {
            apply(&input);
        }
    });
    on(&document(), "click", |event: MouseEvent| {
        let Some(pressed) = target::<Element>(&event) else { return };
        let Ok(Some(link)) = pressed.closest("a[data-find]") else { return };
        let of = |name: &str| link.get_attribute(name).unwrap_or_default();
        let Some(input) = document().get_element_by_id(&of("data-find")) else { return };
        event.prevent_default();
        let input: &HtmlInputElement = input.unchecked_ref();
        input.set_value(&of("data-value"));
        apply(input);
    });
}

/// Narrows what is about to take the place of a part of the page.
pub fn keep(new: &Element) {
    let Some(body) = document().body() else { return };
    for input in all(&body, "input[data-filter]") {
        let Some(id) = input.get_attribute("data-filter") else { continue };
        let Ok(Some(list)) = new.query_selector(&format!("#{id}")) else { continue };
        let input: &HtmlInputElement = input.unchecked_ref();
        let wanted = wanted(input);
        let count = match found::place(new, &list) {
            Some(place) => found::keep(&list, &place, &wanted),
            None => narrow(&list, &wanted),
        };
        note(&list, count);
        mark(new, input, &wanted);
    }
}

fn apply(input: &HtmlInputElement) {
    let Some(list) = input.get_attribute("data-filter").and_then(|id| document().get_element_by_id(&id))
    else {
        return;
    };
    let Some(body) = document().body() else { return };
    let wanted = wanted(input);
    let count = match found::place(&body, &list) {
        Some(place) => found::show(&list, &place, &wanted),
        None => show(&list, &wanted),
    };
    note(&list, count);
    mark(&body, input, &wanted);
}

fn wanted(input: &HtmlInputElement) -> String {
    input.value().trim().to_lowercase()
}

/// All that can be found in a list, and whether it holds `wanted`.
fn items(list: &Element, wanted: &str) -> Vec<(HtmlElement, bool)> {
    let fits = |item: Element| {
        let fits = item.get_attribute("data-text").is_some_and(|text| text.to_lowercase().contains(wanted));
        (item.unchecked_into(), fits)
    };
    all(list, "[data-text]").into_iter().map(fits).collect()
}

/// Shows those that hold `wanted`, and no others; tells how many.
fn narrow(list: &Element, wanted: &str) -> usize {
    let items = items(list, wanted);
    items.iter().for_each(|(item, fits)| item.set_hidden(!fits));
    items.iter().filter(|(_, fits)| *fits).count()
}

/// The list notes how many fit: what says that nothing does stands behind it. Screen readers are told.
fn note(list: &Element, count: usize) {
    report(list.set_attribute("data-shown", &count.to_string()));
    tell(list, count);
}

/// Shows those that fit, and no others: the first ones at once, the others after them. Where most of what is shown fits,
/// that stays. Tells how many fit.
fn show(list: &Element, wanted: &str) -> usize {
    let items = items(list, wanted);
    let count =
        |fitting: bool| items.iter().filter(|(item, fits)| !item.hidden() && (*fits || !fitting)).count();
    let stays = count(true) * 2 >= count(false);
    let fitting = items.iter().filter(|(_, fits)| *fits).count();
    let mut left = AT_ONCE;
    let mut rest = Vec::new();
    for (item, fits) in items {
        let hidden = item.hidden();
        let is_first = fits && left > 0;
        left -= usize::from(is_first);
        let shows = is_first || (fits && stays && !hidden);
        if hidden == shows {
            item.set_hidden(!shows);
        }
        if fits && !shows {
            rest.push(item);
        }
    }
    rest.reverse();
    let begins = !rest.is_empty();
    if REST.replace(rest).is_empty() && begins {
        request_animation_frame(show_more);
    }
    fitting
}

/// Shows at once what fits and has yet to come into view.
pub fn show_rest() {
    REST.take().iter().for_each(|item| item.set_hidden(false));
}

fn show_more() {
    let more = REST.with_borrow_mut(|rest| {
        let from = rest.len().saturating_sub(PER_FRAME);
        rest.drain(from..).for_each(|item| item.set_hidden(false));
        !rest.is_empty()
    });
    if more {
        request_animation_frame(show_more);
    }
}

/// Marks the press that stands for what is typed.
fn mark(root: &Element, input: &HtmlInputElement, wanted: &str) {
    for link in all(root, &format!("a[data-find='{}']", input.id())) {
        let here = link.get_attribute("data-value").is_some_and(|value| value == wanted);
        report(if here {
            link.set_attribute("aria-current", "true")
        } else {
            link.remove_attribute("aria-current")
        });
    }
}

/// Tells screen readers that nothing fits, in the words of the page: theirs only come into view. They are told once, and
/// not at each renewal.
fn tell(list: &Element, shown: usize) {
    let words = || list.closest(".live").ok()??.query_selector("[data-nothing-fits]").ok()??.text_content();
    let words = (shown == 0).then(words).flatten().unwrap_or_default();
    let place = document().get_element_by_id("filtered");
    if let Some(place) = place.filter(|place| place.text_content().as_deref() != Some(&words)) {
        place.set_text_content(Some(&words));
    }
}
