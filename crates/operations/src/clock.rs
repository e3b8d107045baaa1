//! The time of day as it goes on the wire.
use domain::{Code, Failure, NameError, OperationId, Timestamp};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Now, to the second.
pub fn now() -> Timestamp {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    // Formatting a valid time with an offset of zero cannot fail.
    Timestamp::from_rfc3339(whole.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".into()))
}

/// A new operation id: ids sort by time.
pub fn new_id() -> Result<OperationId, Failure> {
    let id = ulid::Ulid::new().to_string().parse();
    id.map_err(|error: NameError| Failure::new(Code::Internal, error.to_string()))
}
