//! What a press does at once: one POST to our own API, and then the page as it is after it.
use super::{dialogs, page, report, visit};
use leptos::prelude::window;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Element, RequestInit, Response};
use wasm_bindgen_futures::JsFuture;

/// What the server said to a call.
pub enum Answer {
    /// It is done; something new was made by it, or not.
    Done { new: bool, response: Response },
    Refused {
        /// Nobody is signed in any more.
        signed_out: bool,
        /// In JSON; empty when nobody answered.
        failure: String,
    },
}

/// Makes the call that a button names.
pub async fn make(button: Element) {
    let of = |name: &str| button.get_attribute(name).unwrap_or_default();
    match ask(&button, &of("data-call"), &of("data-body")).await {
        None => return,
        Some((Answer::Done { new, .. }, _)) => {
            if done(&button, new) {
                return;
            }
        }
        Some((Answer::Refused { signed_out: true, .. }, _)) => return page::signed_out(),
        Some((Answer::Refused { failure, .. }, _)) => {
            dialogs::ask(dialogs::Ask::Failed { failure, place: None });
        }
    }
    page::renew().await;
}

/// What a button or a form is until this is dropped. While it calls, the part of the page that it stands in is not renewed.
pub struct Busy(Element);

impl Busy {
    /// None: it is busy already.
    pub fn begin(asker: &Element) -> Option<Self> {
        if asker.has_attribute("aria-busy") {
            return None;
        }
        report(asker.set_attribute("aria-busy", "true"));
        Some(Self(asker.clone()))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        report(self.0.remove_attribute("aria-busy"));
    }
}

/// Sends what a button or a form asks for. It is busy meanwhile, and nothing is sent twice: none is the answer then.
pub async fn ask(asker: &Element, path: &str, body: &str) -> Option<(Answer, Busy)> {
    let busy = Busy::begin(asker)?;
    // The browser says nothing more than that it got no answer.
    let nobody = |_| Answer::Refused { signed_out: false, failure: String::new() };
    Some((post(path, body).await.unwrap_or_else(nobody), busy))
}

/// Says that it is done, or goes where it leads: true then.
pub fn done(asker: &Element, new: bool) -> bool {
    if let Some(then) = asker.get_attribute("data-then") {
        visit(&then);
        return true;
    }
    let nothing = (!new).then(|| asker.get_attribute("data-nothing-new")).flatten();
    if let Some(text) = nothing.or_else(|| asker.get_attribute("data-said")) {
        dialogs::ask(dialogs::Ask::Done(text));
    }
    false
}

async fn post(path: &str, body: &str) -> Result<Answer, JsValue> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(body));
    let headers = leptos::web_sys::Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("x-agm-ui", "1")?;
    init.set_headers(&headers);
    let asked = window().fetch_with_str_and_init(&format!("/ni_status/{path}"), &init);
    let response: Response = JsFuture::from(asked).await?.dyn_into()?;
    Ok(match response.status() {
        status @ 200..=299 => Answer::Done { new: status == 201, response },
        status => {
            let failure = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
            Answer::Refused { signed_out: status == 401, failure }
        }
    })
}
