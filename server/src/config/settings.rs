//! The server's settings as types.
use super::{
    declared as d,
    lookup::{ConfigError, Lookup},
};
use crate::site::Site;
use domain::Setting;
use operations::{
    Config, ConsoleConfig, ControllerParams, EntryConfig, ManagerConfig, Pace, StoreConfig, Timing,
};
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use url::Url;

/// Everything that `agm serve` needs.
#[derive(Debug)]
pub struct Settings {
    pub addr: SocketAddr,
    pub admin_user: String,
    pub admin_password: SecretString,
    pub metrics_token: Option<SecretString>,
    pub allowed_hosts: Vec<String>,
    pub trusted_proxies: Vec<IpAddr>,
    pub site: Site,
    pub tls: Option<TlsFiles>,
    pub operations: Config,
    /// Each value and who said it.
    pub told: Vec<Setting>,
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Settings {
    /// Reads everything. Outside the sandbox there is no password unless somebody set one.
    pub fn read(mut lookup: Lookup) -> Result<Self, ConfigError> {
        let addr = address(&mut lookup)?;
        let admin_user: String = lookup.or_default(&d::ADMIN_USER)?;
        let admin_password = lookup.secret(&d::ADMIN_PASSWORD);
        let admin_password = admin_password.ok_or(ConfigError::NoPassword)?;
        let operations = operations(&mut lookup, &admin_user, &admin_password)?;
        Ok(Self {
            addr,
            metrics_token: lookup.secret(&d::METRICS_TOKEN),
            allowed_hosts: lookup.list(&d::ALLOWED_HOSTS)?,
            trusted_proxies: lookup.list(&d::TRUSTED_PROXIES)?,
            site: site(&mut lookup)?,
            tls: tls(&mut lookup)?,
            admin_user,
            admin_password,
            operations,
            told: lookup.told()?,
        })
    }
}

/// Where `agm serve` listens, and whether it speaks TLS there: what a check of a running one needs of its settings.
pub fn own_address(mut lookup: Lookup) -> Result<(SocketAddr, Option<TlsFiles>), ConfigError> {
    Ok((address(&mut lookup)?, tls(&mut lookup)?))
}

/// The address, or the seed's port on loopback.
fn address(lookup: &mut Lookup) -> Result<SocketAddr, ConfigError> {
    let port: u16 = lookup.or_default(&d::MONITOR_PORT)?;
    lookup.or(&d::ADDR, &format!("127.0.0.1:{port}"))
}

fn site(lookup: &mut Lookup) -> Result<Site, ConfigError> {
    lookup.or(&d::SITE, &Site::usual().to_string())
}

fn tls(lookup: &mut Lookup) -> Result<Option<TlsFiles>, ConfigError> {
    let cert = lookup.optional(&d::TLS_CERT)?;
    match (cert, lookup.optional(&d::TLS_KEY)?) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        _ => Err(ConfigError::HalfTls),
    }
}

fn operations(lookup: &mut Lookup, user: &str, password: &SecretString) -> Result<Config, ConfigError> {
    let domain: String = lookup.or_default(&d::GATEWAY_DOMAIN)?;
    // HiClaw's installer may write the port behind the name.
    let port = if domain.contains(':') { "" } else { ":8080" };
    Ok(Config {
        console: ConsoleConfig {
            url: lookup.or_default(&d::CONSOLE_URL)?,
            user: user.to_owned(),
            password: password.clone(),
        },
        gateway: lookup.or(&d::GATEWAY_URL, &format!("http://{domain}{port}"))?,
        gateway_host: Some(domain),
        gateway_metrics: Some(lookup.or_default(&d::GATEWAY_METRICS_URL)?),
        store: store(lookup)?,
        manager: ManagerConfig {
            config_path: lookup.or_default(&d::OPENCLAW_CONFIG)?,
            url: lookup.optional::<Url>(&d::MANAGER_URL)?,
            gateway_key: lookup.secret(&d::MANAGER_GATEWAY_KEY),
        },
        containers: lookup.optional::<Url>(&d::CONTAINER_API)?,
        controller: controller(lookup)?,
        generation: lookup.optional(&d::GENERATION)?,
        hiclaw_provider: lookup.optional(&d::LLM_PROVIDER)?,
        hiclaw_model: lookup.optional(&d::DEFAULT_MODEL)?,
        hiclaw_env_file: lookup.optional(&d::HICLAW_ENV_FILE)?,
        allow_private_upstreams: lookup.or_default(&d::ALLOW_PRIVATE_UPSTREAMS)?,
        upstream_map: BTreeMap::new(),
        entry: EntryConfig { domain: lookup.optional(&d::DOMAIN)?, reach: lookup.optional(&d::REACH)? },
        data_dir: lookup.or_default(&d::DATA_DIR)?,
        timing: Timing::default(),
    })
}

fn controller(lookup: &mut Lookup) -> Result<Option<ControllerParams>, ConfigError> {
    let url: Option<Url> = lookup.optional(&d::CONTROLLER_URL)?;
    let (token, token_file) =
        (lookup.secret(&d::CONTROLLER_TOKEN), lookup.optional(&d::CONTROLLER_TOKEN_FILE)?);
    let prefix = lookup.optional(&d::RESOURCE_PREFIX)?;
    Ok(url.map(|url| ControllerParams { url, token, token_file, prefix, pace: Pace::default() }))
}

fn store(lookup: &mut Lookup) -> Result<StoreConfig, ConfigError> {
    let access_key: Option<String> = lookup.optional(&d::STORE_ACCESS_KEY)?;
    let secret_key = lookup.secret(&d::STORE_SECRET_KEY);
    Ok(StoreConfig {
        endpoint: lookup.or_default(&d::STORE_ENDPOINT)?,
        access_key: access_key.unwrap_or_default(),
        secret_key: secret_key.unwrap_or_default(),
        bucket: lookup.or_default(&d::STORE_BUCKET)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn settings(
        flags: &[(&'static str, &str)],
        env: &[(&str, &str)],
        file: &str,
    ) -> Result<Settings, ConfigError> {
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let env: BTreeMap<String, String> =
            env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agm.toml");
        std::fs::write(&path, file).unwrap();
        Settings::read(Lookup::new(flags, move |name| env.get(name).cloned(), Some(&path))?)
    }

    fn source<'a>(settings: &'a Settings, name: &str) -> &'a str {
        &settings.told.iter().find(|told| told.name == name).unwrap().source
    }

    #[test]
    fn without_a_password_nothing_starts() {
        assert!(matches!(settings(&[], &[], ""), Err(ConfigError::NoPassword)));
        assert!(matches!(settings(&[], &[("HICLAW_ADMIN_PASSWORD", "")], ""), Err(ConfigError::NoPassword)));
    }

    #[test]
    fn every_setting_that_is_declared_is_read_and_no_other() {
        let read = settings(&[], &[("HICLAW_ADMIN_PASSWORD", "p")], "").unwrap();
        let mut told: Vec<_> = read.told.iter().map(|told| told.name.as_str()).collect();
        let mut declared: Vec<_> = d::ALL.iter().map(|setting| setting.name).collect();
        told.sort_unstable();
        declared.sort_unstable();
        assert_eq!(told, declared);
    }

    #[test]
    fn a_default_that_is_declared_is_the_one_that_holds() {
        let read = settings(&[], &[("HICLAW_ADMIN_PASSWORD", "p")], "").unwrap();
        for setting in d::ALL {
            if let d::Unsaid::Value(default) = setting.default {
                let told = read.told.iter().find(|told| told.name == setting.name).unwrap();
                assert_eq!((told.value.as_deref(), told.source.as_str()), (Some(default), "default"));
            }
        }
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let file = "admin-password = 'p'\naddr = '127.0.0.1:1'\nstore-bucket = 'b'\nadmin-user = 'f'";
        let env = [("AGM_ADDR", "127.0.0.1:2"), ("AGENTTEAMS_ADMIN_USER", "e")];
        let read = settings(&[("addr", "127.0.0.1:3")], &env, file).unwrap();
        assert_eq!((read.addr.port(), source(&read, "addr")), (3, "flag"));
        assert_eq!(read.admin_user, "e");
        assert_eq!(source(&read, "admin-user"), "AGENTTEAMS_ADMIN_USER");
        assert_eq!((read.operations.store.bucket.as_str(), source(&read, "store-bucket")), ("b", "file"));
        assert_eq!(source(&read, "console-url"), "default");
    }

    #[test]
    fn the_seeds_names_are_read() {
        let env = [
            ("HICLAW_ADMIN_PASSWORD", "p"),
            ("MONITOR_PORT", "18099"),
            ("HICLAW_MINIO_USER", "minio"),
            ("HICLAW_MINIO_PASSWORD", "secret"),
            ("HICLAW_AI_GATEWAY_DOMAIN", "aigw.example.org"),
        ];
        let read = settings(&[], &env, "").unwrap();
        assert_eq!(read.addr.to_string(), "127.0.0.1:18099");
        assert_eq!(read.operations.store.access_key, "minio");
        assert_eq!(read.operations.store.secret_key.expose_secret(), "secret");
        assert_eq!(read.operations.gateway.as_str(), "http://aigw.example.org:8080/");
        let env = [("HICLAW_ADMIN_PASSWORD", "p"), ("HICLAW_AI_GATEWAY_DOMAIN", "aigw.example.org:8081")];
        assert_eq!(
            settings(&[], &env, "").unwrap().operations.gateway.as_str(),
            "http://aigw.example.org:8081/"
        );
    }

    #[test]
    fn a_bad_value_names_the_setting_and_a_bad_file_does_not_show_its_lines() {
        let error =
            settings(&[], &[("HICLAW_ADMIN_PASSWORD", "p"), ("AGM_ADDR", "nowhere")], "").unwrap_err();
        assert!(error.to_string().starts_with("addr from AGM_ADDR: "), "{error}");
        let error = settings(&[], &[], "\nadmin-password = canary").unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn a_misspelt_setting_of_the_file_is_refused() {
        let error = settings(&[], &[], "admin-password = 'p'\nallowed-host = 'a'").unwrap_err().to_string();
        assert!(error.contains("allowed-host"), "{error}");
    }

    #[test]
    fn a_list_of_the_file_is_read_and_a_bad_item_names_its_source() {
        let file = "admin-password = 'p'\ntrusted-proxies = ['10.0.0.1', '::1']";
        assert_eq!(settings(&[], &[], file).unwrap().trusted_proxies.len(), 2);
        let error = settings(&[], &[], "admin-password = 'p'\ntrusted-proxies = ['x']").unwrap_err();
        assert!(error.to_string().starts_with("trusted-proxies from file: "), "{error}");
    }

    #[test]
    fn half_of_tls_is_refused() {
        let env = [("HICLAW_ADMIN_PASSWORD", "p")];
        assert!(matches!(settings(&[("tls-cert", "a.pem")], &env, ""), Err(ConfigError::HalfTls)));
        assert!(settings(&[("tls-cert", "a.pem"), ("tls-key", "b.pem")], &env, "").unwrap().tls.is_some());
    }

    #[test]
    fn a_sandbox_hears_nothing_of_a_real_installation() {
        let env = |name: &str| match name {
            "AGM_ADDR" => Some("127.0.0.1:2".to_owned()),
            "HICLAW_MANAGER_GATEWAY_KEY" | "HICLAW_AI_GATEWAY_ADMIN_URL" | "AGM_DATA_DIR" => {
                Some("http://real".to_owned())
            }
            _ => None,
        };
        let sandbox =
            BTreeMap::from([("admin-password", "admin".to_owned()), ("data-dir", "/tmp/own".to_owned())]);
        let read = |flags: &[(&'static str, &str)]| {
            let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            Settings::read(Lookup::new(flags, env, None).unwrap().with_sandbox(sandbox.clone())).unwrap()
        };
        let flagged = read(&[("data-dir", "/tmp/said")]).operations.data_dir;
        assert_eq!(flagged.to_str(), Some("/tmp/said"), "who says so wants it");
        let read = read(&[]);
        assert_eq!(read.operations.data_dir.to_str(), Some("/tmp/own"));
        assert_eq!(read.addr.port(), 2);
        assert!(read.operations.manager.gateway_key.is_none());
        assert_eq!(source(&read, "console-url"), "default");
    }

    #[test]
    fn an_address_is_shown_without_what_opens_it() {
        let env = [
            ("HICLAW_ADMIN_PASSWORD", "p"),
            ("HICLAW_CONTAINER_API", "http://eve:canary@proxy:2375/x"),
            ("AGM_GATEWAY_METRICS_URL", "http://canary@gateway:15020/stats/prometheus"),
        ];
        let read = settings(&[], &env, "").unwrap();
        let shown = |name: &str| read.told.iter().find(|told| told.name == name).unwrap().value.clone();
        assert_eq!(shown("container-api").as_deref(), Some("http://proxy:2375/x"));
        assert_eq!(shown("gateway-metrics-url").as_deref(), Some("http://gateway:15020/stats/prometheus"));
        assert_eq!(read.operations.containers.unwrap().password(), Some("canary"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let env = [
            ("HICLAW_ADMIN_PASSWORD", "canary-1"),
            ("AGM_METRICS_TOKEN", "canary-2"),
            ("HICLAW_FS_SECRET_KEY", "canary-3"),
        ];
        let read = settings(&[], &env, "").unwrap();
        assert!(!format!("{read:?}").contains("canary"));
    }
}
