//! Who may do what.
use axum::response::Response;
use http::StatusCode;

use super::{Call, Kind, Request, bearer, error, membership};
use crate::controller::{Account, Core, member::Role};

/// Who calls, as the authorizer sees it.
pub(super) enum Caller {
    /// The admin and the Managers.
    Owner,
    Leader {
        name: String,
        team: String,
    },
    Worker(String),
    /// Nobody has to be known here.
    Anybody,
}

/// Looks at the token, and then at what its owner may do.
pub(super) fn check(core: &Core, request: &Request, call: Call) -> Result<Caller, Box<Response>> {
    if call == Call::Health {
        return Ok(Caller::Anybody);
    }
    let owner = bearer(&request.headers).and_then(|token| core.accounts.owner(token));
    let Some(owner) = owner else {
        return Err(Box::new(error(StatusCode::UNAUTHORIZED, "invalid or missing bearer token")));
    };
    let caller = match owner {
        Account::Admin | Account::Manager => Caller::Owner,
        Account::Worker(name) => match membership(core, &name) {
            Some((team, Role::Leader)) => Caller::Leader { name, team },
            _ => Caller::Worker(name),
        },
    };
    match denied(&caller, call, request.name()) {
        None => Ok(caller),
        Some(reason) => {
            Err(Box::new(error(StatusCode::FORBIDDEN, &format!("authorization denied: {reason}"))))
        }
    }
}

/// Why a caller may not do this; none: it may.
fn denied(caller: &Caller, call: Call, target: &str) -> Option<String> {
    let (action, kind) = permission(call)?;
    let deny = |role: &str, name: &str| Some(format!("{role} \"{name}\" cannot {action} {kind}"));
    match caller {
        Caller::Owner | Caller::Anybody => None,
        Caller::Leader { name, .. } => match (kind, action) {
            ("status" | "credentials", _) | ("team" | "project", "get" | "list") => None,
            ("worker", "delete") => deny("team-leader", name),
            ("worker", _) => None,
            _ => deny("team-leader", name),
        },
        Caller::Worker(name) => match (kind, action) {
            ("status" | "credentials", _) => None,
            ("worker", "get" | "ready" | "status") if target == name => None,
            ("worker", "get" | "ready" | "status") => {
                Some(format!("worker \"{name}\" cannot access resource \"{target}\""))
            }
            _ => deny("worker", name),
        },
    }
}

/// What a call is to the authorizer: an action on a kind; none: who is known may.
fn permission(call: Call) -> Option<(&'static str, &'static str)> {
    Some(match call {
        Call::Health | Call::Version => return None,
        Call::Cluster => ("get", "status"),
        Call::List(kind) => ("list", kind.as_str()),
        Call::Create(kind) => ("create", kind.as_str()),
        Call::Get(kind) => ("get", kind.as_str()),
        Call::Update(kind) => ("update", kind.as_str()),
        Call::Delete(kind) => ("delete", kind.as_str()),
        Call::Wake => ("wake", Kind::Worker.as_str()),
        Call::Sleep => ("sleep", Kind::Worker.as_str()),
        Call::EnsureReady => ("ensure-ready", Kind::Worker.as_str()),
        Call::Ready => ("ready", Kind::Worker.as_str()),
        Call::WorkerStatus => ("status", Kind::Worker.as_str()),
        Call::Checkpoints => ("get", Kind::Worker.as_str()),
        Call::Workflow => ("get", Kind::Project.as_str()),
        Call::Packages => ("create", Kind::Worker.as_str()),
        Call::Sts => ("sts", "credentials"),
        Call::MatrixToken => ("refresh-matrix-token", "credentials"),
        Call::CreateConsumer => ("create", "gateway"),
        Call::BindConsumer => ("update", "gateway"),
        Call::DeleteConsumer => ("delete", "gateway"),
        Call::Docker => ("gateway", "gateway"),
    })
}
