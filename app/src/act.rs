//! What a person may ask for on a page, as data: pages are rendered by the server, and the client in the browser reads from
//! what was pressed what to do.
use domain::{
    BackupId, BackupItem, ConsumerName, ContainerAct, Mutation, OperationId, ProviderName, ProviderType,
    RouteName, SetModel, Target,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Opens something: a form, or the plan of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The form that gives an agent another model.
    Switch(Target),
    /// The form that gives several agents one model.
    SwitchMany(Vec<Target>),
    /// The plan by which our note of an agent says what it really runs.
    AcceptModel(Target),
    /// The plan that gives an agent this model, without a form.
    SetModel {
        target: Target,
        wish: SetModel,
    },
    /// The plan that does something with an agent's container.
    Container {
        target: Target,
        act: ContainerAct,
    },
    AddProvider,
    /// The form of a new provider, filled in from what nobody vouches for.
    AddUntrusted(Untrusted),
    EditProvider(ProviderName),
    ReplaceKey(ProviderName),
    /// The plan that removes a provider.
    RemoveProvider(ProviderName),
    /// The plan that lets agents into the routes that lack them.
    Repair {
        route: Option<RouteName>,
        consumer: Option<ConsumerName>,
    },
    /// The plan that takes back what an operation did.
    Undo(OperationId),
    /// The plan that goes back to a backup: with all of it, or with some items, some under another name.
    Restore {
        backup: BackupId,
        items: Option<Vec<BackupItem>>,
        rename: BTreeMap<BackupItem, String>,
    },
    /// An operation as it runs or ended.
    Follow(OperationId),
}

/// A provider as a backup tells of it that could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untrusted {
    pub name: ProviderName,
    pub kind: ProviderType,
    pub base_url: Option<String>,
}

impl Act {
    /// The plan of a change; none for one that a form leads to.
    pub fn plan_of(change: &Mutation) -> Option<Self> {
        if let Some((target, act)) = change.container_act() {
            return Some(Self::Container { target: target.clone(), act });
        }
        match change.clone() {
            Mutation::SetModel { target, wish } => Some(Self::SetModel { target, wish }),
            Mutation::AcceptModel { target } => Some(Self::AcceptModel(target)),
            Mutation::RemoveProvider { name } => Some(Self::RemoveProvider(name)),
            Mutation::RepairRoutes { route, consumer } => Some(Self::Repair { route, consumer }),
            Mutation::Undo { operation } => Some(Self::Undo(operation)),
            Mutation::Restore(wish) => {
                Some(Self::Restore { backup: wish.backup, items: wish.items, rename: wish.rename })
            }
            Mutation::Sleep { .. }
            | Mutation::Wake { .. }
            | Mutation::Restart { .. }
            | Mutation::AddProvider(_)
            | Mutation::EditProvider { .. }
            | Mutation::Apply(_)
            | Mutation::Install(_)
            | Mutation::Uninstall => None,
        }
    }

    /// The plan that goes back to all of a backup.
    pub fn restore(backup: BackupId) -> Self {
        Self::Restore { backup, items: None, rename: BTreeMap::new() }
    }

    /// As it stands in a page.
    pub fn data(&self) -> String {
        // Names and numbers only: it always has a JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Does something at once: a POST to our own API, after which the page shows how things are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Below `/ni_status/`.
    pub path: String,
    /// JSON.
    pub body: String,
    /// Where to go after it; none: stay.
    pub then: Option<&'static str>,
    /// What to say when it is done.
    pub said: Option<&'static str>,
    /// What to say instead when there was nothing to make: the server answers 200 and not 201.
    pub nothing_new: Option<&'static str>,
}

impl Call {
    /// A call with a body; the page stays.
    pub fn new(path: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { path: path.into(), body, then: None, said: None, nothing_new: None }
    }

    /// A call that its path says all about.
    pub fn bare(path: impl Into<String>) -> Self {
        Self { path: path.into(), body: "{}".into(), then: None, said: None, nothing_new: None }
    }
}
