//! Which HiClaw it is, and by which way its agents' models are switched.
use super::report::{ok, unknown, warning};
use domain::{Check, CheckId, Failure, HiclawIdentity};

/// The check of it. What speaks against it weighs more than what speaks for it.
pub fn check(seen: &Result<impl AsRef<HiclawIdentity>, Failure>) -> Check {
    let (id, about) = (CheckId::HiclawKnown, "hiclaw");
    let HiclawIdentity { generation, adapter, evidence, doubt } = match seen {
        Ok(seen) => seen.as_ref(),
        Err(why) => return unknown(id, about, why.message.clone()),
    };
    let told = format!("HiClaw {generation}, switched by {adapter}");
    match doubt {
        None => ok(id, about, format!("{told}; {}", evidence.join("; "))),
        Some(doubt) => warning(id, about, format!("{told}; {doubt}")).fix(
            "Leave AGM_HICLAW_GENERATION unset, so that agm finds it out, and name the controller where there is one.",
        ),
    }
}
