//! What differs between the two generations of the controller, as data.
mod v1_1;
mod v1_2;

use std::time::Duration;

use super::go_json::{Field, Shape};
use crate::demo::DEFAULT_MODEL;

/// Which HiClaw is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// No controller: files on the Manager's disk and in the store.
    #[default]
    V1_0,
    /// HiClaw with its first controller.
    V1_1,
    /// AgentTeams, as it is called since.
    V1_2,
}

/// A text that names no generation.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no generation of HiClaw; there are 1.0, 1.1 and 1.2")]
pub struct UnknownGeneration(String);

impl std::str::FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1.0" => Ok(Self::V1_0),
            "1.1" => Ok(Self::V1_1),
            "1.2" => Ok(Self::V1_2),
            other => Err(UnknownGeneration(other.to_owned())),
        }
    }
}

impl Generation {
    /// How its controller goes about things; none: it has no controller.
    pub(super) fn ways(self) -> Option<&'static Ways> {
        match self {
            Self::V1_0 => None,
            Self::V1_1 => Some(&v1_1::WAYS),
            Self::V1_2 => Some(&v1_2::WAYS),
        }
    }

    /// The version of its controller; none: it has no controller.
    pub(crate) fn controller(self) -> Option<&'static str> {
        self.ways().map(|ways| ways.version)
    }

    /// The model that its agents begin with.
    pub(crate) fn default_model(self) -> &'static str {
        self.ways().map_or(DEFAULT_MODEL, |ways| ways.default_model)
    }

    /// The bucket of its installations.
    pub fn bucket(self) -> String {
        self.ways().map_or_else(|| "hiclaw-storage".to_owned(), Ways::bucket)
    }
}

/// Where a team's members are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Teams {
    /// In the team itself; they are no workers of their own.
    Own,
    /// A team names workers that exist by themselves.
    Refer,
}

/// The fields of one kind of object.
pub(super) struct Schema {
    pub(super) create: &'static [Field],
    pub(super) update: &'static [Field],
    /// Those that answers show, under their own names.
    pub(super) shown: &'static [&'static str],
    pub(super) runtimes: &'static [&'static str],
}

/// How long the parts of a pass take, from its beginning.
pub(super) struct Pace {
    /// Until the object in the store is written.
    pub(super) config: Duration,
    /// From there until the container is looked at.
    pub(super) container: Duration,
    /// From there until the status is written.
    pub(super) status: Duration,
}

/// One generation of the controller.
pub(super) struct Ways {
    pub(super) version: &'static str,
    /// Of containers, the bucket, the network and the hosts.
    pub(super) prefix: &'static str,
    pub(super) group: &'static str,
    /// Of environment variables.
    pub(super) env: &'static str,
    /// What image names begin with.
    pub(super) images: &'static str,
    /// What agents call, without `/v1`.
    pub(super) gateway: &'static str,
    /// Marks the provider that the controller owns.
    pub(super) mode: &'static str,
    pub(super) default_model: &'static str,
    pub(super) worker: Schema,
    pub(super) manager: Schema,
    pub(super) team: Schema,
    pub(super) teams: Teams,
    /// Every change of a worker replaces its container, also that of the model.
    pub(super) replaces_for_all: bool,
    /// Each pass of a worker lets its consumer into every AI route.
    pub(super) heals_routes: bool,
    /// A container that is being made or taken away shows in the state of the worker.
    pub(super) shows_changes: bool,
    /// What the owner of an object in the store added to `plugins.entries` survives.
    pub(super) keeps_plugins: bool,
    /// Generated configs stream answers and let agents dream.
    pub(super) dreams: bool,
    /// The services that it registers at the gateway: name, port, and the route to it.
    pub(super) services: &'static [(&'static str, u16, &'static str)],
    /// How often a write is tried against others.
    pub(super) attempts: u32,
    pub(super) has_projects: bool,
    /// The registries of workers and teams beside the Manager's config.
    pub(super) writes_registries: bool,
    /// With a second Manager goes the account that all share.
    pub(super) shares_account: bool,
    /// A worker's token is in a volume of its own, not in the environment.
    pub(super) mounts_tokens: bool,
    pub(super) worker_pace: Pace,
    pub(super) manager_pace: Pace,
    pub(super) boot: Boot,
}

/// When what happens after the start of the process.
pub(super) struct Boot {
    /// Until the port is open, at the first start and later.
    pub(super) health: (Duration, Duration),
    pub(super) provider: (Duration, Duration),
    pub(super) token: (Duration, Duration),
}

impl Ways {
    pub(super) fn bucket(&self) -> String {
        format!("{}-storage", self.prefix)
    }

    /// The provider that agents' configs name.
    pub(super) fn provider(&self) -> String {
        format!("{}-gateway", self.prefix)
    }

    /// A model's id without the name of that provider.
    pub(super) fn bare<'a>(&self, model: &'a str) -> &'a str {
        let rest = model.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix("-gateway/"));
        rest.unwrap_or(model)
    }

    pub(super) fn worker_container(&self, name: &str) -> String {
        format!("{}-worker-{name}", self.prefix)
    }

    pub(super) fn manager_container(&self, name: &str) -> String {
        match name {
            "default" => format!("{}-manager", self.prefix),
            other => format!("{}-manager-{other}", self.prefix),
        }
    }

    /// The image that a worker of this runtime runs when it names none.
    pub(super) fn worker_image(&self, runtime: &str) -> String {
        let Self { images, version, .. } = self;
        match runtime {
            "openclaw" => format!("{images}-worker:{version}"),
            other => format!("{images}-{other}-worker:{version}"),
        }
    }

    pub(super) fn manager_image(&self, runtime: &str) -> String {
        let Self { images, version, .. } = self;
        match runtime {
            "openclaw" => format!("{images}-manager:{version}"),
            other => format!("{images}-manager-{other}:{version}"),
        }
    }

    pub(super) fn domain(&self) -> String {
        format!("matrix-local.{}:18080", self.group)
    }

    pub(super) fn matrix_user(&self, name: &str) -> String {
        format!("@{name}:{}", self.domain())
    }
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const MCP: Field = ("mcpServers", Shape::List("v1beta1.MCPServer"));
const EXPOSE: Field = ("expose", Shape::List("v1beta1.ExposePort"));
const POLICY: Field = ("channelPolicy", Shape::Struct("v1beta1.ChannelPolicySpec"));
const RESOURCES: Field = ("resources", Shape::Struct("v1beta1.AgentResourceRequirements"));
const CONFIG: Field = ("config", Shape::Struct("v1beta1.ManagerConfig"));
const ADMIN: Field = ("admin", Shape::Struct("v1beta1.TeamAdminSpec"));
const STATE: Field = ("state", Shape::Word);

const fn text(name: &'static str) -> Field {
    (name, Shape::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_named_by_its_number() {
        assert_eq!("1.2".parse::<Generation>().unwrap(), Generation::V1_2);
        assert!("1.3".parse::<Generation>().is_err());
        assert!(Generation::V1_0.ways().is_none());
    }

    #[test]
    fn a_model_is_bare_without_the_provider_of_its_generation_only() {
        for (model, bare) in [
            ("agentteams-gateway/kimi-k2.5", "kimi-k2.5"),
            ("hiclaw-gateway/kimi-k2.5", "hiclaw-gateway/kimi-k2.5"),
            ("openai/gpt-4o", "openai/gpt-4o"),
        ] {
            assert_eq!(v1_2::WAYS.bare(model), bare);
        }
    }
}
