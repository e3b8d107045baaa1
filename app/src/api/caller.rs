//! Who calls, through which door, and what the call says beside its body.
use super::{Outcome, Providers, Routes, Success, Switched};
use crate::error::ApiError;
use domain::{Code, Context, Door, Failure, Mutation, Operation, RouteName, SetModel, Target};
use http::request::Parts;
use leptos::prelude::use_context;
use operations::Operations;
use std::sync::Arc;

/// Somebody whose credentials were verified. The server's gate puts it into the request; nothing else does.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: Arc<str>,
}

/// What every page and server function finds in its context.
#[derive(Clone)]
pub struct Installation {
    pub operations: Operations,
    /// Whether this is the demo.
    pub sandbox: bool,
}

impl Installation {
    /// The one of this request. There is none while the route table is made.
    pub fn take() -> Result<Self, ApiError> {
        use_context().ok_or_else(|| Failure::new(Code::Internal, "no installation in this context").into())
    }
}

/// A verified caller and the operations it may call.
pub struct Caller {
    pub operations: Operations,
    context: Context,
    dry_run: bool,
}

impl Caller {
    /// The caller of the running server function or page.
    pub fn take() -> Result<Self, ApiError> {
        let parts = use_context::<Parts>().ok_or_else(unknown)?;
        Self::of(&parts, Installation::take()?.operations)
    }

    /// The caller of a request: `Idempotency-Key` from its headers, `dry_run` from its query.
    pub fn of(parts: &Parts, operations: Operations) -> Result<Self, ApiError> {
        let identity = parts.extensions.get::<Identity>().ok_or_else(unknown)?;
        let context = Context {
            actor: identity.user.to_string(),
            door: door(parts),
            idempotency_key: idempotency_key(parts)?,
        };
        Ok(Self { operations, context, dry_run: dry_run(parts.uri.query())? })
    }

    /// Plans the mutation when only that is asked for; else does it, waits for its end and maps what was observed.
    pub async fn run<T>(
        self,
        mutation: Mutation,
        done: impl FnOnce(&Operation) -> T,
    ) -> Result<Outcome<T>, ApiError> {
        if self.dry_run {
            return Ok(Outcome::Planned(Box::new(Success::new(self.operations.plan(&mutation).await?))));
        }
        let running = self.operations.submit(mutation, self.context).await?;
        let operation = running.finished().await?;
        let warnings = operation.plan.iter().flat_map(|plan| &plan.warnings).cloned().collect();
        Ok(Outcome::Done(Success { warnings, ..Success::new(done(&operation)) }))
    }

    /// Lets an agent run a model.
    pub async fn switch(self, target: Target, wish: SetModel) -> Result<Outcome<Switched>, ApiError> {
        let (name, provider, model) = (target.to_string(), wish.provider.clone(), wish.model.clone());
        self.run(Mutation::SetModel { target, wish }, |operation| Switched {
            target: name,
            provider,
            model,
            route_updated: changed_route(operation).is_some(),
            operation: operation.id.clone(),
            steps: operation.steps.clone(),
        })
        .await
    }

    /// The providers with the time of the observation.
    pub async fn providers(&self) -> Result<Providers, ApiError> {
        let seen = self.operations.providers().await?;
        Ok(Providers { success: true, providers: seen.value.clone(), observed_at: seen.observed_at.clone() })
    }

    /// The routes with the time of the observation.
    pub async fn routes(&self) -> Result<Routes, ApiError> {
        let seen = self.operations.routes().await?;
        Ok(Routes { success: true, routes: seen.value.clone(), observed_at: seen.observed_at.clone() })
    }

    /// Begins the mutation and does not wait for it.
    pub async fn begin(self, mutation: Mutation) -> Result<Operation, ApiError> {
        if self.dry_run {
            return Err(Failure::field("dry_run", "to see the plan only, use POST /ni_status/plans").into());
        }
        let running = self.operations.submit(mutation, self.context).await?;
        let operation = running.watch().borrow().clone();
        Ok(Operation::clone(&operation))
    }
}

/// The AI route that an operation wrote, if it wrote one.
pub fn changed_route(operation: &Operation) -> Option<RouteName> {
    let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
    changes.filter_map(|change| change.object.strip_prefix("route:")?.parse().ok()).next()
}

fn unknown() -> Failure {
    Failure::new(Code::AuthRequired, "sign in first")
}

fn door(parts: &Parts) -> Door {
    let agent = parts.headers.get(http::header::USER_AGENT).map(http::HeaderValue::as_bytes);
    match agent {
        _ if parts.headers.contains_key("x-agm-ui") => Door::Ui,
        Some(agent) if agent.starts_with(b"agm/") => Door::Cli,
        _ => Door::Rest,
    }
}

fn idempotency_key(parts: &Parts) -> Result<Option<String>, Failure> {
    let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Failure::field("Idempotency-Key", "use 1 to 200 visible ASCII characters")),
    }
}

/// A misspelt value must not turn a rehearsal into the real thing.
fn dry_run(query: Option<&str>) -> Result<bool, Failure> {
    let mut wanted = false;
    for pair in query.unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        wanted = match (name, value) {
            ("dry_run", "true") => true,
            ("dry_run", "false") => false,
            ("dry_run", _) => return Err(Failure::field("dry_run", "use true or false")),
            _ => wanted,
        };
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_true_is_a_rehearsal_and_anything_odd_is_refused() {
        for (query, wanted) in [
            (None, Some(false)),
            (Some(""), Some(false)),
            (Some("dry_run=true"), Some(true)),
            (Some("a=1&dry_run=true"), Some(true)),
            (Some("dry_run=false"), Some(false)),
            (Some("dry_run"), None),
            (Some("dry_run=1"), None),
            (Some("dry_run=True"), None),
        ] {
            assert_eq!(dry_run(query).ok(), wanted, "{query:?}");
        }
    }
}
