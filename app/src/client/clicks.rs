//! What is clicked on the page: one listener for all of it.
use super::{all, call, checks, dialogs, notice, on, target, theme};
use leptos::prelude::document;
use leptos::web_sys::{Element, Event};
use std::cell::RefCell;
use wasm_bindgen_futures::spawn_local;

/// What does something when it is clicked.
const CLICKED: &str =
    "[data-act], [data-act-checked], [data-act-named], [data-call], [data-theme-name], [data-dismiss]";
/// What opens a dialog.
const OPENS: &str = "[data-act], [data-act-checked], [data-act-named]";

thread_local! {
    /// What the button asks for that opened the last dialog.
    static OPENER: RefCell<Option<Opener>> = const { RefCell::new(None) };
}

/// Where to find a button again, also after the part of the page that it stands in was renewed.
struct Opener {
    attribute: &'static str,
    value: String,
}

/// Listens to every click on a part of the page that says what it is for, and fetches the dialogs as soon as somebody is
/// about to click for one.
pub fn listen() {
    on(&document(), "click", |event: Event| {
        let Some(button) = aimed(&event, CLICKED) else { return };
        if let Some(act) = button.get_attribute("data-act") {
            open(&button, "data-act", act.clone(), act);
        } else if let Some(act) = button.get_attribute("data-act-checked") {
            let marked = act.replacen("[]", &format!("[{}]", checks::checked()), 1);
            let marked = with_names(&marked, &checks::renamed());
            open(&button, "data-act-checked", act, marked);
        } else if let Some(act) = button.get_attribute("data-act-named") {
            let named = with_names(&act, &checks::all_renamed());
            open(&button, "data-act-named", act, named);
        } else if let Some(theme) = button.get_attribute("data-theme-name") {
            theme::choose(&theme);
        } else if button.has_attribute("data-dismiss") {
            notice::say_not_loaded(false);
        } else {
            spawn_local(call::make(button));
        }
    });
    for event in ["pointerover", "focusin"] {
        on(&document(), event, |event: Event| {
            if aimed(&event, OPENS).is_some() {
                dialogs::load_ahead();
            }
        });
    }
}

/// The act with these new names in its empty map.
fn with_names(act: &str, names: &str) -> String {
    act.replacen("{}", &format!("{{{names}}}"), 1)
}

/// Gives the focus back to what opened the dialog that was closed, where the browser could not.
pub fn return_focus() {
    let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
    let Some(body) = document().body().filter(|_| lost) else { return };
    let place = OPENER.with_borrow(|opener| {
        let Opener { attribute, value } = opener.as_ref()?;
        let same = |button: &Element| button.get_attribute(attribute).as_deref() == Some(value);
        all(&body, OPENS).into_iter().find(same)
    });
    if let Some(place) = place.or_else(|| document().get_element_by_id("content")) {
        super::focus(&place);
    }
}

/// The nearest element around what an event is about that a selector names.
fn aimed(event: &Event, selector: &str) -> Option<Element> {
    target::<Element>(event)?.closest(selector).ok()?
}

/// Asks the dialogs for something. The button is busy until it is there, and cannot be clicked twice.
fn open(button: &Element, attribute: &'static str, value: String, act: String) {
    let Some(busy) = call::Busy::begin(button) else { return };
    OPENER.set(Some(Opener { attribute, value }));
    spawn_local(async move {
        dialogs::answer(dialogs::Ask::Act(act)).await;
        drop(busy);
    });
}
