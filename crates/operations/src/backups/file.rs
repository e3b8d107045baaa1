//! One backup as a file: a line with a checksum, what is known of it, and its content.
//!
//! Later versions read every earlier one, so what is written here is for ever: the tests keep a file of each.
use domain::{Backup, BackupId, Declared, Warning};
use serde::{Deserialize, Serialize};

/// What every backup begins with.
const MAGIC: &str = "agm-backup";
/// The form that is written. Of a newer form nothing is understood, and nothing is thrown away.
const VERSION: &str = "1";

/// What a backup holds: never a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    pub file: Declared,
    pub left_out: Vec<Warning>,
}

impl Content {
    /// Of the file alone, in hex: why something was left out is no part of the state.
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        Ok(sum(&serde_json::to_vec(&self.file)?))
    }
}

/// As it lies on disk.
pub fn to_bytes(known: &Backup, content: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut rest = serde_json::to_vec(known)?;
    rest.push(b'\n');
    rest.extend_from_slice(content);
    let mut bytes = format!("{MAGIC} {VERSION} {}\n", sum(&rest)).into_bytes();
    bytes.append(&mut rest);
    Ok(bytes)
}

/// What is known of the backup in a file, and its content as it was written. An error says for people why it is none.
pub fn parse<'a>(bytes: &'a [u8], id: &BackupId) -> Result<(Backup, &'a [u8]), String> {
    let (first, rest) = line(bytes).ok_or("it is torn, or no backup at all")?;
    match std::str::from_utf8(first).unwrap_or_default().split(' ').collect::<Vec<_>>()[..] {
        [MAGIC, VERSION, expected] if expected == sum(rest) => {}
        [MAGIC, VERSION, _] => return Err("it is torn or changed".into()),
        [MAGIC, other, ..] => {
            return Err(format!("it has the form {other:?} of another agm, this one knows {VERSION}"));
        }
        _ => return Err("it does not begin as a backup does".into()),
    }
    let (known, content) = line(rest).ok_or("its content is missing")?;
    let known: Backup =
        serde_json::from_slice(known).map_err(|error| format!("it cannot be understood: {error}"))?;
    if known.id == *id { Ok((known, content)) } else { Err("its name is that of another backup".into()) }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

fn sum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
