//! A key-auth consumer as the console stores it.
use crate::HigressError;
use domain::ConsumerName;
use secrecy::SecretString;
use serde_json::Value;
use std::fmt;

/// A consumer. Its `Debug` shows the name only: the tree holds keys.
#[derive(Clone, PartialEq)]
pub struct ConsumerDoc {
    name: ConsumerName,
    json: Value,
}

impl ConsumerDoc {
    /// Reads what the console sent.
    ///
    /// # Errors
    /// [`HigressError::Malformed`] when it has no usable name.
    pub fn parse(json: Value) -> Result<Self, HigressError> {
        let name = crate::console::name_of(&json)?;
        Ok(Self { name, json })
    }

    /// Its name.
    pub fn name(&self) -> &ConsumerName {
        &self.name
    }

    /// The keys of all its credentials.
    pub fn keys(&self) -> Vec<SecretString> {
        let credentials = self.json["credentials"].as_array().into_iter().flatten();
        let values = credentials.filter_map(|credential| credential["values"].as_array()).flatten();
        values.filter_map(Value::as_str).map(SecretString::from).collect()
    }

    /// The tree.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

impl fmt::Debug for ConsumerDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConsumerDoc({})", self.name)
    }
}
