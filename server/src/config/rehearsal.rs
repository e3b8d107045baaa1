//! What a test tells a debug build beside the settings. A release build does not look.
use operations::Config;

/// The variable: JSON as `{"horizonMs": 3000, "effectiveMs": 3000, "upstreams": {"api.deepseek.com": "127.0.0.1:4001"}}`.
#[cfg(debug_assertions)]
pub const VARIABLE: &str = "AGM_REHEARSAL";

/// How long changed objects are watched, also for what HiClaw itself may do, how long the gateway may need to follow, and
/// which addresses stand for provider hosts.
#[cfg(debug_assertions)]
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rehearsal {
    horizon_ms: u64,
    effective_ms: u64,
    upstreams: std::collections::BTreeMap<String, std::net::SocketAddr>,
}

/// Does what the variable says; one that cannot be understood is passed over with a warning.
#[cfg(debug_assertions)]
pub fn rehearse(config: &mut Config) {
    let Ok(text) = std::env::var(VARIABLE) else { return };
    match serde_json::from_str::<Rehearsal>(&text) {
        Ok(rehearsal) => {
            let horizon = std::time::Duration::from_millis(rehearsal.horizon_ms);
            config.timing.horizon = horizon;
            config.timing.pulled = horizon;
            if let Some(controller) = &mut config.controller {
                controller.pace.pass = horizon;
            }
            config.timing.effective = std::time::Duration::from_millis(rehearsal.effective_ms);
            config.upstream_map = rehearsal.upstreams;
        }
        Err(error) => tracing::warn!(%error, "{VARIABLE} cannot be understood"),
    }
}

/// A release build has no rehearsals.
#[cfg(not(debug_assertions))]
pub const fn rehearse(_: &mut Config) {}
