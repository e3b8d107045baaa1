//! Keys and passphrases on their way from a person to the server. Nothing that the server sends can hold one.
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A provider key as a person typed it. It is written to the wire by the page and by the CLI, which send it, and
/// only read by the server. Its `Debug` is redacted.
#[derive(Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "password"))]
pub struct TypedKey(SecretString);

impl TypedKey {
    /// Wraps what was typed.
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// True when the text is a mask or a stand-in (`***`, `sk-…abcd`), which must never be stored as a key.
    pub fn is_masked(&self) -> bool {
        let text = self.0.expose_secret();
        text.contains("***") || text.contains('…') || text.contains("...") || text.contains('•')
    }

    /// The key for the one who stores or uses it.
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl ExposeSecret<str> for TypedKey {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for TypedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedKey(redacted)")
    }
}

impl Serialize for TypedKey {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for TypedKey {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(Self::new)
    }
}

/// What opens a file, as a person typed it; everything else is as of a [`TypedKey`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "password"))]
pub struct Passphrase(TypedKey);

impl Passphrase {
    /// The fewest characters that a new one has. Who has the file can try as many as the time allows.
    pub const SHORTEST: usize = 12;

    /// Wraps what was typed.
    pub fn new(text: String) -> Self {
        Self(TypedKey::new(text))
    }

    /// True when it is too short for a new file.
    pub fn is_short(&self) -> bool {
        self.0.expose_secret().chars().count() < Self::SHORTEST
    }

    /// The passphrase for the one who uses it.
    pub fn into_secret(self) -> SecretString {
        self.0.into_secret()
    }
}
