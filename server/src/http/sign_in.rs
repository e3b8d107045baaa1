//! Sign-in and sign-out: JSON for the page's script and for programs, a form for the page without its script.
use super::{
    front::Peer,
    state::{AppState, Shared},
};
use app::{api, codec::Body as _, error::ApiError};
use axum::{
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::{Code, Failure};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use std::{
    net::IpAddr,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

/// The session's cookie. The prefix makes browsers refuse it without TLS, so it is used under TLS only.
#[derive(Clone, Copy)]
pub enum CookieName {
    Plain,
    Secure,
}

impl CookieName {
    pub fn of(secure: bool) -> Self {
        if secure { Self::Secure } else { Self::Plain }
    }

    /// As in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "agm_session",
            Self::Secure => "__Host-agm_session",
        }
    }

    /// A `Set-Cookie` that ends with the browser, or at once when there is no token.
    fn set(self, token: Option<&str>) -> Option<HeaderValue> {
        let name = self.as_str();
        let mut cookie = match token {
            Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict"),
            None => format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"),
        };
        if matches!(self, Self::Secure) {
            cookie.push_str("; Secure");
        }
        HeaderValue::try_from(cookie).ok()
    }
}

/// The session token that a request brings.
pub fn cookie(headers: &HeaderMap, name: CookieName) -> Option<&str> {
    cookie_named(headers, name.as_str())
}

/// The value of a cookie.
pub fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Whose address counts: the caller's, or what a proxy that we trust says of it.
pub fn caller_address(shared: &Shared, headers: &HeaderMap, peer: Peer) -> IpAddr {
    let trusted = |address: &IpAddr| shared.trusted_proxies.contains(&address.to_canonical());
    if !trusted(&peer.remote) {
        return peer.remote.to_canonical();
    }
    let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops = said.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
    let hops: Vec<_> = hops.collect();
    hops.into_iter().rev().find(|hop| !trusted(hop)).unwrap_or(peer.remote).to_canonical()
}

/// Judges a name and a password, unless there were too many wrong ones.
pub fn verify(shared: &Shared, address: IpAddr, user: &str, password: &str) -> Result<(), Failure> {
    let now = Instant::now();
    if let Some(wait) = shared.limiter.wait(address, user, now) {
        return Err(limited(wait));
    }
    if shared.account.verify(user, password) {
        return Ok(());
    }
    shared.limiter.failed(address, user, now);
    shared.counters.refused_sign_ins.fetch_add(1, Relaxed);
    tracing::warn!(%address, "a sign-in was refused");
    Err(Failure::new(Code::AuthFailed, "the name or the password is wrong"))
}

fn limited(wait: Duration) -> Failure {
    let mut failure = Failure::new(Code::RateLimited, "too many wrong passwords").hint("Wait and try again.");
    failure.retry_after = u32::try_from(wait.as_secs() + 1).ok();
    failure
}

/// Sign in: 204 and a session's cookie.
#[utoipa::path(post, path = "/ni_status/login", tag = "session", request_body = api::Account,
    responses((status = 204)), security(()))]
pub async fn login(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let address = caller_address(&state.shared, request.headers(), Peer::of(&request));
    let old = cookie(request.headers(), CookieName::of(state.shared.secure)).map(str::to_owned);
    let account = api::Account::read(&body(request).await?)?;
    verify(&state.shared, address, &account.user, account.password.expose_secret())?;
    Ok(with_session(&state.shared, old.as_deref(), StatusCode::NO_CONTENT.into_response()))
}

/// `POST /agm/login`: the same for a plain form, which goes back to a page.
pub async fn login_form(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let address = caller_address(&state.shared, request.headers(), Peer::of(&request));
    let old = cookie(request.headers(), CookieName::of(state.shared.secure)).map(str::to_owned);
    let body = body(request).await?;
    let field = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(&body);
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let user = field("username");
    let why = match verify(&state.shared, address, &user, &field("password")) {
        Ok(()) => {
            return Ok(with_session(&state.shared, old.as_deref(), Redirect::to("/agm/").into_response()));
        }
        Err(failure) if failure.code == Code::RateLimited => "limited",
        Err(_) => "wrong",
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("refused", why)
        .append_pair("user", &user)
        .finish();
    Ok(Redirect::to(&format!("/agm/login?{query}")).into_response())
}

/// Sign out: 204, and the session is gone here too.
#[utoipa::path(post, path = "/ni_status/logout", tag = "session", responses((status = 204)))]
pub async fn logout(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let name = CookieName::of(state.shared.secure);
    if let Some(token) = cookie(&headers, name) {
        state.shared.sessions.end(token);
    }
    set(StatusCode::NO_CONTENT.into_response(), name.set(None))
}

async fn body(request: Request) -> Result<Bytes, Failure> {
    let whole = request.into_body().collect().await;
    whole
        .map(|body| body.to_bytes())
        .map_err(|_| Failure::new(Code::MalformedRequest, "the body did not arrive whole"))
}

/// A new session for each sign-in; the one that the browser had before ends.
fn with_session(shared: &Shared, old: Option<&str>, response: Response) -> Response {
    if let Some(old) = old {
        shared.sessions.end(old);
    }
    let token = shared.sessions.begin(Instant::now());
    set(response, CookieName::of(shared.secure).set(Some(token.as_str())))
}

fn set(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("a=1; agm_sessionx=no; agm_session=yes; b=2"),
        )]);
        assert_eq!(cookie(&headers, CookieName::Plain), Some("yes"));
        assert_eq!(cookie(&headers, CookieName::Secure), None);
    }

    #[test]
    fn the_cookie_is_bound_to_the_site_and_hidden_from_scripts() {
        let plain = CookieName::Plain.set(Some("t")).unwrap();
        assert_eq!(plain, "agm_session=t; Path=/; HttpOnly; SameSite=Strict");
        let secure = CookieName::Secure.set(Some("t")).unwrap();
        assert_eq!(secure, "__Host-agm_session=t; Path=/; HttpOnly; SameSite=Strict; Secure");
    }
}
