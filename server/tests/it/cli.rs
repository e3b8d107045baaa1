//! The command line against a server on a real socket.
use crate::support::{Served, World};
use server::http::Bounds;
use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
};

/// Runs `agm` with its password in the environment.
pub async fn agm(url: &str, args: &[&str], stdin: &str) -> Output {
    agm_as("admin", url, args, stdin).await
}

/// Runs `agm` with this password in the environment.
async fn agm_as(password: &str, url: &str, args: &[&str], stdin: &str) -> Output {
    let password = password.to_owned();
    let (url, stdin) = (url.to_owned(), stdin.to_owned());
    let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
            .args(&args)
            .env_clear()
            .env("AGM_URL", url)
            .env("AGM_PASSWORD", password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_does_the_main_job_from_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);

    let set =
        agm(&url, &["--json", "model", "set", "alice", "--provider", "moonshot", "--model", "kimi-k2.5"], "")
            .await;
    let said = err(&set);
    assert_eq!(code(&set), 0, "{said}");
    assert!(said.contains("test kimi-k2.5\tdone"), "{said}");
    let operation: serde_json::Value = serde_json::from_slice(&set.stdout).unwrap();
    assert_eq!((&operation["state"], &operation["via"]), (&"committed".into(), &"cli".into()));
    let watched = agm(&url, &["watch", operation["id"].as_str().unwrap()], "").await;
    assert_eq!(code(&watched), 0);
    let list = agm(&url, &["model", "list"], "").await;
    assert!(out(&list).contains("alice\tmoonshot\tkimi-k2.5"));

    let add =
        agm(&url, &["provider", "add", "zhipuai", "--type", "zhipuai", "--key-file", "-"], "sk-from-stdin\n")
            .await;
    assert_eq!(code(&add), 0, "{}", err(&add));
    assert_eq!(code(&agm(&url, &["provider", "remove", "qwen"], "").await), 4, "in use");
    assert_eq!(code(&agm(&url, &["provider", "show", "nobody"], "").await), 2);
    assert_eq!(code(&agm(&url, &["model", "set", "alice"], "").await), 2, "usage");
    let test = agm(&url, &["provider", "test", "zhipuai"], "").await;
    assert_eq!(code(&test), 1);
    assert!(
        out(&test).contains("provider\tfailed") && err(&test).contains("the test of zhipuai failed"),
        "{test:?}"
    );

    served.stop.cancel();
    served.ended.await.unwrap();
    assert_eq!(code(&agm(&url, &["workers"], "").await), 3, "nobody answers");
}

#[tokio::test]
async fn without_a_password_no_server_starts() {
    let refused = agm("", &["serve", "--addr", "127.0.0.1:0"], "").await;
    assert_eq!(code(&refused), 1);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("HICLAW_ADMIN_PASSWORD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_wrong_and_its_command_mends_it() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let shut = agm(&url, &["route", "simulate", "deepseek-chat", "--consumer", "worker-dave"], "").await;
    assert!(out(&shut).contains("does not let worker-dave in"), "{shut:?}");

    let doctor = agm(&url, &["doctor"], "").await;
    let said = out(&doctor);
    assert_eq!(code(&doctor), 2);
    assert!(said.contains("admin-password\t(set)\tsandbox"), "{said}");
    let fix =
        said.lines().skip_while(|line| !line.starts_with("! agent_allowed worker:dave: ")).nth(1).unwrap();
    let fix = fix.trim().strip_prefix("fix: agm ").unwrap();
    assert_eq!(said.lines().filter(|line| line.starts_with("! ")).count(), 1, "{said}");
    assert!(!said.contains("agent_config"), "what is well is told on demand: {said}");

    let mended = agm(&url, &fix.split(' ').collect::<Vec<_>>(), "").await;
    assert_eq!(code(&mended), 0, "{}", err(&mended));
    // Warnings are left: a worker without a container, and the console of a sandbox has a known password.
    let doctor = agm(&url, &["doctor", "--probe", "--all"], "").await;
    let said = out(&doctor);
    assert_eq!((code(&doctor), said.lines().last()), (1, Some("0 failed, 2 warnings")), "{said}");
    assert!(said.contains("  agent_answered 6 agents: "), "{said}");
    let seen = agm(&url, &["doctor", "--json"], "").await;
    let seen: serde_json::Value = serde_json::from_str(&out(&seen)).unwrap();
    let told =
        seen["checks"].as_array().unwrap().iter().find(|check| check["id"] == "agent_answered").unwrap();
    let at = seen["askedAt"].as_str().unwrap();
    assert!(told["evidence"].as_str().unwrap().contains(at), "what was paid for is told later too: {told}");
    assert!(seen["checks"].as_array().unwrap().iter().any(|check| check["id"] == "own_password"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_standard_input_or_a_file_of_ones_own() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let none = agm_as("", &url, &["workers"], "").await;
    assert_eq!((code(&none), err(&none).contains("AGM_PASSWORD")), (1, true), "{none:?}");
    assert_eq!(code(&agm_as("", &url, &["workers", "--password-stdin"], "admin\n").await), 0);
    let twice = ["--password-stdin", "provider", "add", "x", "--type", "zhipuai", "--key-file", "-"];
    assert_eq!(code(&agm_as("", &url, &twice, "admin\n").await), 2, "one input cannot be both");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "admin\n").unwrap();
    let args = ["workers", "--password-file", file.path().to_str().unwrap()];
    for (mode, expected) in [(0o644, 2), (0o640, 2), (0o600, 0)] {
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(code(&agm_as("", &url, &args, "").await), expected, "{mode:o}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_a_matter_of_usage() {
    for args in [
        &["frob"][..],
        &["model", "get", "a/b"],
        &["--url", "ftp://127.0.0.1", "workers"],
        &["completions", "klingon"],
        &["serve", "--sandbox-dir", "x"],
        &["sandbox", "--console-addr", "nowhere"],
        &["sandbox", "--generation", "1.2", "--leftovers"],
        &["sandbox", "--controller-addr", "127.0.0.1:0"],
        &["model", "set", "alice", "--provider", "p", "--model", "m", "--restart", "later"],
    ] {
        let refused = agm("http://127.0.0.1:1", args, "").await;
        assert_eq!((code(&refused), out(&refused).as_str()), (2, ""), "{args:?}");
    }
    let completions = agm("", &["completions", "bash"], "").await;
    assert!(out(&completions).contains("provider") && code(&completions) == 0);
}

/// One line of JSON with every address, each answering, and nothing left behind after SIGTERM.
#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_alone_tells_its_addresses_and_goes_when_told() {
    let left = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
        .args(["sandbox", "--empty"])
        .env("TMPDIR", left.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    for name in ["console", "gateway", "gatewayMetrics", "s3", "manager", "upstreams", "containers", "admin"]
    {
        assert!(!told[name].is_null(), "{name} is missing in {line}");
    }
    let console = told["console"].as_str().unwrap();
    server::install_crypto();
    assert!(reqwest::get(format!("{console}/system/info")).await.unwrap().status().is_success());
    let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
    assert!(kill.success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(0), ""));
    assert_eq!(
        std::fs::read_dir(left.path()).unwrap().count(),
        0,
        "it left something in its temporary folder"
    );
}
