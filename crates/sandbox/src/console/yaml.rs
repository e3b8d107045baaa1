//! As much YAML as plugin settings need: block maps, block lists and scalars; JSON for everything in flow style.
use serde_json::{Map, Number, Value};

/// Reads a map; none for any other text.
pub(super) fn parse_map(text: &str) -> Option<Map<String, Value>> {
    if let Ok(map) = serde_json::from_str(text) {
        return Some(map);
    }
    let lines: Vec<Line> = text.lines().filter_map(Line::of).collect();
    let mut reader = Reader { lines: &lines, at: 0 };
    let value = reader.block(0)?;
    match value {
        Value::Object(map) if reader.at == lines.len() => Some(map),
        _ => None,
    }
}

struct Line {
    indent: usize,
    text: String,
}

impl Line {
    fn of(line: &str) -> Option<Self> {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        (!text.is_empty() && !text.starts_with('#') && text != "---")
            .then(|| Self { indent, text: text.to_owned() })
    }
}

struct Reader<'a> {
    lines: &'a [Line],
    at: usize,
}

impl Reader<'_> {
    fn indent(&self) -> Option<usize> {
        self.lines.get(self.at).map(|line| line.indent)
    }

    fn block(&mut self, least: usize) -> Option<Value> {
        let indent = self.indent().filter(|indent| *indent >= least)?;
        if self.lines[self.at].text == "-" || self.lines[self.at].text.starts_with("- ") {
            self.list(indent)
        } else {
            self.map(indent)
        }
    }

    fn map(&mut self, indent: usize) -> Option<Value> {
        let mut map = Map::new();
        while self.indent() == Some(indent) && !self.lines[self.at].text.starts_with("- ") {
            let (key, rest) = entry(&self.lines[self.at].text)?;
            self.at += 1;
            let value = if !rest.is_empty() {
                scalar(rest)?
            } else if self.indent().is_some_and(|next| next > indent) {
                self.block(indent + 1)?
            } else if self.indent() == Some(indent) && self.lines[self.at].text.starts_with('-') {
                self.list(indent)?
            } else {
                Value::Null
            };
            map.insert(key, value);
        }
        (self.indent().is_none_or(|next| next <= indent)).then_some(Value::Object(map))
    }

    fn list(&mut self, indent: usize) -> Option<Value> {
        let mut items = Vec::new();
        while self.indent() == Some(indent) {
            let Some(rest) = self.lines[self.at].text.strip_prefix('-').map(str::to_owned) else { break };
            let inner = indent + 1 + rest.len() - rest.trim_start().len();
            let text = rest.trim().to_owned();
            if text.is_empty() {
                self.at += 1;
                items.push(self.block(indent + 1).unwrap_or_default());
            } else if entry(&text).is_some() {
                items.push(self.inline_map(inner, text)?);
            } else {
                self.at += 1;
                items.push(scalar(&text)?);
            }
        }
        Some(Value::Array(items))
    }

    /// A map whose first entry stands behind the dash of a list.
    fn inline_map(&mut self, indent: usize, first: String) -> Option<Value> {
        let mut lines = vec![Line { indent, text: first }];
        self.at += 1;
        while self.indent().is_some_and(|next| next >= indent) {
            let line = &self.lines[self.at];
            lines.push(Line { indent: line.indent, text: line.text.clone() });
            self.at += 1;
        }
        let mut reader = Reader { lines: &lines, at: 0 };
        reader.map(indent).filter(|_| reader.at == lines.len())
    }
}

/// `key: rest`.
fn entry(text: &str) -> Option<(String, &str)> {
    let (key, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\":")?,
        None => text.split_once(": ").or_else(|| text.strip_suffix(':').map(|key| (key, "")))?,
    };
    let legal = !key.is_empty() && !key.contains(['{', '[', '"']) && !key.starts_with('\'');
    legal.then(|| (key.to_owned(), rest.trim()))
}

fn scalar(text: &str) -> Option<Value> {
    match text {
        "null" | "~" => return Some(Value::Null),
        "true" | "True" => return Some(Value::Bool(true)),
        "false" | "False" => return Some(Value::Bool(false)),
        _ => {}
    }
    if text.starts_with(['{', '[', '"']) {
        return serde_json::from_str(text).ok();
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        return quoted.strip_suffix('\'').map(|inner| Value::String(inner.replace("''", "'")));
    }
    let number = text.parse::<i64>().ok().map(Number::from);
    let number = number.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    Some(number.map_or_else(|| Value::String(text.to_owned()), Value::Number))
}

/// Writes a map in block style, without a final line feed.
pub(super) fn write_map(map: &Map<String, Value>) -> String {
    if map.is_empty() {
        return "{}".to_owned();
    }
    let mut lines = Vec::new();
    write_entries(map, 0, &mut lines);
    lines.join("\n")
}

fn write_entries(map: &Map<String, Value>, indent: usize, lines: &mut Vec<String>) {
    for (key, value) in map {
        write_under(&format!("{}{}:", " ".repeat(indent), write_text(key)), value, indent, lines);
    }
}

fn write_under(head: &str, value: &Value, indent: usize, lines: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            lines.push(head.to_owned());
            write_entries(map, indent + 2, lines);
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(head.to_owned());
            for item in items {
                write_item(item, indent, lines);
            }
        }
        other => lines.push(format!("{head} {}", write_scalar(other))),
    }
}

fn write_item(item: &Value, indent: usize, lines: &mut Vec<String>) {
    let dash = format!("{}-", " ".repeat(indent));
    match item {
        Value::Object(map) if !map.is_empty() => {
            let mut inner = Vec::new();
            write_entries(map, indent + 2, &mut inner);
            let mut inner = inner.into_iter();
            lines.extend(inner.next().map(|first| format!("{dash} {}", first.trim_start())));
            lines.extend(inner);
        }
        other => write_under(&dash, other, indent + 2, lines),
    }
}

fn write_scalar(value: &Value) -> String {
    match value {
        Value::String(text) => write_text(text),
        other => other.to_string(),
    }
}

/// A text, quoted where YAML would read something else.
fn write_text(text: &str) -> String {
    let plain = matches!(scalar(text), Some(Value::String(_)))
        && !text.is_empty()
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains('\n')
        && !text.ends_with(':')
        && !text.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@`".contains(c));
    if plain { text.to_owned() } else { Value::String(text.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::{parse_map, write_map};
    use serde_json::json;

    #[test]
    fn settings_survive_writing_and_reading() {
        let settings =
            json!({"a": 1, "b": {"c": [true, "x: y", {"d": null, "e": "1"}]}, "f": [], "g": "-x", "h": 1.5});
        let map = settings.as_object().expect("a map");
        assert_eq!(parse_map(&write_map(map)).as_ref(), Some(map));
    }

    #[test]
    fn block_lists_are_read_at_any_indent() {
        let expected = json!({"consumers": ["key", {"name": "a", "keys": ["k"]}]});
        let text = "consumers:\n - key\n - name: a\n   keys:\n   - k\n";
        assert_eq!(parse_map(text).map(Into::into), Some(expected));
    }

    #[test]
    fn what_is_no_map_is_refused() {
        for text in ["- a", "just a text", "a: {", "a: [1", "a: 1\n  b: 2"] {
            assert_eq!(parse_map(text), None, "{text}");
        }
    }
}
