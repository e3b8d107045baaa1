//! Where a setting's value comes from.
use super::declared::{DATA_DIR, Declared, Unsaid};
use domain::Setting;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{name} from {from}: {reason}")]
    Invalid { name: &'static str, from: Source, reason: String },
    #[error("the configuration file {path} cannot be read: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("the configuration file has a setting {0:?}, which does not exist")]
    Unknown(String),
    #[error("TLS needs both tls-cert and tls-key")]
    HalfTls,
    #[error("no admin password: set HICLAW_ADMIN_PASSWORD (there is no default outside the sandbox)")]
    NoPassword,
}

/// Who said a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag,
    /// The variable's name.
    Env(String),
    File,
    Sandbox,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Env(name) => write!(f, "{name}"),
            Self::File => f.write_str("file"),
            Self::Sandbox => f.write_str("sandbox"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Reads a variable.
type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// Looks settings up and remembers who said them.
pub struct Lookup {
    flags: BTreeMap<&'static str, String>,
    /// What the sandbox says of itself. Of the world outside, a demo knows nothing else: what the shell or the file say
    /// is about a real installation.
    sandbox: Option<BTreeMap<&'static str, String>>,
    env: Environment,
    file: toml::Table,
    told: Vec<Setting>,
}

impl Lookup {
    /// Flags that were given, a way to read the environment, and the file.
    pub fn new(
        flags: BTreeMap<&'static str, String>,
        env: impl Fn(&str) -> Option<String> + 'static,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let file = file.map(read).transpose()?.unwrap_or_default();
        Ok(Self { flags, sandbox: None, env: Box::new(env), file, told: Vec::new() })
    }

    /// The same with what a sandbox says of itself.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: BTreeMap<&'static str, String>) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Whether the sandbox alone may say this setting. The data directory is its own unless it is given as a flag: with that
    /// of a real installation, a demo would take up what is under way there.
    fn is_told_by_sandbox(&self, setting: &Declared) -> bool {
        let is_flagged = setting.name == DATA_DIR.name && self.flags.contains_key(setting.name);
        !setting.kind.is_own() && !is_flagged
    }

    /// A value and its source.
    fn find(&self, setting: &'static Declared) -> Option<(String, Source)> {
        let name = setting.name;
        if let Some(sandbox) = self.sandbox.as_ref().filter(|_| self.is_told_by_sandbox(setting)) {
            return Some((sandbox.get(name)?.clone(), Source::Sandbox));
        }
        if let Some(value) = self.flags.get(name) {
            return Some((value.clone(), Source::Flag));
        }
        for variable in setting.variables {
            let renamed = variable.strip_prefix("HICLAW_").map(|rest| format!("AGENTTEAMS_{rest}"));
            for variable in std::iter::once((*variable).to_owned()).chain(renamed) {
                if let Some(value) = (self.env)(&variable).filter(|value| !value.is_empty()) {
                    return Some((value, Source::Env(variable)));
                }
            }
        }
        Some((text(self.file.get(name)?), Source::File))
    }

    /// A setting that may stay unsaid.
    pub fn optional<T>(&mut self, setting: &'static Declared) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let found = self.find(setting);
        self.tell(setting, found.as_ref().map(|(value, source)| (value.clone(), source)));
        found.map(|(value, from)| parse(setting.name, &value, from)).transpose()
    }

    /// A setting with the default that it is declared with.
    pub fn or_default<T>(&mut self, setting: &'static Declared) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let default = match setting.default {
            Unsaid::Value(default) => default,
            Unsaid::Derived(_) | Unsaid::Nothing => "",
        };
        self.or(setting, default)
    }

    /// A setting whose default follows from other things.
    pub fn or<T>(&mut self, setting: &'static Declared, derived: &str) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let (value, source) = self.find(setting).unwrap_or_else(|| (derived.to_owned(), Source::Default));
        self.tell(setting, Some((value.clone(), &source)));
        parse(setting.name, &value, source)
    }

    /// A secret: remembered as set or not set only.
    pub fn secret(&mut self, setting: &'static Declared) -> Option<secrecy::SecretString> {
        let found = self.find(setting);
        self.tell(setting, found.as_ref().map(|(_, source)| ("(set)".to_owned(), source)));
        found.map(|(value, _)| value.into())
    }

    /// A list, separated by commas.
    pub fn list<T>(&mut self, setting: &'static Declared) -> Result<Vec<T>, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let found = self.find(setting);
        self.tell(setting, found.as_ref().map(|(value, source)| (value.clone(), source)));
        let Some((text, from)) = found else { return Ok(Vec::new()) };
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| parse(setting.name, item, from.clone())).collect()
    }

    fn tell(&mut self, setting: &Declared, found: Option<(String, &Source)>) {
        let (value, source) = found.unzip();
        let source = source.unwrap_or(&Source::Default).to_string();
        self.told.push(Setting { name: setting.name.into(), value: value.map(without_credentials), source });
    }

    /// Everything that was looked up; refuses a file with anything else in it, since that is a misspelt setting.
    pub fn told(self) -> Result<Vec<Setting>, ConfigError> {
        let known = |name: &String| self.told.iter().any(|told| told.name == *name);
        match self.file.keys().find(|name| !known(name)) {
            Some(name) => Err(ConfigError::Unknown(name.clone())),
            None => Ok(self.told),
        }
    }
}

/// The same, but an address as it may be shown: it can carry a name and a password.
fn without_credentials(value: String) -> String {
    match url::Url::parse(&value) {
        Ok(mut url) if url.password().is_some() || !url.username().is_empty() => {
            let removed = url.set_username("").and(url.set_password(None));
            removed.map_or_else(|()| "(set)".to_owned(), |()| url.to_string())
        }
        _ => value,
    }
}

/// A TOML value as the environment would spell it; a list is separated by commas.
fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(yes) => yes.to_string(),
        toml::Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => String::new(),
    }
}

fn parse<T>(name: &'static str, value: &str, from: Source) -> Result<T, ConfigError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    value.trim().parse().map_err(|error: T::Err| ConfigError::Invalid {
        name,
        from,
        reason: error.to_string(),
    })
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let failed = |reason: String| ConfigError::File { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    // The parser's own message quotes the line, which may be a password's.
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
        failed(format!("line {at} is not TOML"))
    })
}
