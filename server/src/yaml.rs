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
    let json = serde_json::to_vec(&value).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    app::codec::Body::read(&json)
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
        let warning = Warning { code: "X".into(), message: "bob\nis shut out".into() };
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
        let failure = read("version: 1\nx: [canary").unwrap_err().message;
        assert!(failure.contains("line 2") || failure.contains("line 3"), "{failure}");
    }
}
