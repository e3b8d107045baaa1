//! Search in a list that is too long to be laid out anew for each key. It stands aside while something is wanted, and copies
//! of what fits stand in its `data-found="ID"`: the first ones at once, and some more with each further frame.
use super::{all, report};
use leptos::prelude::{document, request_animation_frame};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Element, HtmlElement};
use std::cell::RefCell;

/// How many are laid out together, as in the list itself.
const BLOCK: u32 = 12;
/// How many come with a frame: a block takes a slow machine longer than the answer to a key may.
const PER_FRAME: usize = 6;

/// What fits and has yet to be copied, the next one first.
struct Rest {
    place: Element,
    fitting: Vec<Element>,
}

thread_local! {
    /// While there is a rest, a frame is asked for.
    static REST: RefCell<Option<Rest>> = const { RefCell::new(None) };
}

/// Where copies of what fits of this list stand, if it is such a list.
pub fn place(root: &Element, list: &Element) -> Option<Element> {
    let id = list.get_attribute("data-found")?;
    root.query_selector(&format!("#{id}")).ok()?
}

/// Shows of the list what holds `wanted`; tells how many do.
pub fn show(list: &Element, place: &Element, wanted: &str) -> usize {
    let (count, mut fitting) = turn(list, place, wanted);
    put(place, &mut fitting);
    let rest = (!fitting.is_empty()).then(|| Rest { place: place.clone(), fitting });
    let begins = rest.is_some();
    if REST.replace(rest).is_none() && begins {
        request_animation_frame(show_more);
    }
    count
}

/// The same in what is about to take the place of both, with all that fits at once.
pub fn keep(list: &Element, place: &Element, wanted: &str) -> usize {
    let (count, mut fitting) = turn(list, place, wanted);
    while !fitting.is_empty() {
        put(place, &mut fitting);
    }
    count
}

fn show_more() {
    let rest = REST.take().and_then(|mut rest| {
        put(&rest.place, &mut rest.fitting);
        (!rest.fitting.is_empty()).then_some(rest)
    });
    if rest.is_some() {
        REST.set(rest);
        request_animation_frame(show_more);
    }
}

/// Either the list is seen or what was found in it, of which nothing is there yet. Tells how many fit, and what is to be
/// copied.
fn turn(list: &Element, place: &Element, wanted: &str) -> (usize, Vec<Element>) {
    let searches = !wanted.is_empty();
    list.unchecked_ref::<HtmlElement>().set_hidden(searches);
    place.unchecked_ref::<HtmlElement>().set_hidden(!searches);
    place.set_inner_html("");
    if !searches {
        return (all(list, "[data-text]").len(), Vec::new());
    }
    let quoted = wanted.replace('\\', "\\\\").replace('\'', "\\'");
    let fitting = all(list, &format!("[data-text*='{quoted}']"));
    (fitting.len(), fitting)
}

/// Puts the next ones there.
fn put(place: &Element, fitting: &mut Vec<Element>) {
    for item in fitting.drain(..fitting.len().min(PER_FRAME)) {
        report(block(place).and_then(|block| block.append_child(&item.clone_node_with_deep(true)?)));
    }
}

/// The last block, or a new one when that is full.
fn block(place: &Element) -> Result<Element, JsValue> {
    if let Some(last) = place.last_element_child().filter(|last| last.child_element_count() < BLOCK) {
        return Ok(last);
    }
    let block = document().create_element("ul")?;
    block.set_attribute("role", "presentation")?;
    place.append_child(&block)?;
    Ok(block)
}
