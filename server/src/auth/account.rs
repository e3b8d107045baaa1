//! The admin account.
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// The one account. What it keeps of the password is a keyed hash: comparing two of those takes the same time whatever
/// was guessed, and costs less than a microsecond, so that nothing about a password has to be remembered between calls.
pub struct Account {
    user: Arc<str>,
    key: [u8; 32],
    expected: blake3::Hash,
}

impl Account {
    /// Takes name and password; the key of the hash lives as long as the process.
    pub fn new(user: &str, password: &SecretString) -> Self {
        let key = rand::random();
        let expected = digest(&key, user, password.expose_secret());
        Self { user: user.into(), key, expected }
    }

    /// The admin's name.
    pub fn user(&self) -> &Arc<str> {
        &self.user
    }

    /// Whether name and password are the account's.
    pub fn verify(&self, user: &str, password: &str) -> bool {
        digest(&self.key, user, password) == self.expected
    }
}

/// The length of the name goes in first, so that no other split of the same text has the same hash.
fn digest(key: &[u8; 32], user: &str, password: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&(user.len() as u64).to_le_bytes());
    hasher.update(user.as_bytes());
    hasher.update(password.as_bytes());
    hasher.finalize()
}

/// Name and password of an `Authorization: Basic …` value; none when it is something else.
pub fn basic_pair(value: &str) -> Option<(String, SecretString)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), SecretString::from(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_pair_is_right() {
        let account = Account::new("admin", &"secret:with:colons".into());
        assert!(account.verify("admin", "secret:with:colons"));
        for (user, password) in [
            ("admin", ""),
            ("", "secret:with:colons"),
            ("admin:secret", "with:colons"),
            ("Admin", "secret:with:colons"),
        ] {
            assert!(!account.verify(user, password), "{user} {password}");
        }
    }

    #[test]
    fn basic_credentials_split_at_the_first_colon() {
        let (user, password) = basic_pair("basic YWRtaW46YTpi").unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("admin", "a:b"));
        for bad in ["", "Basic", "Basic !!!", "Basic YWRtaW4=", "Bearer YWRtaW46YTpi", "Basic /////w=="] {
            assert!(basic_pair(bad).is_none(), "{bad}");
        }
    }
}
