//! Whether a provider answers with what it was just given: asked for, and told, where the change is shown.
use super::{change::Change, change_stage::Stage, told};
use crate::{
    api,
    components::{error_note::ErrorNote, legs::legs, said::Said},
    describe,
    text::t,
};
use domain::{
    Code, Failure, Operation, OperationId, OperationState, ProviderName, ProviderTest, Reason, TestProvider,
};
use leptos::{prelude::*, task::spawn_local};

/// What is known since the change.
#[derive(Clone, Debug)]
enum Seen {
    /// Asked, with what was to be done until then.
    Asked(Next),
    Answered(ProviderTest),
    /// Its type lists no models, so it cannot be asked for them.
    Unlisted(Failure),
    /// Nobody knows.
    Failed(Failure),
}

/// The test of the provider that an operation added or changed.
#[derive(Clone, Copy)]
pub struct KeyCheck(RwSignal<Option<(OperationId, Seen)>>);

/// What is to be done next about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Nothing,
    Test,
    TestAgain,
    ReplaceKey,
}

impl KeyCheck {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Asks the provider for its models, which shows whether it takes the key.
    pub fn ask(self, operation: &Operation) {
        let Some(provider) = provider(operation) else { return };
        let id = operation.id.clone();
        let next = untrack(|| self.next(operation));
        self.0.set(Some((id.clone(), Seen::Asked(next))));
        spawn_local(async move {
            let answer = api::test_provider(TestProvider { provider, model: None }).await;
            if self.0.with_untracked(|known| known.as_ref().is_some_and(|(asked, _)| *asked == id)) {
                let seen = answer.map_or_else(|error| failed(told(error)), Seen::Answered);
                self.0.set(Some((id, seen)));
            }
        });
    }

    /// Whether the answer is awaited for the operation that is shown.
    pub fn waits(self, stage: &Stage) -> bool {
        let Stage::Ended(operation) = stage else { return false };
        self.0.with(|known| matches!(known, Some((id, Seen::Asked(_))) if *id == operation.id))
    }

    /// What is to be done after an operation; while a test runs, what its answer will take the place of.
    pub fn next(self, operation: &Operation) -> Next {
        if provider(operation).is_none() {
            return Next::Nothing;
        }
        self.0.with(|known| match known {
            Some((id, seen)) if *id == operation.id => next(seen),
            _ => Next::Test,
        })
    }

    /// What the test saw, or that there was none yet.
    pub fn view(self, operation: &Operation) -> Option<AnyView> {
        provider(operation)?;
        let seen = self.0.with(|known| known.clone().filter(|(id, _)| *id == operation.id));
        Some(match seen {
            None => view! { <p class="field-hint">{t().key_untested()}</p> }.into_any(),
            Some((_, Seen::Asked(_))) => view! { <p class="waiting">{t().testing()}</p> }.into_any(),
            Some((_, Seen::Answered(test))) => legs(test),
            Some((_, Seen::Unlisted(failure))) => {
                view! { <p class="field-hint"><Said text=failure.message/></p> }.into_any()
            }
            Some((_, Seen::Failed(failure))) => view! { <ErrorNote failure/> }.into_any(),
        })
    }
}

/// No test came of it. The question names no model, which is wrong only where one is needed.
fn failed(failure: Failure) -> Seen {
    match failure.code {
        Code::InvalidRequest => Seen::Unlisted(failure),
        _ => Seen::Failed(failure),
    }
}

fn next(seen: &Seen) -> Next {
    match seen {
        Seen::Asked(next) => *next,
        Seen::Unlisted(_) => Next::Nothing,
        Seen::Failed(_) => Next::TestAgain,
        Seen::Answered(test) if test.success => Next::Nothing,
        Seen::Answered(test) => match test.legs.iter().find_map(|leg| leg.reason) {
            Some(Reason::Auth) => Next::ReplaceKey,
            _ => Next::TestAgain,
        },
    }
}

/// The provider that an operation added or changed.
pub fn provider(operation: &Operation) -> Option<ProviderName> {
    let is_about = matches!(operation.kind.as_str(), "add_provider" | "edit_provider");
    (is_about && operation.state == OperationState::Committed)
        .then(|| describe::subject(operation)?.parse().ok())
        .flatten()
}

/// Opens the form for another key in the place of what is shown.
pub fn replace_key(change: Change, name: ProviderName) {
    change.open.set(false);
    super::ask(super::Ask::Act(crate::act::Act::ReplaceKey(name).data()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::TestLeg;

    #[test]
    fn a_refused_key_is_to_be_replaced_and_anything_else_asked_again() {
        let answered = |reason: Option<Reason>| {
            let leg = TestLeg {
                name: "provider".into(),
                ok: reason.is_none(),
                latency_ms: 1,
                evidence: String::new(),
                reason,
            };
            let legs = vec![leg];
            next(&Seen::Answered(ProviderTest {
                success: reason.is_none(),
                models: None,
                latency_ms: 1,
                legs,
            }))
        };
        assert_eq!(answered(None), Next::Nothing);
        assert_eq!(answered(Some(Reason::Auth)), Next::ReplaceKey);
        assert_eq!(answered(Some(Reason::Timeout)), Next::TestAgain);
    }

    #[test]
    fn a_type_without_a_list_is_not_asked_again() {
        assert_eq!(next(&failed(Failure::field("model", "type coze lists no models"))), Next::Nothing);
        assert_eq!(next(&failed(Failure::new(Code::UpstreamTimeout, "no answer"))), Next::TestAgain);
    }

    #[test]
    fn while_one_is_asked_again_the_actions_stay() {
        for before in [Next::Test, Next::TestAgain, Next::ReplaceKey] {
            assert_eq!(next(&Seen::Asked(before)), before);
        }
    }
}
