//! Texts that become files of the person.
use leptos::{
    prelude::document,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{Blob, HtmlElement, Url, js_sys::Array},
};

/// Downloads a text that the page holds.
pub fn save(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into()))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.unchecked_ref::<HtmlElement>().click();
    Url::revoke_object_url(&url)
}
