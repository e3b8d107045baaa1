//! `agm config`: the reference of all settings and variables, from their declarations.
use super::client::VARIABLES;
use crate::config::{ALL, Declared, Unsaid};
use clap::Command;
use std::fmt::Write;

const HEAD: &str = "# Configuration

This page is what `agm config` prints.

Every setting of `agm serve` has one name. It is the key in the TOML file that `--config` names, and with two dashes in front the
flag; secrets have no flag, since others see the arguments of a process. A flag wins over the environment, and that over the
file. A variable that is empty counts as not set, and each `HICLAW_X` may also be spelt `AGENTTEAMS_X`. What holds, and who said
it, is told by `agm doctor --all` and on the page Doctor.

A misspelt setting in the file, and a value that cannot be read, stop the start with a sentence that names it.
";

const OWN: &str = "
## The server itself

These hold in a sandbox too (`agm serve --sandbox`).

";

const INSTALLATION: &str = "
## The installation around it

HiClaw sets most of these variables in its containers. A sandbox says all of them of itself and hears nothing of a real
installation; only the flag `--data-dir` counts there.

";

const COMMANDS: &str = "
## Variables of the commands

Beside an option of the same meaning, which wins.

| variable | of | meaning |
| --- | --- | --- |
";

/// The reference, in Markdown.
pub fn reference(command: &Command) -> String {
    let mut page = String::from(HEAD);
    for (head, is_own) in [(OWN, true), (INSTALLATION, false)] {
        page.push_str(head);
        page.push_str(
            "| setting | value | variables | default | meaning |\n| --- | --- | --- | --- | --- |\n",
        );
        ALL.iter()
            .filter(|setting| setting.kind.is_own() == is_own)
            .for_each(|setting| row(&mut page, setting));
    }
    page.push_str(COMMANDS);
    let mut variables = Vec::new();
    of_options(command, "every command", &mut variables);
    let read = VARIABLES.iter();
    variables.extend(read.map(|read| [code(read.names), "every command".into(), read.meaning.into()]));
    variables.iter().for_each(|cells| line(&mut page, &cells.each_ref().map(String::as_str)));
    page
}

fn row(page: &mut String, setting: &Declared) {
    let default = match setting.default {
        Unsaid::Value(value) => format!("`{value}`"),
        Unsaid::Derived(words) => words.to_owned(),
        Unsaid::Nothing => "–".to_owned(),
    };
    let name = if setting.kind.is_secret() {
        format!("`{}` (no flag)", setting.name)
    } else {
        format!("`{}`", setting.name)
    };
    let value = setting.value.replace('|', "\\|");
    line(page, &[&name, &value, &code(setting.variables), &default, setting.meaning]);
}

fn line(page: &mut String, cells: &[&str]) {
    // Writing to a String cannot fail.
    writeln!(page, "| {} |", cells.join(" | ")).unwrap_or_default();
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The variables that stand for options of this command and of those below it: variable, command, and meaning.
fn of_options(command: &Command, of: &str, found: &mut Vec<[String; 3]>) {
    for arg in command.get_arguments() {
        let (Some(variable), Some(option)) = (arg.get_env(), arg.get_long()) else { continue };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let meaning = format!("As `--{option}`. {}.", help.trim_end_matches('.'));
        let variable = code(&[&variable.to_string_lossy()]);
        if !found.iter().any(|[known, ..]| *known == variable) {
            found.push([variable, of.to_owned(), meaning]);
        }
    }
    for below in command.get_subcommands() {
        of_options(below, &format!("`agm {}`", below.get_name()), found);
    }
}
