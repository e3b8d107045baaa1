//! The one administrator: sign-in, session cookies without a session table, HTTP Basic.
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apiserver::Api;
use super::documents::Admin;
use super::jackson::{self, empty, split};
use super::refusal::Refusal;

/// Name of the session cookie.
pub(super) const COOKIE: &str = "_hi_sess";
const NONCE: usize = 16;

/// `LoginRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Login {
    #[serde(deserialize_with = "jackson::text")]
    username: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    password: Option<String>,
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) auto_login: Option<bool>,
}

/// `ChangePasswordRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PasswordChange {
    #[serde(deserialize_with = "jackson::text")]
    old_password: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    new_password: Option<String>,
}

/// `SystemInitRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Initialisation {
    #[serde(deserialize_with = "jackson::object")]
    admin_user: Option<NewAdmin>,
    configs: Option<Map<String, Value>>,
}

/// `User`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NewAdmin {
    #[serde(deserialize_with = "jackson::text")]
    name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    display_name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    password: Option<String>,
}

impl Admin {
    pub(super) fn new(name: &str, display_name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            password: password.to_owned(),
            cookie_key: rand::random(),
        }
    }

    pub(super) fn answer(&self) -> Value {
        json!({"name": self.name, "password": null, "displayName": self.display_name, "avatarUrl": null})
    }

    fn seal(&self, nonce: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.cookie_key);
        hasher.update(nonce).update(self.name.as_bytes()).update(&[1]).update(self.password.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// A cookie that holds as long as the password does.
    fn cookie(&self) -> String {
        let nonce: [u8; NONCE] = rand::random();
        STANDARD.encode([nonce.as_slice(), &self.seal(&nonce)].concat())
    }

    fn accepts(&self, token: &[u8]) -> bool {
        token.split_at_checked(NONCE).is_some_and(|(nonce, seal)| seal == self.seal(nonce))
    }

    fn is(&self, name: &str, password: &str) -> bool {
        self.name == name && self.password == password
    }
}

impl Api {
    fn admin(&self) -> Option<Admin> {
        self.server.look(|state| state.admin.clone())
    }

    /// Who calls: the cookie is tried first, then HTTP Basic.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Admin, Refusal> {
        let admin = self.admin();
        let by_cookie = admin.as_ref().map(|admin| by_cookie(admin, headers)).transpose()?;
        let known = by_cookie == Some(true) || by_basic(admin.as_ref(), headers)?;
        admin.filter(|_| known).ok_or(Refusal::Unauthenticated("Login required."))
    }

    /// `POST /session/login`: the user and the cookie.
    pub(super) fn login(&self, login: &Login) -> Result<(Value, String), Refusal> {
        if empty(login.username.as_deref()) || empty(login.password.as_deref()) {
            return Err(Refusal::invalid("Missing user name or password."));
        }
        let admin = self.admin().ok_or(Refusal::State("No valid admin config is available."))?;
        let (name, password) = (login.username.as_deref(), login.password.as_deref());
        if !admin.is(name.unwrap_or_default(), password.unwrap_or_default()) {
            return Err(Refusal::Unauthenticated("Incorrect username or password"));
        }
        Ok((admin.answer(), admin.cookie()))
    }

    /// `POST /user/changePassword`.
    pub(super) fn change_password(&self, change: &PasswordChange) -> Result<(), Refusal> {
        let Some(old) = change.old_password.as_deref().filter(|old| !old.is_empty()) else {
            return Err(Refusal::invalid("Missing old password."));
        };
        let Some(new) = change.new_password.as_deref().filter(|new| !new.is_empty()) else {
            return Err(Refusal::invalid("Missing new password."));
        };
        if self
            .server
            .look(|state| state.settings.get("admin.password-change.disabled") == Some(&Value::Bool(true)))
        {
            return Err(Refusal::State("Password change is disabled."));
        }
        self.server.change(|state| match &mut state.admin {
            Some(admin) if admin.password == old => {
                admin.password = new.to_owned();
                Ok(())
            }
            _ => Err(Refusal::invalid("Incorrect old password.")),
        })
    }

    /// `POST /system/init`, once.
    pub(super) fn initialise(&self, request: Initialisation) -> Result<(), Refusal> {
        let user = request.admin_user.ok_or_else(|| Refusal::invalid("Missing adminUser."))?;
        let fields = [&user.name, &user.display_name, &user.password];
        if fields.iter().any(|field| empty(field.as_deref())) {
            return Err(Refusal::invalid("Incomplete adminUser object."));
        }
        let [name, display_name, password] = fields.map(|field| field.as_deref().unwrap_or_default());
        self.server.change(|state| {
            if state.admin.is_some() {
                return Err(Refusal::State("System already initialized."));
            }
            state.admin = Some(Admin::new(name, display_name, password));
            state.settings.extend(request.configs.unwrap_or_default());
            Ok(())
        })
    }
}

fn by_cookie(admin: &Admin, headers: &HeaderMap) -> Result<bool, Refusal> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    match pairs.find(|(name, _)| *name == COOKIE) {
        Some((_, token)) if !token.is_empty() => Ok(admin.accepts(&decode(token)?)),
        _ => Ok(false),
    }
}

fn by_basic(admin: Option<&Admin>, headers: &HeaderMap) -> Result<bool, Refusal> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ["Basic", credentials] = split(header, ' ')[..] else { return Ok(false) };
    let decoded = decode(credentials)?;
    let decoded = String::from_utf8_lossy(&decoded);
    let [name, password] = split(&decoded, ':')[..] else { return Ok(false) };
    Ok(admin.is_some_and(|admin| admin.is(name, password)))
}

/// `java.util.Base64.getDecoder()`, whose complaints reach the client.
fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = text.as_bytes();
    if bytes.len() == 1 {
        return Err(Refusal::argument("Input byte[] should at least have 2 bytes for base64 bytes"));
    }
    let (mut out, mut bits, mut shift, mut at) = (Vec::new(), 0_u32, 18_i32, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                if shift == 18 || (shift == 6 && bytes.get(at) != Some(&b'=')) {
                    return Err(Refusal::argument("Input byte array has wrong 4-byte ending unit"));
                }
                at += usize::from(shift == 6);
                break;
            }
            other => return Err(Refusal::argument(format!("Illegal base64 character {other:x}"))),
        };
        bits |= u32::from(value) << shift;
        shift -= 6;
        if shift < 0 {
            out.extend(&bits.to_be_bytes()[1..]);
            (bits, shift) = (0, 18);
        }
    }
    match shift {
        6 => out.push(bits.to_be_bytes()[1]),
        0 => out.extend(&bits.to_be_bytes()[1..3]),
        12 => return Err(Refusal::argument("Last unit does not have enough valid bits")),
        _ => {}
    }
    if at < bytes.len() {
        return Err(Refusal::argument(format!("Input byte array has incorrect ending byte at {at}")));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&STANDARD.encode(&bytes)).expect("valid"), bytes);
        }
    }

    #[test]
    fn java_says_what_is_wrong() {
        let complaint = |text| decode(text).expect_err("invalid").to_string();
        assert!(complaint("%%%").ends_with("Illegal base64 character 25"));
        assert!(complaint("A").ends_with("at least have 2 bytes for base64 bytes"));
        assert!(complaint("AAA=A").ends_with("incorrect ending byte at 4"));
        assert!(complaint("AAAAA").ends_with("not have enough valid bits"));
        assert!(complaint("AA=A").ends_with("wrong 4-byte ending unit"));
    }
}
