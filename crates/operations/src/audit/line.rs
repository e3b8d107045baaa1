//! One line: an entry and, at its end, the hash of all that stands before.
use super::{Link, Stage};
use crate::journal::JournalError;
use domain::{Operation, OperationId, Timestamp};
use serde::{Deserialize, Serialize};

/// Between the entry and its hash.
const SEAM: &str = r#","hash":""#;
/// Behind the hash.
const END: &str = r#""}"#;
/// Hex digits of a hash.
const HASH: usize = 64;

/// A whole entry.
#[derive(Serialize)]
pub struct Entry<'a> {
    /// Counted from 1.
    pub seq: u64,
    /// The hash of the line before; empty in the first one.
    pub prev: &'a str,
    pub stage: Stage,
    pub operation: &'a Operation,
    pub links: &'a [Link],
}

/// What the chains are made of. The operation itself is not looked at, so that lines of every version can be checked.
#[derive(Deserialize)]
pub struct Chained {
    pub seq: u64,
    pub prev: String,
    pub stage: Stage,
    pub operation: Named,
    pub links: Vec<Link>,
}

/// What the line of an operation is found by, and how old it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    pub id: OperationId,
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Whole {
    operation: Operation,
}

/// A line that was taken apart.
pub struct Split<'a> {
    /// What the line says its hash is.
    pub hash: &'a str,
    /// Whether it is.
    pub intact: bool,
    text: String,
}

/// The line of an entry, without its end, and its hash.
pub fn write(entry: &Entry<'_>) -> Result<(String, String), JournalError> {
    let unwritable = |error: serde_json::Error| JournalError::Unwritable(error.to_string());
    let mut line = serde_json::to_string(entry).map_err(unwritable)?;
    let hash = blake3::hash(line.as_bytes()).to_hex().to_string();
    line.pop();
    Ok((format!("{line}{SEAM}{hash}{END}"), hash))
}

/// Takes a line apart; none when it has no hash at its end.
pub fn split(line: &[u8]) -> Option<Split<'_>> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix(END)?;
    let (rest, hash) = line.split_at_checked(line.len().checked_sub(HASH)?)?;
    let text = format!("{}}}", rest.strip_suffix(SEAM)?);
    let intact = blake3::hash(text.as_bytes()).to_hex().as_str() == hash;
    Some(Split { hash, intact, text })
}

impl Split<'_> {
    /// What the chains need of it.
    pub fn chained(&self) -> Result<Chained, serde_json::Error> {
        serde_json::from_str(&self.text)
    }

    /// The operation.
    pub fn operation(&self) -> Result<Operation, serde_json::Error> {
        serde_json::from_str::<Whole>(&self.text).map(|whole| whole.operation)
    }
}
