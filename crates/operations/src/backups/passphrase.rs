//! Bytes that a passphrase opens, as armored text of the format age-encryption.org/v1: whoever has the passphrase opens it
//! anywhere.
use super::envelope;
use age::{DecryptError, EncryptError, scrypt};
use domain::{Code, Failure, Passphrase};
use zeroize::Zeroizing;

/// What the text begins with.
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
/// How hard each guess of a passphrase is made, as the logarithm of scrypt's cost: 32 MiB, some tenths of a second.
const WORK: u8 = 15;
/// The most that is borne from a file that somebody brings: 256 MiB, some seconds.
const MOST_WORK: u8 = 18;

/// True when a text is such a file.
pub fn is_encrypted(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// Encrypts bytes. It takes its time.
///
/// # Errors
/// `INVALID_REQUEST` when the passphrase is too short.
pub fn encrypt(passphrase: &Passphrase, bytes: &[u8]) -> Result<String, Failure> {
    age::encrypt_and_armor(&recipient(passphrase)?, bytes).map_err(not_encrypted)
}

/// Who opens what is encrypted to a passphrase.
///
/// # Errors
/// `INVALID_REQUEST` when the passphrase is too short.
pub fn recipient(passphrase: &Passphrase) -> Result<scrypt::Recipient, Failure> {
    if passphrase.is_short() {
        return Err(wrong(format!("it must have {} characters or more", Passphrase::SHORTEST)));
    }
    let mut recipient = scrypt::Recipient::new(passphrase.clone().into_secret());
    recipient.set_work_factor(WORK);
    Ok(recipient)
}

/// Who has a passphrase.
pub fn identity(passphrase: Passphrase) -> scrypt::Identity {
    let mut identity = scrypt::Identity::new(passphrase.into_secret());
    identity.set_max_work_factor(MOST_WORK);
    identity
}

/// Why nothing was encrypted.
pub fn not_encrypted(error: EncryptError) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}

/// What was encrypted. It takes its time.
///
/// # Errors
/// `INVALID_REQUEST` when the passphrase does not open it, or when it is a file of another kind; `SEAL_BROKEN` when it was
/// changed or cut.
pub fn decrypt(passphrase: Passphrase, text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    age::decrypt(&identity(passphrase), text.trim().as_bytes()).map(Zeroizing::new).map_err(not_decrypted)
}

/// Why nothing was decrypted, as [`decrypt`] tells it.
pub fn not_decrypted(error: DecryptError) -> Failure {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            wrong("it does not open this file".into())
        }
        DecryptError::ExcessiveWork { .. } => {
            Failure::field("text", "it is encrypted so that opening it takes too long")
        }
        DecryptError::NoMatchingKeys => Failure::field("text", "it is encrypted, but not to a passphrase"),
        DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::UnknownFormat
        | DecryptError::Io(_) => envelope::broken("the encrypted file is not whole".into()),
    }
}

/// What is wrong with a passphrase.
pub fn wrong(why: String) -> Failure {
    Failure::field("passphrase", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::armor::{ArmoredWriter, Format};
    use std::io::Write;

    const SECRET: &[u8] = b"sk-canary-0123456789";

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    fn right() -> Passphrase {
        passphrase("correct horse battery")
    }

    fn refused(given: Passphrase, text: &str) -> (Code, String) {
        let failure = decrypt(given, text).unwrap_err();
        assert!(!failure.message.contains("canary") && !failure.message.contains("horse"), "{failure}");
        (failure.code, failure.fields.first().map_or("", |wrong| wrong.field.as_str()).to_owned())
    }

    #[test]
    fn only_the_right_passphrase_opens_a_whole_file() {
        let text = encrypt(&right(), SECRET).unwrap();
        assert!(is_encrypted(&text) && is_encrypted(&format!("\n{text}")) && !text.contains("canary"));
        assert_eq!(&decrypt(right(), &format!("\n{text}\n\n")).unwrap()[..], SECRET);
        for other in ["correct horse batterY", ""] {
            assert_eq!(refused(passphrase(other), &text), (Code::InvalidRequest, "passphrase".into()));
        }
        let lines: Vec<_> = text.lines().collect();
        let cut = lines[..lines.len() - 2].join("\n");
        for cut in [cut.as_str(), lines[0], &format!("{cut}\n{}", lines[lines.len() - 1])] {
            assert_eq!(refused(right(), cut), (Code::SealBroken, String::new()), "{cut}");
        }
        // In what is encrypted, which comes last.
        let at = text.find(lines[lines.len() - 2]).unwrap();
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert_eq!(refused(right(), &changed), (Code::SealBroken, String::new()));
    }

    #[test]
    fn a_new_file_has_no_short_passphrase() {
        for short in ["", "eleven char", "十一个字的口令太短了吧"] {
            let failure = encrypt(&passphrase(short), SECRET).unwrap_err();
            assert_eq!(
                (failure.code, failure.fields[0].field.as_str()),
                (Code::InvalidRequest, "passphrase")
            );
        }
        assert!(!passphrase("twelve chars").is_short() && format!("{:?}", right()).contains("redacted"));
    }

    #[test]
    fn a_file_that_takes_too_long_or_needs_a_key_is_refused() {
        let mut easy = scrypt::Recipient::new(right().into_secret());
        easy.set_work_factor(1);
        let easy = age::encrypt(&easy, SECRET).unwrap();
        let asked = easy.windows(3).position(|bytes| bytes == b" 1\n").unwrap();
        let (head, rest) = (&easy[..=asked], &easy[asked + 2..]);
        for (work, field) in [(MOST_WORK, "passphrase"), (MOST_WORK + 1, "text"), (63, "text")] {
            let changed = [head, work.to_string().as_bytes(), rest].concat();
            let mut armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
            armored.write_all(&changed).unwrap();
            let armored = String::from_utf8(armored.finish().unwrap()).unwrap();
            assert_eq!(refused(right(), &armored), (Code::InvalidRequest, field.into()), "{work}");
        }
        let key = age::x25519::Identity::generate().to_public();
        let to_a_key = age::encrypt_and_armor(&key, SECRET).unwrap();
        assert_eq!(refused(right(), &to_a_key), (Code::InvalidRequest, "text".into()));
    }
}
