//! Secrets are planted everywhere, everything is called with logs at the finest level, and whatever comes out is
//! searched for them. A new surface is one more line in `surfaces`; a new secret one more in `planted`.
mod backups;
pub mod bundle;

use crate::support::{ADMIN, JSON, World};
use base64::{Engine, engine::general_purpose as base};
use serde_json::{Value, json};
use server::log::Recent;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter, layer::SubscriberExt};

/// Everything that was logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PASSWORD: &str = "canary-password+1/&=";
const SCRAPE: &str = "canary-scrape-token+5";
const PASSPHRASE: &str = "canary-passphrase+6/&=";
const TYPED: [&str; 3] = ["sk-canary-added+2/&=\"", "sk-canary-edited+3/&=\"", "sk-canary-misplaced+4"];

/// The secrets: what people type, and what the installation has.
fn planted(world: &World) -> Vec<String> {
    let addresses = world.sandbox.addresses();
    let mut secrets =
        vec![PASSWORD.to_owned(), format!("admin:{PASSWORD}"), SCRAPE.to_owned(), PASSPHRASE.to_owned()];
    secrets.push(addresses.s3.secret_key.clone());
    secrets.extend(TYPED.map(str::to_owned));
    secrets.extend(backups::SECRETS.map(str::to_owned));
    // The console's password is the word `admin`, which stands everywhere.
    secrets.extend(world.sandbox.secrets().into_iter().filter(|secret| secret.len() >= 8));
    let config = std::fs::read_to_string(&addresses.manager.config).unwrap();
    collect(&serde_json::from_str(&config).unwrap(), "", &mut secrets);
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Every value of openclaw.json whose key says that it is a secret: the gateway key, the Matrix token, …
fn collect(value: &Value, key: &str, into: &mut Vec<String>) {
    let secret =
        ["apikey", "token", "accesstoken", "password", "secret"].contains(&key.to_ascii_lowercase().as_str());
    match value {
        Value::String(text) if secret && text.len() >= 8 => into.push(text.clone()),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect(value, key, into)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, key, into)),
        _ => {}
    }
}

/// A secret in every form in which it could come out.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        url,
        base::STANDARD_NO_PAD.encode(secret),
        base::URL_SAFE_NO_PAD.encode(secret),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        secret.replace('&', "&amp;").replace('"', "&quot;"),
    ]
}

/// Where a secret shows, and in which form.
fn found(secrets: &[String], surfaces: &[(String, String)]) -> Vec<String> {
    let mut hits = Vec::new();
    for secret in secrets {
        for form in forms(secret) {
            hits.extend(
                surfaces
                    .iter()
                    .filter(|(_, text)| text.contains(&form))
                    .map(|(name, _)| format!("{form} in {name}")),
            );
        }
    }
    hits
}

/// Method, path and body.
type Call = (&'static str, &'static str, String);

/// Sign-ins, and what is done to providers.
fn calls_with_keys() -> Vec<Call> {
    let [added, edited, misplaced] = TYPED.map(|key| serde_json::to_string(key).unwrap());
    vec![
        ("POST", "/ni_status/login", format!(r#"{{"username":"admin","password":"{PASSWORD}"}}"#)),
        ("POST", "/ni_status/login", format!(r#"{{"username":"admin","password":"{PASSWORD}","x":1}}"#)),
        (
            "POST",
            "/ni_status/providers",
            format!(r#"{{"name":"zhipuai","type":"zhipuai","tokens":[{added}]}}"#),
        ),
        (
            "POST",
            "/ni_status/providers",
            format!(r#"{{"name":"zhipuai","type":"zhipuai","tokens":[{added}]}}"#),
        ),
        ("POST", "/ni_status/test-provider", r#"{"provider":"zhipuai","model":"glm-5"}"#.into()),
        ("PUT", "/ni_status/providers/zhipuai?dry_run=true", format!(r#"{{"tokens":[{edited}]}}"#)),
        ("PUT", "/ni_status/providers/zhipuai", format!(r#"{{"tokens":[{edited}]}}"#)),
        ("PUT", "/ni_status/providers/zhipuai", format!(r#"{{"tokens":{misplaced}}}"#)),
        (
            "POST",
            "/ni_status/create-provider",
            format!(r#"{{"name":"grok","type":{misplaced},"apiKey":{added}}}"#),
        ),
        (
            "POST",
            "/ni_status/plans",
            format!(r#"{{"kind":"edit_provider","name":"qwen","tokens":[{edited}]}}"#),
        ),
    ]
}

/// What is done to agents, and with files; in the end the provider goes.
fn calls_about_the_rest() -> Vec<Call> {
    let [_, edited, misplaced] = TYPED.map(|key| serde_json::to_string(key).unwrap());
    vec![
        ("PUT", "/ni_status/assignment/workers/alice", r#"{"provider":"zhipuai","model":"glm-5"}"#.into()),
        (
            "PUT",
            "/ni_status/assignment/workers/alice",
            r#"{"provider":"moonshot","model":"kimi-k2.5"}"#.into(),
        ),
        ("PUT", "/ni_status/assignment/manager", r#"{"provider":"deepseek","model":"deepseek-chat"}"#.into()),
        ("POST", "/ni_status/routes/repair", "{}".into()),
        ("POST", "/ni_status/reload", r#"{"target":"manager"}"#.into()),
        (
            "POST",
            "/ni_status/set-models",
            r#"{"targets":["bob","carol"],"provider":"moonshot","model":"kimi-k2.5"}"#.into(),
        ),
        (
            "POST",
            "/ni_status/plans",
            format!(
                r#"{{"version":1,"providers":[{{"name":"zhipuai","type":"zhipuai","tokens":[{edited}]}}]}}"#
            ),
        ),
        (
            "POST",
            "/ni_status/plans",
            format!(
                r#"{{"version":1,"providers":[{{"name":"zhipuai","type":"zhipuai","tokens":{misplaced}}}]}}"#
            ),
        ),
        ("POST", "/ni_status/backups", r#"{"name":"of the tour"}"#.into()),
        (
            "POST",
            "/ni_status/backups/import",
            format!(
                r#"{{"text":"version: 1\nproviders: [{{name: zhipuai, type: zhipuai, tokens: [{}]}}]"}}"#,
                TYPED[2]
            ),
        ),
        ("POST", "/ni_status/backups/rotate-key", String::new()),
        ("POST", "/ni_status/backups/reseal", String::new()),
        ("DELETE", "/ni_status/providers/zhipuai", String::new()),
    ]
}

/// What is read.
const READS: &[&str] = &[
    "/ni_status/health?deep=true",
    "/ni_status/metrics",
    "/ni_status/providers",
    "/ni_status/providers/qwen",
    "/ni_status/providers/qwen/models",
    "/ni_status/routes",
    "/ni_status/assignment",
    "/ni_status/assignment/manager",
    "/ni_status/assignment/workers",
    "/ni_status/workers",
    "/ni_status/session",
    "/ni_status/operations",
    "/ni_status/doctor",
    "/ni_status/drift",
    "/ni_status/export",
    "/ni_status/backups",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/agm/",
    "/agm/login",
    "/agm/providers",
    "/agm/models",
    "/agm/drift",
    "/agm/nothing",
];

/// Calls everything, good and bad, and keeps what is answered.
async fn tour(world: &World) -> Vec<(String, String)> {
    let admin = format!("Basic {}", base::STANDARD.encode(format!("admin:{PASSWORD}")));
    let signed = ("authorization", admin.as_str());
    let mut surfaces = Vec::new();
    for (method, path, body) in calls_with_keys().into_iter().chain(calls_about_the_rest()) {
        let length = body.len().to_string();
        let answer = world.call(method, path, &[signed, JSON, ("content-length", &length)], body).await;
        surfaces.push((format!("{method} {path}"), format!("{:?}{}", answer.headers, answer.text)));
    }
    let edited = serde_json::to_string(TYPED[1]).unwrap();
    surfaces.extend(taken_back(world, signed, &edited).await);
    surfaces.extend(backups::tour(world, signed).await);
    surfaces.extend(carried(world, signed).await);
    surfaces.extend(read(world, signed).await);
    surfaces.extend(bundle::tour(world, signed).await);
    let bearer = format!("Bearer {SCRAPE}");
    let scraped = world.call("GET", "/metrics", &[("authorization", &bearer)], "").await;
    surfaces.push(("a scrape".into(), scraped.text));
    let wrong = world.call("GET", "/ni_status/session", &[ADMIN], "").await;
    surfaces.push(("a refused sign-in".into(), wrong.text));
    surfaces
}

/// A backup leaves encrypted and comes back.
async fn carried(world: &World, signed: (&str, &str)) -> Vec<(String, String)> {
    let id = world.operations.backups().await.unwrap().backups[0].id.clone();
    let mut surfaces = Vec::new();
    let mut call = async |path: String, body: Value, expected: u16| {
        let body = body.to_string();
        let length = body.len().to_string();
        let answer = world.call("POST", &path, &[signed, JSON, ("content-length", &length)], body).await;
        assert_eq!(answer.status.as_u16(), expected, "{path}: {}", answer.text);
        surfaces.push((path, format!("{:?}{}", answer.headers, answer.text)));
        answer.text
    };
    let export = format!("/ni_status/backups/{id}/export");
    let text = call(export.clone(), json!({"passphrase": PASSPHRASE}), 200).await;
    call(export, json!({"passphrase": [PASSPHRASE]}), 422).await;
    let import = || "/ni_status/backups/import".to_owned();
    call(import(), json!({"text": text, "passphrase": format!("not {PASSPHRASE}")}), 422).await;
    call(import(), json!({"text": text, "passphrase": PASSPHRASE}), 200).await;
    surfaces
}

/// Reads everything: pages, answers, the newest backups, the news of each operation.
async fn read(world: &World, signed: (&str, &str)) -> Vec<(String, String)> {
    let mut paths: Vec<_> = READS.iter().map(|path| (*path).to_owned()).collect();
    for backup in world.operations.backups().await.unwrap().backups.into_iter().take(3) {
        paths.extend(
            ["", "/file", "/sealed", "/compare"]
                .map(|part| format!("/ni_status/backups/{}{part}", backup.id)),
        );
    }
    let mut surfaces = Vec::new();
    for path in paths {
        let answer = world.call("GET", &path, &[signed], "").await;
        surfaces.push((format!("GET {path}"), format!("{:?}{}", answer.headers, answer.text)));
    }
    for operation in world.operations.operations() {
        let path = format!("/ni_status/operations/{}", operation.id);
        let events = world.call("GET", &path, &[signed, ("accept", "text/event-stream")], "").await;
        assert!(events.text.contains("event: state"), "{}", events.text);
        surfaces.push((path, events.text));
    }
    surfaces
}

/// A file with a key is applied by its plan's id, and everything that was done is taken back, the newest first.
async fn taken_back(world: &World, signed: (&str, &str), key: &str) -> Vec<(String, String)> {
    let file = format!(
        r#"{{"version":1,"providers":[{{"name":"grok","type":"grok","tokens":[{key}]}},{{"name":"qwen","type":"qwen","tokens":[{key}]}}]}}"#
    );
    let length = file.len().to_string();
    let headers = [signed, JSON, ("content-length", &length)];
    let plan = world.call("POST", "/ni_status/plans", &headers, file).await;
    let path = format!("/ni_status/plans/{}/apply", plan.json()["id"].as_str().unwrap());
    let applied = world.call("POST", &path, &[signed], "").await;
    assert_eq!(applied.status.as_u16(), 200, "{}", applied.text);
    let mut surfaces = vec![("a plan of a file".to_owned(), plan.text), (path, applied.text)];
    for operation in world.operations.operations() {
        let path = format!("/ni_status/operations/{}/undo", operation.id);
        for query in ["?dry_run=true", ""] {
            let answer = world.call("POST", &format!("{path}{query}"), &[signed], "").await;
            surfaces.push((format!("{path}{query}"), format!("{:?}{}", answer.headers, answer.text)));
        }
    }
    surfaces
}

/// Every file of the data directory but the key that seals: with it all of them can be opened.
fn on_disk(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(on_disk(&path));
        } else if !path.ends_with("seal.key") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

#[tokio::test]
async fn no_secret_comes_out() {
    let (log, recent) = (Log::default(), Recent::default());
    let shown = tracing_subscriber::fmt::layer().with_writer(log.clone());
    let subscriber = tracing_subscriber::registry().with(LevelFilter::TRACE).with(recent.layer()).with(shown);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::with(|setup| {
        setup.log = recent;
        setup.password = PASSWORD.to_owned().into();
        setup.metrics_token = Some(SCRAPE.to_owned().into());
    })
    .await;
    let mut secrets = planted(&world);
    assert!(secrets.len() >= 12, "only {} secrets were planted", secrets.len());
    let session = world.state.shared.sessions.begin(std::time::Instant::now()).as_str().to_owned();
    let page = world.call("GET", "/agm/", &[("cookie", &format!("agm_session={session}"))], "").await;
    assert_eq!(page.status.as_u16(), 200);
    secrets.push(session);
    let mut surfaces = tour(&world).await;
    surfaces.push(("a page of a session".into(), page.text));
    let done = world
        .operations
        .operations()
        .iter()
        .filter(|op| op.state == domain::OperationState::Committed)
        .count();
    assert!(done >= 5, "only {done} changes were done: the tour sees too little");
    let undone = world.operations.operations().iter().filter(|op| op.undoes.is_some()).count();
    assert!(undone >= 3, "only {undone} operations were undone");
    let files = on_disk(world.data.path());
    for (part, told) in
        [("audit.jsonl", "worker:alice"), ("journal", "worker:alice"), ("backups", "worker:alice")]
    {
        let of = |(name, text): &&(String, String)| name.contains(part) && text.contains(told);
        assert!(files.iter().any(|file| of(&file)), "{part} tells nothing");
    }
    surfaces.extend(files);
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("answered"), "nothing was logged");
    surfaces.push(("the log".into(), logged));
    let hits = found(&secrets, &surfaces);
    assert!(hits.is_empty(), "{hits:#?}");
}

/// The search itself must be able to find: each form of a secret in a text is a hit.
#[test]
fn a_leak_would_be_found() {
    let secret = "sk-\"leak\"+1".to_owned();
    for form in forms(&secret) {
        let surfaces = [("there".to_owned(), format!("before {form} after"))];
        assert!(!found(std::slice::from_ref(&secret), &surfaces).is_empty(), "{form}");
    }
    assert!(found(&[secret], &[("there".to_owned(), "nothing".to_owned())]).is_empty());
}
