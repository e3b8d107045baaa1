//! A backup as a file.
use crate::browser::entry::Entry;
use leptos::{
    prelude::document,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{Blob, HtmlElement, Url, js_sys::Array},
};

/// Gives a sealed backup to the person, as the server would.
pub fn download(entry: &Entry) -> Result<(), JsValue> {
    let text = serde_json::to_string(&entry.backup).map_err(|error| error.to_string())?;
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into()))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &url)?;
    link.set_attribute("download", &format!("agm-backup-{}.sealed.json", entry.id()))?;
    link.unchecked_ref::<HtmlElement>().click();
    Url::revoke_object_url(&url)
}
