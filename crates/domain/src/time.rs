//! Points in time as they cross the wire.
use serde::{Deserialize, Serialize};
use std::fmt;

/// UTC, RFC 3339 (`2026-01-15T10:30:00Z`). Made by the server only; the browser formats it by locale.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "date-time"))]
pub struct Timestamp(String);

impl Timestamp {
    /// Takes an RFC 3339 text as it is.
    pub fn from_rfc3339(text: String) -> Self {
        Self(text)
    }

    /// The RFC 3339 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
