//! The server's settings as types.
use super::lookup::{ConfigError, Lookup};
use domain::Setting;
use operations::{Config, ConsoleConfig, ManagerConfig, StoreConfig, Timing};
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
    pub site: PathBuf,
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
        let admin_user: String = lookup.or("admin-user", &["HICLAW_ADMIN_USER"], "admin")?;
        let admin_password = lookup.secret("admin-password", &["HICLAW_ADMIN_PASSWORD"]);
        let admin_password = admin_password.ok_or(ConfigError::NoPassword)?;
        let operations = operations(&mut lookup, &admin_user, &admin_password)?;
        Ok(Self {
            addr,
            metrics_token: lookup.secret("metrics-token", &["AGM_METRICS_TOKEN"]),
            allowed_hosts: lookup.list("allowed-hosts", &["AGM_ALLOWED_HOSTS"])?,
            trusted_proxies: lookup.list("trusted-proxies", &["AGM_TRUSTED_PROXIES"])?,
            site: lookup.or("site", &["AGM_SITE_DIR"], &site())?,
            tls: tls(&mut lookup)?,
            admin_user,
            admin_password,
            operations,
            told: lookup.told()?,
        })
    }
}

/// The site stands beside the program, or where the build leaves it.
fn site() -> String {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("site")));
    let beside = beside.filter(|site| site.is_dir()).unwrap_or_else(|| "target/site".into());
    beside.display().to_string()
}

/// The address, or the seed's port on loopback.
fn address(lookup: &mut Lookup) -> Result<SocketAddr, ConfigError> {
    let port = lookup.optional::<u16>("monitor-port", &["MONITOR_PORT"])?.unwrap_or(18080);
    lookup.or("addr", &["AGM_ADDR"], &format!("127.0.0.1:{port}"))
}

fn tls(lookup: &mut Lookup) -> Result<Option<TlsFiles>, ConfigError> {
    let cert = lookup.optional("tls-cert", &["AGM_TLS_CERT"])?;
    match (cert, lookup.optional("tls-key", &["AGM_TLS_KEY"])?) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        _ => Err(ConfigError::HalfTls),
    }
}

fn operations(lookup: &mut Lookup, user: &str, password: &SecretString) -> Result<Config, ConfigError> {
    let domain: String =
        lookup.or("gateway-domain", &["HICLAW_AI_GATEWAY_DOMAIN"], "aigw-local.hiclaw.io")?;
    // HiClaw's installer may write the port behind the name.
    let port = if domain.contains(':') { "" } else { ":8080" };
    Ok(Config {
        console: ConsoleConfig {
            url: lookup.or("console-url", &["HICLAW_AI_GATEWAY_ADMIN_URL"], "http://127.0.0.1:8001")?,
            user: user.to_owned(),
            password: password.clone(),
        },
        gateway: lookup.or("gateway-url", &["HICLAW_AI_GATEWAY_URL"], &format!("http://{domain}{port}"))?,
        gateway_host: Some(domain),
        gateway_metrics: Some(lookup.or(
            "gateway-metrics-url",
            &["AGM_GATEWAY_METRICS_URL"],
            "http://127.0.0.1:15020/stats/prometheus",
        )?),
        store: store(lookup)?,
        manager: ManagerConfig {
            config_path: lookup.or(
                "openclaw-config",
                &["OPENCLAW_CONFIG_PATH"],
                "/root/manager-workspace/openclaw.json",
            )?,
            url: lookup.optional::<Url>("manager-url", &["AGM_MANAGER_URL"])?,
            gateway_key: lookup.secret("manager-gateway-key", &["HICLAW_MANAGER_GATEWAY_KEY"]),
        },
        containers: lookup.optional::<Url>("container-api", &["HICLAW_CONTAINER_API"])?,
        hiclaw_provider: lookup.optional("llm-provider", &["HICLAW_LLM_PROVIDER"])?,
        hiclaw_model: lookup.optional("default-model", &["HICLAW_DEFAULT_MODEL"])?,
        allow_private_upstreams: lookup.or(
            "allow-private-upstreams",
            &["AGM_ALLOW_PRIVATE_UPSTREAMS"],
            "false",
        )?,
        upstream_map: BTreeMap::new(),
        data_dir: lookup.or("data-dir", &["AGM_DATA_DIR"], "./agm-data")?,
        timing: Timing::default(),
    })
}

fn store(lookup: &mut Lookup) -> Result<StoreConfig, ConfigError> {
    let access_key: Option<String> =
        lookup.optional("store-access-key", &["HICLAW_FS_ACCESS_KEY", "HICLAW_MINIO_USER"])?;
    let secret_key = lookup.secret("store-secret-key", &["HICLAW_FS_SECRET_KEY", "HICLAW_MINIO_PASSWORD"]);
    Ok(StoreConfig {
        endpoint: lookup.or("store-endpoint", &["HICLAW_FS_ENDPOINT"], "http://127.0.0.1:9000")?,
        access_key: access_key.unwrap_or_default(),
        secret_key: secret_key.unwrap_or_default(),
        bucket: lookup.or("store-bucket", &["HICLAW_FS_BUCKET"], "hiclaw-storage")?,
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
