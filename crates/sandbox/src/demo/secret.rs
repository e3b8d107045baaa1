//! Made-up secrets: each unlike any other, the same at every start, and written nowhere in the source.
use super::WORKERS;

/// A secret of 32 hex digits for this use and owner.
pub(crate) fn secret(purpose: &str, owner: &str) -> String {
    let digest = blake3::hash(format!("agm sandbox: {purpose} of {owner}").as_bytes());
    digest.to_hex()[..32].to_owned()
}

/// The key of an agent's consumer at the gateway. The Manager's is also its OpenClaw's own token.
pub(super) fn gateway_key(agent: &str) -> String {
    secret("gateway-key", agent)
}

/// A Matrix access token, in the form that homeservers give.
pub(super) fn matrix_token(agent: &str) -> String {
    format!("syt_{}", secret("matrix-token", agent))
}

/// The secret key of the store's account.
pub(crate) fn store_secret() -> String {
    secret("store", "admin")
}

/// Every secret that the demo holds, for tests that look for leaks. Keys of the upstreams are theirs to name.
pub(crate) fn all() -> Vec<String> {
    let names = || WORKERS.iter().map(|worker| worker.name).chain(["manager"]);
    let of = |make: fn(&str) -> String| names().map(make);
    let passwords = names().map(|name| secret("matrix-password", name));
    let tokens = names().map(|name| secret("openclaw-token", name));
    of(gateway_key).chain(of(matrix_token)).chain(passwords).chain(tokens).chain([store_secret()]).collect()
}
