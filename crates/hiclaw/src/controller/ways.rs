//! What differs between the generations of HiClaw that have a controller, as data: a generation is one file beside this
//! one, and its line in [`ALL`].
use super::{config::Form, v1_1, v1_2};
use crate::TakeUp;
use std::str::FromStr;

/// Every generation with a controller, the newest last.
pub const ALL: &[&Ways] = &[&v1_1::WAYS, &v1_2::WAYS];

/// The generation before all controllers.
const FILES: &str = "1.0";

/// One generation of the controller.
pub struct Ways {
    /// `1.1`
    pub generation: &'static str,
    /// What the names of its containers begin with.
    pub prefix: &'static str,
    /// What its configs call the gateway.
    pub gateway: &'static str,
    /// Where the controller writes its own token, another one at each of its starts.
    pub token_file: &'static str,
    /// The path that it has and the generation before it has not. None: it is the first.
    pub new_path: Option<&'static [&'static str]>,
    pub members: Members,
    /// How the Manager comes to run another model.
    pub manager: TakeUp,
    /// How a worker of this runtime does.
    pub worker: fn(&str) -> TakeUp,
    /// What a worker of this runtime lives by.
    pub form: fn(&str) -> Form,
}

/// The port at which a controller listens, on the host of HiClaw's console.
pub const PORT: u16 = 8090;

/// Where the members of a team are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// In the team, as a list that a write replaces: whom it leaves out is deleted.
    InTeam,
    /// They are workers like all others.
    Workers,
}

/// A generation of HiClaw by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(&'static str);

/// A text that names no generation.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no generation of HiClaw that agm knows: {known}", known = names().collect::<Vec<_>>().join(", "))]
pub struct UnknownGeneration(String);

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(FILES).chain(ALL.iter().map(|ways| ways.generation))
}

impl Generation {
    /// How its controller goes about things. None: it has none.
    pub(crate) fn ways(self) -> Option<&'static Ways> {
        ALL.iter().copied().find(|ways| ways.generation == self.0)
    }

    /// Whether it keeps its agents by a controller.
    pub fn has_controller(self) -> bool {
        self.ways().is_some()
    }
}

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        names().find(|name| *name == text).map(Self).ok_or_else(|| UnknownGeneration(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_named_by_its_number() {
        assert!("1.0".parse::<Generation>().unwrap().ways().is_none());
        assert_eq!("1.2".parse::<Generation>().unwrap().ways().unwrap().prefix, "agentteams-");
        let error = "2.0".parse::<Generation>().unwrap_err().to_string();
        assert!(error.contains("1.0, 1.1, 1.2"), "{error}");
    }

    #[test]
    fn each_generation_but_the_first_can_be_told_from_the_one_before() {
        let told: Vec<_> = ALL.iter().map(|ways| ways.new_path.is_some()).collect();
        assert!(!told[0] && told[1..].iter().all(|told| *told));
    }
}
