//! What an upstream or a defect said, made fit to be shown.
use tokio::task::JoinError;

/// Longer texts are cut.
const LONGEST: usize = 300;

/// An upstream's text for a person: no keys, no control characters, not endless.
pub fn text(raw: &str) -> String {
    higress::scrub(raw, [], LONGEST)
}

/// Why an HTTP call failed: without its URL (which can carry a query), with the innermost cause, which says the most.
pub fn http_error(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    if let Some(status) = error.status() {
        return format!("HTTP {}", status.as_u16());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    text(&cause.to_string())
}

/// How a task broke off: without the text of its panic, which may hold anything. The log has its place.
pub fn broken_off(error: &JoinError) -> &'static str {
    if error.is_panic() { "it panicked" } else { "the server stops" }
}
