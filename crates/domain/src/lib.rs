//! What both sides of AI Gateway Management know: types, names and their rules, and every decision that can be
//! made without input or output. No network, no clock, no async runtime; compiles to WebAssembly.

mod assignment;
mod backup;
mod bulk;
mod catalog;
mod declared;
mod doctor;
mod drift;
mod failure;
mod health;
mod install;
pub mod lasts;
mod models;
mod mutation;
mod names;
mod news;
mod operation;
mod plan;
mod provider;
mod reset;
mod restore;
mod route;
pub mod rules;
mod sealed;
mod secret;
mod time;
mod usage;
mod worker;

pub use assignment::{
    Assignment, Assignments, LimitSource, NotFromHere, Observed, Owned, Ownership, Problem, Restart,
    SetModel, TakeUp,
};
pub use backup::{
    AgentDocuments, BackedUp, Backup, BackupConsumer, BackupContent, BackupDocuments, BackupReason, Backups,
    DamagedBackup, MissedBackup,
};
pub use bulk::{Bulk, BulkPlan, Refused, SetModels};
pub use catalog::{ProviderType, TokenNeed};
pub use declared::{Declared, DeclaredAssignments, DeclaredProvider, DeclaredRoute, KeyRef};
pub use doctor::{Check, CheckGroup, CheckId, CheckState, Doctor, Repair, Setting, is_default_password};
pub use drift::{Drift, DriftItem, DriftVerdict, Drifted, Runs, Unpulled, Unseen, WayOut, WhyNot};
pub use failure::{Code, Failure, FieldError, Reason, UsedBy};
pub use health::{
    DeepHealth, HiclawIdentity, Metrics, MetricsHistory, MetricsSample, SystemHealth, SystemState,
};
pub use install::{
    Install, InstallationState, Proved, Registered, RegisteredAs, RegisteredObject, Surroundings,
};
pub use models::{Limits, ModelFamily, families_of, known_model, known_models};
pub use mutation::{Context, Door, Mutation};
pub use names::{
    BackupId, BackupName, ConsumerName, DomainName, ModelId, NameError, OperationId, ProviderName, Reach,
    RouteName, Target, WorkerName,
};
pub use news::Topic;
pub use operation::{Operation, OperationState, Settled, Step, StepName, StepState};
pub use plan::{Affected, Change, ChangeAction, DiffLine, Moved, Plan, Read, Warning, WarningCode, Way};
pub use provider::{
    EditProvider, LastTest, NewProvider, Protocol, Provider, ProviderModel, ProviderTest, Settings, TestLeg,
    TestProvider, Tokens,
};
pub use reset::{Fate, IN_CONTAINER, OWN_ENVIRONMENT, Reset, SetIn};
pub use restore::{
    BackupItem, KeyChoice, KeySource, Needs, NewName, Opened, Originals, PlannedKeys, Restore,
};
pub use route::{
    AiRoute, LostRoute, ManagedBy, MatchType, ModelPredicate, RouteUpstream, Simulate, Simulation,
};
pub use sealed::{
    NotResealed, Resealed, SealKeys, SealedBackup, SealedOriginal, VerifiedBackup, Visible, VisibleAgent,
    VisibleProvider,
};
pub use secret::{Passphrase, TypedKey};
pub use time::Timestamp;
pub use usage::{ModelUsage, Usage, Used};
pub use worker::{AwaitsRestart, ContainerAct, ContainerSeen, PULLED_WITHIN, TeamRole, Worker, WorkerStatus};
