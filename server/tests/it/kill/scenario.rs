//! What is under way when the process dies.
use crate::kill::{installation::Installation, program::Program};
use domain::{Mutation, Operation};
use sandbox::{controller::Generation, upstreams::Behaviour};
use serde_json::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A worker is let into a route and gets another model.
    Switch,
    /// The same, and the model does not answer: everything is undone.
    Refused,
    /// The Manager, whose config is a file.
    Manager,
    AddProvider,
    RemoveProvider,
    /// A switch is taken back.
    Undo,
    /// A provider comes back with its keys and its route, and a worker gets its model back.
    Restore,
    /// The gateway leads to agm, and no more to what the former plugin left there.
    Install,
    /// And back.
    Uninstall,
    /// A worker that HiClaw's controller keeps gets another model, and is started again.
    Controlled,
    /// The same where there is no Docker behind the controller: the worker is put to sleep and woken.
    InCluster,
}

impl Scenario {
    pub const ALL: [Self; 11] = [
        Self::Switch,
        Self::Refused,
        Self::Manager,
        Self::AddProvider,
        Self::RemoveProvider,
        Self::Undo,
        Self::Restore,
        Self::Install,
        Self::Uninstall,
        Self::Controlled,
        Self::InCluster,
    ];

    /// The generation of HiClaw.
    pub fn generation(self) -> Generation {
        if self.restarts() { Generation::V1_2 } else { Generation::V1_0 }
    }

    /// Whether the worker is started again.
    pub fn restarts(self) -> bool {
        matches!(self, Self::Controlled | Self::InCluster)
    }

    /// Whether the former plugin was there.
    pub fn leftovers(self) -> bool {
        matches!(self, Self::Install | Self::Uninstall)
    }

    /// Brings an installation to where the change begins, and says which change that is.
    pub async fn prepare(self, at: &Installation) -> Mutation {
        match self {
            Self::Switch => switch("worker:dave", "deepseek", "deepseek-reasoner"),
            Self::Refused => {
                at.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
                switch("worker:dave", "deepseek", "deepseek-reasoner")
            }
            Self::Manager => switch("manager", "moonshot", "kimi-k2.5"),
            Self::AddProvider => add(at),
            Self::RemoveProvider => {
                earlier(at, &[add(at)]).await;
                remove()
            }
            Self::Undo => {
                let done = earlier(at, &[switch("worker:dave", "deepseek", "deepseek-reasoner")]).await;
                serde_json::from_value(json!({"kind": "undo", "operation": done.id})).unwrap()
            }
            Self::Restore => {
                earlier(at, &[add(at), remove(), switch("worker:alice", "moonshot", "kimi-k2.5")]).await;
                let backups = at.backups();
                let [_, before_removal, _] = backups.as_slice() else { panic!("{backups:?}") };
                serde_json::from_value(json!({"kind": "restore", "backup": before_removal})).unwrap()
            }
            Self::Controlled | Self::InCluster => controlled("qwen-max"),
            Self::Install => install(),
            Self::Uninstall => {
                earlier(at, &[install()]).await;
                Mutation::Uninstall
            }
        }
    }

    /// A later change of the same target, which must find it free.
    pub fn next(self, at: &Installation) -> Mutation {
        at.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
        match self {
            Self::Switch | Self::Refused | Self::Undo => switch("worker:dave", "moonshot", "kimi-k2.5"),
            Self::Manager => switch("manager", "deepseek", "deepseek-chat"),
            Self::AddProvider | Self::RemoveProvider | Self::Restore => {
                let edit =
                    json!({"kind": "edit_provider", "name": "deepseek", "settings": {"firstByteTimeout": 9}});
                serde_json::from_value(edit).unwrap()
            }
            Self::Install => Mutation::Uninstall,
            Self::Uninstall => install(),
            Self::Controlled | Self::InCluster => controlled("qwen-plus"),
        }
    }
}

/// Changes that were made, and settled, in a life before; the last one.
async fn earlier(at: &Installation, mutations: &[Mutation]) -> Operation {
    let mut program: Program = at.program(&[]);
    assert!(program.listens().await);
    let mut last = None;
    for mutation in mutations {
        let done = program.run(mutation).await;
        assert_eq!(done.state, domain::OperationState::Committed, "{done:?}");
        last = Some(program.follow(&done.id, "settled").await);
    }
    program.kill().await;
    last.unwrap()
}

fn install() -> Mutation {
    Mutation::Install(domain::Install::default())
}

fn remove() -> Mutation {
    serde_json::from_value(json!({"kind": "remove_provider", "name": "zhipuai"})).unwrap()
}

fn add(at: &Installation) -> Mutation {
    let key = at.sandbox.upstreams().key_for("zhipuai");
    serde_json::from_value(
        json!({"kind": "add_provider", "name": "zhipuai", "type": "zhipuai", "tokens": [key]}),
    )
    .unwrap()
}

fn controlled(model: &str) -> Mutation {
    let wish = json!({"kind": "set_model", "target": "worker:alice", "provider": "qwen", "model": model,
        "restart": "now"});
    serde_json::from_value(wish).unwrap()
}

fn switch(target: &str, provider: &str, model: &str) -> Mutation {
    let wish = json!({"kind": "set_model", "target": target, "provider": provider, "model": model});
    serde_json::from_value(wish).unwrap()
}
