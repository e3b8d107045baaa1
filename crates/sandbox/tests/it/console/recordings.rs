//! Replays what a running console really answered: every file in `tests/recordings/higress`.
use super::Served;
use crate::compare::{Rules, before, header, set};
use reqwest::{Method, Response, header::HeaderMap};
use sandbox::console::{Console, ConsoleOptions};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/higress")
}

fn load(file: &str) -> Value {
    let text = fs::read_to_string(folder().join(file)).expect("a recording");
    serde_json::from_str(&text).expect("a recording is JSON")
}

fn steps(recording: &Value) -> &Vec<Value> {
    recording["steps"].as_array().expect("steps")
}

#[derive(Default)]
struct Replay {
    captured: BTreeMap<String, Value>,
    session: Option<String>,
}

impl Replay {
    fn expand(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                name.and_then(|name| self.captured.get(name)).cloned().unwrap_or_else(|| value.clone())
            }
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(map) => {
                let mut expanded: Map<String, Value> = match map.get("$merge") {
                    Some(base) => self.expand(base).as_object().cloned().expect("a captured object"),
                    None => Map::new(),
                };
                let changes = map.iter().filter(|(key, _)| *key != "$merge");
                expanded.extend(changes.map(|(key, value)| (key.clone(), self.expand(value))));
                Value::Object(expanded)
            }
            other => other.clone(),
        }
    }

    /// Sends a step's request and gives what differs from the recorded answer.
    async fn step(&mut self, served: &Served, step: &Value) -> Vec<String> {
        let response = self.send(served, &step["request"]).await;
        let expected = &step["response"];
        let mut differences = Vec::new();
        let status = response.status().as_u16();
        if expected["status"] != status {
            differences.push(format!("status {status} instead of {}", expected["status"]));
        }
        for (name, value) in expected["headers"].as_object().into_iter().flatten() {
            self.header(response.headers(), name, value.as_str().expect("a header"), &mut differences);
        }
        let body = response.text().await.expect("a body");
        RULES.body(expected, &body, &mut differences);
        let answered: Value = serde_json::from_str(&body).unwrap_or_default();
        for (name, path) in step["capture"].as_object().into_iter().flatten() {
            let parts = path.as_str().expect("a path").split('.');
            let found = parts.fold(&answered, |value, key| &value[key]);
            self.captured.insert(name.clone(), found.clone());
        }
        differences
    }

    async fn send(&self, served: &Served, recorded: &Value) -> Response {
        let method: Method = recorded["method"].as_str().expect("a method").parse().expect("a method");
        let url = format!("{}{}", served.base, recorded["path"].as_str().expect("a path"));
        let mut request = served.client.request(method, url);
        request = match recorded["auth"].as_str() {
            Some("none") => request,
            Some("session") => {
                let token = self.session.as_deref().expect("a session");
                request.header("cookie", format!("_hi_sess={token}"))
            }
            _ => request.basic_auth("admin", Some("admin")),
        };
        for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().expect("a header"));
        }
        let typed = recorded["headers"]
            .as_object()
            .is_some_and(|map| map.keys().any(|k| k.eq_ignore_ascii_case("content-type")));
        if let Some(raw) = recorded["raw"].as_str() {
            request = request.body(raw.to_owned());
        }
        if let Some(json) = recorded.get("json") {
            request = request.body(self.expand(json).to_string());
        }
        if !typed {
            request = request.header("content-type", "application/json");
        }
        request.send().await.expect("an answer")
    }

    fn header(&mut self, headers: &HeaderMap, name: &str, expected: &str, differences: &mut Vec<String>) {
        if name != "set-cookie" {
            return header(headers, name, expected, differences);
        }
        let actual = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        if !self.cookie(&actual, expected) {
            differences.push(format!("{name}: {actual:?} instead of {expected:?}"));
        }
    }

    fn cookie(&mut self, actual: &str, expected: &str) -> bool {
        let mut attributes = set(actual, ';');
        let mut wanted = set(expected, ';');
        if wanted.remove("_hi_sess=${session}") {
            let token = attributes.iter().find_map(|part| part.strip_prefix("_hi_sess=")).map(str::to_owned);
            let Some(token) = token.filter(|token| !token.is_empty()) else { return false };
            attributes.remove(&format!("_hi_sess={token}"));
            self.session = Some(token);
        }
        if wanted.remove("Expires=<date>") {
            let dated = attributes.iter().find(|part| part.starts_with("Expires=")).cloned();
            let Some(dated) = dated else { return false };
            attributes.remove(&dated);
        }
        attributes == wanted
    }
}

const RULES: Rules = Rules {
    opaque: &["version", "timestamp"],
    text: |text| if text.starts_with("io.kubernetes.") { before(text, ':').into() } else { text.into() },
    ordered: true,
};

/// A console in the state that a recording starts from.
async fn start(recording: &Value) -> Served {
    let from = recording["starts_from"].as_str().expect("a start");
    if from.contains("never initialised") {
        return Served::start(Console::new(ConsoleOptions::default())).await;
    }
    let served = Served::initialised().await;
    if from.contains("the end of") {
        let file = from.split_whitespace().find(|word| word.ends_with(".json")).expect("a file");
        let install = load(file);
        let mut replay = Replay::default();
        let after = steps(&install).iter().skip_while(|step| {
            step["request"]["path"] != "/v1/service-sources" || step["request"]["method"] == "GET"
        });
        for step in after.filter(|step| step["request"]["method"] != "GET" || step.get("capture").is_some()) {
            replay.step(&served, step).await;
        }
    }
    served
}

#[tokio::test]
async fn every_recorded_answer_is_given_again() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the recordings")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".json"))
        .collect();
    files.sort();
    let (mut total, mut same, mut report) = (0, 0, Vec::new());
    for file in &files {
        let recording = load(file);
        let served = start(&recording).await;
        let mut replay = Replay::default();
        for (position, step) in steps(&recording).iter().enumerate() {
            total += 1;
            let differences = replay.step(&served, step).await;
            if differences.is_empty() {
                same += 1;
            } else {
                let request = &step["request"];
                let head =
                    format!("{file} {position} [{}] {} {}", step["why"], request["method"], request["path"]);
                report.push(format!("{head}\n    {}", differences.join("\n    ")));
            }
        }
    }
    println!("{same} of {total}");
    assert!(total >= 317, "only {total} recorded steps were found");
    assert!(report.is_empty(), "{same} of {total}\n{}", report.join("\n"));
}
