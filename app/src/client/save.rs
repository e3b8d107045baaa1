//! Texts that become files of the person.
use leptos::{
    prelude::{document, set_timeout},
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{Blob, HtmlElement, Url, js_sys::Array},
};
use std::time::Duration;

/// After this a browser has the file.
const SAVED: Duration = Duration::from_secs(60);

/// Downloads a text that the page holds.
pub fn save(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into()))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    // Not every browser follows a link that is nowhere, or has read the file when the click returns.
    if let Some(body) = document().body() {
        body.append_child(&link)?;
    }
    link.unchecked_ref::<HtmlElement>().click();
    link.remove();
    set_timeout(move || drop(Url::revoke_object_url(&url)), SAVED);
    Ok(())
}
