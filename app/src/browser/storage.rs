//! The browser's storage of this site: texts by key, which all tabs share, and which may not be there at all.
use gloo_storage::{LocalStorage, Storage as _};
use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{self, js_sys::Error},
};

/// Where texts lie by key.
pub trait Texts {
    /// Every key, ours and others.
    fn keys(&self) -> Result<Vec<String>, Refused>;
    fn get(&self, key: &str) -> Result<Option<String>, Refused>;
    fn set(&self, key: &str, text: &str) -> Result<(), Refused>;
    fn remove(&self, key: &str) -> Result<(), Refused>;
}

/// Why the browser did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No room is left.
    Full,
    /// It keeps nothing for this site: a private window, or a setting.
    Denied,
}

/// What the browser keeps for this site until somebody removes it.
#[derive(Clone, Debug)]
pub struct Kept(web_sys::Storage);

impl Kept {
    /// Asks the browser for it.
    ///
    /// # Errors
    /// [`Refused::Denied`]
    pub fn open() -> Result<Self, Refused> {
        // Asked for without this, a browser that refuses would end the client.
        match window().local_storage() {
            Ok(Some(_)) => Ok(Self(LocalStorage::raw())),
            _ => Err(Refused::Denied),
        }
    }

    /// The same of what it keeps for this tab, and no longer than that.
    ///
    /// # Errors
    /// [`Refused::Denied`]
    pub fn of_this_tab() -> Result<Self, Refused> {
        window().session_storage().ok().flatten().map(Self).ok_or(Refused::Denied)
    }
}

impl Texts for Kept {
    fn keys(&self) -> Result<Vec<String>, Refused> {
        let count = self.0.length().map_err(refused)?;
        let keys: Result<Vec<_>, _> = (0..count).map(|at| self.0.key(at)).collect();
        Ok(keys.map_err(refused)?.into_iter().flatten().collect())
    }

    fn get(&self, key: &str) -> Result<Option<String>, Refused> {
        self.0.get_item(key).map_err(refused)
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Refused> {
        self.0.set_item(key, text).map_err(refused)
    }

    fn remove(&self, key: &str) -> Result<(), Refused> {
        self.0.remove_item(key).map_err(refused)
    }
}

/// Browsers call a full storage by these two names.
fn refused(error: JsValue) -> Refused {
    let name = error.dyn_into::<Error>().map(|error| String::from(error.name())).unwrap_or_default();
    match name.as_str() {
        "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED" => Refused::Full,
        _ => Refused::Denied,
    }
}
