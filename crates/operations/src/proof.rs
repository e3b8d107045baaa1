//! Whether agm is reached through the gateway: by its domain and by its path, closed to who is not signed in, open to who
//! is, with its static files as they are.
use crate::{clients::Clients, scrub};
use domain::{Code, DomainName, Failure};
use reqwest::{
    Response,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, COOKIE, HOST, HeaderMap, HeaderValue},
};
use secrecy::ExposeSecret;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use url::Url;

/// An address for documentation (RFC 5737), which is nobody's: by its path agm is reached under any.
pub const ANY_ADDRESS: &str = "192.0.2.1";
/// The page that needs no sign-in.
pub const PAGE: &str = "/agm/login";
/// A path that needs one.
pub const CLOSED: &str = "/ni_status/providers";
/// What a page loads begins so.
const STATIC: &str = "/agm/pkg/";
/// One call.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than the page has.
const LARGEST_PAGE: usize = 1 << 20;
/// Pauses between two tries.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// That agm is to be reached under this domain.
pub struct Proof {
    pub domain: DomainName,
    /// Something else was reached before: what the gateway says proves nothing until it surely follows.
    pub moved: bool,
}

/// Proves it as often as it takes the gateway to follow: three times as long as it mostly takes to be effective, because
/// the first route of all may take the longest.
pub async fn until_effective(clients: &Clients, domain: &DomainName) -> Result<String, Failure> {
    let ends = Instant::now() + clients.probe.effective() * 3;
    let mut pause = FIRST_PAUSE;
    loop {
        match once(clients, domain).await {
            Err(_) if Instant::now() + pause < ends => {}
            proved => return proved,
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Proves it now.
///
/// # Errors
/// `UPSTREAM_UNAVAILABLE` with what was seen instead.
pub async fn once(clients: &Clients, domain: &DomainName) -> Result<String, Failure> {
    let prover = Prover { clients, gateway: &clients.gateway };
    prover.prove(domain.as_str()).await.map_err(|seen| {
        let message = format!("agm is not reached through the gateway: {seen}");
        let mut failure = Failure::new(Code::UpstreamUnavailable, message).hint(
            "Can the gateway call agm where it was registered? Name another address with --reach. `agm doctor` looks at the gateway.",
        );
        failure.system = Some("gateway".into());
        failure
    })
}

/// Asks through the gateway.
pub struct Prover<'a> {
    pub clients: &'a Clients,
    pub gateway: &'a Url,
}

/// A call through the gateway, or to agm itself.
pub struct Asked<'a> {
    host: &'a str,
    path: &'a str,
    cookie: Option<&'a str>,
    encoding: Option<&'static str>,
}

impl<'a> Asked<'a> {
    /// One without a sign-in.
    pub fn new(host: &'a str, path: &'a str) -> Self {
        Self { host, path, cookie: None, encoding: None }
    }
}

impl Prover<'_> {
    async fn prove(&self, domain: &str) -> Result<String, String> {
        let front = self.clients.front().map_err(|failure| failure.message)?;
        let mut page = String::new();
        for host in [domain, ANY_ADDRESS] {
            page = self.expect(200, Asked::new(host, PAGE)).await?;
            self.expect(401, Asked::new(host, CLOSED)).await?;
            let signed_in = front.sign_in();
            let asked = Asked { cookie: Some(signed_in.cookie.expose_secret()), ..Asked::new(host, CLOSED) };
            self.expect(200, asked).await?;
        }
        let file = file_in(&page).ok_or_else(|| format!("{PAGE} names no file below {STATIC}"))?;
        self.compare(front.address(), file).await?;
        Ok(format!(
            "agm answers at {domain} and below /agm/ of any address, refuses who is not signed in (401), lets in who is (200), and {file} comes as agm sends it"
        ))
    }

    /// The body of an answer with this status.
    async fn expect(&self, status: u16, asked: Asked<'_>) -> Result<String, String> {
        let (host, path) = (asked.host, asked.path);
        let call = match asked.cookie {
            Some(_) => format!("{path}, signed in, at {host}"),
            None => format!("{path} at {host}"),
        };
        let answer = self.ask(self.gateway, asked).await?;
        let seen = answer.status().as_u16();
        if seen != status {
            return Err(format!("{call} answers HTTP {seen} and not {status}"));
        }
        body(answer).await
    }

    /// A static file must come through the gateway as it comes from agm itself.
    async fn compare(&self, address: SocketAddr, file: &str) -> Result<(), String> {
        let mut own = address;
        if own.ip().is_unspecified() {
            own.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let own = Url::parse(&format!("http://{own}")).map_err(|error| error.to_string())?;
        let asked = |host| Asked { encoding: Some("br"), ..Asked::new(host, file) };
        let direct = self.ask(&own, asked("localhost")).await?;
        let through = self.ask(self.gateway, asked(ANY_ADDRESS)).await?;
        let seen = (direct.status().as_u16(), through.status().as_u16());
        match seen {
            (200, 200) => {}
            (200, seen) => return Err(format!("{file} comes from the gateway with HTTP {seen} and not 200")),
            (seen, _) => return Err(format!("{file} comes from agm itself with HTTP {seen} and not 200")),
        }
        for name in [CACHE_CONTROL, CONTENT_ENCODING] {
            let said = |headers: &HeaderMap| {
                headers.get(&name).map_or("none".to_owned(), |value| format!("{value:?}"))
            };
            let (direct, through) = (said(direct.headers()), said(through.headers()));
            if direct != through {
                return Err(format!(
                    "the {name} of {file} is {direct} from agm itself and {through} through the gateway"
                ));
            }
        }
        Ok(())
    }

    /// What is answered there; else why nothing is.
    pub async fn ask(&self, base: &Url, asked: Asked<'_>) -> Result<Response, String> {
        let Asked { host, path, cookie, encoding } = asked;
        let mut url = base.clone();
        url.set_path(path);
        let mut request = self.clients.http.get(url).header(HOST, host).timeout(PATIENCE);
        if let Some(cookie) = cookie {
            let mut value =
                HeaderValue::from_str(cookie).map_err(|_| "the session cannot be sent".to_owned())?;
            value.set_sensitive(true);
            request = request.header(COOKIE, value);
        }
        if let Some(encoding) = encoding {
            request = request.header(ACCEPT_ENCODING, encoding);
        }
        request.send().await.map_err(|error| format!("{path} at {host}: {}", scrub::http_error(&error)))
    }
}

/// As much of the text as a page of ours has.
pub async fn body(mut answer: Response) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| scrub::http_error(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST_PAGE {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first static file that a page names.
fn file_in(page: &str) -> Option<&str> {
    let from = page.get(page.find(STATIC)?..)?;
    let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))?;
    from.get(..end).filter(|file| file.len() > STATIC.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_of_a_page_is_found() {
        let page = r#"<link rel="stylesheet" href="/agm/pkg/agm.ab12.css"><script src="/agm/pkg/agm.js">"#;
        assert_eq!(file_in(page), Some("/agm/pkg/agm.ab12.css"));
        for none in ["", "/agm/pkg/", r#"href="/agm/pkg/""#, "/agm/fonts/a.woff2 "] {
            assert_eq!(file_in(none), None, "{none}");
        }
    }
}
