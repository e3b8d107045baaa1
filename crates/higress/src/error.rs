//! What can go wrong with a console, told apart by what is known afterwards.

/// Why a call to the console failed. Messages come from the console; they are scrubbed of secrets and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HigressError {
    /// The client itself cannot be built from these parameters. Nothing was sent.
    #[error("the console cannot be addressed: {message}")]
    Setup { message: String },
    /// No connection: nothing was sent.
    #[error("the Higress Console cannot be reached: {message}")]
    Unreachable { message: String },
    /// The request went out and no answer came in time: a write may have been applied, now or later.
    #[error("the Higress Console did not answer in time")]
    Timeout,
    /// The connection broke after the request went out: a write may have been applied.
    #[error("the Higress Console broke off: {message}")]
    Interrupted { message: String },
    /// 401: the console does not accept our account, also after a new login. Nothing was done.
    #[error("the Higress Console refuses the admin account")]
    Refused,
    /// The console has no admin yet (`POST /system/init` was never called).
    #[error("the Higress Console was never initialised")]
    NotInitialised,
    /// The console refuses the content: 400, or one of the mistakes of a caller that it answers with 500.
    #[error("the Higress Console refuses: {message}")]
    Invalid { message: String },
    /// Somebody else wrote at the same time: 409, or 500 around a Kubernetes conflict. Of an AI route the refused
    /// content may be live all the same.
    #[error("the Higress Console reports a conflict: {message}")]
    Conflict { message: String },
    /// The address answers with a web page or a redirect: it is no console API.
    #[error("the address answers with a web page: this is not the URL of a Higress Console")]
    NotAConsole,
    /// Any other status.
    #[error("the Higress Console answers {status}: {message}")]
    Server { status: u16, message: String },
    /// A success whose body cannot be what the console sends: wrong type, too large, or broken.
    #[error("the Higress Console answers what cannot be read: {message}")]
    Malformed { message: String },
    /// The object is not what the caller read before: somebody else changed, made or removed it. Nothing of ours was
    /// written over it.
    #[error("{object} was changed by somebody else")]
    Changed { object: String },
    /// The console said yes, again and again, and the object was not there afterwards (another writer's copy of the
    /// shared document won).
    #[error("{object} did not stay: the console acknowledged the write but does not have it")]
    Lost { object: String },
}

impl HigressError {
    /// Whether a text says, as an error does, that the console reports a conflict.
    pub fn is_conflict(text: &str) -> bool {
        text.starts_with("the Higress Console reports a conflict: ")
    }
}

/// Whether a failed write left something behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The object is as it was: nothing was sent, or it was looked at after the refusal.
    NotApplied,
    /// The console holds what we wanted although it answered with an error; something that belongs to it (an AI route
    /// of the provider) was not done.
    Applied,
    /// Look again before anything else is done: it may be applied, or still become so.
    Unknown,
}

/// A write that did not succeed, and what is known about the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct WriteError {
    #[source]
    pub error: HigressError,
    pub outcome: Outcome,
}

impl WriteError {
    /// A failure before anything was sent, or one that was seen to have changed nothing.
    pub fn not_applied(error: HigressError) -> Self {
        Self { error, outcome: Outcome::NotApplied }
    }

    /// A failure after which the object must be looked at.
    pub fn unknown(error: HigressError) -> Self {
        Self { error, outcome: Outcome::Unknown }
    }
}

/// Mistakes of a caller that the console answers with 500.
const CALLER_ERRORS: &[&str] = &["IllegalArgumentException", "ValidationException"];

/// Maps a status that is no success, and the console's message (`<java class>: <text>`), to what it means.
pub(crate) fn classify(status: u16, message: &str) -> HigressError {
    let (class, text) = split_class(message);
    let text = text.to_owned();
    let in_use = text.contains("still in use") || text.contains("already in use");
    match status {
        400 => HigressError::Invalid { message: text },
        401 => HigressError::Refused,
        409 => HigressError::Conflict { message: text },
        500 if message.contains("No valid admin config") => HigressError::NotInitialised,
        500 if is_conflict(class, &text) => HigressError::Conflict { message: "two writers at once".into() },
        500 if in_use || CALLER_ERRORS.contains(&class) => HigressError::Invalid { message: text },
        _ => HigressError::Server { status, message: text },
    }
}

/// Kubernetes conflicts come wrapped: the class of the cause, then its status as JSON.
fn is_conflict(class: &str, text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !matches!(c, ' ' | '\\')).collect();
    class == "ResourceConflictException"
        || squeezed.contains("\"code\":409")
        || text.starts_with("Conflict - ")
}

/// `java.lang.IllegalStateException: text` → the simple class name and the text.
fn split_class(message: &str) -> (&str, &str) {
    let Some((path, text)) = message.split_once(": ") else { return ("", message) };
    let is_class = path.ends_with("Exception") || path.ends_with("Error");
    let is_class = is_class && path.chars().all(|c| c.is_ascii_alphanumeric() || "._$".contains(c));
    if is_class { (path.rsplit(['.', '$']).next().unwrap_or(path), text) } else { ("", message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_is_known_by_its_text() {
        let message = "x".to_owned();
        for (error, conflict) in [
            (HigressError::Invalid { message: message.clone() }, false),
            (HigressError::Conflict { message: message.clone() }, true),
            (HigressError::Unreachable { message: message.clone() }, false),
            (HigressError::Server { status: 503, message }, false),
            (HigressError::Timeout, false),
            (HigressError::Refused, false),
        ] {
            assert_eq!(HigressError::is_conflict(&error.to_string()), conflict, "{error}");
        }
    }

    #[test]
    fn statuses_and_messages_are_told_apart() {
        let k8s = r#"io.kubernetes.client.openapi.ApiException: Conflict - {"kind":"Status","status":"Failure","code":409}"#;
        let invalid = |text: &str| HigressError::Invalid { message: text.into() };
        let table = [
            (
                400,
                "com.alibaba.higress.sdk.exception.ValidationException: Unknown provider: x",
                invalid("Unknown provider: x"),
            ),
            (
                500,
                "java.lang.IllegalArgumentException: name cannot be blank.",
                invalid("name cannot be blank."),
            ),
            (
                500,
                "com.alibaba.higress.sdk.exception.BusinessException: Consumer alice is still in use",
                invalid("Consumer alice is still in use"),
            ),
            (500, k8s, HigressError::Conflict { message: "two writers at once".into() }),
            (
                500,
                "java.lang.IllegalStateException: No valid admin config is available.",
                HigressError::NotInitialised,
            ),
            (
                500,
                "java.lang.NullPointerException: null",
                HigressError::Server { status: 500, message: "null".into() },
            ),
            (401, "x.AuthException: Login required.", HigressError::Refused),
            (409, "x.ResourceConflictException: null", HigressError::Conflict { message: "null".into() }),
            (502, "x.NotFoundException: gone", HigressError::Server { status: 502, message: "gone".into() }),
        ];
        for (status, message, wanted) in table {
            assert_eq!(classify(status, message), wanted, "{status} {message}");
        }
    }
}
