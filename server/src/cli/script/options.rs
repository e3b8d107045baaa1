//! The options of a script: `--name value`.
use super::Refusal;
use domain::Target;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The options that were given. No `Debug`: one may be a key.
pub struct Options {
    values: BTreeMap<&'static str, String>,
    usage: &'static str,
}

impl Options {
    /// Reads them. An option of another name is refused; one without a value shows the usage.
    pub fn read(args: Vec<String>, names: &[&'static str], usage: &'static str) -> Result<Self, Refusal> {
        let mut values = BTreeMap::new();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let name = names.iter().find(|name| arg.strip_prefix("--") == Some(**name));
            let name = name.ok_or_else(|| Refusal::line(format!("Unknown option: {arg}")))?;
            values.insert(*name, args.next().ok_or_else(|| Refusal::usage(usage))?);
        }
        Ok(Self { values, usage })
    }

    /// An option's value.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).filter(|value| !value.is_empty())
    }

    /// The value of an option that must be there.
    pub fn need(&mut self, name: &str) -> Result<String, Refusal> {
        self.take(name).ok_or_else(|| Refusal::usage(self.usage))
    }

    /// The value as what it means.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        self.take(name).map(|value| parsed(name, &value)).transpose()
    }
}

/// A value as what it means.
pub fn parsed<T: FromStr<Err: fmt::Display>>(name: &str, value: &str) -> Result<T, Refusal> {
    value.parse().map_err(|error| Refusal::line(format!("ERROR: --{name} {value}: {error}")))
}

/// `manager` or `worker:NAME`. A bare name is refused: the first version took it for the Manager.
pub fn target(text: &str) -> Result<Target, Refusal> {
    let named = text == "manager" || text.starts_with("worker:");
    let target = text.parse().ok().filter(|_| named);
    target.ok_or_else(|| Refusal::line("ERROR: Invalid target format. Use 'manager' or 'worker:NAME'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Options, Vec<String>> {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Options::read(args, &["name", "count"], "x --name NAME").map_err(|Refusal(lines)| lines)
    }

    #[test]
    fn options_are_read_in_any_order_and_no_other_is_taken() {
        let mut options = read(&["--count", "3", "--name", "a"]).ok().unwrap();
        assert_eq!(options.need("name").ok().unwrap(), "a");
        assert_eq!(options.parsed::<u64>("count").ok().unwrap(), Some(3));
        assert_eq!(read(&["--frob"]).err().unwrap(), ["Unknown option: --frob"]);
        assert_eq!(read(&["--name"]).err().unwrap(), ["Usage: x --name NAME"]);
        assert!(read(&["--name", ""]).ok().unwrap().need("name").is_err(), "an empty value is none");
        let Refusal(lines) = read(&["--count", "many"]).ok().unwrap().parsed::<u64>("count").err().unwrap();
        assert_eq!(lines, ["ERROR: --count many: invalid digit found in string"]);
    }

    #[test]
    fn a_target_says_what_it_is() {
        assert_eq!(target("manager").ok(), Some(Target::Manager));
        assert_eq!(target("worker:alice").ok(), "alice".parse().ok());
        for wrong in ["alice", "worker:", "worker:a/b", "Manager"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
