//! What starts the server with the machine, tried on the real supervisors where they are at hand.
use crate::support::{environment, free_port};
use sandbox::{Sandbox, SandboxOptions, upstreams::Behaviour};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

fn agm(root: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agm"))
        .arg("autostart")
        .args(args)
        .arg("--root")
        .arg(root)
        .env_clear()
        .output()
        .unwrap()
}

#[test]
fn the_command_says_what_it_did_and_what_is_left_to_do() {
    let root = tempfile::tempdir().unwrap();
    let none = agm(root.path(), &["write"]);
    let said = String::from_utf8_lossy(&none.stderr);
    assert!(none.status.code() == Some(2) && said.contains("neither supervisord nor systemd"), "{none:?}");
    assert_eq!(agm(root.path(), &["status"]).status.code(), Some(1), "nothing was written");

    fs::create_dir_all(root.path().join("etc/systemd/system")).unwrap();
    let written = agm(root.path(), &["write", "--program", "/opt/agm/agm"]);
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(said.starts_with("written\t/etc/systemd/system/agm.service\n"), "{said}");
    assert!(said.ends_with("next: systemctl daemon-reload && systemctl start agm\n"), "{said}");
    let status = agm(root.path(), &["status", "--json"]);
    let files: Vec<Value> = serde_json::from_slice(&status.stdout).unwrap();
    assert!(status.status.success() && files.iter().all(|file| file["state"] == "unchanged"), "{files:?}");

    let unit = root.path().join("etc/systemd/system/agm.service");
    fs::write(&unit, "[Service]\n").unwrap();
    let refused = agm(root.path(), &["write"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(4) && said.contains("- [Service]"), "{refused:?}");
    assert_eq!(agm(root.path(), &["remove"]).status.code(), Some(4), "it is somebody else's now");
    fs::remove_file(&unit).unwrap();
    assert!(agm(root.path(), &["remove"]).status.success());
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/systemd/system")).unwrap();
    assert!(agm(root.path(), &["write", "--kind", "systemd"]).status.success());
    let unit = root.path().join("etc/systemd/system/agm.service");
    let Ok(verify) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output() else {
        println!("SKIPPED: systemd did not look at the unit, systemd-analyze is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&verify.stderr);
    let about_us: Vec<_> = said.lines().filter(|line| line.contains("agm.service")).collect();
    assert!(verify.status.success() && about_us.is_empty(), "{said}");
}

/// A supervisord with the settings that `agm autostart write` makes, below a folder of its own.
struct Supervisord {
    root: tempfile::TempDir,
    programs: PathBuf,
    child: Child,
    port: u16,
}

impl Supervisord {
    /// None where supervisord is not at hand.
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let programs =
            PathBuf::from(std::env::var_os("AGM_TEST_SUPERVISOR").filter(|path| !path.is_empty())?);
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(at("etc/supervisor/conf.d")).unwrap();
        let main = at("etc/supervisor/conf.d/supervisord.conf");
        let socket = at("s").display().to_string();
        let settings = format!(
            "[supervisord]\nnodaemon=true\nlogfile={0}/log\npidfile={0}/pid\n\n[unix_http_server]\nfile={socket}\n\n\
             [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\n\
             [supervisorctl]\nserverurl=unix://{socket}\n",
            root.path().display(),
        );
        fs::write(&main, settings).unwrap();
        assert!(agm(root.path(), &["write"]).status.success());
        // The files name paths of the machine; here they lie below the folder.
        for file in [&main, &at("etc/supervisor/conf.d/agm.conf")] {
            let mut text = fs::read_to_string(file).unwrap();
            for path in ["/etc/supervisor/conf.d/agm.conf", "/var/lib/agm"] {
                text = text.replace(path, &at(path).display().to_string());
            }
            fs::write(file, text).unwrap();
        }
        let port = free_port();
        let child = Command::new(programs.join("supervisord"))
            .arg("-c")
            .arg(&main)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(environment(sandbox, json!({"horizonMs": 4000})))
            .env("MONITOR_PORT", port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { programs, child, port, root })
    }

    /// Where supervisorctl finds the settings of this supervisord.
    fn settings(&self) -> PathBuf {
        self.root.path().join("etc/supervisor/conf.d")
    }

    /// What supervisord says of the server.
    fn status(&self) -> String {
        let mut status = Command::new(self.programs.join("supervisorctl"));
        let status = status.args(["status", "agm"]).current_dir(self.settings()).output().unwrap();
        String::from_utf8_lossy(&status.stdout).into_owned()
    }

    /// `monitor-server.sh`, typed where supervisorctl finds its settings.
    fn monitor(&self, verb: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_agm"))
            .args(["script", "monitor-server", verb])
            .current_dir(self.settings())
            .env_clear()
            .env("PATH", &self.programs)
            .env("AGM_DATA_DIR", self.root.path().join("var/lib/agm"))
            .env("MONITOR_PORT", self.port.to_string())
            .output()
            .unwrap()
    }

    fn pid(&self) -> Option<String> {
        fs::read_to_string(self.root.path().join("var/lib/agm/agm.pid"))
            .ok()
            .filter(|pid| pid.ends_with('\n'))
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What the server logged.
    fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("var/lib/agm/log/agm.log")).unwrap_or_default()
    }

    /// The process that serves, once one does that is not this one.
    async fn serves(&self, not: &str) -> String {
        let answers = || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        until(async || answers() && self.pid().is_some_and(|pid| pid != not)).await;
        self.pid().unwrap()
    }
}

impl Drop for Supervisord {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status());
        drop(self.child.wait());
    }
}

/// Waits until it is so.
async fn until(so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "it did not come to that");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn supervisord_brings_a_killed_server_back_and_lets_a_stopped_one_end_its_change() {
    server::install_crypto();
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let Some(supervisord) = Supervisord::start(&sandbox).map(Arc::new) else {
        println!("SKIPPED: no supervisord ran the server, AGM_TEST_SUPERVISOR names none");
        return;
    };
    let first = supervisord.serves("").await;
    assert!(Command::new("kill").args(["-KILL", first.trim()]).status().unwrap().success());
    let second = supervisord.serves(&first).await;

    // A switch whose model takes its time to answer, and a stop in the midst of it.
    sandbox.upstreams().set_behaviour("moonshot", Behaviour::Thinking);
    let client = reqwest::Client::new();
    let begun = client.post(supervisord.url("ni_status/operations")).basic_auth("admin", Some("admin"));
    let wish =
        json!({"kind": "set_model", "target": "worker:alice", "provider": "moonshot", "model": "kimi-k2.5"});
    let begun: Value = begun.json(&wish).send().await.unwrap().json().await.unwrap();
    let operation = async || {
        let path = format!("ni_status/operations/{}", begun["id"].as_str().unwrap());
        let asked = client.get(supervisord.url(&path)).basic_auth("admin", Some("admin")).send().await;
        asked.unwrap().json::<Value>().await.unwrap()
    };
    let is_asked = |step: &Value| step["name"] == "test" && step["state"] == "running";
    until(async || operation().await["steps"].as_array().unwrap().iter().any(is_asked)).await;
    let asked = supervisord.clone();
    let stopping = tokio::task::spawn_blocking(move || asked.monitor("stop"));
    until(async || supervisord.log().contains("stopping")).await;
    assert_eq!(supervisord.pid(), Some(second.clone()), "it waits for the change");
    sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    let stopped = stopping.await.unwrap();
    assert!(String::from_utf8_lossy(&stopped.stdout).contains("Monitor server stopped"), "{stopped:?}");
    assert_eq!(supervisord.pid(), None, "it ended in order");
    let status = supervisord.status();
    assert!(status.contains("STOPPED"), "it was stopped through supervisord: {status}");
    let started = supervisord.monitor("start");
    assert!(String::from_utf8_lossy(&started.stdout).contains("Monitor server started"), "{started:?}");
    supervisord.serves(&second).await;
    let status = supervisord.status();
    assert!(status.contains("RUNNING"), "it was started through supervisord: {status}");
    let ended = operation().await;
    assert_eq!(ended["state"], "committed", "{ended}");
    let folder = fs::metadata(supervisord.root.path().join("var/lib/agm")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700, "nobody else looks into its state");
}
