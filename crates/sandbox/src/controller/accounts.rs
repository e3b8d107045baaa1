//! Service accounts and their tokens.
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::demo::made_up;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Account {
    Admin,
    /// All Managers share one.
    Manager,
    /// A worker or a member of a team, by name.
    Worker(String),
}

/// Admin and Manager are no names of workers, which have a word before them.
impl From<Account> for String {
    fn from(account: Account) -> Self {
        match account {
            Account::Admin => "admin".to_owned(),
            Account::Manager => "manager".to_owned(),
            Account::Worker(name) => format!("worker {name}"),
        }
    }
}

impl From<String> for Account {
    fn from(text: String) -> Self {
        match (text.as_str(), text.strip_prefix("worker ")) {
            (_, Some(name)) => Self::Worker(name.to_owned()),
            ("manager", _) => Self::Manager,
            _ => Self::Admin,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    /// How often an account was made anew. A token is good for the account it was made for only.
    lives: BTreeMap<Account, u64>,
    tokens: BTreeMap<String, (Account, u64)>,
    latest: BTreeMap<Account, String>,
    issued: u64,
}

/// All accounts. Tokens outlive the process that gave them out.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Accounts {
    state: Mutex<State>,
}

impl Accounts {
    /// A new token. Earlier ones stay good.
    pub(super) fn issue(&self, account: &Account) -> String {
        let mut state = self.lock();
        state.issued += 1;
        let token = made_up("service-account-token", &format!("{account:?} {}", state.issued));
        let life = state.lives.get(account).copied().unwrap_or_default();
        state.tokens.insert(token.clone(), (account.clone(), life));
        state.latest.insert(account.clone(), token.clone());
        token
    }

    /// The token given out last.
    pub(super) fn latest(&self, account: &Account) -> Option<String> {
        self.lock().latest.get(account).cloned()
    }

    /// Whose token this is.
    pub(super) fn owner(&self, token: &str) -> Option<Account> {
        let state = self.lock();
        let (account, life) = state.tokens.get(token)?;
        (state.lives.get(account).copied().unwrap_or_default() == *life).then(|| account.clone())
    }

    /// Deletes an account, and with it every token.
    pub(super) fn delete(&self, account: &Account) {
        *self.lock().lives.entry(account.clone()).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_as_long_as_its_account() {
        let accounts = Accounts::default();
        let first = accounts.issue(&Account::Manager);
        let second = accounts.issue(&Account::Manager);
        assert_ne!(first, second);
        assert_eq!(accounts.owner(&first), Some(Account::Manager));
        accounts.delete(&Account::Manager);
        assert_eq!((accounts.owner(&first), accounts.owner(&second)), (None, None));
        let third = accounts.issue(&Account::Manager);
        assert_eq!(accounts.owner(&third), Some(Account::Manager));
        assert_eq!(accounts.latest(&Account::Manager), Some(third));
    }
}
