//! What passes write into the store: configs of agents and the files beside them, and the registries of the Manager.
use serde_json::{Map, Value, json};

use super::{
    Core,
    gateway::Provider,
    manager::Manager,
    member::{Member, Role, gateway_key, matrix_token},
    openclaw::{self, Agent},
    resource::WorkerStatus,
    runtime_yaml::{self, Mate, Runtime, STAMP, Team},
};
use crate::{clock::rfc3339, demo::made_up, files};

/// The Manager's folder, whichever Manager it is.
const MANAGER: &str = "agents/manager";
const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

impl Core {
    /// Writes the config of a worker or of a team's member, by its runtime.
    pub(super) fn deploy(&self, member: &Member, status: &WorkerStatus, provider: Option<&Provider>) {
        let gateway = provider.map(|provider| self.gateway_of(provider));
        if member.runtime == "qwenpaw" {
            if !member.led {
                self.deploy_runtime(member, status, gateway.as_deref(), None);
            }
            return;
        }
        let name = member.runtime_name();
        let folder = format!("agents/{name}");
        let key = format!("{folder}/openclaw.json");
        let before = self.bucket.json(&key);
        let agent = Agent {
            user: name,
            model: member.spec.text("model"),
            key: &gateway_key(name),
            matrix_token: &matrix_token(name),
            gateway: gateway.as_deref().unwrap_or(self.ways.gateway),
            heartbeat: member.heartbeat.as_deref().filter(|_| self.ways.dreams),
            friends: &member.friends,
            qwenpaw: false,
        };
        let config = openclaw::config(self.ways, &agent, self.plan.embedding.as_deref(), before.as_ref());
        self.bucket.put_json(&key, &config);
        match member.spec.text("soul") {
            "" => self.bucket.seed(&format!("{folder}/SOUL.md"), "", MARKDOWN),
            soul => self.bucket.put(&format!("{folder}/SOUL.md"), format!("{soul}\n"), MARKDOWN),
        }
        self.seed_folder(member, &folder);
    }

    /// What else a worker finds in its folder.
    fn seed_folder(&self, member: &Member, folder: &str) {
        let prefix = self.ways.prefix;
        let skill = |name: &str| self.bucket.seed(&format!("{folder}/skills/{name}"), "", MARKDOWN);
        let put = |name: &str| self.bucket.seed(&format!("{folder}/{name}"), "", MARKDOWN);
        put("AGENTS.md");
        if self.ways.mounts_tokens {
            put(&format!(".{prefix}-keep"));
        } else {
            let password = made_up("matrix-password", &member.name);
            self.bucket.seed(&format!("{folder}/credentials/matrix/password"), &password, "text/plain");
        }
        if member.role == Role::Leader && !self.ways.mounts_tokens {
            put("HEARTBEAT.md");
        }
        skill("find-skills/SKILL.md");
        skill(&format!("find-skills/scripts/{prefix}-find-skill.sh"));
        skill("mcporter/SKILL.md");
        if member.runtime == "copaw" && self.ways.mounts_tokens {
            for name in ["communication", "file-sharing", "organization", "task-management"] {
                skill(&format!("{name}/SKILL.md"));
            }
            return;
        }
        for name in ["file-sync", "project-participation", "task-progress"] {
            skill(&format!("{name}/SKILL.md"));
        }
        if member.runtime == "openclaw" {
            skill(&format!("file-sync/scripts/{prefix}-sync.sh"));
        } else {
            skill(&format!("file-sync/scripts/{}-sync.py", member.runtime));
            skill("file-sync/scripts/push-shared.sh");
        }
    }

    /// Writes the config of a QwenPaw worker, unless only its time would change.
    pub(super) fn deploy_runtime(
        &self,
        member: &Member,
        status: &WorkerStatus,
        gateway: Option<&str>,
        team: Option<Team<'_>>,
    ) {
        let mate = mate(member, status);
        let at = rfc3339(self.timeline.wall().replace_nanosecond(0).unwrap_or(self.timeline.wall()));
        let runtime = Runtime {
            mate: &mate,
            model: member.spec.text("model"),
            state: member.spec.state(),
            gateway,
            generation: member.generation,
            at: &at,
            team,
        };
        let key = format!("agents/{}/runtime/runtime.yaml", member.runtime_name());
        let text = runtime_yaml::text(self.ways, &runtime);
        if self.bucket.text(&key).is_none_or(|before| unstamped(&before) != unstamped(&text)) {
            self.bucket.put(&key, text, "application/yaml");
        }
    }

    /// Writes the config that all Managers share, into the store and into the workspace on the host.
    pub(super) fn deploy_manager(&self, manager: &Manager, provider: Option<&Provider>) {
        let key = format!("{MANAGER}/openclaw.json");
        let before = self.bucket.json(&key);
        let friends = before.as_ref().map(|before| self.friends_in(before)).unwrap_or_default();
        let gateway = provider.map(|provider| self.gateway_of(provider));
        let agent = Agent {
            user: "manager",
            model: manager.spec.text("model"),
            key: &gateway_key("manager"),
            matrix_token: &matrix_token("manager"),
            gateway: gateway.as_deref().unwrap_or(self.ways.gateway),
            heartbeat: None,
            friends: &friends,
            qwenpaw: manager.runtime == "qwenpaw",
        };
        let config = openclaw::config(self.ways, &agent, self.plan.embedding.as_deref(), before.as_ref());
        self.write_manager(&config);
        if !self.ways.mounts_tokens {
            let path = format!("agents/{}/credentials/matrix/password", manager.name);
            self.bucket.seed(&path, &made_up("matrix-password", "manager"), "text/plain");
        }
    }

    /// Lets a worker speak to the Manager in groups, or no longer.
    pub(super) fn befriend(&self, user: &str, wanted: bool) {
        let Some(mut config) = self.bucket.json(&format!("{MANAGER}/openclaw.json")) else { return };
        let Some(allowed) =
            config.pointer_mut("/channels/matrix/groupAllowFrom").and_then(Value::as_array_mut)
        else {
            return;
        };
        let there = allowed.iter().any(|allowed| allowed == user);
        match (wanted, there) {
            (true, false) => allowed.push(json!(user)),
            (false, true) => allowed.retain(|allowed| allowed != user),
            _ => return,
        }
        self.write_manager(&config);
    }

    /// The registries that stand beside the Manager's config.
    pub(super) fn write_registries(&self) {
        if !self.ways.writes_registries {
            return;
        }
        let at = rfc3339(self.timeline.wall().replace_nanosecond(0).unwrap_or(self.timeline.wall()));
        let workers: Map<String, Value> = self
            .workers
            .all()
            .into_iter()
            .filter(|worker| !worker.deleting && !worker.status.user.is_empty())
            .map(|worker| {
                let entry = json!({"matrix_user_id": worker.status.user, "room_id": worker.status.room,
                    "runtime": worker.spec.text("runtime"), "deployment": "local",
                    "skills": worker.spec.0.get("skills"), "role": "", "team_id": null,
                    "image": worker.spec.0.get("image"), "created_at": at, "skills_updated_at": at});
                (worker.name, entry)
            })
            .collect();
        let teams: Map<String, Value> = self
            .teams
            .all()
            .into_iter()
            .filter(|team| !team.deleting && !team.status.room.is_empty())
            .map(|team| {
                let workers: Vec<&Value> =
                    team.spec.list("workers").iter().map(|worker| &worker["name"]).collect();
                let entry = json!({"leader": team.spec.0.get("leader").map(|leader| &leader["name"]),
                    "workers": workers, "team_room_id": team.status.room,
                    "leader_dm_room_id": team.status.leader_room, "created_at": at});
                (team.name, entry)
            })
            .collect();
        for (file, kind, entries) in
            [("workers-registry.json", "workers", workers), ("teams-registry.json", "teams", teams)]
        {
            let key = format!("{MANAGER}/{file}");
            let before = self.bucket.json(&key);
            if before.is_none() && entries.is_empty() {
                continue;
            }
            if before.is_none_or(|before| stale(&before[kind], &entries)) {
                let registry = json!({"version": 1, "updated_at": at, kind: entries});
                self.bucket.put_json(&key, &registry);
                self.write_workspace(file, &registry);
            }
        }
    }

    fn write_manager(&self, config: &Value) {
        self.bucket.put_json(&format!("{MANAGER}/openclaw.json"), config);
        self.write_workspace("openclaw.json", config);
    }

    fn write_workspace(&self, file: &str, tree: &Value) {
        if let Err(error) = files::write_json(&self.workspace.join(file), tree) {
            tracing::error!(%error, file, "the sandbox's controller could not write the Manager's workspace");
        }
    }

    /// Whom the Manager listens to in groups beside itself and the admin.
    fn friends_in(&self, config: &Value) -> Vec<String> {
        let trusted = [self.ways.matrix_user("manager"), self.ways.matrix_user("admin")];
        let allowed = config["channels"]["matrix"]["groupAllowFrom"].as_array().into_iter().flatten();
        let allowed = allowed.filter_map(Value::as_str).map(str::to_owned);
        allowed.filter(|user| !trusted.contains(user)).collect()
    }

    /// What an empty bucket gets.
    pub(super) fn seed_bucket(&self) {
        self.bucket.create();
        let prefix = self.ways.prefix;
        let folders = ["humans", "teams", "workers"].map(|folder| format!("{prefix}-config/{folder}"));
        for folder in ["agents", "shared/knowledge", "shared/tasks", "workers"]
            .into_iter()
            .chain(folders.iter().map(String::as_str))
        {
            self.bucket.seed(&format!("{folder}/.gitkeep"), "", JSON);
        }
    }
}

/// A member as others see it.
pub(super) fn mate(member: &Member, status: &WorkerStatus) -> Mate {
    Mate {
        name: member.name.clone(),
        runtime_name: member.runtime_name().to_owned(),
        user: status.user.clone(),
        room: status.room.clone(),
        role: member.role,
    }
}

fn unstamped(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with(STAMP)).collect()
}

/// Whether entries differ in more than their times.
fn stale(before: &Value, entries: &Map<String, Value>) -> bool {
    let timeless = |entry: &Value| {
        let mut entry = entry.clone();
        for name in ["created_at", "skills_updated_at"] {
            entry[name] = Value::Null;
        }
        entry
    };
    let Some(before) = before.as_object() else { return true };
    before.len() != entries.len()
        || entries.iter().any(|(name, entry)| before.get(name).map(timeless) != Some(timeless(entry)))
}
