//! Every setting of the server, declared once: the reading, the flags and the reference all come from here.

/// A setting.
#[derive(Debug)]
pub struct Declared {
    /// Its key in the file; with two dashes, its flag.
    pub name: &'static str,
    /// What kind of value it has, as the help of the flag spells it.
    pub value: &'static str,
    /// The variables that say it, the first that is set wins. A `HICLAW_X` is also read as `AGENTTEAMS_X`.
    pub variables: &'static [&'static str],
    pub default: Unsaid,
    pub meaning: &'static str,
    pub kind: Kind,
}

/// What holds where nobody says a setting.
#[derive(Clone, Copy, Debug)]
pub enum Unsaid {
    Value(&'static str),
    /// What follows from other things, in words.
    Derived(&'static str),
    Nothing,
}

/// Whom a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server itself: it holds in a sandbox too.
    Own,
    /// The same, and never a flag, since others see the arguments of a process.
    OwnSecret,
    /// The installation: a sandbox says it of itself, and hears nothing of a real one.
    Installation,
    /// The same, and never a flag.
    Secret,
}

impl Kind {
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::OwnSecret)
    }

    pub const fn is_secret(self) -> bool {
        matches!(self, Self::OwnSecret | Self::Secret)
    }
}

/// Declares settings as constants, and all of them as [`ALL`].
macro_rules! settings {
    ($($constant:ident: $kind:ident $name:literal $value:literal $variables:expr, $default:expr, $meaning:literal;)*) => {
        $(pub static $constant: Declared = Declared {
            name: $name,
            value: $value,
            variables: &$variables,
            default: $default,
            meaning: $meaning,
            kind: Kind::$kind,
        };)*
        /// All settings, in the order of the reference.
        pub static ALL: &[&Declared] = &[$(&$constant),*];
    };
}

use Unsaid::{Derived, Nothing, Value};

settings! {
    ADDR: Own "addr" "ADDRESS" ["AGM_ADDR"], Derived("127.0.0.1, at the port of `monitor-port`"),
        "Where to listen, as `HOST:PORT`. Port 0 takes any that is free.";
    MONITOR_PORT: Own "monitor-port" "PORT" ["MONITOR_PORT"], Value("18080"),
        "The port on loopback, by the name that the scripts know. `addr` wins over it.";
    ALLOWED_HOSTS: Own "allowed-hosts" "NAMES" ["AGM_ALLOWED_HOSTS"], Nothing,
        "Host names that this server answers to beside loopback, its own addresses and `manager-local.hiclaw.io`, separated by commas.";
    DOMAIN: Own "domain" "NAME" ["AGM_DOMAIN"], Derived("as it was registered, else `manager-local.hiclaw.io`"),
        "The domain that `agm install` registers at the gateway.";
    REACH: Own "reach" "HOST:PORT" ["AGM_REACH"], Derived("as it was registered, else where agm listens, when the gateway is on the same machine"),
        "Where the gateway reaches agm, for `agm install`.";
    TRUSTED_PROXIES: Own "trusted-proxies" "ADDRESSES" ["AGM_TRUSTED_PROXIES"], Nothing,
        "Addresses of proxies whose `X-Forwarded-For` counts, separated by commas.";
    TLS_CERT: Own "tls-cert" "FILE" ["AGM_TLS_CERT"], Nothing,
        "A PEM file with the server's certificate and those that vouch for it, to serve HTTPS. Needs `tls-key`.";
    TLS_KEY: Own "tls-key" "FILE" ["AGM_TLS_KEY"], Nothing, "The certificate's key, a PEM file.";
    METRICS_TOKEN: OwnSecret "metrics-token" "TOKEN" ["AGM_METRICS_TOKEN"], Nothing,
        "Opens `/metrics` as a bearer token, beside a sign-in.";
    SITE: Own "site" "DIR" ["AGM_SITE_DIR"], Derived("`inside` where the program has a site inside, else `site` beside it, else `target/site`"),
        "The built site: a folder, or `inside` for the one that is part of the program.";
    DATA_DIR: Installation "data-dir" "DIR" ["AGM_DATA_DIR"], Value("./agm-data"),
        "What the server keeps: journal, audit log, backups and the key that seals them. One server at a time.";
    ADMIN_USER: Installation "admin-user" "NAME" ["HICLAW_ADMIN_USER"], Value("admin"),
        "The admin's name, here and at the Higress Console.";
    ADMIN_PASSWORD: Secret "admin-password" "PASSWORD" ["HICLAW_ADMIN_PASSWORD"], Nothing,
        "The admin's password, here and at the Higress Console. Without one the server does not start.";
    CONSOLE_URL: Installation "console-url" "URL" ["HICLAW_AI_GATEWAY_ADMIN_URL"], Value("http://127.0.0.1:8001"),
        "The Higress Console.";
    GATEWAY_DOMAIN: Installation "gateway-domain" "NAME" ["HICLAW_AI_GATEWAY_DOMAIN"], Value("aigw-local.hiclaw.io"),
        "The host name by which agents call the AI gateway; a port may follow it.";
    GATEWAY_URL: Installation "gateway-url" "URL" ["HICLAW_AI_GATEWAY_URL"], Derived("`http://`, `gateway-domain`, and port 8080 where that names none"),
        "The AI gateway, as this server reaches it.";
    GATEWAY_METRICS_URL: Installation "gateway-metrics-url" "URL" ["AGM_GATEWAY_METRICS_URL"], Value("http://127.0.0.1:15020/stats/prometheus"),
        "The gateway's Prometheus page, from which the figures of the page Monitor come.";
    STORE_ENDPOINT: Installation "store-endpoint" "URL" ["HICLAW_FS_ENDPOINT"], Value("http://127.0.0.1:9000"),
        "The object store (MinIO, or another that speaks S3), where the workers' files lie.";
    STORE_ACCESS_KEY: Installation "store-access-key" "NAME" ["HICLAW_FS_ACCESS_KEY", "HICLAW_MINIO_USER"], Nothing,
        "The account at the object store.";
    STORE_SECRET_KEY: Secret "store-secret-key" "KEY" ["HICLAW_FS_SECRET_KEY", "HICLAW_MINIO_PASSWORD"], Nothing,
        "That account's secret key.";
    STORE_BUCKET: Installation "store-bucket" "NAME" ["HICLAW_FS_BUCKET"], Value("hiclaw-storage"),
        "The bucket of the object store.";
    OPENCLAW_CONFIG: Installation "openclaw-config" "FILE" ["OPENCLAW_CONFIG_PATH"], Value("/root/manager-workspace/openclaw.json"),
        "The Manager's `openclaw.json`.";
    MANAGER_URL: Installation "manager-url" "URL" ["AGM_MANAGER_URL"], Nothing,
        "Where the Manager's OpenClaw answers, to tell whether it runs.";
    MANAGER_GATEWAY_KEY: Secret "manager-gateway-key" "KEY" ["HICLAW_MANAGER_GATEWAY_KEY"], Derived("the key in the Manager's `openclaw.json`"),
        "The Manager's key at the AI gateway, for the test before a switch.";
    CONTAINER_API: Installation "container-api" "URL" ["HICLAW_CONTAINER_API"], Nothing,
        "The Docker API, only read, to tell whether the containers of workers run.";
    CONTROLLER_URL: Installation "controller-url" "URL" ["HICLAW_CONTROLLER_URL"], Nothing,
        "The controller of HiClaw v1.1 or later, through which agents are switched. Without one, their files are.";
    CONTROLLER_TOKEN_FILE: Installation "controller-token-file" "FILE" ["HICLAW_AUTH_TOKEN_FILE"], Derived("`/var/run/hiclaw/cli-token` or `/var/run/agentteams/cli-token`"),
        "The token by which the controller knows agm. It is read again when the controller refuses it.";
    CONTROLLER_TOKEN: Secret "controller-token" "TOKEN" ["HICLAW_AUTH_TOKEN"], Nothing,
        "The same as a value. `controller-token-file` wins over it.";
    RESOURCE_PREFIX: Installation "resource-prefix" "TEXT" ["HICLAW_RESOURCE_PREFIX"], Derived("`hiclaw-`, or `agentteams-` since v1.2"),
        "What the names of the controller's containers begin with.";
    GENERATION: Installation "hiclaw-generation" "1.0|1.1|1.2" ["AGM_HICLAW_GENERATION"], Derived("as the controller shows, or 1.0 without one"),
        "The generation of HiClaw, where it is not to be found out.";
    LLM_PROVIDER: Installation "llm-provider" "NAME" ["HICLAW_LLM_PROVIDER"], Nothing,
        "The provider that HiClaw itself sets up, and puts back at each start of the Manager.";
    DEFAULT_MODEL: Installation "default-model" "MODEL" ["HICLAW_DEFAULT_MODEL"], Nothing,
        "The model that HiClaw v1.0 gives the Manager at each of its starts.";
    HICLAW_ENV_FILE: Installation "hiclaw-env-file" "FILE" ["HICLAW_ENV_FILE"], Nothing,
        "The file, as this server sees it, from which the installer of HiClaw v1.0 makes the Manager's container. A lasting switch of the Manager writes `HICLAW_DEFAULT_MODEL` there, and nothing else.";
    ALLOW_PRIVATE_UPSTREAMS: Installation "allow-private-upstreams" "true|false" ["AGM_ALLOW_PRIVATE_UPSTREAMS"], Value("false"),
        "Whether a provider may have an address in a private network, such as a model server of one's own.";
}
