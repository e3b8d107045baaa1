//! The API as a page to read: the OpenAPI document as plain HTML, with nothing loaded from anywhere.
use super::{front::PageNonce, openapi::document};
use axum::{Extension, response::Html};
use serde_json::Value;
use std::fmt::Write;
use utoipa::openapi::path::{Operation, PathItem};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}code{font-family:ui-monospace,monospace}details{border-top:1px solid #8886;padding:.5rem 0}\
    summary{cursor:pointer}b{display:inline-block;min-width:4.5rem}pre{overflow:auto}";

/// `GET /docs`.
pub async fn page(nonce: Option<Extension<PageNonce>>) -> Html<String> {
    let nonce = nonce.map(|Extension(PageNonce(nonce))| nonce.to_string()).unwrap_or_default();
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>API · AI Gateway Management</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style nonce=\"{nonce}\">{STYLE}</style>\
         </head><body><h1>The API</h1><p>JSON in and out, HTTP Basic or the session of the sign-in page. The same as a \
         document for programs: <a href=\"/openapi.json\">openapi.json</a>.</p>"
    );
    for (path, item) in &document().paths.paths {
        for (method, operation) in operations(item) {
            section(&mut html, path, method, operation);
        }
    }
    html.push_str("<h2>Types</h2>");
    for (name, schema) in document().components.iter().flat_map(|components| &components.schemas) {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        write(
            &mut html,
            format_args!(
                "<details><summary><code>{0}</code></summary><pre id=\"{0}\">{1}</pre></details>",
                escaped(name),
                escaped(&text)
            ),
        );
    }
    html.push_str("</body></html>");
    Html(html)
}

/// The operations of a path with their methods.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn section(html: &mut String, path: &str, method: &str, operation: &Operation) {
    let summary = operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or_default();
    let more = operation.description.as_deref().filter(|_| operation.summary.is_some());
    write(
        html,
        format_args!(
            "<details><summary><b>{method}</b> <code>{}</code> {}</summary>",
            escaped(path),
            escaped(summary)
        ),
    );
    if let Some(more) = more {
        write(html, format_args!("<p>{}</p>", escaped(more)));
    }
    for parameter in json(&operation.parameters).as_array().into_iter().flatten() {
        let text = |key| escaped(parameter[key].as_str().unwrap_or_default());
        let (name, place, what) = (text("name"), text("in"), text("description"));
        write(html, format_args!("<p><code>{name}</code> ({place}): {what}</p>"));
    }
    if let Some(body) = &operation.request_body {
        content(html, "Body", &json(body));
    }
    for (status, response) in &operation.responses.responses {
        let title = if status == "default" { "Failure" } else { status };
        content(html, title, &json(response));
    }
    html.push_str("</details>");
}

/// A part of the document as JSON.
pub fn json(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

/// A JSON body or answer: what it means, its type, and an example.
fn content(html: &mut String, title: &str, carrier: &Value) {
    let means = carrier["description"].as_str().unwrap_or_default();
    write(html, format_args!("<p>{}: {} {}</p>", escaped(title), escaped(means), schema(carrier)));
    if let Some(example) = carrier.pointer("/content/application~1json/example") {
        write(html, format_args!("<pre>{}</pre>", escaped(&example.to_string())));
    }
}

/// The name of a type with a link to it; what has no name, as it is.
fn schema(carrier: &Value) -> String {
    let Some(schema) = carrier.pointer("/content/application~1json/schema") else { return String::new() };
    match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => format!("<a href=\"#{0}\"><code>{0}</code></a>", escaped(name)),
        None => format!("<code>{}</code>", escaped(&schema.to_string())),
    }
}

fn write(html: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    html.write_fmt(content).unwrap_or_default();
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
