//! Names that are checked once, at the edge, and are valid from there on.
use serde::{Deserialize, Serialize};
use std::{fmt, net::Ipv4Addr, str::FromStr};

/// Why a text is not a name of the wanted kind. The sentence is meant for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(&'static str);

pub(crate) const UNKNOWN_TYPE: NameError = NameError("the console has no provider type of this name");

/// A checked string: parse with `FromStr` or `TryFrom<String>`, read with `as_str`.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                $check(&text).map(|()| Self(text))
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// An LLM provider of the console. The console stores nearly any text, so this accepts what can be addressed;
    /// what may be *created* is narrower: [`ProviderName::check_new`].
    ProviderName,
    addressable
);
name!(
    /// An AI route of the console, such as `default-ai-route`.
    RouteName,
    addressable
);
name!(
    /// A key-auth consumer of the gateway: `manager`, `worker-alice`.
    ConsumerName,
    addressable
);
name!(
    /// A model id as a provider spells it: `qwen3.5-plus`, `openai/gpt-4o`.
    ModelId,
    model_id
);
name!(
    /// A worker of HiClaw. Part of object keys, so it can hold no path. `manager` and `default` are folders of
    /// HiClaw's own and no worker names.
    WorkerName,
    worker_name
);
name!(
    /// The id of one operation: a ULID, so ids sort by time.
    OperationId,
    ulid
);
name!(
    /// The id of one backup: a ULID, so ids sort by time.
    BackupId,
    ulid
);
name!(
    /// What a person calls a backup.
    BackupName,
    backup_name
);

name!(
    /// A domain of the gateway: `manager-local.hiclaw.io`.
    DomainName,
    domain_name
);
name!(
    /// Where the gateway reaches agm: an IPv4 address or a dotted name, and a port.
    Reach,
    reach
);

impl DomainName {
    /// Under which HiClaw's admins look for the console.
    pub fn usual() -> Self {
        Self("manager-local.hiclaw.io".into())
    }
}

impl Reach {
    /// The name or the address.
    pub fn host(&self) -> &str {
        self.0.rsplit_once(':').map_or(self.0.as_str(), |(host, _)| host)
    }

    pub fn port(&self) -> u16 {
        self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default()
    }

    /// Whether it is an address and no name.
    pub fn is_address(&self) -> bool {
        self.host().parse::<Ipv4Addr>().is_ok()
    }
}

impl ProviderName {
    /// The rule for a name that we create: it becomes the service `llm-<name>.internal` and part of a route name.
    pub fn check_new(&self) -> Result<(), NameError> {
        let ok = label(&self.0, 49, |c| c.is_ascii_lowercase() || c.is_ascii_digit());
        ok.then_some(()).ok_or(NameError("use 1 to 49 lower-case letters, digits and inner hyphens"))
    }

    /// The route that carries this provider's models when it does not own the default route.
    pub fn route(&self) -> RouteName {
        RouteName(format!("{}-ai-route", self.0))
    }
}

impl RouteName {
    /// The rule for a name that we create. The console would store another, and the cluster behind it refuse it or take
    /// it for another route's fallback.
    pub fn check_new(&self) -> Result<(), NameError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ok = self.0.len() <= 63
            && self.0.starts_with(plain)
            && self.0.ends_with(plain)
            && self.0.chars().all(|c| plain(c) || matches!(c, '.' | '-'))
            && !self.0.ends_with(".fallback");
        ok.then_some(()).ok_or(NameError(
            "a new route's name is 1 to 63 lower-case letters, digits, dots and hyphens, begins and ends with a letter or digit, and does not end in .fallback",
        ))
    }

    /// The catch-all AI route that HiClaw creates and owns.
    pub fn default_route() -> Self {
        Self("default-ai-route".into())
    }
}

impl ConsumerName {
    /// The consumer of the Manager agent.
    pub fn manager() -> Self {
        Self("manager".into())
    }

    /// True for the consumers that HiClaw makes for agents: `manager` and `worker-…`.
    pub fn is_agent(&self) -> bool {
        self.0 == "manager" || self.0.starts_with("worker-")
    }
}

fn addressable(text: &str) -> Result<(), NameError> {
    if text.trim().is_empty() {
        return Err(NameError("a name must not be empty"));
    }
    let bad = matches!(text, "." | "..") || text.chars().any(|c| c == '/' || c == '\\' || c.is_control());
    if bad || text.chars().count() > 300 {
        return Err(NameError("a name must not hold slashes or control characters, nor be longer than 300"));
    }
    Ok(())
}

fn model_id(text: &str) -> Result<(), NameError> {
    let ok = (1..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@+-".contains(c))
        && !text.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    ok.then_some(()).ok_or(NameError("a model id has 1 to 128 letters, digits and . _ : / @ + -"))
}

fn worker_name(text: &str) -> Result<(), NameError> {
    if matches!(text, "manager" | "default") {
        return Err(NameError("manager and default are no workers"));
    }
    let ok = label(text, 63, |c| c.is_ascii_lowercase() || c.is_ascii_digit());
    ok.then_some(())
        .ok_or(NameError("a worker name has 1 to 63 lower-case letters, digits and inner hyphens"))
}

fn ulid(text: &str) -> Result<(), NameError> {
    let ok = text.len() == 26 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    ok.then_some(()).ok_or(NameError("an id has 26 upper-case letters and digits"))
}

fn backup_name(text: &str) -> Result<(), NameError> {
    let ok = !text.trim().is_empty() && text.chars().count() <= 80 && !text.chars().any(char::is_control);
    ok.then_some(()).ok_or(NameError("a backup's name has 1 to 80 characters on one line"))
}

/// Dotted lower-case labels, the last of letters only: what the console takes as a service's name.
fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let top = |label: &str| label.len() >= 2 && label.chars().all(|c| c.is_ascii_lowercase());
    labels.len() > 1
        && text.len() <= 253
        && labels.iter().all(|name| label(name, 63, plain))
        && labels.last().is_some_and(|last| top(last))
}

fn domain_name(text: &str) -> Result<(), NameError> {
    let wrong = "a domain is lower-case letters, digits and hyphens between dots, as manager-local.hiclaw.io";
    is_domain(text).then_some(()).ok_or(NameError(wrong))
}

fn reach(text: &str) -> Result<(), NameError> {
    let wrong =
        NameError("use HOST:PORT, where the host is an IPv4 address or a dotted name, as 172.18.0.5:18080");
    let (host, port) = text.rsplit_once(':').ok_or(wrong.clone())?;
    let port_fits = port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
    let host_fits = host.parse::<Ipv4Addr>().map_or(is_domain(host), |address| !address.is_unspecified());
    (port_fits && host_fits).then_some(()).ok_or(wrong)
}

/// A DNS label of at most `max` characters, with hyphens only inside.
fn label(text: &str, max: usize, letter: impl Fn(char) -> bool) -> bool {
    (1..=max).contains(&text.len())
        && text.chars().all(|c| letter(c) || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whose model is meant. Written `manager` or `worker:alice`; a bare worker name is read too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// The Manager agent.
    Manager,
    /// One worker agent.
    Worker(WorkerName),
}

impl Target {
    /// The gateway consumer whose key this agent uses.
    pub fn consumer(&self) -> ConsumerName {
        match self {
            Self::Manager => ConsumerName::manager(),
            Self::Worker(name) => ConsumerName(format!("worker-{name}")),
        }
    }

    /// The name of this agent for people: `manager`, `alice`.
    pub fn agent(&self) -> &str {
        match self {
            Self::Manager => "manager",
            Self::Worker(name) => name.as_str(),
        }
    }
}

impl FromStr for Target {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "manager" => Ok(Self::Manager),
            _ => text.strip_prefix("worker:").unwrap_or(text).parse().map(Self::Worker),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Target {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <String as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Target {}

impl TryFrom<String> for Target {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager => f.write_str("manager"),
            Self::Worker(name) => write!(f, "worker:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_name_cannot_leave_its_folder() {
        for bad in
            ["", "-a", "a-", "A", "a/b", "..", "a.b", "manager", "default", "a b", "é", &"a".repeat(64)]
        {
            assert!(bad.parse::<WorkerName>().is_err(), "{bad}");
        }
        for good in ["a", "alice", "w-1", &"a".repeat(63)] {
            assert!(good.parse::<WorkerName>().is_ok(), "{good}");
        }
    }

    #[test]
    fn a_target_reads_both_spellings_and_writes_one() {
        let alice: Target = "alice".parse().unwrap();
        assert_eq!(alice, "worker:alice".parse().unwrap());
        assert_eq!(alice.to_string(), "worker:alice");
        assert_eq!(alice.consumer().as_str(), "worker-alice");
        assert_eq!("manager".parse::<Target>().unwrap(), Target::Manager);
        assert!("worker:manager".parse::<Target>().is_err());
    }

    #[test]
    fn model_ids_may_hold_slashes_but_no_paths() {
        for good in ["qwen3.5-plus", "openai/gpt-4o", "MiniMax-M2.7", "llama3:8b"] {
            assert!(good.parse::<ModelId>().is_ok(), "{good}");
        }
        for bad in ["", " a", "a b", "../a", "a//b", "a/../b", "/a", "a\n", "模型"] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reach_is_an_address_or_a_dotted_name_with_a_port() {
        for (text, address) in
            [("127.0.0.1:18080", true), ("agm.example.net:80", false), ("a-1.b2.io:1", false)]
        {
            let reach: Reach = text.parse().unwrap();
            assert_eq!(format!("{}:{}", reach.host(), reach.port()), text);
            assert_eq!(reach.is_address(), address, "{text}");
        }
        for bad in [
            "",
            "agm:18080",
            "localhost:1",
            "10.0.0.1",
            "10.0.0.1:0",
            "10.0.0.1:65536",
            "10.0.0.1:080",
            "0.0.0.0:80",
            "[::1]:80",
            "A.io:80",
            "a..io:80",
            "a.b:80",
        ] {
            assert!(bad.parse::<Reach>().is_err(), "{bad}");
        }
        assert!("Manager.io".parse::<DomainName>().is_err() && "10.0.0.1".parse::<DomainName>().is_err());
        assert_eq!(DomainName::usual().as_str().parse(), Ok(DomainName::usual()));
    }
}
