//! The declarative file as YAML.
use domain::{Code, Declared, Failure, Warning};
use serde_json::Value;

/// Writes a file, with what it leaves out as comments above.
pub fn write(file: &Declared, left_out: &[Warning]) -> Result<String, Failure> {
    let mut text = String::new();
    for warning in left_out {
        for line in format!("left out: {}", warning.message).lines() {
            text.push_str(&format!("# {line}\n"));
        }
    }
    let yaml = serde_saphyr::to_string(file);
    text.push_str(&yaml.map_err(|error| Failure::new(Code::Internal, error.to_string()))?);
    Ok(text)
}

/// Reads YAML, of which JSON is a part, and says which field is wrong. No text of the file is repeated: it may hold keys.
pub fn read(text: &str) -> Result<Declared, Failure> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or_else(String::new, |at| format!(" in line {}", at.line()));
        Failure::new(Code::MalformedRequest, format!("the file is not YAML{line}"))
    })?;
    match &value {
        Value::Null => return Err(Failure::field("body", "the file is empty; it begins with `version: 1`")),
        Value::Object(_) => no_keys_in_clear(&value)?,
        _ => {
            return Err(Failure::field(
                "body",
                "a declarative file is a mapping that begins with `version: 1`",
            ));
        }
    }
    let json = serde_json::to_vec(&value).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    app::codec::Body::read(&json)
}

/// How the names of those members end that hold a key.
const SECRET: [&str; 6] = ["key", "keys", "token", "tokens", "secret", "password"];

/// A file is kept beside code and is shown to others, so it may only say where a key is to be found.
fn no_keys_in_clear(file: &Value) -> Result<(), Failure> {
    let providers = file["providers"].as_array().into_iter().flatten().enumerate();
    for (index, provider) in providers {
        if let Some(name) = key_in_clear(provider, &["keys"]) {
            let way = "a file holds no keys: use `keys: [{env: NAME}]` or `keys: [{file: PATH}]`";
            return Err(Failure::field(format!("providers[{index}].{name}"), way));
        }
        if let Some(name) = key_in_clear(&provider["settings"], &[]) {
            let way = "a file holds no keys: leave it out and set it by PUT /ni_status/providers/NAME; a file keeps what is there";
            return Err(Failure::field(format!("providers[{index}].settings.{name}"), way));
        }
    }
    Ok(())
}

fn key_in_clear<'a>(object: &'a Value, allowed: &[&str]) -> Option<&'a str> {
    let holds = |(name, value): &(&String, &Value)| {
        let lower = name.to_lowercase();
        let plain = value.is_null() || value.is_number() || value.is_boolean();
        !plain && !allowed.contains(&name.as_str()) && SECRET.iter().any(|end| lower.ends_with(end))
    };
    object.as_object()?.iter().find(holds).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
version: 1
providers:
  - name: lab
    type: openai
    baseUrl: https://llm.example.com/v1
    keys: [{env: LAB_KEY}, {file: keys/lab}]
routes:
  - name: lab-route
    predicates: [{type: PRE, value: "lab-"}]
    upstreams: [{provider: lab, weight: 100, mapping: {}}]
assignments:
  manager: {provider: qwen, model: qwen3.5-plus}
  workers:
    alice: {provider: lab, model: "on"}
"#;

    #[test]
    fn what_is_written_reads_back() {
        let file = read(FILE).unwrap();
        assert_eq!(file.providers[0].keys.as_ref().unwrap().len(), 2);
        let warning = Warning::new(domain::WarningCode::LeftOut, "bob\nis shut out");
        let text = write(&file, &[warning]).unwrap();
        assert!(text.starts_with("# left out: bob\n# is shut out\nversion: 1\n"), "{text}");
        let again = read(&text).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&file).unwrap(), "{text}");
    }

    #[test]
    fn json_is_yaml() {
        assert_eq!(read(r#"{"version": 1, "assignments": {}}"#).unwrap().version, 1);
    }

    #[test]
    fn a_bad_file_names_the_place_and_repeats_nothing() {
        let field = |text: &str| {
            let failure = read(text).unwrap_err();
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            (failure.code.status(), failure.fields.first().map(|bad| bad.field.clone()).unwrap_or_default())
        };
        for (text, bad) in [
            ("version: 1\nprovider: []", (422, "provider")),
            (
                "version: 1\nproviders: [{name: p, type: qwen, tokens: sk-canary}]",
                (422, "providers[0].tokens"),
            ),
            (
                "version: 1\nproviders: [{name: p, type: qwen, keys: [sk-canary]}]",
                (422, "providers[0].keys[0]"),
            ),
            ("providers: []", (422, "version")),
            ("", (422, "body")),
            ("version: 1\nproviders: [sk-canary: {", (400, "")),
            ("version: 1\nversion: 1", (400, "")),
        ] {
            assert_eq!(field(text), (bad.0, bad.1.to_owned()), "{text}");
        }
        let failure = read("").unwrap_err().message;
        assert!(failure.contains("the file is empty"), "{failure}");
        let failure = read("version: 1\nx: [canary").unwrap_err().message;
        assert!(failure.contains("line 2") || failure.contains("line 3"), "{failure}");
    }

    #[test]
    fn a_key_in_clear_is_refused_with_the_way_to_name_it() {
        for (provider, field) in [
            ("tokens: [sk-canary]", "tokens"),
            ("tokens: sk-canary", "tokens"),
            ("apiKey: sk-canary", "apiKey"),
            ("keys: [sk-canary]", "keys[0]"),
            ("keys: [{key: sk-canary}]", "keys[0]"),
            ("keys: [{env: A, file: sk-canary}]", "keys[0]"),
        ] {
            let failure =
                read(&format!("version: 1\nproviders: [{{name: p, type: qwen, {provider}}}]")).unwrap_err();
            assert_eq!(failure.fields[0].field, format!("providers[0].{field}"), "{provider}");
            let said = format!("{failure:?}");
            assert!(said.contains("{env: NAME}") && said.contains("{file: PATH}"), "{said}");
            assert!(!said.contains("canary"), "{said}");
        }
        let settings = |what: &str| {
            read(&format!("version: 1\nproviders: [{{name: p, type: bedrock, settings: {{{what}}}}}]"))
        };
        let failure = settings("awsSecretKey: canary").unwrap_err();
        assert_eq!(failure.fields[0].field, "providers[0].settings.awsSecretKey");
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        assert!(settings("awsSecretKey: null, awsRegion: eu-west-1, maxTokens: 5").is_ok());
    }
}
