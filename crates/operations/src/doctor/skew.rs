//! Whether the console's clock and ours agree.
use super::{
    PATIENCE,
    report::{ok, unknown, warning},
};
use crate::{clients::Clients, scrub};
use domain::{Check, CheckId};
use reqwest::header::DATE;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

/// Clocks that differ by less than this are right: a date in an answer is to the second, and an answer takes a moment.
const BEARABLE: i64 = 30;

/// By how many seconds the console's clock is ahead of ours.
pub async fn ahead(clients: &Clients, console: &Url) -> Result<i64, String> {
    let call = clients.http.get(console.clone()).timeout(PATIENCE).send().await;
    let answer = call.map_err(|error| scrub::http_error(&error))?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let theirs = date.ok_or("the console's answer has no date")?;
    let theirs = OffsetDateTime::parse(theirs, &Rfc2822).map_err(|_| "the date of its answer is none")?;
    Ok((theirs - OffsetDateTime::from(clients.clock.wall())).whole_seconds())
}

/// The check of it.
pub fn check(ahead: &Result<i64, String>) -> Check {
    let (id, about) = (CheckId::ClockSkew, "console");
    match ahead {
        Err(why) => unknown(id, about, why.clone()),
        Ok(seconds) if seconds.abs() < BEARABLE => ok(id, about, "its clock and that of agm agree"),
        Ok(seconds) => {
            let side = if *seconds > 0 { "ahead of" } else { "behind" };
            let evidence = format!("its clock is {} s {side} that of agm", seconds.abs());
            warning(id, about, evidence)
                .fix("Let both hosts take their time from NTP: times in the history are wrong by that much, and the store refuses calls at 15 min.")
        }
    }
}
