//! What sets a change anew later, as plans and operations say it: their `lasts` is one of these.

/// The Manager's boot script sets the model of its openclaw.json from the environment.
pub const MANAGER_RESTART: &str = "until the Manager restarts, unless HICLAW_DEFAULT_MODEL is changed too";

/// The environment file names the model, and a container keeps the environment that it was made with.
pub const MANAGER_REMADE: &str =
    "until the Manager's present container starts again; one that is made anew keeps it";

/// Every 300 s, and soon after each change of the agent, the controller makes the agent's config anew.
pub const NEXT_PASS: &str = "until the controller's next pass over the agent, within 300 s";

/// HiClaw repairs the default route at each of its starts.
pub const DEFAULT_ROUTE: &str =
    "until HiClaw restarts, which points the default route back to its own provider";

/// HiClaw writes the provider that it made at each of its starts.
pub const HICLAWS_PROVIDER: &str = "until HiClaw restarts, which sets this provider from its own environment";
