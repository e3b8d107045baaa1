//! JSON bodies as `contracts` promise them: the bare object, no field that is not known, and the bad field named.
use domain::{
    Code, ContainerAct, Declared, EditProvider, Failure, Mutation, NewProvider, SetModel, SetModels,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use std::ops::Deref;

/// The codec of every server function with a body. Such a function takes exactly one argument, and the body is that
/// argument itself, not an object around it: `#[server(input = Post<StrictJson>)] fn set_model(wish: Switch)` reads
/// `{"target":…,"provider":…}`.
pub struct StrictJson;

/// A type that a request body can hold.
pub trait Body: Serialize + Sized {
    /// Reads it, or says which field is wrong.
    fn read(bytes: &[u8]) -> Result<Self, Failure>;
}

/// Why a body is no body. server_fn keeps nothing of a codec's error but its text, so the text is the status and the
/// JSON of the failure, which [`Refused::read`] takes apart again.
#[derive(Debug, thiserror::Error)]
#[error("{} {}", .0.code.status(), serde_json::to_string(.0).unwrap_or_default())]
pub struct Refused(Failure);

impl Refused {
    /// The failure in such a text. The code alone does not tell a malformed body from a bad field.
    pub fn read(text: &str) -> Option<Failure> {
        let (status, json) = text.split_once(' ')?;
        let mut failure: Failure = serde_json::from_str(json).ok()?;
        if status == "400" {
            failure.code = Code::MalformedRequest;
        }
        Some(failure)
    }
}

impl ContentType for StrictJson {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for StrictJson {
    const FORMAT_TYPE: Format = Format::Text;
}

// The macro derives both conversions between the argument and the struct around it when there is one argument.
impl<T> Encodes<T> for StrictJson
where
    T: Deref,
    T::Target: Body,
{
    type Error = serde_json::Error;

    fn encode(call: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(&**call).map(Bytes::from)
    }
}

impl<T> Decodes<T> for StrictJson
where
    T: Deref + From<T::Target>,
    T::Target: Body,
{
    type Error = Refused;

    fn decode(bytes: Bytes) -> Result<T, Refused> {
        T::Target::read(&bytes).map(T::from).map_err(Refused)
    }
}

/// Reads a whole body: 400 when it is no JSON, 422 with the field named when it is the wrong one.
pub fn strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = match tracked(&mut json) {
        // Where a word is expected, serde calls a value of another kind bad JSON, which it is not.
        Err(failure) if failure.code == Code::MalformedRequest => {
            match serde_json::from_slice::<Value>(bytes) {
                Ok(tree) => return tracked(tree),
                Err(_) => return Err(failure),
            }
        }
        read => read?,
    };
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn tracked<'de, D, T>(json: D) -> Result<T, Failure>
where
    D: serde::Deserializer<'de, Error = serde_json::Error>,
    T: Deserialize<'de>,
{
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let mut note = |path: serde_ignored::Path| {
        unknown.get_or_insert_with(|| path.to_string());
    };
    let ignored = serde_ignored::Deserializer::new(json, &mut note);
    let value =
        T::deserialize(serde_path_to_error::Deserializer::new(ignored, &mut track)).map_err(|error| {
            if error.is_data() {
                bad_field(&track.path().to_string(), &error.to_string())
            } else {
                malformed(&error)
            }
        })?;
    match unknown {
        Some(field) => Err(Failure::field(field, "unknown field")),
        None => Ok(value),
    }
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(Code::MalformedRequest, format!("the body is not JSON: {error}"))
}

/// Names the field that serde complains about. A missing or unknown one stands in the sentence, not in the path. What
/// was sent is left out of the sentence: it may be a key in the wrong place.
fn bad_field(path: &str, message: &str) -> Failure {
    let sentence = message.rsplit_once(" at line ").map_or(message, |(sentence, _)| sentence);
    let said = sentence
        .strip_prefix("missing field `")
        .or_else(|| sentence.strip_prefix("unknown field `"))
        .or_else(|| sentence.strip_prefix("duplicate field `"))
        .and_then(|rest| rest.split_once('`'))
        .map(|(name, _)| name);
    let field = match (path, said) {
        (".", None) => "body".to_owned(),
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (path, _) => path.to_owned(),
    };
    Failure::field(field, without_value(sentence))
}

/// ``invalid type: string "sk-1", expected a sequence`` becomes `invalid type: string, expected a sequence`.
fn without_value(sentence: &str) -> String {
    let Some((said, expected)) = sentence.split_once(", expected ") else {
        return sentence.split(" `").next().unwrap_or(sentence).to_owned();
    };
    let kind = said.split(['"', '`']).next().unwrap_or(said).trim_end();
    format!("{kind}, expected {expected}")
}

/// A type whose own `Deserialize` is strict already.
macro_rules! bodies {
    ($($type:ty),* $(,)?) => { $(
        impl Body for $type {
            fn read(bytes: &[u8]) -> Result<Self, Failure> {
                $crate::codec::strict(bytes)
            }
        }
    )* };
}
pub(crate) use bodies;

bodies!(SetModel, SetModels, NewProvider, EditProvider, Declared, domain::TestProvider, domain::Simulate);

impl Body for Mutation {
    /// Reads the kind first and then the rest as the kind's own type: serde's tagged and flattened forms would lose the
    /// name of a bad field and take unknown ones. A declarative file needs no kind: its version tells what it is.
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let mut rest: Map<String, Value> = strict(bytes)?;
        if !rest.contains_key("kind") && rest.contains_key("version") {
            return Ok(Self::Apply(whole(rest)?));
        }
        let kind = take::<String>(&mut rest, "kind")?;
        Ok(match kind.as_str() {
            "set_model" => Self::SetModel { target: take(&mut rest, "target")?, wish: whole(rest)? },
            "accept_model" => {
                let target = take(&mut rest, "target")?;
                whole::<Nothing>(rest)?;
                Self::AcceptModel { target }
            }
            "sleep" => of_container(ContainerAct::Sleep, rest)?,
            "wake" => of_container(ContainerAct::Wake, rest)?,
            "restart" => of_container(ContainerAct::Restart, rest)?,
            "add_provider" => Self::AddProvider(whole(rest)?),
            "edit_provider" => Self::EditProvider { name: take(&mut rest, "name")?, edit: whole(rest)? },
            "remove_provider" => {
                let name = take(&mut rest, "name")?;
                whole::<Nothing>(rest)?;
                Self::RemoveProvider { name }
            }
            "repair_routes" => {
                let crate::api::Repair { route, consumer } = whole(rest)?;
                Self::RepairRoutes { route, consumer }
            }
            "undo" => {
                let operation = take(&mut rest, "operation")?;
                whole::<Nothing>(rest)?;
                Self::Undo { operation }
            }
            "apply" => Self::Apply(whole(rest)?),
            "restore" => Self::Restore(whole(rest)?),
            "install" => Self::Install(whole(rest)?),
            "uninstall" => {
                whole::<Nothing>(rest)?;
                Self::Uninstall
            }
            _ => {
                let kinds = "set_model, accept_model, sleep, wake, restart, add_provider, edit_provider, remove_provider, repair_routes, undo, apply, restore, install or uninstall";
                return Err(Failure::field("kind", format!("use {kinds}")));
            }
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What is left names only whose container it is.
fn of_container(act: ContainerAct, mut rest: Map<String, Value>) -> Result<Mutation, Failure> {
    let target = take(&mut rest, "target")?;
    whole::<Nothing>(rest)?;
    Ok(Mutation::of_container(act, target))
}

/// Takes one field out of an object.
pub(crate) fn take<T: DeserializeOwned>(object: &mut Map<String, Value>, field: &str) -> Result<T, Failure> {
    let value = object.shift_remove(field).ok_or_else(|| Failure::field(field, "missing field"))?;
    serde_json::from_value(value).map_err(|error| Failure::field(field, without_value(&error.to_string())))
}

/// Reads what is left of an object.
pub(crate) fn whole<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Failure> {
    tracked(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: Body>(body: &str) -> (u16, String) {
        let failure = T::read(body.as_bytes()).err().expect(body);
        (failure.code.status(), failure.fields.first().map(|f| f.field.clone()).unwrap_or_default())
    }

    #[test]
    fn the_bad_field_is_named() {
        for (body, bad) in [
            (r#"{"provider":"qwen"}"#, "model"),
            (r#"{"provider":"qwen","model":7}"#, "model"),
            (r#"{"provider":"qwen","model":"a b"}"#, "model"),
            (r#"{"provider":"qwen","model":"m","modle":1}"#, "modle"),
            (r#"{"provider":"qwen","model":"m","model":"n"}"#, "model"),
            (r#"{"provider":"a/b","model":"m"}"#, "provider"),
            (r#"{"provider":"qwen","model":"m","contextWindow":-1}"#, "contextWindow"),
            (r#"{"provider":"qwen","model":"m","restart":"later"}"#, "restart"),
            (r#"{"provider":"qwen","model":"m","restart":true}"#, "restart"),
            ("[]", "body"),
            ("7", "body"),
        ] {
            assert_eq!(field::<SetModel>(body), (422, bad.into()), "{body}");
        }
        assert_eq!(
            field::<NewProvider>(r#"{"name":"a","type":"qwen","tokens":["a",1]}"#),
            (422, "tokens[1]".into())
        );
        assert_eq!(field::<NewProvider>(r#"{"name":"a","type":"hunyuan"}"#), (422, "type".into()));
    }

    #[test]
    fn a_mutation_is_as_strict_as_its_parts() {
        for (body, bad) in [
            ("{}", "kind"),
            (r#"{"kind":"explode"}"#, "kind"),
            (r#"{"kind":"set_model","provider":"p","model":"m"}"#, "target"),
            (r#"{"kind":"set_model","target":"worker:A","provider":"p","model":"m"}"#, "target"),
            (r#"{"kind":"set_model","target":"alice","provider":"p","model":"m","x":1}"#, "x"),
            (r#"{"kind":"accept_model"}"#, "target"),
            (r#"{"kind":"accept_model","target":"alice","model":"m"}"#, "model"),
            (r#"{"kind":"remove_provider","name":"p","force":true}"#, "force"),
            (r#"{"kind":"edit_provider","name":"p","tokens":"k"}"#, "tokens"),
            (r#"{"kind":"repair_routes","rout":"r"}"#, "rout"),
            (r#"{"kind":"undo"}"#, "operation"),
            (r#"{"kind":"install","reach":"nowhere"}"#, "reach"),
            (r#"{"kind":"install","domain":"a.b.c.d/"}"#, "domain"),
            (r#"{"kind":"install","force":true}"#, "force"),
            (r#"{"kind":"uninstall","force":true}"#, "force"),
            (r#"{"kind":"undo","operation":"no id"}"#, "operation"),
            (r#"{"kind":"apply"}"#, "version"),
            (r#"{"kind":"restore"}"#, "backup"),
            (r#"{"kind":"restore","backup":"no id"}"#, "backup"),
            (r#"{"kind":"restore","backup":"01JD0000000000000000000000","file":{"version":1}}"#, "file"),
            (r#"{"kind":"restore","backup":"01JD0000000000000000000000","items":["a/b"]}"#, "items[0]"),
            (r#"{"version":1,"provider":[]}"#, "provider"),
            (r#"{"version":1,"providers":[{"name":"p","type":"qwen","tokens":"k"}]}"#, "providers[0].tokens"),
            (
                r#"{"version":1,"assignments":{"workers":{"alice":{"provider":"p"}}}}"#,
                "assignments.workers.alice.model",
            ),
        ] {
            assert_eq!(field::<Mutation>(body), (422, bad.into()), "{body}");
        }
    }

    #[test]
    fn what_was_written_reads_back() {
        let body = r#"{"kind":"set_model","target":"worker:alice","provider":"p","model":"m","maxTokens":5}"#;
        let read = Mutation::read(body.as_bytes()).unwrap();
        let again = Mutation::read(&serde_json::to_vec(&read).unwrap()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{again:?}"));
        assert!(matches!(read, Mutation::SetModel { wish: SetModel { max_tokens: Some(5), .. }, .. }));
    }

    #[test]
    fn a_file_is_a_mutation_with_or_without_its_kind() {
        for body in [r#"{"version":1}"#, r#"{"kind":"apply","version":1}"#] {
            let read = Mutation::read(body.as_bytes()).unwrap();
            assert!(matches!(&read, Mutation::Apply(file) if file.version == 1), "{body}");
            let again = Mutation::read(&serde_json::to_vec(&read).unwrap()).unwrap();
            assert_eq!(again.kind(), "apply");
        }
    }

    #[test]
    fn text_that_is_no_json_is_malformed() {
        for body in ["", "{", "{\"provider\":", "{} x", "\u{feff}{}"] {
            assert_eq!(field::<Mutation>(body).0, 400, "{body}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_what_was_sent() {
        for body in [
            r#"{"name":"a","type":"qwen","tokens":"sk-canary"}"#,
            r#"{"name":"a","type":"sk-canary"}"#,
            r#"{"name":"a","type":"qwen","settings":"sk-canary"}"#,
            r#"{"name":"sk-canary/","type":"qwen"}"#,
        ] {
            let failure = NewProvider::read(body.as_bytes()).unwrap_err();
            assert!(!serde_json::to_string(&failure).unwrap().contains("canary"), "{failure:?}");
        }
    }
}
