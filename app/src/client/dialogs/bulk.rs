//! One model for several agents: chosen once, planned and done agent by agent.
use super::{
    model_form::{ModelForm, typed},
    toast::{Offer, Toaster},
    told,
    turn::Turns,
};
use crate::{api, client::page, text::t};
use domain::{BulkPlan, Failure, Operation, OperationState, SetModels, Target};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How often to look how far the operations are.
const LOOK_AGAIN: Duration = Duration::from_millis(800);
/// The server keeps no more.
const MOST_OPERATIONS: usize = 200;

/// How far the request is.
#[derive(Clone, Debug, Default)]
pub enum Stage {
    #[default]
    Choosing,
    Planning,
    /// What was planned, and the plan.
    Planned(SetModels, BulkPlan),
    /// The operations that were begun.
    Running(Vec<Operation>),
    Ended(domain::Bulk),
}

/// The dialog in which several agents are given one model.
#[derive(Clone, Copy)]
pub struct Bulk {
    pub open: RwSignal<bool>,
    /// Whom it is for; the first is the canary.
    pub targets: RwSignal<Vec<Target>>,
    pub form: ModelForm,
    /// `yes`: the first agent alone, before all others.
    pub canary: RwSignal<String>,
    /// After how many failures no more are begun, as typed.
    pub stop_after: RwSignal<String>,
    pub stage: RwSignal<Stage>,
    /// Why it could not be planned or begun.
    pub failure: RwSignal<Option<Failure>>,
    turns: Turns,
    toaster: Toaster,
}

impl Bulk {
    pub fn new(toaster: Toaster) -> Self {
        Self {
            open: RwSignal::new(false),
            targets: RwSignal::new(Vec::new()),
            form: ModelForm::new(),
            canary: RwSignal::new(String::new()),
            stop_after: RwSignal::new(String::new()),
            stage: RwSignal::new(Stage::Choosing),
            failure: RwSignal::new(None),
            turns: Turns::new(),
            toaster,
        }
    }

    /// Opens for these agents; while a request runs, that one is shown instead.
    pub fn open(self, targets: Vec<Target>) {
        if !self.runs() {
            self.turns.next();
            self.form.clear();
            self.canary.set("yes".into());
            self.stop_after.set("1".into());
            self.failure.set(None);
            self.targets.set(targets);
            self.stage.set(Stage::Choosing);
        }
        self.open.set(true);
    }

    fn runs(self) -> bool {
        self.stage.with_untracked(|stage| matches!(stage, Stage::Running(_)))
    }

    /// Whether somebody typed or chose what would be lost with the dialog.
    pub fn is_unsent(self) -> bool {
        let begun = self.stage.with(|stage| matches!(stage, Stage::Running(_) | Stage::Ended(_)));
        !begun && self.form.touched.get()
    }

    /// Goes back to the form, which still holds what was typed.
    pub fn back(self) {
        self.turns.next();
        self.failure.set(None);
        self.stage.set(Stage::Choosing);
    }

    /// Plans the wish for every agent.
    pub fn plan(self) {
        self.failure.set(None);
        let wish = match self.wish() {
            Ok(wish) => wish,
            Err(failure) => return self.failure.set(Some(failure)),
        };
        self.stage.set(Stage::Planning);
        let turn = self.turns.next();
        spawn_local(async move {
            let answer = api::plan_models(&wish).await;
            if !self.turns.is(turn) {
                return;
            }
            match answer {
                Ok(plan) => {
                    self.stage.set(Stage::Planned(wish, plan));
                    page::look_again();
                }
                Err(error) => {
                    self.failure.set(Some(told(error)));
                    self.stage.set(Stage::Choosing);
                }
            }
        });
    }

    /// Plans it again for those that it failed for, or that were not begun.
    pub fn retry(self) {
        let failed = self.stage.with_untracked(|stage| match stage {
            Stage::Ended(bulk) => open_targets(bulk),
            _ => Vec::new(),
        });
        self.targets.update(|targets| targets.retain(|target| failed.contains(&target.to_string())));
        self.plan();
    }

    /// Does what was planned, for those that it could be planned for.
    pub fn apply(self) {
        let Stage::Planned(mut wish, plan) = self.stage.get_untracked() else { return };
        let plannable: Vec<_> = plan.plans.into_iter().flat_map(|plan| plan.targets).collect();
        wish.targets.retain(|target| plannable.contains(&target.to_string()));
        self.targets.set(wish.targets.clone());
        self.failure.set(None);
        self.stage.set(Stage::Running(Vec::new()));
        spawn_local(async move {
            // Ids grow with time: what is newer than the newest is of this request.
            let newest = api::operations(1).await.ok().and_then(|newest| newest.into_iter().next());
            let since = newest.map(|operation| operation.id.to_string()).unwrap_or_default();
            self.look(since);
            match api::switch_models(&wish).await {
                Ok(bulk) => self.ended(bulk),
                Err(error) => {
                    let failure = told(error);
                    if !self.open.get_untracked() {
                        self.toaster.failed(failure.clone());
                    }
                    self.failure.set(Some(failure));
                    self.stage.set(Stage::Choosing);
                }
            }
            page::renew().await;
        });
    }

    fn wish(self) -> Result<SetModels, Failure> {
        let wish = self.form.wish()?;
        Ok(SetModels {
            targets: self.targets.get_untracked(),
            provider: wish.provider,
            model: wish.model,
            context_window: wish.context_window,
            max_tokens: wish.max_tokens,
            reasoning: wish.reasoning,
            restart: wish.restart,
            lasting: wish.lasting,
            stop_after_failures: typed("stopAfterFailures", &self.stop_after.get_untracked())?,
            canary: self.canary.with_untracked(|canary| canary == "yes"),
            concurrency: None,
        })
    }

    /// Shows how far each agent is, until the request has ended. An agent takes part in one operation at a time, so a
    /// newer one that is part of a request for many is of this request.
    fn look(self, since: String) {
        if !self.runs() {
            return;
        }
        spawn_local(async move {
            let targets: Vec<_> =
                self.targets.with_untracked(|all| all.iter().map(Target::to_string).collect());
            if let Ok(newest) = api::operations(MOST_OPERATIONS.min(targets.len() + 20)).await {
                let is_ours = |operation: &Operation| {
                    operation.bulk.is_some()
                        && operation.id.as_str() > since.as_str()
                        && operation.targets.iter().any(|target| targets.contains(target))
                };
                let ours = newest.into_iter().filter(is_ours).collect();
                self.stage.update(|stage| {
                    if let Stage::Running(seen) = stage {
                        *seen = ours;
                    }
                });
            }
            set_timeout(move || self.look(since), LOOK_AGAIN);
        });
    }

    fn ended(self, bulk: domain::Bulk) {
        if !self.open.get_untracked() {
            let all = self.targets.with_untracked(Vec::len);
            let text = t().bulk_ended(committed(&bulk), all);
            let details = Callback::new(move |()| self.open.set(true));
            self.toaster.ended(text, !bulk.success, vec![Offer { text: t().details(), act: details }]);
        }
        self.stage.set(Stage::Ended(bulk));
    }
}

/// How many agents run the model now.
pub fn committed(bulk: &domain::Bulk) -> usize {
    bulk.results.iter().filter(|operation| operation.state == OperationState::Committed).count()
}

/// The agents for which nothing was done. What needs an operator is not among them: it cannot be begun again before
/// somebody has looked.
pub fn open_targets(bulk: &domain::Bulk) -> Vec<String> {
    let failed = bulk.results.iter().filter(|operation| operation.state == OperationState::RolledBack);
    let failed = failed.flat_map(|operation| operation.targets.clone());
    let refused = bulk.refused.iter().map(|refused| refused.target.clone());
    failed.chain(refused).chain(bulk.not_begun.iter().cloned()).collect()
}
