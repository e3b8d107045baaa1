//! The command line against a server on a real socket.
use crate::support::World;
use server::http::serve;
use std::{
    io::Write,
    process::{Command, Output, Stdio},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Runs `agm` with its password in the environment.
async fn agm(url: &str, args: &[&str], stdin: &str) -> Output {
    let (url, stdin) = (url.to_owned(), stdin.to_owned());
    let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
            .args(&args)
            .env_clear()
            .env("AGM_URL", url)
            .env("AGM_PASSWORD", "admin")
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

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_does_the_main_job_from_the_command_line() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, world.stack.clone(), stop.clone()));

    let set =
        agm(&url, &["--json", "model", "set", "alice", "--provider", "moonshot", "--model", "kimi-k2.5"], "")
            .await;
    let said = String::from_utf8_lossy(&set.stderr).into_owned();
    assert_eq!(code(&set), 0, "{said}");
    assert!(said.contains("test kimi-k2.5\tdone"), "{said}");
    let operation: serde_json::Value = serde_json::from_slice(&set.stdout).unwrap();
    assert_eq!((&operation["state"], &operation["via"]), (&"committed".into(), &"cli".into()));
    let watched = agm(&url, &["watch", operation["id"].as_str().unwrap()], "").await;
    assert_eq!(code(&watched), 0);
    let list = agm(&url, &["model", "list"], "").await;
    assert!(String::from_utf8_lossy(&list.stdout).contains("alice\tmoonshot\tkimi-k2.5"));

    let add =
        agm(&url, &["provider", "add", "zhipuai", "--type", "zhipuai", "--key-file", "-"], "sk-from-stdin\n")
            .await;
    assert_eq!(code(&add), 0, "{}", String::from_utf8_lossy(&add.stderr));
    assert_eq!(code(&agm(&url, &["provider", "remove", "qwen"], "").await), 4, "in use");
    assert_eq!(code(&agm(&url, &["provider", "show", "nobody"], "").await), 1);
    assert_eq!(code(&agm(&url, &["model", "set", "alice"], "").await), 2, "usage");
    let doctor = agm(&url, &["doctor"], "").await;
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("dave cannot use its model"));
    assert_eq!(code(&doctor), 1);

    stop.cancel();
    served.await.unwrap().unwrap();
    assert_eq!(code(&agm(&url, &["workers"], "").await), 3, "nobody answers");
}

#[tokio::test]
async fn without_a_password_no_server_starts() {
    let refused = agm("", &["serve", "--addr", "127.0.0.1:0"], "").await;
    assert_eq!(code(&refused), 1);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("HICLAW_ADMIN_PASSWORD"));
}
