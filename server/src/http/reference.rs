//! The API as Markdown for an agent to read, made from the OpenAPI document.
use super::{docs, openapi::document};
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "# The HTTP API

Made from the OpenAPI document by `make reference`; not to be edited by hand. The server shows the same at `/docs`
and as a document for programs at `/openapi.json`.

JSON in and out. Every call but `/ni_status/login` and `/ni_status/health` needs HTTP Basic with the admin's name and
password. A failure is a `Failure` with the status of its code. `Success_X` is an `X` with a field
`success` beside its own, which is true. A change waits for its end; with `dry_run=true` it answers with its plan and changes
nothing.
";

/// The whole reference.
pub fn api_reference() -> String {
    let mut text = HEAD.to_owned();
    for tag in document().tags.iter().flatten() {
        let about = tag.description.as_deref().unwrap_or_default();
        write(&mut text, format_args!("\n## {}\n\n{about}\n", capital(&tag.name)));
        for (path, item) in &document().paths.paths {
            for (method, operation) in docs::operations(item) {
                if operation.tags.as_ref().is_some_and(|tags| tags.contains(&tag.name)) {
                    section(&mut text, path, method, &docs::json(operation));
                }
            }
        }
    }
    text.push_str("\n## Types\n");
    let types = document().components.iter().flat_map(|components| &components.schemas);
    for (name, schema) in types.filter(|(name, _)| !name.starts_with("Success_")) {
        write(&mut text, format_args!("\n### {name}\n"));
        described(&mut text, &docs::json(schema));
    }
    text
}

fn section(text: &mut String, path: &str, method: &str, operation: &Value) {
    write(text, format_args!("\n### {method} {path}\n"));
    for part in ["summary", "description"] {
        if let Some(about) = operation[part].as_str() {
            write(text, format_args!("\n{}\n", about.trim()));
        }
    }
    let mut facts = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let word = |key| parameter[key].as_str().unwrap_or_default();
        facts.push(format!("- `{}` ({}): {}", word("name"), word("in"), word("description")));
    }
    if let Some(body) = kind(&operation["requestBody"]) {
        let example = operation["requestBody"].pointer("/content/application~1json/example");
        let example = example.map(|example| format!(", such as `{example}`")).unwrap_or_default();
        facts.push(format!("- Body: {body}{example}"));
    }
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        // The failure is the same everywhere, and the head says so.
        if status != "default" {
            let about = answer["description"].as_str().unwrap_or_default();
            let kind = kind(answer).map(|kind| format!(" {kind}")).unwrap_or_default();
            facts.push(format!("- {status}: {about}{kind}"));
        }
    }
    write(text, format_args!("\n{}\n", facts.join("\n")));
}

/// The type of a body or an answer.
fn kind(carrier: &Value) -> Option<String> {
    let (media, content) = carrier["content"].as_object()?.iter().next()?;
    Some(match media.as_str() {
        "application/json" => name(&content["schema"]),
        other => format!("`{other}`"),
    })
}

/// A type in a few words.
fn name(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return format!("`{}`", reference.rsplit('/').next().unwrap_or_default());
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " with ")] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(name).collect::<Vec<_>>().join(between);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", name(&schema["items"])),
        Value::String(kind) if kind == "object" && schema["additionalProperties"].is_object() => {
            format!("map to {}", name(&schema["additionalProperties"]))
        }
        Value::String(kind) if kind == "object" && schema["properties"].is_object() => fields(schema),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let of = |kind: &Value| {
                let mut one = schema.clone();
                one["type"] = kind.clone();
                name(&one)
            };
            kinds.iter().map(of).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".into(),
    }
}

/// The fields of an object on one line.
fn fields(schema: &Value) -> String {
    let all = schema["properties"].as_object().into_iter().flatten();
    let all = all.map(|(field, of)| format!("`{field}`: {}", name(of)));
    format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
}

/// A type with what it means: a line for each field, or for each of the types that it can be.
fn described(text: &mut String, schema: &Value) {
    if let Some(about) = schema["description"].as_str() {
        write(text, format_args!("\n{}\n", about.trim()));
    }
    let required = schema["required"].as_array();
    let must = |field: &str| required.is_some_and(|all| all.iter().any(|one| one == field));
    let lines: Vec<_> = match (schema["properties"].as_object(), schema["oneOf"].as_array()) {
        (Some(all), _) => all
            .iter()
            .map(|(field, of)| {
                let optional = if must(field) { "" } else { ", optional" };
                format!("- `{field}` ({}{optional}){}", name(of), about(of))
            })
            .collect(),
        (None, Some(all)) => all.iter().map(|one| format!("- {}{}", name(one), about(one))).collect(),
        (None, None) => vec![format!("- {}", name(schema))],
    };
    write(text, format_args!("\n{}\n", lines.join("\n")));
}

fn about(schema: &Value) -> String {
    let words = schema["description"].as_str().unwrap_or_default();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { words } else { format!(": {words}") }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn write(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    text.write_fmt(content).unwrap_or_default();
}
