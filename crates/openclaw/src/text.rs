//! Where the values of a JSON text lie, and edits that leave every other byte alone. Works on texts that serde_json has
//! accepted, so depth and syntax are known to be sound; what does not fit anyway ends in `None`.
use serde::Serialize;
use serde_json::{Value, ser::PrettyFormatter};
use std::ops::Range;

/// A value and where it lies.
#[derive(Debug)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Scalar,
}

/// A step of a path.
#[derive(Clone, Debug)]
pub(crate) enum At<'a> {
    Key(&'a str),
    Index(usize),
}

/// Finds the spans of all values.
pub(crate) fn scan(text: &str) -> Option<Node> {
    Scanner { text: text.as_bytes(), at: 0 }.value()
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self) -> Option<Node> {
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'{' => Kind::Object(self.list(b'}', |scanner| {
                let key = scanner.string()?;
                scanner.take(b':')?;
                Some((key, scanner.value()?))
            })?),
            b'[' => Kind::Array(self.list(b']', Self::value)?),
            b'"' => self.string().map(|_| Kind::Scalar)?,
            _ => {
                while self.text.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
                {
                    self.at += 1;
                }
                Kind::Scalar
            }
        };
        (self.at > start).then_some(Node { span: start..self.at, kind })
    }

    fn list<T>(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek()? != end {
            items.push(item(self)?);
            while self.peek()? == b',' {
                self.at += 1;
                items.push(item(self)?);
            }
        }
        self.take(end)?;
        Some(items)
    }

    fn string(&mut self) -> Option<String> {
        self.peek()?;
        let start = self.at;
        self.take(b'"')?;
        while *self.text.get(self.at)? != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_slice(self.text.get(start..self.at)?).ok()
    }
}

impl Node {
    /// The member that a reader sees: of doubled keys the last.
    fn child(&self, at: &At<'_>) -> Option<&Self> {
        match (&self.kind, at) {
            (Kind::Object(members), At::Key(key)) => {
                members.iter().rev().find(|(k, _)| k == key).map(|(_, node)| node)
            }
            (Kind::Array(items), At::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// Where its last member ends, if it has any.
    fn last_end(&self) -> Option<usize> {
        match &self.kind {
            Kind::Object(members) => members.last().map(|(_, node)| node.span.end),
            Kind::Array(items) => items.last().map(|node| node.span.end),
            Kind::Scalar => None,
        }
    }
}

/// Sets the value at a path. Objects on the way that are missing are made; an index equal to a list's length appends.
/// None when the path leads through something that is no object or list.
pub(crate) fn set(text: &str, path: &[At<'_>], value: &Value) -> Option<String> {
    let root = scan(text)?;
    let mut node = &root;
    for (depth, at) in path.iter().enumerate() {
        match node.child(at) {
            Some(child) => node = child,
            None => return insert(text, node, at, &wrapped(&path[depth + 1..], value)?),
        }
    }
    let present: Value = serde_json::from_str(&text[node.span.clone()]).ok()?;
    if present == *value {
        return Some(text.to_owned());
    }
    let layout = Layout::of(text);
    Some(splice(text, node.span.clone(), &layout.render(value, indentation(text, node.span.start))?))
}

/// The value inside the objects that a path still needs.
fn wrapped(path: &[At<'_>], value: &Value) -> Option<Value> {
    path.iter().rev().try_fold(value.clone(), |inner, at| match at {
        At::Key(key) => Some(Value::Object([((*key).to_owned(), inner)].into_iter().collect())),
        At::Index(0) => Some(Value::Array(vec![inner])),
        At::Index(_) => None,
    })
}

fn insert(text: &str, parent: &Node, at: &At<'_>, value: &Value) -> Option<String> {
    let layout = Layout::of(text);
    let key = match (at, &parent.kind) {
        (At::Key(key), Kind::Object(_)) => Some(*key),
        (At::Index(index), Kind::Array(items)) if *index == items.len() => None,
        _ => return None,
    };
    let outer = indentation(text, parent.span.start);
    // A parent that stands on one line stays on one line.
    let inside = &text[parent.span.start..parent.last_end().unwrap_or(parent.span.end)];
    let multiline = layout.unit.is_some() && (parent.last_end().is_none() || inside.contains('\n'));
    let (layout, inner) = match &layout.unit {
        Some(unit) if multiline => (layout.clone(), format!("{outer}{unit}")),
        _ => (Layout { unit: None, newline: layout.newline }, String::new()),
    };
    let mut member = match key {
        Some(key) => format!(
            "{}:{}",
            serde_json::to_string(key).ok()?,
            if inside_spaced(text, parent) { " " } else { "" }
        ),
        None => String::new(),
    };
    member.push_str(&layout.render(value, &inner)?);
    let lead = if multiline { format!("{}{inner}", layout.newline) } else { String::new() };
    match parent.last_end() {
        Some(end) => {
            let gap = if !multiline && inside_spaced(text, parent) { " " } else { "" };
            Some(splice(text, end..end, &format!(",{gap}{lead}{member}")))
        }
        None => {
            let close = if multiline { format!("{}{outer}", layout.newline) } else { String::new() };
            let hollow = parent.span.start + 1..parent.span.end - 1;
            Some(splice(text, hollow, &format!("{lead}{member}{close}")))
        }
    }
}

/// Whether this text puts a blank behind colons; read off the parent's first member, else off the text's.
fn inside_spaced(text: &str, parent: &Node) -> bool {
    let body = if parent.last_end().is_some() { &text[parent.span.clone()] } else { text };
    body.find("\":").is_some_and(|at| body[at + 2..].starts_with(' '))
}

fn splice(text: &str, span: Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..span.start], &text[span.end..])
}

/// The white space at the begin of the line on which `at` lies.
fn indentation(text: &str, at: usize) -> &str {
    let line = &text[text[..at].rfind('\n').map_or(0, |newline| newline + 1)..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How a text is laid out.
#[derive(Clone, Debug)]
struct Layout {
    /// One level of indentation; none for a text on one line.
    unit: Option<String>,
    newline: &'static str,
}

impl Layout {
    fn of(text: &str) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let body = text.trim_start().strip_prefix(['{', '[']).unwrap_or_default();
        let white = &body[..body.len() - body.trim_start().len()];
        let unit = white.rfind('\n').map(|at| white[at + 1..].to_owned()).filter(|unit| !unit.is_empty());
        Self { unit, newline }
    }

    /// The value as it stands behind a key on a line with this indentation.
    fn render(&self, value: &Value, indentation: &str) -> Option<String> {
        let Some(unit) = &self.unit else { return serde_json::to_string(value).ok() };
        let mut out = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(unit.as_bytes()));
        value.serialize(&mut serializer).ok()?;
        let text = String::from_utf8(out).ok()?;
        Some(text.replace('\n', &format!("{}{indentation}", self.newline)))
    }
}
