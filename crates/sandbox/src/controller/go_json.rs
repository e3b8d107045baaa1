//! JSON as Go's decoder reads it: the first value of a body only, field names without regard to case, and its sentences
//! for what it cannot read.
use serde_json::{Map, Value};

/// The first JSON value of `body`.
///
/// # Errors
/// Go's words for the first thing that is not JSON.
pub(super) fn first_value(body: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: body.chars().peekable() };
    reader.blank();
    if reader.rest.peek().is_none() {
        return Err("EOF".to_owned());
    }
    reader.value()
}

/// What a Go struct field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string; empty counts as not given.
    Text,
    /// A string behind a pointer: given as soon as it is there.
    Word,
    Flag,
    Texts,
    /// A list of structs of this Go type.
    List(&'static str),
    /// One struct of this Go type.
    Struct(&'static str),
}

/// A field by its JSON name.
pub(super) type Field = (&'static str, Shape);

/// What of `value` belongs to these fields, under their own names; nulls count as not given.
///
/// # Errors
/// Go's words for the first value of the wrong kind. `request` is the Go type that was read.
pub(super) fn fields(value: &Value, request: &str, fields: &[Field]) -> Result<Map<String, Value>, String> {
    let mut known = Map::new();
    let given = match value {
        Value::Null => return Ok(known),
        Value::Object(given) => given,
        other => {
            let kind = kind_of(other);
            return Err(format!("json: cannot unmarshal {kind} into Go value of type server.{request}"));
        }
    };
    for (key, value) in given {
        let Some((name, shape)) = fields.iter().find(|(name, _)| same(name, key)) else { continue };
        if value.is_null() {
            continue;
        }
        if let Some((kind, wanted)) = shape.refuses(value) {
            return Err(format!(
                "json: cannot unmarshal {kind} into Go struct field {request}.{name} of type {wanted}"
            ));
        }
        known.insert((*name).to_owned(), value.clone());
    }
    Ok(known)
}

/// Go folds the case of field names.
pub(super) fn same(name: &str, key: &str) -> bool {
    name.eq_ignore_ascii_case(key)
}

impl Shape {
    /// The kind of the first value that does not fit, and the Go type that was wanted.
    fn refuses(self, value: &Value) -> Option<(&'static str, String)> {
        let wanted = match (self, value) {
            (Self::Text | Self::Word, Value::String(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::Struct(_), Value::Object(_)) => return None,
            (Self::Texts, Value::Array(items)) => {
                let odd = items.iter().find(|item| !item.is_string() && !item.is_null())?;
                return Some((kind_of(odd), "string".to_owned()));
            }
            (Self::List(kind), Value::Array(items)) => {
                let odd = items.iter().find(|item| !item.is_object() && !item.is_null())?;
                return Some((kind_of(odd), kind.to_owned()));
            }
            (Self::Text | Self::Word, _) => "string".to_owned(),
            (Self::Flag, _) => "bool".to_owned(),
            (Self::Texts, _) => "[]string".to_owned(),
            (Self::List(kind), _) => format!("[]{kind}"),
            (Self::Struct(kind), _) => kind.to_owned(),
        };
        Some((kind_of(value), wanted))
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A character as Go quotes it.
fn quoted(found: char) -> String {
    match found {
        '\'' => r"'\''".to_owned(),
        '"' => r#"'"'"#.to_owned(),
        '\n' => r"'\n'".to_owned(),
        '\r' => r"'\r'".to_owned(),
        '\t' => r"'\t'".to_owned(),
        other => format!("'{other}'"),
    }
}

fn invalid(found: char, place: &str) -> String {
    format!("invalid character {} {place}", quoted(found))
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Reader<'_> {
    fn blank(&mut self) {
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n')).is_some() {}
    }

    fn take(&mut self) -> Result<char, String> {
        self.rest.next().ok_or_else(|| "unexpected EOF".to_owned())
    }

    /// The next character that is not white space, left where it is.
    fn ahead(&mut self) -> Result<char, String> {
        self.blank();
        self.rest.peek().copied().ok_or_else(|| "unexpected EOF".to_owned())
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.ahead()? {
            '{' => self.object(),
            '[' => self.array(),
            '"' => self.string().map(Value::String),
            '-' | '0'..='9' => self.number(),
            't' => self.literal("true", Value::Bool(true)),
            'f' => self.literal("false", Value::Bool(false)),
            'n' => self.literal("null", Value::Null),
            other => Err(invalid(other, "looking for beginning of value")),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        self.take()?;
        let mut map = Map::new();
        if self.ahead()? == '}' {
            self.take()?;
            return Ok(Value::Object(map));
        }
        loop {
            match self.ahead()? {
                '"' => {}
                other => return Err(invalid(other, "looking for beginning of object key string")),
            }
            let key = self.string()?;
            match self.ahead()? {
                ':' => self.take()?,
                other => return Err(invalid(other, "after object key")),
            };
            let value = self.value()?;
            map.insert(key, value);
            match self.ahead()? {
                ',' => self.take()?,
                '}' => {
                    self.take()?;
                    return Ok(Value::Object(map));
                }
                other => return Err(invalid(other, "after object key:value pair")),
            };
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        self.take()?;
        let mut items = Vec::new();
        if self.ahead()? == ']' {
            self.take()?;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            match self.ahead()? {
                ',' => self.take()?,
                ']' => {
                    self.take()?;
                    return Ok(Value::Array(items));
                }
                other => return Err(invalid(other, "after array element")),
            };
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut raw = String::from(self.take()?);
        loop {
            let found = self.take()?;
            raw.push(found);
            match found {
                '"' => break,
                '\\' => raw.push(self.escape()?),
                '\0'..='\x1f' => return Err(invalid(found, "in string literal")),
                _ => {}
            }
        }
        // What Go accepts and serde does not is a lone half of a surrogate pair; Go puts a replacement there.
        Ok(serde_json::from_str(&raw).unwrap_or_else(|_| "\u{fffd}".to_owned()))
    }

    fn escape(&mut self) -> Result<char, String> {
        match self.take()? {
            found @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') => Ok(found),
            other => Err(invalid(other, "in string escape code")),
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let mut raw = String::new();
        while let Some(found) =
            self.rest.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'))
        {
            raw.push(found);
        }
        match serde_json::from_str(&raw) {
            Ok(number) => Ok(number),
            Err(_) => match self.rest.peek() {
                None => Err("unexpected EOF".to_owned()),
                Some(found) => Err(invalid(*found, "in numeric literal")),
            },
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for wanted in word.chars() {
            let found = self.take()?;
            if found != wanted {
                let place = format!("in literal {word} (expecting {})", quoted(wanted));
                return Err(invalid(found, &place));
            }
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_not_json_is_refused_in_the_words_of_go() {
        for (body, sentence) in [
            ("", "EOF"),
            ("  ", "EOF"),
            ("{\"name\":", "unexpected EOF"),
            ("{model: x}", "invalid character 'm' looking for beginning of object key string"),
            ("nope", "invalid character 'o' in literal null (expecting 'u')"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\": 1 2}", "invalid character '2' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("garbage", "invalid character 'g' looking for beginning of value"),
            ("\"a\nb\"", r"invalid character '\n' in string literal"),
            (r#""\x""#, "invalid character 'x' in string escape code"),
        ] {
            assert_eq!(first_value(body), Err(sentence.to_owned()), "{body}");
        }
        assert_eq!(first_value("{} trailing"), Ok(json!({})));
    }

    #[test]
    fn fields_are_known_by_name_without_regard_to_case() {
        let shapes: &[Field] = &[("model", Shape::Text), ("skills", Shape::Texts), ("state", Shape::Word)];
        let read = |value: Value| fields(&value, "UpdateWorkerRequest", shapes);
        assert_eq!(
            read(json!({"MODEL": "m", "other": 1})).unwrap(),
            *json!({"model": "m"}).as_object().unwrap()
        );
        assert!(read(json!(null)).unwrap().is_empty() && read(json!({"model": null})).unwrap().is_empty());
        for (value, sentence) in [
            (json!([]), "json: cannot unmarshal array into Go value of type server.UpdateWorkerRequest"),
            (
                json!({"model": 5}),
                "json: cannot unmarshal number into Go struct field UpdateWorkerRequest.model of type string",
            ),
            (
                json!({"skills": "a"}),
                "json: cannot unmarshal string into Go struct field UpdateWorkerRequest.skills of type []string",
            ),
            (
                json!({"skills": [1]}),
                "json: cannot unmarshal number into Go struct field UpdateWorkerRequest.skills of type string",
            ),
        ] {
            assert_eq!(read(value).unwrap_err(), sentence);
        }
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_again(text in ".*", number in any::<i64>(), flag in any::<bool>()) {
            let value = json!({"text": text, "list": [number, flag, null], "inner": {"x": 1.5}});
            prop_assert_eq!(first_value(&value.to_string()), Ok(value));
        }

        #[test]
        fn no_body_is_too_odd(body in ".{0,40}") {
            first_value(&body).ok();
        }
    }
}
