//! Object keys: the only place where one is put together.
use domain::{OperationId, Target};
use std::fmt;

/// The key of an object, without the bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The folder of all agents.
    pub(crate) const AGENTS: &'static str = "agents/";
    const CONFIG: &'static str = "openclaw.json";
    const RECORD: &'static str = "model.json";

    /// `agents/<name>/openclaw.json`: what the agent runs by.
    pub fn config(target: &Target) -> Self {
        Self::of(target, Self::CONFIG)
    }

    /// `agents/<name>/model.json`: our record of the last switch.
    pub fn record(target: &Target) -> Self {
        Self::of(target, Self::RECORD)
    }

    /// A scratch object for the capability probe, unlike that of any other probe.
    pub fn scratch(id: &OperationId) -> Self {
        Self(format!("agm/probe-{id}.json"))
    }

    /// The key of this name; none when it is neither an agent's config nor our record.
    pub(crate) fn of_agent(name: &str) -> Option<Self> {
        let (_, file) = name.strip_prefix(Self::AGENTS)?.split_once('/')?;
        [Self::CONFIG, Self::RECORD].contains(&file).then(|| Self(name.to_owned()))
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
