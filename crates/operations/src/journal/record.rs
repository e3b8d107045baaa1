//! One operation as it is written down: a line with checksums, a header that can be read on its own, and a body.
use super::{JournalError, images};
use crate::{edits::Edit, restarting::Restarting, seal::Seal};
use domain::{Code, Failure, Mutation, Operation, OperationId, rules::Saga};
use serde::{Deserialize, Serialize};

/// What every record begins with.
const MAGIC: &str = "agm-journal";
/// The form of the records that are written. Of a newer form nothing is understood, and nothing is thrown away.
const VERSION: &str = "1";

/// An operation with all that is needed to finish it, to undo it, or to watch over it after a crash.
#[derive(Clone, Debug)]
pub struct Record {
    pub operation: Operation,
    pub saga: Saga,
    /// The names of the locks that it holds.
    pub held: Vec<String>,
    /// Its steps, by the index that the saga knows them by.
    pub work: Vec<Kept>,
    /// Earlier tries whose write may still come.
    pub ghosts: Vec<Edit>,
    /// The agents that are yet to be started again, if it is committed.
    pub restarts: Vec<Restarting>,
    pub request: Option<RequestMark>,
}

/// A step as it is written down.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most steps write, and an operation has a handful")]
pub enum Kept {
    Write(Edit),
    /// It changes nothing: a test, a look.
    Other,
}

/// The request that began an operation, so that the same request begins no second one after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestMark {
    pub actor: String,
    /// The idempotency key.
    pub key: String,
    /// Of the whole mutation, keys included: only who has the seal key can compare it with a guess.
    pub hash: String,
}

impl RequestMark {
    /// The mark of a request.
    ///
    /// # Errors
    /// `INTERNAL` when the mutation cannot be written as JSON.
    pub fn of(seal: &Seal, actor: &str, key: &str, mutation: &Mutation) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(mutation).map(zeroize::Zeroizing::new).map_err(|error| {
            Failure::new(Code::Internal, format!("the request cannot be written down: {error}"))
        })?;
        let hash = seal.keyed_hash("agm 2026-11 mark of a request", &bytes);
        Ok(Self { actor: actor.to_owned(), key: key.to_owned(), hash })
    }
}

/// What must be known of a record even when the rest of it cannot be read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub id: OperationId,
    pub held: Vec<String>,
    pub objects: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    operation: Operation,
    saga: Saga,
    request: Option<RequestMark>,
    /// Records of earlier versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restarts: Vec<Restarting>,
    /// The edits, sealed: they hold keys and tokens.
    images: String,
}

/// The edits of a record, sealed.
pub struct Sealed {
    /// Of what is in it; kept in memory only.
    hash: blake3::Hash,
    text: String,
}

impl Record {
    /// True when nothing of it can happen any more.
    pub fn has_ended(&self) -> bool {
        self.saga.is_done()
    }

    /// All writes.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.work.iter().filter_map(|kept| match kept {
            Kept::Write(edit) => Some(edit),
            Kept::Other => None,
        })
    }

    /// Its edits, sealed. They seldom change from one writing of a record to the next, so what was sealed `before` is
    /// taken again when it holds the same.
    pub fn sealed(&self, seal: &Seal, before: Option<Sealed>) -> Result<Sealed, JournalError> {
        let images = images::to_json(&self.work, &self.ghosts).map_err(unwritable)?;
        let hash = blake3::hash(&images);
        match before {
            Some(before) if before.hash == hash => Ok(before),
            _ => Ok(Sealed { hash, text: seal.seal(&bound_to(&self.operation.id), &images)? }),
        }
    }

    /// As it lies on disk.
    pub fn to_bytes(&self, sealed: &Sealed) -> Result<Vec<u8>, JournalError> {
        let id = &self.operation.id;
        let mut objects: Vec<_> = self.edits().chain(&self.ghosts).map(Edit::object).collect();
        objects.sort();
        objects.dedup();
        let header = Header { id: id.clone(), held: self.held.clone(), objects };
        let body = Body {
            operation: self.operation.clone(),
            saga: self.saga.clone(),
            request: self.request.clone(),
            restarts: self.restarts.clone(),
            images: sealed.text.clone(),
        };
        let header = serde_json::to_string(&header).map_err(unwritable)?;
        let body = serde_json::to_string(&body).map_err(unwritable)?;
        let (head_sum, body_sum) = (sum(header.as_bytes()), sum(body.as_bytes()));
        Ok(format!("{MAGIC} {VERSION} {head_sum} {body_sum}\n{header}\n{body}").into_bytes())
    }

    /// Reads a record back. An error says for people why it is none.
    pub fn parse(bytes: &[u8], seal: &Seal) -> Result<Self, String> {
        let (header, body) = split(bytes)?;
        if sum(body.bytes) != body.sum {
            return Err("its body is torn or changed".into());
        }
        let body: Body = serde_json::from_slice(body.bytes)
            .map_err(|error| format!("its body cannot be understood: {error}"))?;
        if body.operation.id != header.id {
            return Err("its header belongs to another operation".into());
        }
        let opened = seal.unseal(&bound_to(&header.id), &body.images);
        let opened = opened.map_err(|error| format!("its images cannot be opened: {error}"))?;
        let (work, ghosts) = images::from_json(&opened)
            .map_err(|error| format!("its images cannot be understood: {error}"))?;
        let Body { operation, saga, request, restarts, .. } = body;
        Ok(Self { operation, saga, held: header.held, work, ghosts, restarts, request })
    }
}

impl Header {
    /// The header alone, also of a record whose body is torn.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        split(bytes).ok().map(|(header, _)| header)
    }
}

struct Summed<'a> {
    sum: &'a str,
    bytes: &'a [u8],
}

fn split(bytes: &[u8]) -> Result<(Header, Summed<'_>), String> {
    let (first, rest) = line(bytes).ok_or("it is torn, or no record at all")?;
    let fields: Vec<_> = std::str::from_utf8(first).unwrap_or_default().split(' ').collect();
    let [MAGIC, version, head_sum, body_sum] = fields[..] else {
        return Err(match fields[..] {
            [MAGIC, version, ..] if version != VERSION => other_version(version),
            _ => "it does not begin as a record does".into(),
        });
    };
    if version != VERSION {
        return Err(other_version(version));
    }
    let (header, body) = line(rest).ok_or("its header is torn")?;
    if sum(header) != head_sum {
        return Err("its header is torn or changed".into());
    }
    let header = serde_json::from_slice(header)
        .map_err(|error| format!("its header cannot be understood: {error}"))?;
    Ok((header, Summed { sum: body_sum, bytes: body }))
}

fn other_version(version: &str) -> String {
    format!("it has the form {version:?} of another agm, this one knows {VERSION}")
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

fn sum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Images belong to their operation: those of another one cannot be put in their place.
fn bound_to(id: &OperationId) -> Vec<u8> {
    format!("agm journal {id}").into_bytes()
}

fn unwritable(error: serde_json::Error) -> JournalError {
    JournalError::Unwritable(error.to_string())
}
