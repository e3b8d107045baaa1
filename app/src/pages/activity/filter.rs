//! Which operations are asked for: what stands in the address of the page.
use crate::{
    components::{
        outcome::{Outcome, state_word},
        said::Told,
    },
    describe,
    pages::query::{Query, address},
    text::t,
};
use domain::{Operation, OperationId};
use std::sync::Arc;

/// Where the list is.
pub const PATH: &str = "/agm/activity";
/// So many operations stand on a page.
pub const PAGE: usize = 50;

/// What is asked for; empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub target: Option<String>,
    pub outcome: Option<Outcome>,
    pub kind: Option<String>,
    /// A part of what is told of an operation.
    pub find: String,
    /// Those that are older than this one.
    pub before: Option<OperationId>,
}

/// One page of what fits.
pub struct Found {
    pub operations: Vec<Arc<Operation>>,
    /// The last one of this page, where there are older ones.
    pub older: Option<OperationId>,
}

impl Filter {
    /// Reads it from an address; what makes no sense there asks for nothing.
    pub fn read(query: &Query) -> Self {
        let of = |name| Some(query.get(name).to_owned()).filter(|value| !value.is_empty());
        let outcome = of("outcome");
        Self {
            target: of("target"),
            outcome: Outcome::ALL.into_iter().find(|one| outcome.as_deref() == Some(one.name())),
            kind: of("kind"),
            find: of("find").unwrap_or_default(),
            before: of("before").and_then(|id| id.parse().ok()),
        }
    }

    /// The address of what it asks for.
    pub fn href(&self) -> String {
        let asked = [
            ("target", self.target.as_deref()),
            ("outcome", self.outcome.map(Outcome::name)),
            ("kind", self.kind.as_deref()),
            ("find", Some(self.find.as_str())),
            ("before", self.before.as_ref().map(OperationId::as_str)),
        ];
        address(PATH, asked.map(|(name, value)| (name, value.unwrap_or_default())))
    }

    /// The same with another outcome, from the newest on.
    pub fn with_outcome(&self, outcome: Option<Outcome>) -> Self {
        Self { outcome, before: None, ..self.clone() }
    }

    /// Whether nothing is asked for but a page of all.
    pub fn is_open(&self) -> bool {
        Self { before: None, ..self.clone() } == Self::default()
    }

    /// The page that is asked for, of all operations, newest first.
    pub fn find(&self, all: &[Arc<Operation>]) -> Found {
        let before = self.before.as_ref().and_then(|id| all.iter().position(|one| one.id == *id));
        let asked = all.iter().skip(before.map_or(0, |at| at + 1));
        let mut fitting: Vec<_> =
            asked.filter(|operation| self.fits(operation)).take(PAGE + 1).cloned().collect();
        let more = fitting.len() > PAGE;
        fitting.truncate(PAGE);
        let older = fitting.last().filter(|_| more).map(|last| last.id.clone());
        Found { operations: fitting, older }
    }

    /// How many fit of each outcome, whatever outcome is asked for.
    pub fn count(&self, all: &[Arc<Operation>], outcome: Option<Outcome>) -> usize {
        let filter = self.with_outcome(outcome);
        all.iter().filter(|operation| filter.fits(operation)).count()
    }

    fn fits(&self, operation: &Operation) -> bool {
        let wanted = self.find.trim().to_lowercase();
        self.target.as_ref().is_none_or(|target| operation.targets.contains(target))
            && self.outcome.is_none_or(|outcome| outcome == Outcome::of(operation))
            && self.kind.as_ref().is_none_or(|kind| *kind == operation.kind)
            && (wanted.is_empty() || said(operation).to_lowercase().contains(&wanted))
    }
}

/// All that one may look for an operation by.
pub fn said(operation: &Operation) -> String {
    let objects = operation.plan.iter().flat_map(|plan| &plan.changes).map(|change| change.object.as_str());
    let cause = operation.failure.as_deref().cloned().map(|failure| Told::from(failure).text());
    let bulk = operation.bulk.as_ref().map(OperationId::as_str).unwrap_or_default();
    let title = describe::operation(operation);
    let kind = t().kind(&operation.kind);
    let told = [
        title.as_str(),
        kind,
        &operation.actor,
        t().door(&operation.via),
        state_word(operation),
        cause.as_deref().unwrap_or_default(),
        operation.id.as_str(),
        bulk,
    ];
    let targets = operation.targets.iter().map(String::as_str);
    told.into_iter().chain(targets).chain(objects).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::activity::tests::{id, operation};
    use serde_json::json;

    fn filter(pairs: &[(&str, &str)]) -> Filter {
        Filter::read(&Query::of(pairs))
    }

    /// Newest first.
    fn many(count: usize) -> Vec<Arc<Operation>> {
        (0..count).rev().map(|n| Arc::new(operation(json!({"id": id(n)})))).collect()
    }

    #[test]
    fn an_address_says_what_was_asked_and_no_more() {
        let asked =
            filter(&[("target", "worker:alice"), ("outcome", "undone"), ("find", "a&b %41"), ("kind", "")]);
        assert_eq!(asked.outcome, Some(Outcome::Undone));
        assert_eq!(asked.href(), "/agm/activity?target=worker%3Aalice&outcome=undone&find=a%26b+%2541");
        assert_eq!(filter(&[("outcome", "odd"), ("before", "no id")]), Filter::default());
        assert_eq!(Filter::default().href(), "/agm/activity");
    }

    #[test]
    fn another_outcome_begins_with_the_newest() {
        let asked = filter(&[("kind", "undo"), ("before", &id(1))]).with_outcome(Some(Outcome::Failed));
        assert_eq!(asked.href(), "/agm/activity?outcome=failed&kind=undo");
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let all = many(PAGE + PAGE + 1);
        let mut asked = Filter::default();
        let mut seen = Vec::new();
        let mut sizes = Vec::new();
        loop {
            let found = asked.find(&all);
            sizes.push(found.operations.len());
            seen.extend(found.operations);
            match found.older {
                Some(older) => asked.before = Some(older),
                None => break,
            }
        }
        assert_eq!(sizes, [PAGE, PAGE, 1]);
        assert_eq!(seen, all);
    }

    #[test]
    fn what_is_typed_is_looked_for_in_what_is_told() {
        let failure = json!({"success": false, "code": "BUSY", "message": "Somebody holds the route"});
        let all = vec![
            Arc::new(operation(json!({"failure": failure}))),
            Arc::new(operation(json!({"actor": "eve"}))),
        ];
        let found = |text| filter(&[("find", text)]).find(&all).operations.len();
        assert_eq!([found("HOLDS the"), found("eve"), found("alice"), found("nobody")], [1, 1, 2, 0]);
    }
}
