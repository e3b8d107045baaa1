//! Object keys: the only place where one is put together.
use domain::{OperationId, Target};
use std::fmt;

/// The key of an object, without the bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The folder of all agents.
    pub(crate) const AGENTS: &'static str = "agents/";
    /// What the keys of scratch objects begin with; an id and `.json` follow.
    pub(crate) const SCRATCH: &'static str = "agm/probe-";
    const CONFIG: &'static str = "openclaw.json";
    const RUNTIME: &'static str = "runtime/runtime.yaml";
    const RECORD: &'static str = "model.json";

    /// `agents/<name>/openclaw.json`: what the agent runs by.
    pub fn config(target: &Target) -> Self {
        Self::of(target, Self::CONFIG)
    }

    /// `agents/<name>/runtime/runtime.yaml`: what an agent that is no OpenClaw may run by.
    pub fn runtime(target: &Target) -> Self {
        Self::of(target, Self::RUNTIME)
    }

    /// `agents/<name>/model.json`: our record of the last switch.
    pub fn record(target: &Target) -> Self {
        Self::of(target, Self::RECORD)
    }

    /// A scratch object for the capability probe, unlike that of any other probe.
    pub fn scratch(id: &OperationId) -> Self {
        Self(format!("{}{id}.json", Self::SCRATCH))
    }

    /// The scratch object of this name and its id; none when it is none.
    pub(crate) fn of_scratch(name: &str) -> Option<(OperationId, Self)> {
        let id = name.strip_prefix(Self::SCRATCH)?.strip_suffix(".json")?;
        Some((id.parse().ok()?, Self(name.to_owned())))
    }

    /// The key of this name; none when it is neither an agent's config nor our record.
    pub(crate) fn of_agent(name: &str) -> Option<Self> {
        let (_, file) = name.strip_prefix(Self::AGENTS)?.split_once('/')?;
        [Self::CONFIG, Self::RUNTIME, Self::RECORD].contains(&file).then(|| Self(name.to_owned()))
    }

    fn of(target: &Target, file: &str) -> Self {
        Self(format!("{}{}/{file}", Self::AGENTS, target.agent()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
