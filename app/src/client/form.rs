//! Forms of a page whose fields are the JSON of one POST: `data-form` names the path. What the server refuses is said in
//! `[data-form-error]` of the form, which keeps all that was typed. A file's text goes into the field that the input names
//! with `data-into`. Where a form names a file with `data-save`, the answer becomes it.
use super::{all, call, dialogs, on, page, report, save, target};
use leptos::prelude::document;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    Element, Event, File, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement, Response,
    js_sys::{JSON, Object, Reflect},
};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Where a form says what the server refused.
const ERROR: &str = "[data-form-error]";

/// Listens to all forms of the page.
pub fn listen() {
    on(&document(), "submit", |event: Event| {
        if let Some(form) = target::<HtmlFormElement>(&event).filter(|form| form.has_attribute("data-form")) {
            event.prevent_default();
            spawn_local(send(form));
        }
    });
    on(&document(), "change", |event: Event| {
        let chosen =
            |input: HtmlInputElement| Some((input.get_attribute("data-into")?, input.files()?.get(0)?));
        if let Some((into, file)) = target(&event).and_then(chosen) {
            spawn_local(async move { report(read(&file, &into).await) });
        }
    });
}

async fn read(file: &File, into: &str) -> Result<(), JsValue> {
    let text = JsFuture::from(file.text()).await?.as_string().unwrap_or_default();
    if let Some(field) = document().get_element_by_id(into) {
        field.unchecked_ref::<HtmlTextAreaElement>().set_value(&text);
    }
    Ok(())
}

async fn send(form: HtmlFormElement) {
    for place in all(&form, ERROR) {
        place.set_text_content(None);
    }
    let place = || form.query_selector(ERROR).ok().flatten();
    let path = form.get_attribute("data-form").unwrap_or_default();
    match call::ask(&form, &path, &fields(&form)).await {
        None => {}
        Some((call::Answer::Done { new, response }, busy)) => {
            if let Some(name) = form.get_attribute("data-save")
                && save_answer(&response, &name).await.is_err()
            {
                let failure = String::new();
                return dialogs::ask(dialogs::Ask::Failed { failure, place: place() });
            }
            form.reset();
            drop(busy);
            if !call::done(&form, new) {
                page::renew().await;
            }
        }
        Some((call::Answer::Refused { signed_out: true, .. }, _)) => page::signed_out(),
        Some((call::Answer::Refused { failure, .. }, _)) => {
            dialogs::ask(dialogs::Ask::Failed { failure, place: place() });
        }
    }
}

async fn save_answer(response: &Response, name: &str) -> Result<(), JsValue> {
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    save::save(name, &text)
}

/// The named fields that are filled in, as JSON.
fn fields(form: &Element) -> String {
    let filled = Object::new();
    for field in all(form, "input[name], textarea[name]") {
        let value = |name: &str| Reflect::get(&field, &name.into()).ok().and_then(|value| value.as_string());
        if let (Some(name), Some(text)) =
            (value("name"), value("value").filter(|text| !text.trim().is_empty()))
        {
            report(Reflect::set(&filled, &name.into(), &text.into()));
        }
    }
    JSON::stringify(&filled).map(String::from).unwrap_or_default()
}
