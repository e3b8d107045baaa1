//! What an installation holds, so that two states of it can be compared.
use crate::kill::{program::Program, scenario::Scenario};
use regex::Regex;
use sandbox::{Sandbox, SandboxOptions, live::LiveConfig, s3::Listing};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};
use tempfile::TempDir;

/// How often a worker's container was started when the sandbox begins.
const FIRST_START: u32 = 1;

/// A sandbox, and the data directory of the programs that change it.
pub struct Installation {
    pub sandbox: Sandbox,
    /// Where its programs listen, one after the other.
    pub address: SocketAddr,
    data: TempDir,
}

/// Everything in it by name, without times and versions.
pub type Contents = BTreeMap<String, String>;

impl Installation {
    /// As a scenario needs it.
    pub async fn of(scenario: Scenario) -> Self {
        Self::with(SandboxOptions {
            leftovers: scenario.leftovers(),
            generation: scenario.generation(),
            in_cluster: scenario == Scenario::InCluster,
            ..SandboxOptions::default()
        })
        .await
    }

    /// The demo.
    pub async fn start() -> Self {
        Self::with(SandboxOptions::default()).await
    }

    async fn with(options: SandboxOptions) -> Self {
        server::install_crypto();
        let options = SandboxOptions {
            effective_after: Duration::from_millis(30),
            worker_pull: Duration::from_secs(3600),
            manager_debounce: Duration::from_millis(50),
            ..options
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let installation = Self { sandbox, address: own_address(), data: tempfile::tempdir().unwrap() };
        let files = installation.site().join("pkg");
        std::fs::create_dir_all(&files).unwrap();
        for file in ["agm.css", "agm.js", "agm.wasm", "agm_bg.wasm"] {
            std::fs::write(files.join(file), file).unwrap();
        }
        installation
    }

    /// A site of which the static files are there, which is all that the gateway is asked for.
    pub fn site(&self) -> PathBuf {
        self.data().join("site")
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Another life of the program.
    pub fn program(&self, extra: &[(&str, &str)]) -> Program {
        Program::start(self, extra)
    }

    pub fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        if self.sandbox.controller().is_some() {
            self.note_controlled(&mut contents);
            return contents;
        }
        let state = self.sandbox.console().export();
        note_json(&mut contents, "console", &state);
        note_live(&mut contents, &self.sandbox.console().live().borrow());
        let page = self.sandbox.s3().objects().list(&self.bucket(), &Listing::default()).unwrap();
        // Of an agent: tasks have other names in each installation, and a trial of the store that dies leaves its scratch.
        for (key, object) in page.objects.into_iter().filter(|(key, _)| key.starts_with("agents/")) {
            let text = String::from_utf8_lossy(&object.body).into_owned();
            let text = serde_json::from_str(&text).map_or(text, |tree| timeless(tree).to_string());
            contents.insert(format!("s3:{key}"), text);
        }
        let workspace = self.sandbox.agents().workspace().folder();
        for file in ["openclaw.json", "workers-registry.json"] {
            let tree: Value = serde_json::from_slice(&std::fs::read(workspace.join(file)).unwrap()).unwrap();
            contents.insert(format!("file:{file}"), timeless(tree).to_string());
        }
        let port = whole_number(self.address.port());
        contents.values_mut().for_each(|text| *text = port.replace_all(text, "PORT").into_owned());
        contents
    }

    fn bucket(&self) -> String {
        self.sandbox.addresses().s3.bucket.clone()
    }

    /// What a switch changes where a controller keeps the agents: it makes all else, with keys and tasks of its own in
    /// each installation.
    fn note_controlled(&self, contents: &mut Contents) {
        let routes = &self.sandbox.console().export()["config_maps"];
        for (file, stored) in routes.as_object().into_iter().flatten() {
            contents.insert(format!("console:{file}"), stored["body"].to_string());
        }
        assert!(!contents.is_empty(), "the console's state is not understood");
        for name in ["openclaw.json", "model.json"] {
            let key = format!("agents/alice/{name}");
            let Ok(object) = self.sandbox.s3().objects().get(&self.bucket(), &key) else { continue };
            let tree: Value = serde_json::from_slice(&object.body).unwrap();
            let model = &tree["agents"]["defaults"]["model"]["primary"];
            let shown = if name == "model.json" { timeless(tree) } else { model.clone() };
            contents.insert(format!("s3:{key}"), shown.to_string());
        }
        let container = self.sandbox.containers().get("agentteams-worker-alice").unwrap();
        let again = if container.starts > FIRST_START { "started again" } else { "as it was" };
        contents.insert("container:alice".into(), format!("{:?}, {again}", container.status));
    }

    /// What must hold of the program's own files after each start.
    pub fn assert_books_whole(&self, cell: &str) {
        let audit = std::fs::read(self.data().join("audit.jsonl")).unwrap_or_default();
        let verified = operations::verify(&audit);
        assert!(verified.breaks.is_empty(), "{cell}: {:?}", verified.breaks);
        let aside = self.data().join("journal/quarantine");
        assert_eq!(std::fs::read_dir(aside).unwrap().count(), 0, "{cell}: a record was set aside");
    }

    /// The ids of its backups, oldest first.
    pub fn backups(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.data().join("backups")).unwrap();
        let name =
            |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut ids: Vec<_> =
            files.map(name).filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
        ids.sort();
        ids
    }

    /// Files that were to take the place of another one, and did not.
    pub fn half_written(&self) -> BTreeSet<PathBuf> {
        let workspace = self.sandbox.agents().workspace().folder();
        let folders = [self.data(), &self.data().join("journal"), workspace];
        let files = folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let paths = files.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|end| end == "tmp")).collect()
    }
}

/// An address that the programs of one installation can have again and again: the system gives ports of this range to nobody.
fn own_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = begin + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Each installation has a port of its own; the digits of it within a password are not meant.
fn whole_number(port: u16) -> Regex {
    Regex::new(&format!(r"\b{port}\b")).unwrap()
}

#[test]
fn a_port_is_no_part_of_a_password() {
    let text = r#"{"password":"743237464d8b","address":"127.0.0.1:23746","port":23746}"#;
    let told = whole_number(23746).replace_all(text, "PORT");
    assert_eq!(told, r#"{"password":"743237464d8b","address":"127.0.0.1:PORT","port":PORT}"#);
}

/// What the console stores, document by document.
fn note_json(contents: &mut Contents, name: &str, tree: &Value) {
    let documents = ["ingresses", "config_maps", "plugins", "bridges", "filters"];
    for kind in documents {
        for (file, stored) in tree[kind].as_object().into_iter().flatten() {
            contents.insert(format!("{name}:{kind}/{file}"), stored["body"].to_string());
        }
    }
    assert!(contents.len() > 5, "the console's state is not understood: {tree}");
}

/// What the gateway runs. The age of routes is left out: one that was removed and put back is younger.
fn note_live(contents: &mut Contents, live: &LiveConfig) {
    for (name, provider) in &live.providers {
        contents.insert(format!("live:provider:{name}"), format!("{provider:?}"));
    }
    for route in &live.routes {
        contents.insert(format!("live:route:{}", route.ingress), format!("{route:?}"));
    }
}

/// Without what says when it was written.
fn timeless(mut tree: Value) -> Value {
    match &mut tree {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("_at") && !name.ends_with("At"));
            fields.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = timeless(item.take())),
        _ => {}
    }
    tree
}

/// Where two states differ, for people.
pub fn difference(one: &Contents, other: &Contents) -> String {
    let mut text = String::new();
    for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
        let (left, right) = (one.get(name), other.get(name));
        if left != right {
            let show = |side: Option<&String>| {
                side.map_or("-".into(), |text| text.chars().take(1500).collect::<String>())
            };
            writeln!(text, "{name}\n  {}\n  {}", show(left), show(right)).unwrap();
        }
    }
    text
}
