//! The last look, when nothing fails any more and all time is over in which something could come late.
use super::{
    images::{at, covers, is_derived, note_of, stripped},
    live,
};
use crate::{
    admin::Told,
    book::Invariant,
    theirs::{Fate, Wish},
    world::{AGENTS, Base, DATA, World, admin_call, controller_call},
};
use domain::{Operation, OperationState, Settled, StepState};
use http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Looking for secrets takes longer than anything else, so only each so manieth run is searched.
const SECRETS_EVERY: u64 = 16;

/// All that the last look needs.
pub struct Final<'a> {
    pub world: &'a World,
    /// The installation as it was at the beginning.
    pub first: &'a World,
    pub told: &'a Told,
    /// Oldest first.
    pub operations: &'a [Arc<Operation>],
    pub base: &'a Base,
    pub seed: u64,
}

/// Looks at everything. What is found broken is noted in the world's book.
pub async fn check(last: &Final<'_>) {
    last.ends();
    last.told();
    last.all_or_nothing().await;
    last.others_kept().await;
    last.tokens().await;
    last.configs();
    last.made().await;
    last.wishes().await;
    last.served();
    last.on_disk();
    live::check(last.world).await;
}

impl Final<'_> {
    pub(super) fn broken(&self, invariant: Invariant, what: String) {
        self.world.book.broken(invariant, what);
    }

    /// Everything has come to its end.
    fn ends(&self) {
        for operation in self.operations {
            let stuck = operation.state == OperationState::NeedsOperator;
            // An operation that failed before it had a plan has nothing that could come late.
            let open = operation.settled.is_none() && operation.plan.is_some();
            if !operation.state.is_final() || (open && !stuck) {
                let what = format!("{} is still {:?} and not settled", operation.id, operation.state);
                self.broken(Invariant::EndsInTime, what);
            }
        }
    }

    /// What somebody was told is what is known now.
    fn told(&self) {
        for told in self.told.ended() {
            let known = self.operations.iter().find(|operation| operation.id == told.id);
            let same = known.is_some_and(|known| {
                known.state == told.state || told.state == OperationState::NeedsOperator
            });
            if !same && !may_be_forgotten(&told) {
                let now = known.map(|known| known.state);
                let what = format!("{} was told as {:?} and is {now:?} now", told.id, told.state);
                self.broken(Invariant::ReportedAsObserved, what);
            }
        }
    }

    /// Every touched place holds what the last committed operation wished, or what was there at the beginning.
    async fn all_or_nothing(&self) {
        let mut touched: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
        for operation in self.operations {
            for change in operation.plan.iter().flat_map(|plan| &plan.changes) {
                touched.entry(&change.object).or_default().push(operation);
            }
        }
        for (object, by) in touched {
            let excused = |operation: &&&Operation| is_excused(operation, object);
            if self.world.book.is_meddled(object) && by.iter().any(|operation| excused(&operation)) {
                continue;
            }
            if self.is_theirs(object) {
                continue;
            }
            let now = tree_of(self.world, object).await;
            let first = tree_of(self.first, object).await;
            self.compare(object, &by, now.as_ref(), first.as_ref());
        }
    }

    /// Whether somebody else decided about all of an object last, which is looked at by itself.
    fn is_theirs(&self, object: &str) -> bool {
        let (theirs, object) = (&self.world.theirs, object.split('#').next().unwrap_or(object));
        let stands = |wish: &Wish| wish.object == object && wish.fate == Fate::Stands;
        theirs.wishes().iter().any(stands)
    }

    fn compare(&self, object: &str, by: &[&Operation], now: Option<&Value>, first: Option<&Value>) {
        let lines = Lines::of(object, by);
        for path in lines.paths().into_iter().filter(|path| !is_derived(object, path)) {
            let Some(allowed) = lines.allowed(path, at(first, path)) else { continue };
            let have = at(now, path);
            if allowed.iter().any(|wanted| covers(have, wanted.as_ref())) {
                continue;
            }
            let ids: Vec<_> = by.iter().map(|one| format!("{} {:?}", one.id, one.state)).collect();
            let what = format!("{object}{path} is {have:?}, not {allowed:?}; touched by {}", ids.join(", "));
            self.broken(Invariant::AllOrNothing, what);
        }
    }

    /// What the rival wrote is there.
    async fn others_kept(&self) {
        for mark in self.world.book.marks() {
            let there = text_of(self.world, &mark.object).await.is_some_and(|text| text.contains(&mark.text));
            if there {
                continue;
            }
            if mark.object.starts_with("provider:") || mark.object.starts_with("route:") {
                // No write of ours took it: the console's own writers did.
                self.world.book.lost_elsewhere(&mark.text);
            } else {
                self.broken(Invariant::OthersKept, format!("{} lost {:?}", mark.object, mark.text));
            }
        }
    }

    /// No provider has tokens that nobody gave it.
    async fn tokens(&self) {
        let all = admin_call(self.world, Method::GET, "/v1/ai/providers", None).await.data();
        for provider in all.iter().flat_map(|all| all.as_array()).flatten() {
            let name = provider["name"].as_str().unwrap_or_default();
            let first = tree_of(self.first, &format!("provider:{name}")).await;
            let wished = self.told.tokens(name);
            let have = &provider["tokens"];
            let is_first = first.is_some_and(|first| first["tokens"] == *have);
            let is_wished = wished.iter().any(|tokens| *have == serde_json::json!(tokens));
            if !is_first && !is_wished {
                self.broken(Invariant::TokensKept, format!("provider:{name} has tokens that nobody gave it"));
            }
        }
    }

    /// Every config is valid and holds what it held.
    fn configs(&self) {
        if self.world.is_controlled() {
            return;
        }
        for agent in AGENTS {
            let (now, first) = (config_of(self.world, agent), config_of(self.first, agent));
            if now.is_none() || now.map(others) != first.map(others) {
                self.broken(Invariant::ConfigsKept, format!("the config of {agent} lost what is not ours"));
            }
        }
    }

    /// What the controller makes of an agent names the model that it keeps for it.
    async fn made(&self) {
        for agent in self.world.kept() {
            let path = agent.path();
            let Some(kept) = controller_call(self.world, Method::GET, &path, None).await else { continue };
            let key = format!("agents/{}/openclaw.json", agent.agent);
            let config = self.world.stored(&key).unwrap_or_default();
            let model =
                |text: &Value| text.as_str().and_then(|text| text.rsplit('/').next()).map(str::to_owned);
            let (kept, made) =
                (model(&kept["model"]), model(&config["agents"]["defaults"]["model"]["primary"]));
            if kept.is_none() || kept != made {
                let what = format!("{path} is kept as {kept:?} and runs {made:?}");
                self.broken(Invariant::ConfigsKept, what);
            }
        }
    }

    /// The audit trail is whole and the journal readable.
    fn on_disk(&self) {
        let disk = self.world.disk();
        let audit = disk.get(&Path::new(DATA).join("audit.jsonl")).unwrap_or_default();
        // A write that failed in the midst of the last line is cut off by the next one, or by the next start.
        let whole = audit.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for found in operations::verify(&audit[..whole]).breaks {
            self.broken(
                Invariant::ChainHolds,
                format!("line {} {:?}: {}", found.line, found.object, found.what),
            );
        }
        self.audit(&audit[..whole]);
        let quarantine = Path::new(DATA).join("journal/quarantine");
        for name in disk.names(&quarantine) {
            self.broken(Invariant::StatesParse, format!("{} was set aside", name.display()));
        }
        if self.seed.is_multiple_of(SECRETS_EVERY) {
            self.no_secret(&audit);
        }
    }

    /// Every operation that may have written has its end in the log, and nobody is blamed who did nothing.
    fn audit(&self, lines: &[u8]) {
        let lines: Vec<Value> =
            lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        for operation in self.operations.iter().filter(|one| one.settled.is_some() && !may_be_forgotten(one))
        {
            let id = operation.id.to_string();
            let is_end = |line: &&Value| line["stage"] == "ended" && line["operation"]["id"] == *id;
            let ends = lines.iter().filter(is_end).count();
            if ends != 1 {
                self.broken(Invariant::ChainHolds, format!("{id} has {ends} ends in the audit log"));
            }
        }
        for link in lines.iter().flat_map(|line| line["links"].as_array()).flatten() {
            let object = link["object"].as_str().unwrap_or_default();
            if !link["foreign"].is_null() && self.world.book.is_undisturbed(object) {
                let what = format!("the audit log says that somebody else changed {object}, and nobody did");
                self.broken(Invariant::ChainHolds, what);
            }
        }
    }

    fn no_secret(&self, audit: &[u8]) {
        let disk = self.world.disk();
        let folder = Path::new(DATA).join("journal");
        let records = disk.names(&folder).into_iter().filter_map(|name| disk.get(&folder.join(name)));
        let told = self.operations.iter().filter_map(|operation| serde_json::to_vec(&**operation).ok());
        let texts: Vec<Vec<u8>> = records.chain([audit.to_vec()]).chain(told).collect();
        for secret in secrets(self.first, self.base) {
            let stands = |text: &Vec<u8>| text.windows(secret.len()).any(|part| part == secret.as_bytes());
            if texts.iter().any(stands) {
                self.broken(Invariant::NoSecretLeaves, "a secret stands in clear".into());
            }
        }
    }
}

/// What wrote nothing is in the audit log alone, and that may have been on a full disk.
pub fn may_be_forgotten(operation: &Operation) -> bool {
    operation.plan.is_none() || operation.settled.as_ref().is_some_and(Settled::wrote_nothing)
}

/// The places of an object that operations changed, and what they wished there.
struct Lines<'a>(Vec<(&'a Operation, &'a str, Option<Value>)>);

impl<'a> Lines<'a> {
    fn of(object: &str, by: &[&'a Operation]) -> Self {
        let changes = by.iter().flat_map(|operation| {
            let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
            changes.map(move |change| (*operation, change))
        });
        let own = changes.filter(|(_, change)| change.object == object);
        Self(
            own.flat_map(|(operation, change)| {
                change.diff.iter().map(move |line| (operation, &*line.path, line.after.clone().map(stripped)))
            })
            .collect(),
        )
    }

    fn paths(&self) -> std::collections::BTreeSet<&'a str> {
        self.0.iter().map(|(_, path, _)| *path).collect()
    }

    /// What may stand there. None: it cannot be said.
    fn allowed(&self, path: &str, first: Option<&Value>) -> Option<Vec<Option<Value>>> {
        let operations: std::collections::BTreeSet<_> = self.0.iter().map(|(one, ..)| &one.id).collect();
        let is_index = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
        if operations.len() > 1 && path.split('/').any(is_index) {
            // An entry that another operation put in or took out moves the ones behind it.
            return None;
        }
        let committed = |one: &&(&Operation, &str, Option<Value>)| one.0.state == OperationState::Committed;
        let related = |one: &&(&Operation, &str, Option<Value>)| {
            one.1 != path && (one.1.starts_with(path) || path.starts_with(one.1))
        };
        if self.0.iter().filter(committed).any(|one| related(&one)) {
            return None;
        }
        let here: Vec<_> = self.0.iter().filter(committed).filter(|one| one.1 == path).collect();
        let Some(newest) = here.last() else { return Some(vec![first.cloned()]) };
        // Of two that ran at the same time either may have been the last to write.
        let newest = &newest.0;
        let at_once = here
            .iter()
            .filter(|one| one.0.id == newest.id || one.0.finished_at.as_ref() >= Some(&newest.started_at));
        Some(at_once.map(|one| one.2.clone()).collect())
    }
}

/// Whether an operation said that an object is not as it should be.
pub(super) fn is_excused(operation: &Operation, object: &str) -> bool {
    let told = |text: &str| text.contains("somebody else") && text.contains(object);
    operation.state == OperationState::NeedsOperator
        || operation.settled.as_ref().is_some_and(|settled| told(&settled.evidence))
        || operation.failure.as_ref().is_some_and(|failure| told(&failure.message))
        || operation.steps.iter().any(|step| {
            let named = step.object.as_deref().is_some_and(|short| object.ends_with(short));
            let text = step.evidence.as_deref().unwrap_or_default();
            named && step.state != StepState::Undone && text.contains("not undone: somebody else")
        })
}

pub(super) async fn tree_of(world: &World, object: &str) -> Option<Value> {
    let (kind, name) = object.split_once(':')?;
    let tree = match (kind, name.split_once('#')) {
        ("provider" | "route", _) => {
            admin_call(world, Method::GET, &format!("/v1/ai/{kind}s/{name}"), None).await.data()
        }
        ("s3", _) => world.stored(name),
        ("controller", Some((_, worker))) => {
            controller_call(world, Method::GET, &format!("/api/v1/workers/{worker}"), None).await
        }
        ("controller", None) => controller_call(world, Method::GET, &format!("/api/v1/{name}"), None).await,
        ("file", Some((file, worker))) => world.manager_file(file).map(|tree| note_of(&tree, worker)),
        ("file", None) => world.manager_file(name),
        _ => None,
    };
    tree.map(stripped)
}

/// An object as text.
async fn text_of(world: &World, object: &str) -> Option<String> {
    let (kind, name) = object.split_once(':')?;
    match kind {
        "s3" => world.stored(name).map(|tree| tree.to_string()),
        "file" => world.manager_file(name).map(|tree| tree.to_string()),
        _ => {
            let path = format!("/v1/ai/{kind}s/{name}");
            admin_call(world, Method::GET, &path, None).await.data().map(|tree| tree.to_string())
        }
    }
}

fn config_of(world: &World, agent: &str) -> Option<Value> {
    match agent {
        "manager" => world.manager_file("openclaw.json"),
        worker => world.stored(&format!("agents/{worker}/openclaw.json")),
    }
}

/// A config without what a model switch may change and without what the rival did.
fn others(config: Value) -> Value {
    let mut config = stripped(config);
    for (parent, key) in [
        ("/agents/defaults", "model"),
        ("/agents/defaults", "models"),
        ("/models/providers/hiclaw-gateway", "models"),
        ("", "meta"),
    ] {
        if let Some(parent) = config.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.remove(key);
        }
    }
    config
}

/// Keys of providers, of consumers and of the store, and the agents' own tokens.
fn secrets(first: &World, base: &Base) -> Vec<String> {
    let live = first.console.live().borrow().clone();
    let providers = live.providers.values().flat_map(|provider| provider.tokens.clone());
    let consumers = live.consumers.iter().flat_map(|consumer| consumer.values.clone());
    let matrix = AGENTS.iter().filter_map(|agent| {
        let config = config_of(first, agent)?;
        config.pointer("/channels/matrix/accessToken")?.as_str().map(str::to_owned)
    });
    providers.chain(consumers).chain(matrix).chain([base.still.keys.secret.clone()]).collect()
}
