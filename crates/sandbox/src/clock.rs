//! Points in time as HiClaw's files and Docker write them.
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Now, in UTC, to the second.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now)
}

/// `2026-01-15T10:30:00Z`. Empty for a year that RFC 3339 cannot write.
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
