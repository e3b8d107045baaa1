//! What the doctor looks at, what was observed, and what mends it.
use crate::{ConsumerName, ProviderName, RouteName, SetModel, SystemHealth, Target, Timestamp};
use serde::{Deserialize, Serialize};

/// How a check came out, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CheckState {
    Ok,
    /// It could not be looked at; the evidence says why.
    Unknown,
    /// It works, but not safely, not for long, or not as it was meant.
    Warning,
    /// Something does not work.
    Failed,
}

/// The part of the installation that a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CheckGroup {
    /// The console, the store, the Manager: what HiClaw brings.
    Installation,
    /// The AI gateway and its routes.
    Gateway,
    Providers,
    /// The Manager and the workers.
    Agents,
    /// agm itself.
    Server,
}

macro_rules! checks {
    ($($group:ident { $($(#[$doc:meta])* $variant:ident $id:literal)* })*) => {
        /// What is looked at. The ids do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum CheckId { $($($(#[$doc])* #[serde(rename = $id)] $variant,)*)* }

        impl CheckId {
            /// Every check, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$($(Self::$variant),*),*];

            /// The id on the wire.
            pub fn id(self) -> &'static str {
                match self { $($(Self::$variant => $id,)*)* }
            }

            /// The part of the installation that it is about.
            pub fn group(self) -> CheckGroup {
                match self { $($(Self::$variant => CheckGroup::$group,)*)* }
            }
        }
    };
}

checks! {
    Installation {
        /// Which HiClaw it is can be told, and nothing speaks against it.
        HiclawKnown "hiclaw_known"
        /// The Higress Console answers.
        ConsoleReachable "console_reachable"
        /// It accepts our account.
        ConsoleSignIn "console_sign_in"
        /// Its version is one that agm was tested with.
        ConsoleVersion "console_version"
        /// Its admin has another password than the one everybody knows.
        ConsolePassword "console_password"
        /// It took the newest change of it.
        ConsoleWrites "console_writes"
        /// Its clock and ours agree.
        ClockSkew "clock_skew"
        /// The object store answers and lets us read the bucket.
        StoreReachable "store_reachable"
        /// It honours conditional writes, without which no agent can be changed safely.
        StoreConditionalWrites "store_conditional_writes"
        /// The Manager's OpenClaw runs and its config can be read.
        ManagerAnswers "manager_answers"
        /// HiClaw's list of workers can be read.
        WorkerList "worker_list"
    }
    Gateway {
        /// The AI gateway answers.
        GatewayReachable "gateway_reachable"
        /// Its Prometheus page gives figures.
        GatewayMetrics "gateway_metrics"
        /// Its ai-statistics plugin counts the calls that models answer.
        GatewayStatistics "gateway_statistics"
        /// It turns away who shows no key.
        GatewayAuth "gateway_auth"
        /// The web UI answers through it, at every way to it or at none.
        WebUi "web_ui"
        /// What the console stores of routes and providers can be understood.
        RoutesReadable "routes_readable"
        /// There is a route for models that no other route takes.
        DefaultRoute "default_route"
        /// Each route leads to providers that exist.
        RouteProviders "route_providers"
        /// No route is dropped because an older one has the same conditions.
        RouteShadowed "route_shadowed"
        /// Each route lets every agent in.
        RouteConsumers "route_consumers"
        /// Each route asks for a key.
        RouteOpen "route_open"
        /// No route goes on trying for longer than anybody waits.
        RouteRetry "route_retry"
        /// What the console stores of a route is what the gateway got.
        RouteLive "route_live"
    }
    Providers {
        /// Each provider has the key that its type needs.
        ProviderKey "provider_key"
        /// The provider was reached when it was asked last.
        ProviderReachable "provider_reachable"
        /// It accepted its key then.
        ProviderKeyAccepted "provider_key_accepted"
        /// What was changed on it outlasts a restart of HiClaw.
        ProviderLasts "provider_lasts"
    }
    Agents {
        /// Each agent's openclaw.json is where it should be and can be read.
        AgentConfig "agent_config"
        /// It names a model that runs over the gateway.
        AgentModel "agent_model"
        /// It lists that model, without which OpenClaw does not know it.
        AgentModelEntry "agent_model_entry"
        /// Its key for the gateway is one that the gateway knows.
        AgentKey "agent_key"
        /// A route takes its model.
        AgentRoute "agent_route"
        /// The route lets it in.
        AgentAllowed "agent_allowed"
        /// The provider of its model exists.
        AgentProvider "agent_provider"
        /// The provider lists its model.
        AgentModelListed "agent_model_listed"
        /// It runs the model that was recorded by the last switch.
        AgentRecord "agent_record"
        /// The Manager's model is the one that HiClaw gives it at its start.
        ManagerModelLasts "manager_model_lasts"
        /// A model answered it, when it was asked through the gateway with the agent's own key.
        AgentAnswered "agent_answered"
        /// Its container runs, or sleeps.
        WorkerRuns "worker_runs"
        /// It takes up the model of its stored config while it runs.
        WorkerTakesUp "worker_takes_up"
    }
    Server {
        /// The data directory can be written.
        DataWritable "data_writable"
        /// It has space left.
        DataSpace "data_space"
        /// No other agm uses it.
        DataLock "data_lock"
        /// The journal has no record that cannot be read.
        JournalReadable "journal_readable"
        /// No operation waits for a person.
        OperationsSettled "operations_settled"
        /// The audit log is as it was written.
        AuditChain "audit_chain"
        /// The password of agm is not one that everybody knows.
        OwnPassword "own_password"
    }
}

/// What we can mend ourselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Repair {
    /// Let agents into a route: the one of this consumer, or all that it lacks.
    RouteAccess { route: RouteName, consumer: Option<ConsumerName> },
    /// Give an agent a model.
    SetModel { target: Target },
    /// Let an agent keep the model that it runs: HiClaw gives it another one when it starts.
    KeepModel { target: Target, wish: SetModel },
    /// Correct a provider: its address or its key.
    EditProvider { provider: ProviderName },
}

/// One check of one object, or of several that are all well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    pub id: CheckId,
    pub group: CheckGroup,
    pub state: CheckState,
    /// What was looked at: `worker:dave`, `deepseek-ai-route`, `6 agents`.
    pub about: String,
    /// What was observed, or why nothing could be.
    pub evidence: String,
    /// What to do about it. None where nothing is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What a button can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
}

impl Check {
    /// A check with its evidence and nothing to do.
    pub fn new(
        id: CheckId,
        state: CheckState,
        about: impl Into<String>,
        evidence: impl Into<String>,
    ) -> Self {
        let (about, evidence) = (about.into(), evidence.into());
        Self { id, group: id.group(), state, about, evidence, fix: None, repair: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// Adds what a button can do.
    #[must_use]
    pub fn repair(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }
}

/// One examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Doctor {
    /// Every system that agm depends on.
    pub systems: Vec<SystemHealth>,
    /// In the order of [`CheckId::ALL`].
    pub checks: Vec<Check>,
    pub observed_at: Timestamp,
    /// When the models of the agents were asked last; none: never since the server started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
}

impl Doctor {
    /// The worst state. A check that could not be made is no finding: what hindered it has a check of its own.
    pub fn worst(&self) -> CheckState {
        let made = self.checks.iter().map(|check| check.state).filter(|state| *state != CheckState::Unknown);
        made.max().unwrap_or(CheckState::Ok)
    }

    /// Adds checks that somebody else made, each in its place.
    pub fn add(&mut self, checks: impl IntoIterator<Item = Check>) {
        self.checks.extend(checks);
        self.checks.sort_by_key(|check| check.id);
    }
}

/// A setting of the server and where its value comes from. A secret's value is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Setting {
    pub name: String,
    /// None: not set. A secret that is set is `(set)`.
    pub value: Option<String>,
    /// `flag`, a variable's name, `file`, `sandbox` or `default`.
    pub source: String,
}

/// Passwords that everybody tries first. HiClaw's installer makes one of its own unless somebody types one of these.
pub fn is_default_password(user: &str, password: &str) -> bool {
    const KNOWN: [&str; 8] =
        ["", "admin", "password", "hiclaw", "higress", "agentteams", "12345678", "changeme"];
    password == user || KNOWN.contains(&password.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_told_apart_stand_by_group_and_are_those_of_the_wire() {
        let ids: BTreeSet<_> = CheckId::ALL.iter().map(|id| id.id()).collect();
        assert_eq!(ids.len(), CheckId::ALL.len());
        assert!(CheckId::ALL.is_sorted() && CheckId::ALL.is_sorted_by_key(|id| id.group()));
        for id in CheckId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.id());
        }
    }

    #[test]
    fn what_could_not_be_looked_at_is_no_finding() {
        let check = |state| Check::new(CheckId::ClockSkew, state, "console", "x");
        let doctor = |states: &[CheckState]| Doctor {
            systems: Vec::new(),
            checks: states.iter().copied().map(check).collect(),
            observed_at: Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into()),
            asked_at: None,
        };
        assert_eq!(doctor(&[]).worst(), CheckState::Ok);
        assert_eq!(doctor(&[CheckState::Unknown, CheckState::Ok]).worst(), CheckState::Ok);
        assert_eq!(doctor(&[CheckState::Unknown, CheckState::Warning]).worst(), CheckState::Warning);
        assert_eq!(doctor(&[CheckState::Failed, CheckState::Warning]).worst(), CheckState::Failed);
    }

    #[test]
    fn checks_that_come_later_stand_in_their_place() {
        let check = |id| Check::new(id, CheckState::Ok, "x", "x");
        let at = Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into());
        let checks = vec![check(CheckId::ConsoleReachable), check(CheckId::OwnPassword)];
        let mut doctor = Doctor { systems: Vec::new(), checks, observed_at: at, asked_at: None };
        doctor.add([check(CheckId::GatewayReachable)]);
        assert!(doctor.checks.is_sorted_by_key(|check| check.id));
    }

    #[test]
    fn known_passwords_are_known_however_they_are_written() {
        for password in ["admin", "Admin", "PASSWORD", "root"] {
            assert!(is_default_password("root", password), "{password}");
        }
        assert!(!is_default_password("admin", "admin4f9c2e71"));
    }
}
