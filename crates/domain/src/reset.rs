//! What gives an agent a model whenever its container starts, whatever it was switched to.
use serde::{Deserialize, Serialize};

/// A variable of the environment in which an agent's container starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reset {
    /// `HICLAW_DEFAULT_MODEL`
    pub variable: String,
    /// What it is for the present container. None: nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted: Option<SetIn>,
    /// What it is for a container that HiClaw's installer makes anew. None: nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remade: Option<SetIn>,
    /// The file in which a switch can set it for containers that are made anew, see [`crate::SetModel::lasting`]. None:
    /// none is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What a variable was found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetIn {
    /// Word for word.
    pub model: String,
    /// For people: `container hiclaw-manager`, `/root/hiclaw-manager.env`, [`OWN_ENVIRONMENT`].
    pub place: String,
}

/// Where a variable stands that this server was started with.
pub const OWN_ENVIRONMENT: &str = "agm's own environment";
/// What stands before the name of a container in a place.
pub const IN_CONTAINER: &str = "container ";

/// What becomes of an agent's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    Stays,
    /// A container that is made anew keeps it. The present one does not when it starts again: it gets this, where that is
    /// known.
    StaysOnceRemade(Option<&'a SetIn>),
    /// It gives way to this, where that is known.
    GoesBack(Option<&'a SetIn>),
}

impl Reset {
    /// What becomes of this model. `written`: once the file names it.
    pub fn fate(&self, model: &str, written: bool) -> Fate<'_> {
        let is_it = |set: &&SetIn| set.model == model;
        let remade_otherwise = self.remade.as_ref().filter(|set| !written && !is_it(set));
        let kept_by_remade = written || self.remade.as_ref().is_some_and(|set| is_it(&set));
        match (&self.restarted, remade_otherwise) {
            (Some(set), None) if is_it(&set) => Fate::Stays,
            (Some(set), other) if is_it(&set) => Fate::GoesBack(other),
            (restarted, _) if kept_by_remade => Fate::StaysOnceRemade(restarted.as_ref()),
            (Some(set), _) => Fate::GoesBack(Some(set)),
            (None, other) => Fate::GoesBack(other),
        }
    }

    /// The line that sets it.
    pub fn line(&self, model: &str) -> String {
        format!("{}={model}", self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(restarted: Option<&str>, remade: Option<&str>) -> Reset {
        let set = |model: &str| SetIn { model: model.into(), place: "x".into() };
        Reset { variable: "V".into(), restarted: restarted.map(set), remade: remade.map(set), file: None }
    }

    fn told(restarted: Option<&str>, remade: Option<&str>, written: bool) -> String {
        let model = |set: Option<&SetIn>| set.map_or("?".to_owned(), |set| set.model.clone());
        match reset(restarted, remade).fate("m", written) {
            Fate::Stays => "stays".into(),
            Fate::StaysOnceRemade(set) => format!("remade, else {}", model(set)),
            Fate::GoesBack(set) => format!("back to {}", model(set)),
        }
    }

    #[test]
    fn a_model_stays_where_both_containers_get_it() {
        assert_eq!(told(Some("m"), Some("m"), false), "stays");
        assert_eq!(told(Some("m"), None, false), "stays");
        assert_eq!(told(Some("m"), Some("n"), true), "stays");
        assert_eq!(told(Some("m"), Some("n"), false), "back to n", "when it is made anew");
    }

    #[test]
    fn a_file_changes_nothing_for_the_container_that_is_there() {
        assert_eq!(told(Some("n"), Some("m"), false), "remade, else n");
        assert_eq!(told(Some("n"), Some("n"), true), "remade, else n");
        assert_eq!(told(None, Some("m"), false), "remade, else ?");
        assert_eq!(told(None, None, true), "remade, else ?");
    }

    #[test]
    fn a_model_goes_back_to_what_is_set_as_far_as_that_is_known() {
        assert_eq!(told(Some("n"), Some("o"), false), "back to n");
        assert_eq!(told(Some("n"), None, false), "back to n");
        assert_eq!(told(None, Some("o"), false), "back to o");
        assert_eq!(told(None, None, false), "back to ?");
    }
}
