//! Providers: whether they have what they need, and what they said last.
use super::report::{Many, failed, ok, unknown, warning};
use crate::reads::ConsoleState;
use domain::{
    Check, CheckId, CheckState, Failure, LastTest, Operation, OperationState, Provider, ProviderType, Reason,
    Repair, TokenNeed,
};
use higress::ProviderDoc;
use std::sync::Arc;

/// What only a look at the providers shows.
const OF_PROVIDERS: [CheckId; 4] =
    [CheckId::ProviderKey, CheckId::ProviderReachable, CheckId::ProviderKeyAccepted, CheckId::ProviderLasts];

/// What is said of these checks when the providers could not be read.
pub fn unread(why: &Failure) -> Vec<Check> {
    let unread = |id| unknown(id, "providers", format!("they could not be read: {why}"));
    OF_PROVIDERS.into_iter().map(unread).collect()
}

/// The checks of all providers, as the console has them and as people see them. `log`: the newest operations, newest
/// first.
pub fn checks(console: &ConsoleState, providers: &[Provider], log: &[Arc<Operation>]) -> Vec<Check> {
    let mut checks = keys(providers);
    checks.extend(console.providers.iter().zip(providers).flat_map(|(doc, provider)| answers(doc, provider)));
    checks.extend(lasts(providers, log));
    checks
}

fn keys(providers: &[Provider]) -> Vec<Check> {
    let id = CheckId::ProviderKey;
    let mut many = Many::of(id);
    for provider in providers {
        let kind = provider.kind.parse::<ProviderType>().ok();
        let needs_one = kind.is_some_and(|kind| kind.token_need() == TokenNeed::Required);
        if !needs_one || provider.tokens.count > 0 {
            many.well(&provider.name);
            continue;
        }
        let evidence = format!(
            "has no key, and type {} needs one: the gateway may take no change of any provider",
            provider.kind
        );
        many.found(
            failed(id, provider.name.as_str(), evidence)
                .fix(format!(
                    "Give it a key, or remove it: agm provider edit {} --key-file FILE",
                    provider.name
                ))
                .repair(edit(provider)),
        );
    }
    many.told("providers", "have the keys that their types need")
}

fn edit(provider: &Provider) -> Repair {
    Repair::EditProvider { provider: provider.name.clone() }
}

/// Whether it could be reached, and whether it took its key, when it was tested last.
fn answers(doc: &ProviderDoc, provider: &Provider) -> [Check; 2] {
    let both = [CheckId::ProviderReachable, CheckId::ProviderKeyAccepted];
    let about = provider.name.as_str();
    if doc.model_list().is_none() {
        let why = format!("type {} lists no models: only a question to a model shows it", provider.kind);
        return both.map(|id| unknown(id, about, why.clone()));
    }
    let leg = |last: &LastTest| last.test.legs.iter().find(|leg| leg.name == "provider").cloned();
    let Some((last, leg)) = provider.last_test.as_ref().and_then(|last| Some((last, leg(last)?))) else {
        let why = "it was not tested since agm started or since it was changed";
        return both.map(|id| unknown(id, about, why).fix(format!("agm provider test {about}")));
    };
    let evidence = format!("{} at {}", leg.evidence, last.at);
    let Some(reason) = leg.reason else { return both.map(|id| ok(id, about, evidence.clone())) };
    let [reachable, key] = both;
    let advice = crate::failure::advice(reason, &provider.name);
    // What nobody uses hinders nobody.
    let bad = if provider.used_by.agents.is_empty() { CheckState::Warning } else { CheckState::Failed };
    let found = |id, state| Check::new(id, state, about, evidence.clone()).fix(advice.clone());
    let unseen = unknown(key, about, "it gave no answer that would show it");
    match reason {
        Reason::Auth => [ok(reachable, about, evidence.clone()), found(key, bad).repair(edit(provider))],
        Reason::Timeout | Reason::DnsTls | Reason::Format => {
            [found(reachable, bad).repair(edit(provider)), unseen]
        }
        Reason::Billing => [found(reachable, bad), unseen],
        _ => [found(reachable, CheckState::Warning), unseen],
    }
}

/// What HiClaw owns it resets at its restart, with what we changed on it.
fn lasts(providers: &[Provider], log: &[Arc<Operation>]) -> Vec<Check> {
    let id = CheckId::ProviderLasts;
    let mut many = Many::of(id);
    for provider in providers.iter().filter(|provider| provider.managed_by == "hiclaw") {
        let object = format!("provider:{}", provider.name);
        let changed = |operation: &&Arc<Operation>| {
            let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
            operation.state == OperationState::Committed
                && changes.into_iter().any(|change| change.object == object)
        };
        match log.iter().find(changed).filter(|operation| operation.undoes.is_none()) {
            None => many.well(&provider.name),
            Some(operation) => {
                let evidence = format!(
                    "is HiClaw's own; operation {} changed it at {}, and HiClaw resets it when it restarts",
                    operation.id, operation.started_at
                );
                many.found(warning(id, provider.name.as_str(), evidence).fix(
                    "Change HiClaw's own settings too (HICLAW_LLM_API_KEY and the like), or add a provider of your own beside it.",
                ));
            }
        }
    }
    many.told("providers", "are HiClaw's own, and were not changed with agm")
}
