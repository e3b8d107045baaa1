//! What somebody else decided stands, unless a plan said that it would go; and who was told otherwise is told so.
use super::{Final, last::is_excused};
use crate::{
    book::Invariant,
    theirs::{Fate, Wish},
    world::{World, decide_for},
};
use domain::{Change, Operation, OperationState};

impl Final<'_> {
    /// The models that somebody else gave agents.
    pub(super) async fn wishes(&self) {
        for wish in self.world.theirs.wishes() {
            let asked_since = self.world.book.asked() > wish.at;
            let what = match wish.fate {
                Fate::Stands if !stands(self.world, &wish).await => "is gone by no write of ours",
                Fate::Stands => {
                    self.told_of(&wish);
                    continue;
                }
                Fate::Overwritten if !self.planned_over(&wish) => "was seen and overwritten",
                Fate::Overwritten | Fate::Missed if wish.insists && !asked_since => {
                    "was overwritten once more"
                }
                Fate::Overwritten | Fate::Missed => continue,
            };
            let what = format!("{} of somebody else for {} {what}", wish.model, wish.object);
            self.broken(Invariant::OthersKept, what);
        }
    }

    /// Whether a plan showed what somebody else wished as what was there before.
    fn planned_over(&self, wish: &Wish) -> bool {
        let is_before =
            |change: &Change| change.diff.iter().any(|line| line.before == Some(wish.model.clone().into()));
        self.changes_of(&wish.object).any(|(_, change)| is_before(change))
    }

    /// What was committed and is not so any more, because of a wish that we saw, is told.
    fn told_of(&self, wish: &Wish) {
        let seen = self.world.book.last_look(&wish.object).is_some_and(|look| look.served > wish.at);
        let committed =
            self.changes_of(&wish.object).filter(|(one, _)| one.state == OperationState::Committed);
        let Some((newest, change)) = committed.max_by(|(a, _), (b, _)| a.id.cmp(&b.id)) else { return };
        let ours = change.diff.iter().any(|line| line.after == Some(wish.model.clone().into()));
        if ours || !seen {
            return;
        }
        let lasts = newest.settled.as_ref().is_some_and(|settled| settled.evidence.contains("it lasts"));
        let told = self.changes_of(&wish.object).any(|(one, change)| is_excused(one, &change.object));
        if lasts || !told {
            let what = format!("{} runs {} of somebody else, which nobody is told", wish.object, wish.model);
            self.broken(Invariant::ReportedAsObserved, what);
        }
    }

    fn changes_of<'a>(&'a self, object: &'a str) -> impl Iterator<Item = (&'a Operation, &'a Change)> {
        let all = self.operations.iter().flat_map(|one| {
            let changes = one.plan.iter().flat_map(|plan| &plan.changes);
            changes.map(move |change| (&**one, change))
        });
        all.filter(move |(_, change)| change.object.split('#').next() == Some(object))
    }

    /// Nothing is half: who runs the model that a change gave it is let in where that is served.
    pub(super) fn served(&self) {
        let committed = self.operations.iter().filter(|one| one.state == OperationState::Committed);
        let given: Vec<&str> = committed
            .flat_map(|one| one.plan.iter().flat_map(|plan| &plan.changes))
            .filter(|change| change.object.starts_with("controller:"))
            .flat_map(|change| change.diff.iter().filter_map(|line| line.after.as_ref()?.as_str()))
            .collect();
        for kept in self.world.kept() {
            let refused = decide_for(self.world, kept.agent, &given);
            if let Some(why) = refused.filter(|_| !self.is_disturbed()) {
                self.broken(
                    Invariant::AllOrNothing,
                    format!("{} was switched and is refused: {why}", kept.agent),
                );
            }
        }
    }

    /// Whether somebody else, or another change, may have taken away what a switch needs.
    fn is_disturbed(&self) -> bool {
        let routes = self.world.book.touched();
        routes.iter().any(|object| self.world.book.is_meddled(object))
            || self.operations.iter().any(|one| one.kind == "remove_provider")
    }
}

async fn stands(world: &World, wish: &Wish) -> bool {
    let now = match world.kept().iter().find(|kept| kept.object() == wish.object) {
        Some(kept) => crate::world::controller_call(world, http::Method::GET, &kept.path(), None).await,
        None => None,
    };
    now.is_some_and(|now| now["model"] == *wish.model)
}
