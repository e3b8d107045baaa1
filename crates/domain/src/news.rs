//! What a server tells those who look at its pages: which part of what they see is old.
use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of what pages show. News of a topic mean that a page which shows it should be made anew; they do not say what
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Topic {
    /// Workers, assignments and whether every system answers.
    Office,
    /// Operations and how far they are.
    Operations,
    /// How busy the host and the gateway are, and who used which model.
    Metrics,
    /// Providers, who uses them, and what their last test saw.
    Providers,
    /// AI routes.
    Routes,
    /// Sealed snapshots.
    Backups,
}

impl Topic {
    /// Every topic, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Office, Self::Operations, Self::Metrics, Self::Providers, Self::Routes, Self::Backups];

    /// The word for it on the wire: `office`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Operations => "operations",
            Self::Metrics => "metrics",
            Self::Providers => "providers",
            Self::Routes => "routes",
            Self::Backups => "backups",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_one_word_everywhere_and_its_place_in_the_list() {
        for (place, topic) in Topic::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(topic).unwrap(), topic.as_str());
            assert_eq!(topic as usize, place, "{topic}");
        }
    }
}
