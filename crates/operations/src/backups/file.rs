//! One backup as a file: a line with a checksum, what is known of it, and its body. In form 1 the body is the content in
//! clear, which holds no keys; in form 2 it is the sealed backup.
//!
//! Later versions read every earlier form, so what is written here is for ever: the tests keep a file of each.
use domain::{Backup, BackupId};

/// What every backup begins with.
const MAGIC: &str = "agm-backup";
/// The forms that are known: of older versions, and as it is written. Of a newer form nothing is understood, and nothing
/// is thrown away.
const CLEAR: &str = "1";
const SEALED: &str = "2";

/// As it lies on disk; whether it is sealed says the form.
pub fn to_bytes(known: &Backup, body: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut rest = serde_json::to_vec(known)?;
    rest.push(b'\n');
    rest.extend_from_slice(body);
    let mut bytes = format!("{MAGIC} {} {}\n", form(known), sum(&rest)).into_bytes();
    bytes.append(&mut rest);
    Ok(bytes)
}

/// What is known of the backup in a file, and its body as it was written. An error says for people why it is none.
pub fn parse<'a>(bytes: &'a [u8], id: &BackupId) -> Result<(Backup, &'a [u8]), String> {
    let (first, rest) = line(bytes).ok_or("it is torn, or no backup at all")?;
    let written = match std::str::from_utf8(first).unwrap_or_default().split(' ').collect::<Vec<_>>()[..] {
        [MAGIC, form @ (CLEAR | SEALED), expected] if expected == sum(rest) => form,
        [MAGIC, CLEAR | SEALED, _] => return Err("it is torn or changed".into()),
        [MAGIC, other, ..] => {
            return Err(format!("it has the form {other:?} of another agm, this one knows {SEALED}"));
        }
        _ => return Err("it does not begin as a backup does".into()),
    };
    let (known, body) = line(rest).ok_or("its content is missing")?;
    let known: Backup =
        serde_json::from_slice(known).map_err(|error| format!("it cannot be understood: {error}"))?;
    if known.id != *id {
        return Err("its name is that of another backup".into());
    }
    if form(&known) != written {
        Err("it does not have the form that it tells".into())
    } else {
        Ok((known, body))
    }
}

fn form(known: &Backup) -> &'static str {
    if known.sealed_with.is_some() { SEALED } else { CLEAR }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

fn sum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
