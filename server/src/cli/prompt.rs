//! Asking the person at the terminal for what nobody else shall see.
use super::error::CliError;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use std::io::{self, Write};

/// What is typed, without showing it; `twice`, since a slip would not be seen.
pub fn secret(what: &str, twice: bool) -> Result<SecretString, CliError> {
    let typed = line(&format!("{what}: "))?;
    if twice && line(&format!("{what}, again: "))?.expose_secret() != typed.expose_secret() {
        return Err(CliError::Usage("the two are not the same".into()));
    }
    Ok(typed)
}

fn line(question: &str) -> Result<SecretString, CliError> {
    hidden(question).map_err(|error| CliError::Usage(format!("the terminal: {error}")))
}

fn hidden(question: &str) -> io::Result<SecretString> {
    let terminal = io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    eprint!("{question}");
    io::stderr().flush()?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut typed = String::new();
    let read = terminal.read_line(&mut typed);
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    read?;
    Ok(typed.trim_end_matches(['\r', '\n']).into())
}
