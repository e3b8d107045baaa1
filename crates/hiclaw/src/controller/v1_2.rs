//! AgentTeams v1.2: a worker keeps its container when its model changes, and members of teams are workers.
use super::{
    config::Form,
    ways::{Members, Ways},
};
use crate::TakeUp;

/// Runs by a runtime.yaml.
const QWENPAW: &str = "qwenpaw";

/// Workers merge their stored config with what they had, and the model is their own. One of qwenpaw watches its runtime.yaml,
/// but the releases of v1.2 do not take the model from there while they run.
pub const WAYS: Ways = Ways {
    generation: "1.2",
    prefix: "agentteams-",
    gateway: "agentteams-gateway",
    token_file: "/var/run/agentteams/cli-token",
    new_path: Some(&["api", "v1", "projects"]),
    members: Members::Workers,
    manager: TakeUp::Replaced,
    worker: |_| TakeUp::Restart,
    form: |runtime| if runtime == QWENPAW { Form::Runtime } else { Form::OpenClaw },
};
