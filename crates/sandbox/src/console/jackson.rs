//! The two JSON libraries of the console: Jackson reads requests and coerces scalars to the type of a declared field;
//! Gson carries free maps to the store and back, which costs them their `null` members and, in lists, their integers.
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error};
use serde_json::{Map, Value};

/// A declared `String`: numbers and booleans become text.
pub(super) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    scalar_text(Value::deserialize(input)?).map_err(|()| D::Error::custom("not a text"))
}

/// A declared `List<String>`; `null` elements stay.
pub(super) fn texts<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<Option<String>>>, D::Error> {
    let Some(items) = Option::<Vec<Value>>::deserialize(input)? else { return Ok(None) };
    let texts = items.into_iter().map(scalar_text).collect::<Result<_, ()>>();
    texts.map(Some).map_err(|()| D::Error::custom("not a list of texts"))
}

/// A declared `List<String>` whose `null` elements nothing shows.
pub(super) fn names<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(texts(input)?.map(|items| items.into_iter().flatten().collect()))
}

/// A declared `Map<String, String>`.
pub(super) fn text_map<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Map<String, Value>>, D::Error> {
    let Some(map) = Option::<Map<String, Value>>::deserialize(input)? else { return Ok(None) };
    let mut texts = Map::new();
    for (key, value) in map {
        if let Some(value) = scalar_text(value).map_err(|()| D::Error::custom("not a map of texts"))? {
            texts.insert(key, Value::String(value));
        }
    }
    Ok(Some(texts))
}

/// Texts that stand for no number and no flag.
fn is_no_scalar(text: &str) -> bool {
    ["", "null"].contains(&text.trim())
}

/// A declared `Integer`: numeric text counts, an empty one is null, fractions are cut.
pub(super) fn integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i32>, D::Error> {
    let wrong = || D::Error::custom("not an integer");
    let number = match Value::deserialize(input)? {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64().ok_or_else(wrong)?.trunc(),
        Value::String(text) if is_no_scalar(&text) => return Ok(None),
        Value::String(text) => f64::from(text.trim().parse::<i32>().map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number inside the range")]
        Ok(Some(number as i32))
    } else {
        Err(wrong())
    }
}

/// A declared `Boolean`: `0`/`1` and the words count, an empty text is null.
pub(super) fn boolean<'de, D: Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(input)? {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag)),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Some(number.as_i64() != Some(0))),
        Value::String(text) if is_no_scalar(&text) => Ok(None),
        Value::String(text) => match text.trim() {
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            _ => Err(D::Error::custom("not a boolean")),
        },
        _ => Err(D::Error::custom("not a boolean")),
    }
}

/// A declared object: no list stands for one.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<Option<T>, D::Error> {
    object_of(Value::deserialize(input)?).map_err(D::Error::custom)
}

const NULL_ELEMENT: &str = "a null where an object is called";

/// True where a list of objects had a `null` in it: the console reads that, and fails on it.
pub(super) fn is_null_element(error: &serde_json::Error) -> bool {
    error.to_string().contains(NULL_ELEMENT)
}

/// A declared list of objects.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let Some(items) = Option::<Vec<Value>>::deserialize(input)? else { return Ok(None) };
    let object = |item| match object_of(item) {
        Ok(None) => Err(D::Error::custom(NULL_ELEMENT)),
        Ok(Some(object)) => Ok(object),
        Err(error) => Err(D::Error::custom(error)),
    };
    items.into_iter().map(object).collect::<Result<_, _>>().map(Some)
}

fn object_of<T: DeserializeOwned>(value: Value) -> Result<Option<T>, serde_json::Error> {
    match value {
        Value::Null => Ok(None),
        Value::Object(_) => serde_json::from_value(value).map(Some),
        _ => Err(serde_json::Error::custom("not an object")),
    }
}

fn scalar_text(value: Value) -> Result<Option<String>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Array(_) | Value::Object(_) => Err(()),
    }
}

/// A free map as it comes back from the store.
pub(super) fn stored(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key, stored_value(value)))
        .collect()
}

fn stored_value(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(stored(map)),
        Value::Array(items) => Value::Array(items.into_iter().map(stored_item).collect()),
        other => other,
    }
}

fn stored_item(value: Value) -> Value {
    match value.as_f64() {
        Some(number) => Value::from(number),
        None => stored_value(value),
    }
}

/// `MapUtils.getString`: any value's text; none for a missing or null one.
pub(super) fn string_of(map: &Map<String, Value>, key: &str) -> Option<String> {
    match map.get(key)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `MapUtils.getBoolean`: words and numbers count.
pub(super) fn boolean_of(map: &Map<String, Value>, key: &str) -> Option<bool> {
    match map.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => Some(text.eq_ignore_ascii_case("true")),
        Value::Number(number) => number.as_f64().map(|n| n.trunc() != 0.0),
        _ => None,
    }
}

/// `MapUtils.getInteger`: numeric texts count.
pub(super) fn integer_of(map: &Map<String, Value>, key: &str) -> Option<i64> {
    match map.get(key)? {
        #[expect(clippy::cast_possible_truncation, reason = "Java cuts too")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|n| n as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `StringUtils.isBlank`.
pub(super) fn blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// `StringUtils.isEmpty`.
pub(super) fn empty(text: Option<&str>) -> bool {
    text.is_none_or(str::is_empty)
}

/// `String.split` for a single character: trailing empty parts are dropped.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(separator).collect();
    while parts.len() > 1 && parts.last() == Some(&"") {
        parts.pop();
    }
    parts
}
