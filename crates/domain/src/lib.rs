//! What both sides of AI Gateway Management know: types, names and their rules, and every decision that can be
//! made without input or output. No network, no clock, no async runtime; compiles to WebAssembly.

mod assignment;
mod bulk;
mod catalog;
mod declared;
mod failure;
mod health;
mod models;
mod mutation;
mod names;
mod operation;
mod plan;
mod provider;
mod route;
pub mod rules;
mod secret;
mod time;
mod worker;

pub use assignment::{Assignment, Assignments, LimitSource, Observed, Problem, SetModel};
pub use bulk::{Bulk, BulkPlan, Refused, SetModels};
pub use catalog::{ProviderType, TokenNeed};
pub use declared::{Declared, DeclaredAssignments, DeclaredProvider, DeclaredRoute, KeyRef};
pub use failure::{Code, Failure, FieldError, Reason, UsedBy};
pub use health::{DeepHealth, Metrics, SystemHealth, SystemState};
pub use models::{Limits, ModelFamily, families_of, known_model, known_models};
pub use mutation::{Context, Door, Mutation};
pub use names::{ConsumerName, ModelId, NameError, OperationId, ProviderName, RouteName, Target, WorkerName};
pub use operation::{Operation, OperationState, Settled, Step, StepName, StepState};
pub use plan::{Affected, Change, ChangeAction, DiffLine, Moved, Plan, Read, Warning};
pub use provider::{
    EditProvider, NewProvider, Protocol, Provider, ProviderModel, ProviderTest, Settings, TestLeg,
    TestProvider, Tokens,
};
pub use route::{
    AiRoute, LostRoute, ManagedBy, MatchType, ModelPredicate, RouteUpstream, Simulate, Simulation,
};
pub use secret::TypedKey;
pub use time::Timestamp;
pub use worker::{Worker, WorkerStatus};
