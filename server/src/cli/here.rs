//! The server of this machine, as commands find it: where it keeps its state, and where it answers.
use super::error::CliError;
use crate::{
    config::{ADDR, ConfigError, DATA_DIR, Lookup, MONITOR_PORT, own_address},
    packaging,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// What was said on the command line.
pub type Flags = BTreeMap<&'static str, String>;

/// The settings of the server: flags win over the environment at hand, that over what the server is told by what starts it,
/// and that over the file.
pub fn settings(root: &Path, flags: Flags, file: Option<&Path>) -> Result<Lookup, CliError> {
    with_env(root, flags, file, in_shell)
}

fn in_shell(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn with_env(
    root: &Path,
    flags: Flags,
    file: Option<&Path>,
    env: impl Fn(&str) -> Option<String> + 'static,
) -> Result<Lookup, CliError> {
    let told = unsaid(root, &env)?;
    let variable = move |name: &str| said(&env, name).or_else(|| told.get(name).cloned());
    let file = file.map(Path::to_owned).or_else(|| variable("AGM_CONFIG").map(PathBuf::from));
    Lookup::new(flags, variable, file.as_deref()).map_err(unusable)
}

/// What starts the server tells it this beside what the environment at hand says.
pub fn told_beside(root: &Path) -> Result<BTreeMap<String, String>, CliError> {
    unsaid(root, &in_shell)
}

/// A variable that is empty says nothing.
fn said(env: impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

fn unsaid(root: &Path, env: &impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>, CliError> {
    let mut told = packaging::told(root)?;
    told.retain(|name, _| said(env, name).is_none());
    // An address wins over a port, but not one that was told over a port that was said.
    if MONITOR_PORT.variables.iter().any(|name| said(env, name).is_some()) {
        told.retain(|name, _| !ADDR.variables.contains(&name.as_str()));
    }
    Ok(told)
}

fn here(root: &Path) -> Result<Lookup, CliError> {
    settings(root, Flags::new(), None)
}

fn unusable(error: ConfigError) -> CliError {
    CliError::Usage(error.to_string())
}

/// The data directory of an installation: as the settings say it, or the usual one.
pub fn data_dir(root: &Path) -> Result<PathBuf, CliError> {
    Ok(said_data_dir(root)?.unwrap_or_else(|| packaging::data_dir(root)))
}

/// That of the server which the files of this machine start, whatever the shell says.
pub fn data_dir_of_files(root: &Path) -> Result<PathBuf, CliError> {
    let told = packaging::told(root)?;
    let said = DATA_DIR.variables.iter().find_map(|name| told.get(*name));
    Ok(said.map_or_else(|| packaging::data_dir(root), |path| packaging::inside(root, path)))
}

/// As the settings say it, the usual one, or that of a server in the folder at hand where nothing is installed.
pub fn data_dir_at_hand(root: &Path) -> Result<PathBuf, CliError> {
    Ok(said_data_dir(root)?.unwrap_or_else(|| usual(root)))
}

fn said_data_dir(root: &Path) -> Result<Option<PathBuf>, CliError> {
    here(root)?.optional(&DATA_DIR).map_err(unusable)
}

fn usual(root: &Path) -> PathBuf {
    let installed = packaging::data_dir(root);
    // What is brought to a new container must be where its server will look.
    if installed.is_dir() || packaging::has_volume(root) { installed } else { "agm-data".into() }
}

/// Where the server answers by its settings.
pub fn url(root: &Path) -> Result<String, CliError> {
    url_by(here(root)?)
}

/// Where a server with these settings answers: one that listens everywhere is on loopback too.
pub fn url_by(settings: Lookup) -> Result<String, CliError> {
    let (addr, tls) = own_address(settings).map_err(unusable)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", reachable(addr)))
}

fn reachable(addr: SocketAddr) -> SocketAddr {
    let address = match addr.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_loopback() {
        for (listens, called) in
            [("0.0.0.0:18080", "127.0.0.1:18080"), ("[::]:1", "[::1]:1"), ("10.1.2.3:4", "10.1.2.3:4")]
        {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), called);
        }
    }

    #[test]
    fn nothing_is_brought_to_the_folder_at_hand_where_an_installation_looks_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(usual(root.path()), Path::new("agm-data"));
        fs::create_dir_all(root.path().join("var/lib/agm")).unwrap();
        assert_eq!(usual(root.path()), root.path().join("var/lib/agm"));
        for folder in ["opt/hiclaw", "data"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        assert_eq!(usual(root.path()), root.path().join("data/agm"));
    }

    #[test]
    fn a_server_of_systemd_is_found_where_it_was_told_to_be_unless_the_shell_says_otherwise() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["etc/systemd/system", "etc/agm"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let said = "AGM_ADDR=172.17.0.1:18090\nAGM_DATA_DIR=/srv/agm\n";
        fs::write(root.path().join("etc/agm/agm.env"), said).unwrap();
        let settings = |shell: &'static str, value: &'static str| {
            let env = move |name: &str| (name == shell).then(|| value.to_owned());
            with_env(root.path(), Flags::new(), None, env).unwrap()
        };
        assert_eq!(url_by(settings("AGM_ADDR", "")).unwrap(), "http://172.17.0.1:18090");
        assert_eq!(url_by(settings("AGM_ADDR", "127.0.0.1:1")).unwrap(), "http://127.0.0.1:1");
        assert_eq!(url_by(settings("MONITOR_PORT", "2")).unwrap(), "http://127.0.0.1:2");
        let dir: Option<PathBuf> = settings("AGM_ADDR", "").optional(&DATA_DIR).unwrap();
        assert_eq!(dir, Some("/srv/agm".into()));
        assert_eq!(data_dir_of_files(root.path()).unwrap(), root.path().join("srv/agm"));
    }
}
