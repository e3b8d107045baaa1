//! The changes that pass by.
use super::undisturbed;
use crate::{
    admin::{Admin, new_provider, set_model},
    world::WORKER,
};
use domain::{ContainerAct, Mutation, Restart, Target};
use sandbox::controller::Generation;

/// A change, after what it needs was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A worker is let into a route and gets another model.
    Switch,
    /// The Manager, whose config is a file.
    Manager,
    AddProvider,
    RemoveProvider,
    /// A switch is taken back.
    Undo,
    /// The process is started for the first time, and then a worker is switched.
    FirstStart,
    /// The process is started on what a settled change left, and then a worker is switched.
    Start,
    /// A worker that HiClaw's controller keeps gets another model.
    Worker(Generation),
    /// The Manager that it keeps does.
    Kept(Generation),
    /// The worker gets another model, and at once a third one.
    Twice(Generation),
    /// The leader of a team gets another model.
    Leader(Generation),
    /// The switch of the worker is taken back.
    TakenBack(Generation),
    /// The worker gets another model, and its container is started again.
    StartedAgain,
    /// Something is done with the worker's container.
    Act(Generation, ContainerAct),
}

impl Scenario {
    /// The generation whose controller keeps the agents. None: they are files.
    pub fn controller(self) -> Option<Generation> {
        match self {
            Self::Worker(generation)
            | Self::Kept(generation)
            | Self::Twice(generation)
            | Self::Leader(generation)
            | Self::TakenBack(generation)
            | Self::Act(generation, _) => Some(generation),
            Self::StartedAgain => Some(Generation::V1_2),
            _ => None,
        }
    }

    /// The change that is asked for when the first one has come to its end.
    pub fn then(self) -> Option<Mutation> {
        matches!(self, Self::Twice(_)).then(|| switch(&worker(), "moonshot", "kimi-k2.5"))
    }

    /// Does what the change needs, and says which change it is.
    #[expect(clippy::expect_used, reason = "constants of this module")]
    pub async fn prepare(self, admin: &Admin) -> Mutation {
        let add = || {
            admin.want_tokens("zhipuai", &[0]);
            Mutation::AddProvider(new_provider("zhipuai").expect("a provider"))
        };
        match self {
            Self::Switch | Self::FirstStart => switch("worker:dave", "deepseek", "deepseek-reasoner"),
            Self::Manager | Self::Kept(_) => switch("manager", "moonshot", "kimi-k2.5"),
            Self::Worker(_) | Self::Twice(_) => switch(&worker(), "deepseek", "deepseek-reasoner"),
            Self::Leader(_) => switch("worker:lead", "deepseek", "deepseek-reasoner"),
            Self::StartedAgain => again(switch(&worker(), "deepseek", "deepseek-reasoner")),
            Self::Act(_, act) => {
                let target: Target = worker().parse().expect("a target");
                if act == ContainerAct::Wake {
                    let slept =
                        undisturbed(admin, Mutation::of_container(ContainerAct::Sleep, target.clone()));
                    slept.await.expect("it sleeps");
                }
                Mutation::of_container(act, target)
            }
            Self::AddProvider => add(),
            Self::RemoveProvider => {
                undisturbed(admin, add()).await.expect("it is added");
                Mutation::RemoveProvider { name: "zhipuai".parse().expect("a name") }
            }
            Self::Undo | Self::TakenBack(_) => {
                let target = if self == Self::Undo { "worker:dave".to_owned() } else { worker() };
                let switch = switch(&target, "deepseek", "deepseek-reasoner");
                let done = undisturbed(admin, switch).await.expect("it is switched");
                Mutation::Undo { operation: done.id.clone() }
            }
            Self::Start => {
                undisturbed(admin, switch("worker:alice", "moonshot", "kimi-k2.5"))
                    .await
                    .expect("it is switched");
                switch("worker:dave", "deepseek", "deepseek-reasoner")
            }
        }
    }
}

fn worker() -> String {
    format!("worker:{WORKER}")
}

/// The same, and the agent is started again at once.
fn again(mutation: Mutation) -> Mutation {
    match mutation {
        Mutation::SetModel { target, mut wish } => {
            wish.restart = Restart::Now;
            Mutation::SetModel { target, wish }
        }
        other => other,
    }
}

#[expect(clippy::expect_used, reason = "constants of this module")]
fn switch(target: &str, provider: &str, model: &str) -> Mutation {
    Mutation::SetModel {
        target: target.parse().expect("a target"),
        wish: set_model(provider, model).expect("a wish"),
    }
}
