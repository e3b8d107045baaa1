//! `agm healthcheck`: whether the server of these settings is alive, asked from where it runs. A container needs no other
//! program for it.
use super::{client::is_agm, error::CliError, here::url_by, said::Said, serve::start, show::print};
use std::time::Duration;

/// A container is asked every few seconds.
const WAIT: Duration = Duration::from_secs(4);

/// Asks its `/healthz`.
pub async fn run(settings: &Said) -> Result<(), CliError> {
    let url = format!("{}/healthz", url_by(settings.lookup_here()?)?);
    crate::install_crypto();
    let client = reqwest::Client::builder()
        // The certificate names the server as others call it. Nothing secret is sent, and nothing is learned but a status.
        .tls_danger_accept_invalid_certs(true)
        .timeout(WAIT)
        .no_proxy()
        .build()
        .map_err(start)?;
    match client.get(&url).send().await {
        Ok(answer) if !answer.status().is_success() => {
            Err(start(format!("{url} answered {}", answer.status())))
        }
        Ok(answer) => match is_agm(answer).await {
            true => print(&format!("{url} is alive")),
            false => Err(start(format!("{url} is answered by another program"))),
        },
        Err(error) if error.is_timeout() => Err(start(format!("{url} does not answer: no answer in time"))),
        Err(_) => Err(start(format!("{url} does not answer: the connection failed"))),
    }
}
