//! Who calls, through which door, and what the call says beside its body.
use super::{BulkOutcome, Outcome, Providers, Routes, ServerFacts, Success, Switched};
use crate::error::ApiError;
use domain::{
    Code, Context, Door, Failure, Mutation, Operation, OperationId, Plan, RouteName, SetModel, SetModels,
    Target,
};
use http::request::Parts;
use leptos::prelude::use_context;
use operations::{Operations, Running};
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
    /// What the server knows of itself.
    pub server: Arc<ServerFacts>,
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
    /// Whether the answer may come before the end.
    at_once: bool,
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
            bulk: None,
        };
        Ok(Self { operations, context, dry_run: dry_run(parts.uri.query())?, at_once: at_once(parts) })
    }

    /// Plans the mutation when only that is asked for; else does it, waits for its end and maps what was observed.
    pub async fn run<T>(
        self,
        mutation: Mutation,
        done: impl FnOnce(&Operation) -> T,
    ) -> Result<Outcome<T>, ApiError> {
        if self.dry_run {
            return Ok(Outcome::Planned(Box::new(Success::new(self.plan(mutation).await?))));
        }
        let running = self.operations.submit(mutation, self.context).await?;
        let operation = running.finished().await?;
        let warnings = operation.plan.iter().flat_map(|plan| &plan.warnings).cloned().collect();
        Ok(Outcome::Done(Success { warnings, ..Success::new(done(&operation)) }))
    }

    /// Plans the mutation and keeps the plan, so that it can be applied by its id.
    pub async fn plan(self, mutation: Mutation) -> Result<Plan, ApiError> {
        Ok(Box::pin(self.operations.plan_to_apply(mutation)).await?)
    }

    /// Does what a kept plan says.
    pub async fn apply(self, plan: &OperationId) -> Result<Answered, ApiError> {
        self.not_rehearsed("a plan is a rehearsal already")?;
        let running = self.operations.apply(plan, self.context).await?;
        answered(running, self.at_once).await
    }

    /// Puts back what an operation replaced, or plans to when only that is asked for.
    pub async fn undo(self, operation: OperationId) -> Result<Outcome<Answered>, ApiError> {
        if self.dry_run {
            let plan = self.plan(Mutation::Undo { operation }).await?;
            return Ok(Outcome::Planned(Box::new(Success::new(plan))));
        }
        let running = self.operations.undo(operation, self.context).await?;
        Ok(Outcome::Done(Success::new(answered(running, self.at_once).await?)))
    }

    /// Asks an operation that runs to stop and to go back.
    pub async fn cancel(self, id: &OperationId) -> Result<Operation, ApiError> {
        self.not_rehearsed("stopping an operation has no plan")?;
        self.operations.cancel(id)?;
        self.operation(id).await
    }

    /// Takes over an operation that cannot be undone.
    pub async fn release(self, id: &OperationId) -> Result<Operation, ApiError> {
        self.not_rehearsed("taking over an operation has no plan")?;
        self.operations.release(id)?;
        self.operation(id).await
    }

    /// One operation as it is now.
    pub async fn operation(&self, id: &OperationId) -> Result<Operation, ApiError> {
        let watch = self.operations.operation(id).await?;
        let operation = Operation::clone(&watch.borrow());
        Ok(operation)
    }

    /// The newest operations, newest first: those for a target, and no more than the limit.
    pub fn newest(&self, limit: Option<usize>, target: Option<&Target>) -> Vec<Operation> {
        let wanted = target.map(Target::to_string);
        let is_for =
            |operation: &Operation| wanted.as_ref().is_none_or(|name| operation.targets.contains(name));
        let all = self.operations.operations();
        let all = all.iter().filter(|operation| is_for(operation)).take(limit.unwrap_or(usize::MAX));
        all.map(|operation| Operation::clone(operation)).collect()
    }

    /// Lets many agents run a model, and waits until each ended.
    pub async fn switch_all(self, wish: SetModels) -> Result<BulkOutcome, ApiError> {
        if self.dry_run {
            return Ok(BulkOutcome::Planned(self.operations.plan_models(&wish).await?));
        }
        let bulk = self.operations.set_models(wish, self.context)?.finished().await?;
        Ok(BulkOutcome::Done((*bulk).clone()))
    }

    /// # Errors
    /// When only a plan is asked for, and there is none; `why`.
    pub fn not_rehearsed(&self, why: &str) -> Result<(), Failure> {
        if self.dry_run { Err(Failure::field("dry_run", why)) } else { Ok(()) }
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

/// How a change was answered: ended well, or begun only since the caller did not want to wait.
pub enum Answered {
    Ended(Operation),
    Begun(Operation),
}

async fn answered(running: Running, at_once: bool) -> Result<Answered, ApiError> {
    if at_once {
        let now = running.watch().borrow().clone();
        return Ok(Answered::Begun(Operation::clone(&now)));
    }
    Ok(Answered::Ended(Operation::clone(&*running.finished().await?)))
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

/// `Prefer: respond-async` (RFC 7240).
fn at_once(parts: &Parts) -> bool {
    let preferences = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("respond-async"))
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
