//! Everything that can be changed, as data. Page, REST and CLI hand the same value to the same engine.
use crate::{
    ConsumerName, ContainerAct, Declared, EditProvider, Install, NewProvider, OperationId, ProviderName,
    Restore, RouteName, SetModel, Target,
};
use serde::{Deserialize, Serialize};

/// A wish to change something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Mutation {
    /// Let an agent run a model.
    SetModel {
        target: Target,
        #[serde(flatten)]
        wish: SetModel,
    },
    /// Let our note of an agent say what it really runs. Nothing else is written.
    AcceptModel {
        target: Target,
    },
    /// Put an agent's container to sleep.
    Sleep {
        target: Target,
    },
    /// Wake it.
    Wake {
        target: Target,
    },
    /// Stop and start it again.
    Restart {
        target: Target,
    },
    AddProvider(NewProvider),
    EditProvider {
        name: ProviderName,
        #[serde(flatten)]
        edit: EditProvider,
    },
    RemoveProvider {
        name: ProviderName,
    },
    /// Let agents into the routes that lack them; narrowed to a route, a consumer or both.
    RepairRoutes {
        #[serde(default)]
        route: Option<RouteName>,
        #[serde(default)]
        consumer: Option<ConsumerName>,
    },
    /// Put back what an operation replaced, where that is still what is there.
    Undo {
        operation: OperationId,
    },
    /// Make the installation what a file says, in one transaction.
    Apply(Declared),
    /// Go back to a backup.
    Restore(Restore),
    /// Be reached through the gateway.
    Install(Install),
    /// Be reached through the gateway no more, and leave it as it was before.
    Uninstall,
}

impl Mutation {
    /// The kind as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SetModel { .. } => "set_model",
            Self::AcceptModel { .. } => "accept_model",
            Self::Sleep { .. } => ContainerAct::Sleep.as_str(),
            Self::Wake { .. } => ContainerAct::Wake.as_str(),
            Self::Restart { .. } => ContainerAct::Restart.as_str(),
            Self::AddProvider(_) => "add_provider",
            Self::EditProvider { .. } => "edit_provider",
            Self::RemoveProvider { .. } => "remove_provider",
            Self::RepairRoutes { .. } => "repair_routes",
            Self::Undo { .. } => "undo",
            Self::Apply(_) => "apply",
            Self::Restore(_) => "restore",
            Self::Install(_) => "install",
            Self::Uninstall => "uninstall",
        }
    }

    /// Something to do with an agent's container.
    pub fn of_container(act: ContainerAct, target: Target) -> Self {
        match act {
            ContainerAct::Sleep => Self::Sleep { target },
            ContainerAct::Wake => Self::Wake { target },
            ContainerAct::Restart => Self::Restart { target },
        }
    }

    /// What it does with whose container. None: it changes something else.
    pub fn container_act(&self) -> Option<(&Target, ContainerAct)> {
        match self {
            Self::Sleep { target } => Some((target, ContainerAct::Sleep)),
            Self::Wake { target } => Some((target, ContainerAct::Wake)),
            Self::Restart { target } => Some((target, ContainerAct::Restart)),
            _ => None,
        }
    }

    /// The file that the installation shall be like; of a restore, once the server has opened its backup.
    pub fn declared(&self) -> Option<&Declared> {
        match self {
            Self::Apply(file) => Some(file),
            Self::Restore(restore) => restore.opened.as_deref().map(|opened| &opened.file),
            Self::SetModel { .. }
            | Self::AcceptModel { .. }
            | Self::Sleep { .. }
            | Self::Wake { .. }
            | Self::Restart { .. }
            | Self::AddProvider(_)
            | Self::EditProvider { .. }
            | Self::RemoveProvider { .. }
            | Self::RepairRoutes { .. }
            | Self::Undo { .. }
            | Self::Install(_)
            | Self::Uninstall => None,
        }
    }
}

/// Which door a wish came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Ui,
    Rest,
    Cli,
}

impl Door {
    /// The word in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ui => "ui",
            Self::Rest => "rest",
            Self::Cli => "cli",
        }
    }
}

/// Who wishes a mutation, and how.
#[derive(Clone, Debug)]
pub struct Context {
    pub actor: String,
    pub door: Door,
    /// The same key returns the same operation.
    pub idempotency_key: Option<String>,
    /// The request for many targets that this is a part of.
    pub bulk: Option<OperationId>,
}
