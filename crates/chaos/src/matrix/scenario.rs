//! The changes that pass by.
use super::undisturbed;
use crate::admin::{Admin, new_provider, set_model};
use domain::Mutation;

/// A change, after what it needs was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
}

impl Scenario {
    /// Does what the change needs, and says which change it is.
    #[expect(clippy::expect_used, reason = "constants of this module")]
    pub async fn prepare(self, admin: &Admin) -> Mutation {
        let switch = |target: &str, provider, model| Mutation::SetModel {
            target: target.parse().expect("a target"),
            wish: set_model(provider, model).expect("a wish"),
        };
        let add = || {
            admin.want_tokens("zhipuai", &[0]);
            Mutation::AddProvider(new_provider("zhipuai").expect("a provider"))
        };
        match self {
            Self::Switch | Self::FirstStart => switch("worker:dave", "deepseek", "deepseek-reasoner"),
            Self::Manager => switch("manager", "moonshot", "kimi-k2.5"),
            Self::AddProvider => add(),
            Self::RemoveProvider => {
                undisturbed(admin, add()).await.expect("it is added");
                Mutation::RemoveProvider { name: "zhipuai".parse().expect("a name") }
            }
            Self::Undo => {
                let switch = switch("worker:dave", "deepseek", "deepseek-reasoner");
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
