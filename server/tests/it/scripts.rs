//! The skill's scripts, typed as the documents of the first version show them.
use crate::support::{Ended, Served, World, free_port};
use regex::Regex;
use server::http::Bounds;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What a person types and sees, times and figures that differ from run to run masked.
const TRANSCRIPT: &str = include_str!("scripts.txt");

/// The folder of the skill.
fn skill() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../skill").canonicalize().unwrap()
}

/// Runs a command line in the skill's folder, as HiClaw's environment is.
fn typed(line: &str, environment: &[(&str, &str)]) -> Output {
    Command::new("bash")
        .args(["-c", line])
        .current_dir(skill())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("AGM_BIN", env!("CARGO_BIN_EXE_agm"))
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn masked(text: &str) -> String {
    let rules = [
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d+ ms", "N ms"),
        (r"PID: \d+", "PID: N"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    ];
    rules.iter().fold(text.to_owned(), |text, (pattern, to)| {
        Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned()
    })
}

/// A command line with what it wrote and how it ended. Standard error is marked.
fn seen(line: &str, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let err: String = err.lines().map(|line| format!("! {line}\n")).collect();
    masked(&format!("$ {line}\n{out}{err}({})\n\n", output.status.code().unwrap()))
}

/// A world on a socket; `seen` types a line and records what comes.
struct Typist {
    world: World,
    _served: Served,
    port: String,
}

impl Typist {
    async fn start() -> Self {
        let world = World::start().await;
        let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
        Self { port: served.address.port().to_string(), world, _served: served }
    }

    async fn types(&self, line: &str) -> Output {
        let (line, port) = (line.to_owned(), self.port.clone());
        let run = move || {
            typed(
                &line,
                &[
                    ("MONITOR_PORT", &port),
                    ("HICLAW_ADMIN_USER", "admin"),
                    ("HICLAW_ADMIN_PASSWORD", "admin"),
                ],
            )
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_documents_answers_as_they_say() {
    let typist = Typist::start().await;
    let mut said = String::new();
    for line in TRANSCRIPT.lines().filter_map(|line| line.strip_prefix("$ ")) {
        said += &seen(line, &typist.types(line).await);
    }
    assert!(said == TRANSCRIPT, "this is what was seen:\n{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_never_said_again() {
    let typist = Typist::start().await;
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "sk-canary-file\n").unwrap();
    let file = key.path().display();
    for line in [
        "bash scripts/create-provider.sh --type zhipuai --name one --token sk-canary-line".to_owned(),
        "printf sk-canary-stdin | bash scripts/create-provider.sh --type zhipuai --name two --token -"
            .to_owned(),
        format!("bash scripts/create-provider.sh --type zhipuai --name three --token-file {file}"),
        "bash scripts/create-provider.sh --type nothing --name four --token sk-canary-refused".to_owned(),
        "bash scripts/list-providers.sh".to_owned(),
        "bash scripts/list-providers.sh --json".to_owned(),
    ] {
        let output = typist.types(&line).await;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains("canary"), "{line}: {said}");
        assert!(line.contains("nothing") || output.status.success(), "{line}: {said}");
    }
    let listed = typist.types("bash scripts/list-providers.sh --json").await;
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(["one", "two", "three"].iter().all(|name| names.contains(name)), "{names:?}");
    no_canary(typist.world.data.path());
}

/// No file of the server's own state has a key in the clear.
fn no_canary(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_canary(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(9).any(|part| part == b"sk-canary"), "{}", path.display());
        }
    }
}

#[test]
fn without_the_program_a_script_says_so() {
    let copy = tempfile::tempdir().unwrap();
    for name in ["agm.sh", "list-providers.sh"] {
        fs::copy(skill().join("scripts").join(name), copy.path().join(name)).unwrap();
    }
    let line = format!("bash {}/list-providers.sh", copy.path().display());
    let output = typed(&line, &[("AGM_BIN", "/nowhere/agm")]);
    if Path::new("/opt/agm/agm").exists() || Path::new("/usr/local/bin/agm").exists() {
        println!("SKIPPED: agm is installed on this machine");
        return;
    }
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Set AGM_BIN"), "{output:?}");
}

#[test]
fn the_server_is_started_looked_at_and_stopped() {
    let data = tempfile::tempdir().unwrap();
    let ended = Ended(data.path().to_owned());
    let (port, dir) = (free_port().to_string(), data.path().to_str().unwrap().to_owned());
    let environment = [
        ("MONITOR_PORT", port.as_str()),
        ("AGM_DATA_DIR", &dir),
        ("HICLAW_ADMIN_USER", "admin"),
        ("HICLAW_ADMIN_PASSWORD", "sk-canary"),
    ];
    let mut said = String::new();
    for word in ["status", "start", "start", "status", "restart", "stop", "stop", "status", "frob"] {
        let line = format!("bash scripts/monitor-server.sh {word}");
        said += &seen(&line, &typed(&line, &environment));
    }
    assert_eq!(said, include_str!("monitor.txt"));
    let log = data.path().join("log/agm.log");
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("stopping") && !log.contains("canary"), "{log}");

    typed("bash scripts/monitor-server.sh", &environment);
    ended.kill();
    let after =
        typed("bash scripts/monitor-server.sh start && bash scripts/monitor-server.sh stop", &environment);
    assert_eq!(
        after.status.code(),
        Some(0),
        "what a killed server left behind is in nobody's way: {after:?}"
    );
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let data = tempfile::tempdir().unwrap();
    let (port, dir) = (free_port().to_string(), data.path().to_str().unwrap().to_owned());
    let environment = [("MONITOR_PORT", port.as_str()), ("AGM_DATA_DIR", &dir)];
    let output = typed("bash scripts/monitor-server.sh start", &environment);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.starts_with("ERROR: the server ended at once") && said.contains("HICLAW_ADMIN_PASSWORD"),
        "{said}"
    );
    let log = fs::read_to_string(data.path().join("log/agm.log")).unwrap();
    assert!(log.contains("HICLAW_ADMIN_PASSWORD"), "a supervisor keeps nothing else: {log}");
}
