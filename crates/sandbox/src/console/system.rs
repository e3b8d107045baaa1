//! `/system/*` and `/dashboard/*`.
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apiserver::ApiServer;
use super::jackson::{self, blank};
use super::refusal::Refusal;

/// `GET /system/config`.
pub(super) fn settings(server: &ApiServer) -> Map<String, Value> {
    server.look(|state| {
        let mut settings = Map::new();
        settings.insert("mode".to_owned(), "standalone".into());
        settings.insert("dashboard.builtin".to_owned(), false.into());
        settings.insert("route.default.initialized".to_owned(), true.into());
        settings.insert("index.redirect-target".to_owned(), "".into());
        settings.extend(state.settings.clone());
        settings.insert("system.initialized".to_owned(), state.admin.is_some().into());
        settings
    })
}

fn higress_yaml(version: u64, data: &str) -> String {
    format!(
        "apiVersion: v1\n{data}kind: ConfigMap\nmetadata:\n  name: higress-config\n  namespace: higress-system\n  \
         resourceVersion: '{version}'\n"
    )
}

/// `GET /system/higress-config`: the ConfigMap as YAML.
pub(super) fn higress_config(server: &ApiServer) -> String {
    server.look(|state| higress_yaml(state.higress_config.version, &state.higress_config.data))
}

/// `UpdateHigressConfigRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HigressConfigChange {
    #[serde(deserialize_with = "jackson::text")]
    config: Option<String>,
}

/// `PUT /system/higress-config`: the whole ConfigMap, with the version that it was read with.
pub(super) fn set_higress_config(
    server: &ApiServer,
    change: &HigressConfigChange,
) -> Result<String, Refusal> {
    let config = change.config.as_deref().filter(|config| !config.is_empty());
    let config = config.ok_or_else(|| Refusal::invalid("Missing required parameter: config"))?;
    let block = |key: &str| top_level_block(config, key);
    let metadata =
        block("metadata").ok_or_else(|| Refusal::Business("ConfigMap metadata is missing.".to_owned()))?;
    let version = metadata.lines().find_map(|line| line.trim().strip_prefix("resourceVersion:"));
    let version =
        version.map(|version| version.trim().trim_matches(['\'', '"'])).filter(|version| !version.is_empty());
    let version =
        version.ok_or_else(|| Refusal::Business("ConfigMap resourceVersion is missing.".to_owned()))?;
    let data = block("data").ok_or_else(|| Refusal::invalid("ConfigMap data is empty."))?;
    let has = |key: &str| data.lines().any(|line| line.trim_start().starts_with(&format!("{key}:")));
    if !["higress", "mesh", "meshNetworks"].iter().all(|key| has(key)) {
        let message = "ConfigMap data must contain all required keys: higress, mesh, meshNetworks";
        return Err(Refusal::invalid(message));
    }
    server.change(|state| {
        if version != state.higress_config.version.to_string() {
            return Err(Refusal::Conflict);
        }
        state.higress_config.version += 1;
        state.higress_config.data = data;
        Ok(higress_yaml(state.higress_config.version, &state.higress_config.data))
    })
}

/// A top-level key of a YAML text with the lines under it.
fn top_level_block(text: &str, key: &str) -> Option<String> {
    let head = format!("{key}:");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&head));
    let first = lines.next()?;
    let under: Vec<&str> =
        lines.take_while(|line| line.starts_with([' ', '\t']) || line.is_empty()).collect();
    Some(format!("{first}\n{}\n", under.join("\n")))
}

/// The type of dashboard that a request means.
pub(super) fn dashboard_type(kind: Option<&str>) -> Result<String, Refusal> {
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or("MAIN");
    let known = kind.to_uppercase();
    match known.as_str() {
        "MAIN" | "AI" | "LOG" => Ok(known),
        _ => Err(Refusal::invalid(format!("Unknown dashboard type: {kind}"))),
    }
}

/// `GET /dashboard/info`: no Grafana is built in.
pub(super) fn dashboard(server: &ApiServer, kind: &str) -> Value {
    server.look(|state| json!({"builtIn": false, "uid": null, "url": state.dashboard_urls.get(kind)}))
}

/// `DashboardInfo` as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DashboardChange {
    #[serde(deserialize_with = "jackson::text")]
    url: Option<String>,
}

/// `PUT /dashboard/info`.
pub(super) fn set_dashboard(
    server: &ApiServer,
    kind: &str,
    change: DashboardChange,
) -> Result<Value, Refusal> {
    let url = change.url.filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| Refusal::invalid("Missing required parameter: url"))?;
    if blank(Some(&url)) {
        return Err(Refusal::argument("url cannot be null or blank."));
    }
    server.change(|state| state.dashboard_urls.insert(kind.to_owned(), url));
    Ok(dashboard(server, kind))
}
