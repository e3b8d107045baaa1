//! `runtime.yaml`: what an agent runs by that is no OpenClaw. Only its model is read, from the plain form in which the
//! controller writes it: mappings one below the other, one scalar a line.

/// The scalar at this path; none: it is not there.
pub fn scalar(text: &str, path: &[&str]) -> Option<String> {
    let mut above: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let Some((key, value)) = content.split_once(':').filter(|(key, _)| !key.starts_with(['#', '-']))
        else {
            continue;
        };
        above.retain(|(depth, _)| *depth < indent);
        above.push((indent, key));
        if above.iter().map(|(_, key)| *key).eq(path.iter().copied()) {
            return unquoted(value.trim());
        }
    }
    None
}

fn unquoted(value: &str) -> Option<String> {
    if let Some(inner) = value.strip_prefix('\'') {
        return Some(inner.strip_suffix('\'')?.replace("''", "'"));
    }
    if value.starts_with('"') {
        return serde_json::from_str(value).ok();
    }
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: agentteams.io/v1beta1\ndesired:\n  model:\n    gatewayUrl: http://a:8080/v1\n    model: \
                        openai/gpt-4o\n    providerId: agentteams-gateway\n  state: Running\nmember:\n  matrixUserId: \
                        '@bob:x'\n  name: bob\nteam:\n  members:\n  - name: x\n    model: other\n";
    const MODEL: &[&str] = &["desired", "model", "model"];

    #[test]
    fn a_scalar_is_found_by_its_path_alone() {
        assert_eq!(scalar(TEXT, MODEL).as_deref(), Some("openai/gpt-4o"));
        assert_eq!(scalar(TEXT, &["desired", "state"]).as_deref(), Some("Running"));
        assert_eq!(scalar(TEXT, &["member", "matrixUserId"]).as_deref(), Some("@bob:x"));
        assert_eq!(scalar(TEXT, &["desired", "name"]), None);
        assert_eq!(scalar(TEXT, &["model"]), None);
        assert_eq!(scalar(TEXT, &["desired", "model"]), None, "it is a mapping");
        assert_eq!(scalar("", MODEL), None);
    }

    #[test]
    fn quotes_are_no_part_of_a_scalar() {
        for (written, wanted) in [
            ("' kimi '", " kimi "),
            ("'it''s'", "it's"),
            ("\"4711\"", "4711"),
            ("\"a\\tb\"", "a\tb"),
            ("plain", "plain"),
        ] {
            let text = format!("desired:\n  model:\n    model: {written}\n");
            assert_eq!(scalar(&text, MODEL).as_deref(), Some(wanted), "{written}");
        }
        assert_eq!(scalar("desired:\n  model:\n    model: 'half\n", MODEL), None);
    }
}
