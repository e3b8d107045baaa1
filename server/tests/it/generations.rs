//! The program with the sandbox of each generation of HiClaw.
use crate::{
    cli::{agm, code, err, out},
    running::Program,
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// A generation, what its bob runs, and whether a server needs to know of a controller.
const GENERATIONS: [(&str, &str, bool); 3] =
    [("1.0", "openclaw", false), ("1.1", "copaw", true), ("1.2", "qwenpaw", true)];

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_program_switches_agents_of_every_generation() {
    for (generation, of_bob, has_controller) in GENERATIONS {
        let data = tempfile::tempdir().unwrap();
        let mut program = Program::with(data.path(), &["--generation", generation]);
        let url = format!("http://{}", program.address());
        let workers = agm(&url, &["--json", "workers"], "").await;
        let workers: Value = serde_json::from_slice(&workers.stdout).unwrap();
        let runtime_of = |name: &str| {
            let mut all = workers.as_array().unwrap().iter();
            all.find(|worker| worker["name"] == name).unwrap()["runtime"].as_str().unwrap().to_owned()
        };
        assert_eq!((runtime_of("alice").as_str(), runtime_of("bob").as_str()), ("openclaw", of_bob));
        for agent in ["manager", "alice", "bob"] {
            let set =
                agm(&url, &["model", "set", agent, "--provider", "qwen", "--model", "qwen-max"], "").await;
            assert_eq!(code(&set), 0, "{generation} {agent}: {}", err(&set));
        }
        let listed = out(&agm(&url, &["model", "list"], "").await);
        assert!(listed.contains("alice\tqwen\tqwen-max\tin sync"), "{generation}: {listed}");
        let doctor = agm(&url, &["doctor"], "").await;
        let said = out(&doctor);
        let told = |name: &str| said.lines().any(|line| line.starts_with(name) && line.ends_with("sandbox"));
        assert_eq!(told("controller-url"), has_controller, "{generation}: {said}");
        assert_eq!(told("controller-token-file"), has_controller, "{generation}: {said}");
        program.terminate();
        assert_eq!(program.ended().0, Some(0), "{generation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_alone_says_where_its_controller_is() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
        .args(["sandbox", "--generation", "1.1", "--controller-addr", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    let url = addresses["controller"]["url"].as_str().unwrap();
    let token = std::fs::read_to_string(addresses["controller"]["tokenFile"].as_str().unwrap()).unwrap();
    server::install_crypto();
    let managers =
        reqwest::Client::new().get(format!("{url}/api/v1/managers")).bearer_auth(token).send().await.unwrap();
    let managers: Value = managers.json().await.unwrap();
    assert_eq!(managers["managers"][0]["model"], addresses["defaultModel"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_generation_that_nobody_knows_is_refused_with_those_that_are() {
    for args in
        [["sandbox", "--generation", "2.0"].as_slice(), &["serve", "--sandbox", "--generation", "2.0"]]
    {
        let refused = Command::new(env!("CARGO_BIN_EXE_agm")).args(args).env_clear().output().unwrap();
        assert_eq!(refused.status.code(), Some(2));
        assert!(err(&refused).contains("there are 1.0, 1.1 and 1.2"), "{}", err(&refused));
    }
}
