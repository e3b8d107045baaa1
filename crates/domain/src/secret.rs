//! A key on its way from a person to the server. Nothing that the server sends can hold one.
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
