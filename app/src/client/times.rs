//! Points in time by the reader's clock and language. The server writes them in UTC.
use super::all;
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Element, HtmlElement, js_sys};

/// Rewrites every `<time>` below `root`: hours and minutes, with the day where that is not today.
pub fn localize(root: &Element) {
    let lang = document().document_element().and_then(|html| html.get_attribute("lang"));
    let lang = lang.unwrap_or_else(|| "en".into());
    for time in all(root, "time[datetime]") {
        let instant = time.get_attribute("datetime").unwrap_or_default();
        let date = js_sys::Date::new(&JsValue::from_str(&instant));
        if date.get_time().is_nan() {
            continue;
        }
        time.set_text_content(Some(&short(&date, &lang)));
        if let Some(time) = time.dyn_ref::<HtmlElement>() {
            time.set_title(&String::from(date.to_locale_string(&lang, &JsValue::UNDEFINED)));
        }
    }
}

fn short(date: &js_sys::Date, lang: &str) -> String {
    let clock = String::from(date.to_locale_time_string_with_options(lang, &two_digits(&["hour", "minute"])));
    if date.to_date_string() == js_sys::Date::new_0().to_date_string() {
        return clock;
    }
    let day = date.to_locale_date_string(lang, &two_digits(&["month", "day"]));
    format!("{} {clock}", String::from(day))
}

/// Options of `Intl.DateTimeFormat`.
fn two_digits(parts: &[&str]) -> JsValue {
    let options = js_sys::Object::new();
    for part in parts {
        super::report(js_sys::Reflect::set(
            &options,
            &JsValue::from_str(part),
            &JsValue::from_str("2-digit"),
        ));
    }
    super::report(js_sys::Reflect::set(&options, &JsValue::from_str("hour12"), &JsValue::FALSE));
    options.into()
}
