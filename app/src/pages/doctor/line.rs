//! A check in words and signs, for every place that shows it.
use crate::{components::badge::Tone, sprite::maps, text::t};
use domain::{Check, CheckState};

/// A check as the page shows it.
pub struct Line<'a> {
    pub check: &'a Check,
    pub about: String,
    /// Whether the search leaves it in.
    pub is_wanted: bool,
    /// What the search looks at.
    pub text: String,
}

impl<'a> Line<'a> {
    /// `wanted`: what is searched for, in small letters.
    pub fn of(check: &'a Check, wanted: &str) -> Self {
        let about = match check.about.as_str() {
            "manager" => t().manager().to_owned(),
            other => t().check_about(&other.replace("worker:", "")),
        };
        let fix = check.fix.as_deref().unwrap_or_default();
        let own_fix = check.fix.as_ref().and_then(|_| t().check_fix(check));
        let evidence = t().evidence_or_said(check.evidence.clone());
        let words = [
            t().check(check.id),
            t().check_state(check.state),
            &about,
            &check.about,
            &evidence,
            fix,
            own_fix.unwrap_or_default(),
            check.id.id(),
        ];
        let text = words.join(" ").to_lowercase();
        Self { check, about, is_wanted: text.contains(wanted), text }
    }

    /// Whether it is something to do for a person.
    pub fn is_finding(&self) -> bool {
        matches!(self.check.state, CheckState::Warning | CheckState::Failed)
    }

    /// What the check wants to be so.
    pub fn title(&self) -> &'static str {
        t().check(self.check.id)
    }
}

/// Lines that follow each other and are of one check.
pub fn by_check<'a, 'b>(lines: &'b [&'a Line<'a>]) -> impl Iterator<Item = &'b [&'a Line<'a>]> {
    lines.chunk_by(|one, next| one.check.id == next.check.id && one.check.state == next.check.state)
}

/// The colour of a state.
pub fn tone(state: CheckState) -> Tone {
    match state {
        CheckState::Ok => Tone::Ok,
        CheckState::Unknown => Tone::Unknown,
        CheckState::Warning => Tone::Busy,
        CheckState::Failed => Tone::Danger,
    }
}

/// The sign of a state; its word stands beside it.
pub fn sign(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => maps::CHECK,
        CheckState::Unknown => maps::DASH,
        CheckState::Warning => maps::BANG,
        CheckState::Failed => maps::CROSS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::CheckId;

    #[test]
    fn a_line_is_found_by_all_that_it_shows() {
        let check = Check::new(CheckId::AgentAllowed, CheckState::Failed, "worker:dave", "Locked out")
            .fix("agm route repair");
        let line = Line::of(&check, "");
        for wanted in
            ["dave", "worker:dave", "locked out", "route repair", "failed", "agent_allowed", "lets it in"]
        {
            assert!(Line::of(&check, wanted).is_wanted, "{wanted} in {}", line.text);
        }
        assert!(!Line::of(&check, "erin").is_wanted);
        assert_eq!(line.about, "dave");
    }

    #[test]
    fn what_works_and_what_could_not_be_looked_at_is_nothing_to_do() {
        let is_finding = |state| Line::of(&Check::new(CheckId::ClockSkew, state, "x", "x"), "").is_finding();
        let states = [CheckState::Ok, CheckState::Unknown, CheckState::Warning, CheckState::Failed];
        assert_eq!(states.map(is_finding), [false, false, true, true]);
    }

    #[test]
    fn checks_of_one_kind_and_state_stand_together() {
        let check = |id, state| Check::new(id, state, "x", "x");
        let checks = [
            check(CheckId::AgentKey, CheckState::Failed),
            check(CheckId::AgentKey, CheckState::Failed),
            check(CheckId::AgentKey, CheckState::Ok),
            check(CheckId::AgentRoute, CheckState::Ok),
        ];
        let lines = checks.each_ref().map(|check| Line::of(check, ""));
        let lines: Vec<_> = lines.iter().collect();
        assert_eq!(by_check(&lines).map(<[_]>::len).collect::<Vec<_>>(), [2, 1, 1]);
    }
}
