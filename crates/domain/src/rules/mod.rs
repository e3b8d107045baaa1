//! The decisions: which routes a wish needs, which route wins, what changed, how a saga goes on. Pure functions over
//! what was read; the crates with input and output only move bytes.
mod access;
mod declared;
mod diff;
mod drift;
mod edit;
mod limits;
mod neighbours;
mod order;
mod own_route;
mod plan;
mod saga;
mod view;

pub use declared::{DeclareError, check_declared_routes, declare_route, declared_route, leads_nowhere};
pub use diff::{diff, redacted};
pub use drift::{Changed, Fingerprints, Now, Then, changed_since, drifts, of_agent, recorded};
pub use edit::{EditError, RouteEdit, apply_edit};
pub use limits::{KnownLimits, limits_for};
pub use neighbours::{Neighbour, moves, neighbours};
pub use order::{ai_routes, first_to_take, mapped_model, ordered, simulate, winner};
pub use plan::{RouteError, RoutePlan, Wanted, affected, plan_routes};
pub use saga::{Certainty, Effect, Event, Outcome, Phase, Saga, next};
pub use view::{AgentView, PathRule, ProviderView, RouteView, RoutingView, Unreadable, ValueRule};
