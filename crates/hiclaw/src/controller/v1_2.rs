//! AgentTeams v1.2: a worker keeps its container when its model changes, and members of teams are workers.
use super::ways::{Members, Ways};
use crate::TakeUp;

/// It watches its runtime.yaml. The others merge their config with what they had: the model is their own.
const WATCHING: &str = "qwenpaw";

pub const WAYS: Ways = Ways {
    generation: "1.2",
    prefix: "agentteams-",
    new_path: Some(&["api", "v1", "projects"]),
    members: Members::Workers,
    manager: TakeUp::Replaced,
    worker: |runtime| if runtime == WATCHING { TakeUp::ByItself } else { TakeUp::Restart },
};
