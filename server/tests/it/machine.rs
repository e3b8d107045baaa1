//! The whole of `agm install` and `agm uninstall` as it is typed in a Manager's container: files, server, gateway. The
//! machine is a folder, the world around it a sandbox.
use crate::{
    keepers::{supervisorctl, systemctl},
    support::{Ended, environment, free_port},
};
use sandbox::{Sandbox, SandboxOptions};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

const SUPERVISORD: &str = "[supervisord]\nnodaemon=true\n\n[program:manager-agent]\ncommand=/bin/true\n";
struct Machine {
    /// Ended before the folders go in which it is found.
    server: Ended,
    sandbox: Sandbox,
    root: tempfile::TempDir,
    /// Programs, outside of the root.
    programs: tempfile::TempDir,
    port: u16,
    data: PathBuf,
}

impl Machine {
    /// As HiClaw's image has it: without a section for that its supervisord cannot be asked.
    async fn new() -> Self {
        let folders =
            ["data", "etc/supervisor/conf.d", "opt/hiclaw/agent/skills", "root/manager-workspace/skills"];
        let machine = Self::with_folders(&folders, "data/agm").await;
        fs::write(machine.root.path().join("etc/supervisor/conf.d/supervisord.conf"), SUPERVISORD).unwrap();
        machine
    }

    async fn with_folders(folders: &[&str], data: &str) -> Self {
        server::install_crypto();
        let sandbox = Sandbox::start(SandboxOptions { leftovers: true, ..SandboxOptions::default() }).await;
        let (root, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in folders {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let site = programs.path().join("site/pkg");
        fs::create_dir_all(&site).unwrap();
        for file in ["agm.css", "agm.js", "agm.wasm", "agm_bg.wasm"] {
            fs::write(site.join(file), file).unwrap();
        }
        let data = root.path().join(data);
        let server = Ended(data.clone());
        let machine = Self { server, sandbox: sandbox.unwrap(), root, programs, port: free_port(), data };
        machine.upgrade();
        // The real ones of whoever runs this are asked nothing.
        machine.with("supervisorctl", "#!/bin/sh\nexit 1\n").with("systemctl", "#!/bin/sh\nexit 1\n")
    }

    /// Adds a program. Others write it: what this process has open for writing, the children of other tests may have too
    /// for a moment, and nobody can run it then.
    fn with(self, name: &str, text: &str) -> Self {
        let mut writer = Command::new("sh")
            .args(["-c", r#"cat > "$0" && chmod 755 "$0""#])
            .arg(self.programs.path().join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        self
    }

    /// Puts the program there anew, as an upgrade does.
    fn upgrade(&self) {
        let new = self.programs.path().join("new");
        assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_agm")).arg(&new).status().unwrap().success());
        fs::rename(new, self.programs.path().join("agm")).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.programs.path().join("agm"));
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.programs.path().display()))
            .env("ROOT", self.root.path())
            .env("MONITOR_PORT", self.port.to_string())
            // What the shell says of another directory, the server would not hear when the container starts again.
            .env("AGM_DATA_DIR", self.programs.path().join("elsewhere"))
            .env("AGM_SITE_DIR", self.programs.path().join("site"))
            .envs(environment(
                &self.sandbox,
                json!({"horizonMs": 1000, "effectiveMs": 3000, "upstreams": {}}),
            ))
            .stdin(Stdio::null());
        command
    }

    /// A command of this machine: how it ended, what it printed, and what it said beside that.
    async fn types(&self, line: &str) -> (Option<i32>, String, String) {
        let mut command = self.command();
        command.args(line.split(' ')).arg("--root").arg(self.root.path());
        let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let Output { status, stdout, stderr } = ended;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    /// The same for a line that succeeds.
    async fn done(&self, line: &str) -> (String, String) {
        let (code, out, err) = self.types(line).await;
        assert_eq!(code, Some(0), "{line}: {out}{err}");
        (out, err)
    }

    /// Every file and folder of the machine but what the server itself keeps.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn below(folder: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let about = fs::symlink_metadata(&path).unwrap();
                let content = if about.is_symlink() {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                } else if about.is_dir() {
                    below(&path, all);
                    Vec::new()
                } else {
                    fs::read(&path).unwrap()
                };
                all.insert(path, content);
            }
        }
        let mut all = BTreeMap::new();
        below(self.root.path(), &mut all);
        all.retain(|path, _| !path.starts_with(&self.data));
        all
    }

    /// Whether the gateway leads to agm.
    async fn is_led_to(&self) -> bool {
        self.sandbox.gateway().settled().await;
        let url = format!("{}/agm/login", self.sandbox.addresses().gateway);
        reqwest::get(url).await.unwrap().text().await.unwrap().contains("/agm/pkg/")
    }

    /// Waits until a server answers at the port.
    async fn is_up(&self) {
        let url = format!("http://127.0.0.1:{}/healthz", self.port);
        let up = async {
            while reqwest::get(&url).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, up).await.unwrap();
    }

    fn pid(&self) -> Option<String> {
        fs::read_to_string(self.data.join("agm.pid")).ok()
    }

    /// A variable of the server.
    fn told(&self, name: &str) -> Option<String> {
        let all = fs::read(format!("/proc/{}/environ", self.pid()?.trim())).ok()?;
        let all = String::from_utf8(all).unwrap();
        let mut all = all.split('\0').filter_map(|variable| variable.split_once('='));
        all.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
    }

    /// What supervisorctl was asked since the last look, questions left out.
    fn asked(&self) -> Vec<String> {
        let path = self.programs.path().join("asked");
        let all = fs::read_to_string(&path).unwrap_or_default();
        drop(fs::remove_file(path));
        let is_question =
            |line: &&str| ["pid", "status", "show", "cat"].iter().any(|word| line.starts_with(word));
        all.lines().filter(|line| !is_question(line)).map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installed_twice_and_uninstalled_twice_a_machine_is_as_it_was() {
    let machine = Machine::new().await;
    let before = machine.files();
    let (out, err) = machine.done("install --dry-run").await;
    assert!(err.contains("written\t/etc/supervisor/conf.d/agm.conf"), "{err}");
    assert!(out.contains("does not run yet") && machine.pid().is_none(), "{out}");
    assert_eq!(machine.done("install --dry-run --json").await.0, "null\n");
    assert_eq!(machine.types("install").await.0, Some(2), "nobody says yes");
    assert_eq!(machine.files(), before);

    let (out, err) = machine.done("install --yes").await;
    assert!(out.contains("http://manager-local.hiclaw.io:") && err.contains("started"), "{out}{err}");
    assert!(machine.is_led_to().await);
    let (once, pid) = (machine.files(), machine.pid());
    assert!(machine.data.join("log/agm.log").is_file());
    let proxies = machine.told("AGM_TRUSTED_PROXIES");
    assert_eq!(proxies.as_deref(), Some("127.0.0.1"), "as when the container starts");
    let (out, _) = machine.done("install --yes").await;
    assert!(out.contains("nothing to change"), "{out}");
    assert_eq!((machine.files(), machine.pid()), (once.clone(), pid));

    machine.server.kill();
    machine.done("install --yes").await;
    assert!(machine.is_led_to().await, "a killed server is started again");
    machine.upgrade();
    let (_, err) = machine.done("install --yes").await;
    assert!(err.contains("runs another program than this one"), "{err}");

    let (out, err) = machine.done("uninstall --dry-run").await;
    assert!(out.contains("delete\tplain-route:agm-path"), "{out}");
    assert!(err.contains("is removed\t/etc/supervisor/conf.d/agm.conf"), "{err}");
    assert_eq!(machine.types("uninstall").await.0, Some(2), "nobody says yes");
    assert_eq!(machine.files(), once);
    machine.done("uninstall --yes").await;
    assert_eq!((machine.files(), machine.pid()), (before.clone(), None));
    assert!(!machine.is_led_to().await);
    machine.done("uninstall --yes").await;
    assert_eq!(machine.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_death_left_half_done_is_done_by_the_next_command() {
    let machine = Machine::new().await;
    let before = machine.files();
    machine.done("autostart write").await;
    machine.done("install --yes").await;
    let once = machine.files();

    machine.done("uninstall --yes --no-files").await;
    assert_eq!(machine.types("uninstall").await.0, Some(2), "files go after a yes too");
    assert_eq!(machine.files(), once);
    machine.server.kill();
    assert_eq!(machine.types("uninstall").await.0, Some(2));
    machine.done("uninstall --yes").await;
    assert_eq!(machine.files(), before);

    machine.done("install --yes").await;
    machine.server.kill();
    let (code, _, err) = machine.types("uninstall --yes").await;
    assert_eq!(code, Some(3), "who leads there must be asked: {err}");
    assert!(err.contains("`agm script monitor-server start`"), "{err}");
    assert_eq!(machine.files(), once);
    machine.done("install --yes").await;
    machine.done("uninstall --yes").await;
    assert_eq!(machine.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_others_started_is_not_taken_for_the_one_of_the_files() {
    let machine = Machine::new().await;
    let before = machine.files();
    let elsewhere = tempfile::tempdir().unwrap();
    let _ended = Ended(elsewhere.path().to_owned());
    let other = || {
        let mut other = machine.command();
        let serve = other.args(["serve", "--data-dir"]).arg(elsewhere.path());
        serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut first = other();
    machine.is_up().await;
    let (code, _, err) = machine.types("install --yes").await;
    assert!(code == Some(4) && err.contains("answers a server that does not use"), "{err}");
    assert_eq!(machine.files(), before);
    first.kill().unwrap();
    first.wait().unwrap();

    machine.done("install --yes").await;
    let once = machine.files();
    machine.server.kill();
    let mut second = other();
    machine.is_up().await;
    let (code, _, err) = machine.types("uninstall --yes").await;
    assert!(code == Some(4) && err.contains("answers a server that does not use"), "{err}");
    assert_eq!(machine.files(), once, "what was there before, this one does not know");
    second.kill().unwrap();
    second.wait().unwrap();
    machine.done("install --yes").await;
    machine.done("uninstall --yes").await;
    assert_eq!(machine.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_in_the_hands_of_a_supervisord_that_can_be_asked() {
    let machine = Machine::new().await.with("supervisorctl", &supervisorctl());
    let before = machine.files();
    // Somebody started it by hand.
    let mut by_hand = machine.command();
    by_hand.args(["script", "monitor-server", "start"]).env("AGM_DATA_DIR", &machine.data);
    assert!(tokio::task::spawn_blocking(move || by_hand.output()).await.unwrap().unwrap().status.success());
    let by_hand = machine.pid();
    assert_eq!(machine.asked(), [""; 0]);
    let broken = machine.programs.path().join("broken");
    fs::write(&broken, "").unwrap();
    let (code, _, err) = machine.types("install --yes").await;
    assert!(code == Some(1) && err.contains("CANT_REREAD"), "{err}");
    assert_eq!(machine.asked(), ["update agm"]);
    assert!(machine.pid().is_some_and(|pid| Some(pid) != by_hand), "it serves on: {err}");
    fs::remove_file(broken).unwrap();
    let by_hand = machine.pid();

    let (_, err) = machine.done("install --yes").await;
    assert!(err.contains("stopped"), "{err}");
    let supervised = fs::read_to_string(machine.programs.path().join("ours")).unwrap();
    assert!(machine.pid() == Some(supervised.clone()) && by_hand != Some(supervised.clone()));
    assert_eq!(machine.asked().first().map(String::as_str), Some("update agm"));
    machine.done("install --yes").await;
    assert_eq!((machine.pid(), machine.asked()), (Some(supervised.clone()), vec!["update agm".to_owned()]));

    machine.upgrade();
    let (_, err) = machine.done("install --yes").await;
    assert!(err.contains("restarted with this program"), "{err}");
    assert_eq!(machine.asked(), ["update agm", "restart agm"]);
    assert_ne!(machine.pid(), Some(supervised));

    // What somebody starts beside it is no more in its hands than before.
    let script = async |verb: &'static str| {
        let mut script = machine.command();
        script.args(["script", "monitor-server", verb]).env("AGM_DATA_DIR", &machine.data);
        let ended = tokio::task::spawn_blocking(move || script.output()).await.unwrap().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    };
    script("stop").await;
    assert_eq!((machine.asked(), machine.pid()), (vec!["stop agm".to_owned()], None));
    let mut beside = machine.command();
    let serve = beside.args(["serve", "--data-dir"]).arg(&machine.data);
    let mut beside = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    machine.is_up().await;
    script("stop").await;
    assert!(beside.wait().unwrap().success() && machine.asked().is_empty());
    script("start").await;
    assert_eq!(machine.asked(), ["start agm"]);

    machine.done("uninstall --yes").await;
    assert_eq!(machine.asked(), ["stop agm", "update agm"]);
    machine.done("uninstall --yes").await;
    assert_eq!(machine.asked(), [""; 0]);
    assert_eq!((machine.files(), machine.pid()), (before, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_host_the_server_is_in_the_hands_of_systemd() {
    let folders = ["etc/systemd/system", "etc/agm", "run/systemd/system", "var/lib"];
    let machine = Machine::with_folders(&folders, "var/lib/agm").await;
    let machine = machine.with("systemctl", &systemctl());
    fs::write(machine.root.path().join("etc/agm/agm.env"), "AGM_TRUSTED_PROXIES=10.9.8.7\n").unwrap();
    let before = machine.files();
    let booted = machine.root.path().join("run/systemd/system");
    fs::remove_dir(&booted).unwrap();
    machine.done("install --yes").await;
    assert_eq!(machine.asked(), [""; 0], "systemd is not running");
    assert_eq!(machine.told("AGM_TRUSTED_PROXIES").as_deref(), Some("10.9.8.7"), "as systemd would tell it");

    fs::create_dir(booted).unwrap();
    let (_, err) = machine.done("install --yes").await;
    assert!(err.contains("stopped"), "{err}");
    assert_eq!(machine.asked(), ["daemon-reload", "start agm"]);
    machine.done("install --yes").await;
    assert_eq!(machine.asked(), ["daemon-reload"]);
    machine.upgrade();
    machine.done("install --yes").await;
    assert_eq!(machine.asked(), ["daemon-reload", "restart agm"]);
    machine.done("autostart write --program /opt/agm/agm").await;
    machine.done("install --yes").await;
    assert_eq!(machine.asked(), ["daemon-reload", "restart agm"], "the unit is another one");
    machine.done("uninstall --yes").await;
    assert_eq!(machine.asked(), ["stop agm", "daemon-reload"]);
    assert_eq!((machine.files(), machine.pid()), (before, None));
}
