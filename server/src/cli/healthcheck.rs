//! `agm healthcheck`: whether the server of these settings is alive, asked from where it runs. A container needs no other
//! program for it.
use super::{error::CliError, said::Said, serve::start, show::print};
use crate::config::own_address;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// A container is asked every few seconds.
const WAIT: Duration = Duration::from_secs(4);

/// Asks its `/healthz`.
pub async fn run(settings: &Said) -> Result<(), CliError> {
    let (addr, tls) = own_address(settings.lookup()?).map_err(start)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/healthz", reachable(addr));
    crate::install_crypto();
    let client = reqwest::Client::builder()
        // The certificate names the server as others call it. Nothing secret is sent, and nothing is learned but a status.
        .tls_danger_accept_invalid_certs(true)
        .timeout(WAIT)
        .no_proxy()
        .build()
        .map_err(start)?;
    match client.get(&url).send().await {
        Ok(answer) if answer.status().is_success() => print(&format!("{url} is alive")),
        Ok(answer) => Err(start(format!("{url} answered {}", answer.status()))),
        Err(error) if error.is_timeout() => Err(start(format!("{url} does not answer: no answer in time"))),
        Err(_) => Err(start(format!("{url} does not answer: the connection failed"))),
    }
}

/// Where to call a server that listens there: one that listens everywhere is on loopback too.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let address = match addr.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_loopback() {
        for (listens, called) in
            [("0.0.0.0:18080", "127.0.0.1:18080"), ("[::]:1", "[::1]:1"), ("10.1.2.3:4", "10.1.2.3:4")]
        {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), called);
        }
    }
}
