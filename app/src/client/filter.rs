//! Search as you type over what the page already shows: `<input data-filter="ID">` narrows the children of an element to
//! those whose `data-text` holds what is typed. `<a data-find="INPUT" data-value="…">` types for whoever presses it.
use super::{all, on, report, target};
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement, MouseEvent};

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

/// Narrows again what has been put in the place of a narrowed list.
pub fn apply_all() {
    let Some(body) = document().body() else { return };
    for input in all(&body, "input[data-filter]") {
        apply(input.unchecked_ref());
    }
}

fn apply(input: &HtmlInputElement) {
    let Some(list) = input.get_attribute("data-filter").and_then(|id| document().get_element_by_id(&id))
    else {
        return;
    };
    let wanted = input.value().trim().to_lowercase();
    let mut shown = 0_u32;
    for item in all(&list, "[data-text]") {
        let fits = item.get_attribute("data-text").is_some_and(|text| text.to_lowercase().contains(&wanted));
        shown += u32::from(fits);
        item.unchecked_ref::<HtmlElement>().set_hidden(!fits);
    }
    if let Some(body) = document().body() {
        for link in all(&body, &format!("a[data-find='{}']", input.id())) {
            let here = link.get_attribute("data-value").is_some_and(|value| value == wanted);
            report(if here {
                link.set_attribute("aria-current", "true")
            } else {
                link.remove_attribute("aria-current")
            });
        }
    }
    // What says that nothing fits stands behind the list.
    report(list.set_attribute("data-shown", &shown.to_string()));
    tell(&list, shown);
}

/// Tells screen readers that nothing fits, in the words of the page: theirs only come into view. They are told once, and
/// not at each renewal.
fn tell(list: &Element, shown: u32) {
    let words = || list.closest(".live").ok()??.query_selector("[data-nothing-fits]").ok()??.text_content();
    let words = (shown == 0).then(words).flatten().unwrap_or_default();
    let place = document().get_element_by_id("filtered");
    if let Some(place) = place.filter(|place| place.text_content().as_deref() != Some(&words)) {
        place.set_text_content(Some(&words));
    }
}
