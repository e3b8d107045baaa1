//! Points in time by the reader's clock and language. The server writes them in UTC.
use super::all;
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Element, HtmlElement, js_sys};

/// Rewrites every `<time>` below `root`: hours and minutes, with the day where that is not today, or where it is asked
/// for; and with the year where that is not this one.
pub fn localize(root: &Element) {
    let lang = document().document_element().and_then(|html| html.get_attribute("lang"));
    let lang = lang.unwrap_or_else(|| "en".into());
    for time in all(root, "time[datetime]") {
        let instant = time.get_attribute("datetime").unwrap_or_default();
        let date = js_sys::Date::new(&JsValue::from_str(&instant));
        if date.get_time().is_nan() {
            continue;
        }
        time.set_text_content(Some(&short(&date, &lang, time.has_attribute("data-dated"))));
        if let Some(time) = time.dyn_ref::<HtmlElement>() {
            time.set_title(&String::from(date.to_locale_string(&lang, &JsValue::UNDEFINED)));
        }
    }
}

fn short(date: &js_sys::Date, lang: &str, dated: bool) -> String {
    let now = js_sys::Date::new_0();
    let clock = String::from(date.to_locale_time_string_with_options(lang, &two_digits(&["hour", "minute"])));
    if !dated && date.to_date_string() == now.to_date_string() {
        return clock;
    }
    let parts = ["year", "month", "day"];
    let from = usize::from(date.get_full_year() == now.get_full_year());
    let day = date.to_locale_date_string(lang, &two_digits(parts.get(from..).unwrap_or_default()));
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
