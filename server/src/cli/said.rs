//! The settings of the server as they are said on the command line: a flag for each that is no secret.
use super::{error::CliError, here, serve::start};
use crate::config::{ALL, Declared, Lookup, Unsaid};
use clap::{Arg, ArgMatches, Command};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The flags that were given, and the file.
#[derive(Default)]
pub struct Said {
    file: Option<PathBuf>,
    flags: BTreeMap<&'static str, String>,
}

const FILE: &str = "config";

impl Said {
    /// All places in which settings are looked up.
    pub fn lookup(&self) -> Result<Lookup, CliError> {
        Lookup::new(self.flags.clone(), |name| std::env::var(name).ok(), self.file.as_deref()).map_err(start)
    }

    /// The same of the server that runs on this machine, which may have been told more.
    pub fn lookup_here(&self) -> Result<Lookup, CliError> {
        here::settings(Path::new("/"), self.flags.clone(), self.file.as_deref())
    }
}

fn with_flags() -> impl Iterator<Item = &'static Declared> {
    ALL.iter().copied().filter(|setting| !setting.kind.is_secret())
}

fn flag(setting: &'static Declared) -> Arg {
    let default = match setting.default {
        Unsaid::Value(value) => format!(" [default: {value}]"),
        Unsaid::Derived(words) => format!(" [default: {}]", words.replace('`', "")),
        Unsaid::Nothing => String::new(),
    };
    let help = format!("{}{default}", setting.meaning.replace('`', "").trim_end_matches('.'));
    Arg::new(setting.name).long(setting.name).value_name(setting.value).help(help)
}

impl clap::Args for Said {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(FILE).long(FILE).env("AGM_CONFIG").value_name("FILE");
        let file = file.help("A TOML file with settings by the names of these flags");
        let file = file.value_parser(clap::value_parser!(PathBuf));
        with_flags().fold(command.arg(file), |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Said {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said = Self::default();
        said.update_from_arg_matches(matches)?;
        Ok(said)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.file = matches.get_one(FILE).cloned();
        let given = |setting: &'static Declared| {
            Some((setting.name, matches.get_one::<String>(setting.name)?.clone()))
        };
        self.flags = with_flags().filter_map(given).collect();
        Ok(())
    }
}
