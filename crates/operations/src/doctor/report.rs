//! How checks are put into words.
use domain::{Check, CheckId, CheckState, Failure};

/// What was looked at and is well.
pub fn ok(id: CheckId, about: impl Into<String>, evidence: impl Into<String>) -> Check {
    Check::new(id, CheckState::Ok, about, evidence)
}

/// What could not be looked at, and why.
pub fn unknown(id: CheckId, about: impl Into<String>, why: impl Into<String>) -> Check {
    Check::new(id, CheckState::Unknown, about, why)
}

/// What works, but not as it should.
pub fn warning(id: CheckId, about: impl Into<String>, evidence: impl Into<String>) -> Check {
    Check::new(id, CheckState::Warning, about, evidence)
}

/// What does not work.
pub fn failed(id: CheckId, about: impl Into<String>, evidence: impl Into<String>) -> Check {
    Check::new(id, CheckState::Failed, about, evidence)
}

/// What does not work, as somebody else said it; `otherwise` is the fix where that says none.
pub fn failure(id: CheckId, about: impl Into<String>, failure: &Failure, otherwise: &str) -> Check {
    failed(id, about, failure.message.clone()).fix(failure.hint.as_deref().unwrap_or(otherwise))
}

/// A check of several objects: what is well is told in one line, what could not be looked at in another, what is wrong each
/// for itself.
pub struct Many {
    id: CheckId,
    well: Vec<String>,
    unseen: Vec<String>,
    /// Of the first that could not be looked at.
    why: String,
    found: Vec<Check>,
}

impl Many {
    /// Nothing was looked at yet.
    pub fn of(id: CheckId) -> Self {
        Self { id, well: Vec::new(), unseen: Vec::new(), why: String::new(), found: Vec::new() }
    }

    /// This one is well.
    pub fn well(&mut self, about: impl ToString) {
        self.well.push(about.to_string());
    }

    /// This one could not be looked at.
    pub fn unseen(&mut self, about: impl ToString, why: impl Into<String>) {
        if self.unseen.is_empty() {
            self.why = why.into();
        }
        self.unseen.push(about.to_string());
    }

    /// This one is not well.
    pub fn found(&mut self, check: Check) {
        self.found.push(check);
    }

    /// All checks; `evidence` holds for each that is well, which are called `many` when they are too many to be named.
    pub fn told(self, many: &str, evidence: &str) -> Vec<Check> {
        let Self { id, well, unseen, why, found } = self;
        let unseen = named(&unseen, many).map(|about| unknown(id, about, why));
        let well = named(&well, many).map(|about| ok(id, about, evidence));
        found.into_iter().chain(unseen).chain(well).collect()
    }
}

fn named(names: &[String], many: &str) -> Option<String> {
    match names.len() {
        0 => None,
        1..=3 => Some(names.join(", ")),
        n => Some(format!("{n} {many}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_well_takes_one_line_what_is_unknown_another_and_what_is_wrong_one_each() {
        let told = |well: usize, unseen: usize, bad: usize| {
            let mut many = Many::of(CheckId::AgentConfig);
            (0..well).for_each(|n| many.well(n));
            (0..unseen).for_each(|n| many.unseen(n, format!("because of {n}")));
            (0..bad).for_each(|n| many.found(failed(CheckId::AgentConfig, n.to_string(), "x")));
            many.told("agents", "can be read")
        };
        assert_eq!(told(0, 0, 0), []);
        assert_eq!(told(2, 0, 0), [ok(CheckId::AgentConfig, "0, 1", "can be read")]);
        assert_eq!(told(0, 4, 0), [unknown(CheckId::AgentConfig, "4 agents", "because of 0")]);
        let all = told(4, 1, 2);
        assert_eq!(
            all.iter().map(|check| check.about.as_str()).collect::<Vec<_>>(),
            ["0", "1", "0", "4 agents"]
        );
    }
}
