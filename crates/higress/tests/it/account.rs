use crate::{World, params, serve};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use higress::{Console, HigressError};
use sandbox::console::{Console as Served, ConsoleOptions};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let world = World::start().await;
    for password in ["nope", "no:pe"] {
        let console = Console::new(params(world.url.clone(), password)).unwrap();
        assert_eq!(console.ping().await.unwrap_err(), HigressError::Refused, "{password}");
    }
}

#[tokio::test]
async fn a_console_without_an_admin_says_so() {
    let served = Served::new(ConsoleOptions::default());
    let url = serve(served.router()).await;
    for password in ["admin", "ad:min"] {
        let console = Console::new(params(url.clone(), password)).unwrap();
        assert_eq!(console.ping().await.unwrap_err(), HigressError::NotInitialised, "{password}");
    }
}

#[tokio::test]
async fn a_password_with_a_colon_logs_in() {
    let world = World::start().await;
    world.served.initialise("admin", "with:colon");
    let console = Console::new(params(world.url.clone(), "with:colon")).unwrap();
    console.ping().await.unwrap();
    assert!(console.providers().await.unwrap().is_empty());
}

/// A console with sessions that can be ended.
#[derive(Default)]
struct Sessions {
    logins: usize,
    valid: Option<String>,
    seen_cookies: Vec<String>,
    /// What a login sets instead of a good cookie.
    bad_cookie: Option<&'static str>,
}

type Shared = Arc<Mutex<Sessions>>;

async fn login(State(state): State<Shared>, Json(body): Json<Value>) -> (StatusCode, HeaderMap, Json<Value>) {
    assert_eq!(body, json!({ "username": "admin", "password": "a:b" }));
    let mut state = state.lock().unwrap();
    state.logins += 1;
    let value = state
        .bad_cookie
        .map_or_else(|| format!("c2Vzc2lvbg{}A", ["A", "B", "C", "D"][state.logins % 4]), Into::into);
    state.valid = Some(format!("_hi_sess={value}"));
    let cookie = format!("_hi_sess={value}; Path=/; HttpOnly");
    let headers = HeaderMap::from_iter([(header::SET_COOKIE, cookie.parse().unwrap())]);
    (StatusCode::CREATED, headers, Json(json!({ "name": "admin" })))
}

async fn user(State(state): State<Shared>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let mut state = state.lock().unwrap();
    let cookie = headers.get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned());
    state.seen_cookies.extend(cookie.clone());
    if cookie.is_some() && cookie == state.valid {
        (StatusCode::OK, Json(json!({ "success": true, "message": null, "data": { "name": "admin" } })))
    } else {
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "success": false, "message": "x.AuthException: Login required.", "data": null })),
        )
    }
}

async fn with_sessions() -> (Shared, Console) {
    let state = Shared::default();
    let router = Router::new().route("/session/login", post(login)).route("/user/info", get(user));
    let url = serve(router.with_state(state.clone())).await;
    (state, Console::new(params(url, "a:b")).unwrap())
}

#[tokio::test]
async fn many_calls_share_one_login_and_one_new_login() {
    let (state, console) = with_sessions().await;
    let calls = || async {
        let pings = (0..16).map(|_| {
            let console = console.clone();
            tokio::spawn(async move { console.ping().await })
        });
        for ping in pings.collect::<Vec<_>>() {
            ping.await.unwrap().unwrap();
        }
    };
    calls().await;
    assert_eq!(state.lock().unwrap().logins, 1);
    state.lock().unwrap().valid = None;
    calls().await;
    assert_eq!(state.lock().unwrap().logins, 2);
}

#[tokio::test]
async fn a_second_401_is_final() {
    let (state, console) = with_sessions().await;
    console.ping().await.unwrap();
    let router = Router::new()
        .route("/session/login", post(login))
        .route("/user/info", get(|| async { (StatusCode::UNAUTHORIZED, Json(json!({ "success": false }))) }));
    let url = serve(router.with_state(state.clone())).await;
    let console = Console::new(params(url, "a:b")).unwrap();
    assert_eq!(console.ping().await.unwrap_err(), HigressError::Refused);
    assert_eq!(state.lock().unwrap().logins, 3, "one for each of the two tries");
}

#[tokio::test]
async fn an_unusable_cookie_is_never_sent() {
    for bad in ["", "%%%", "not base64!"] {
        let (state, console) = with_sessions().await;
        state.lock().unwrap().bad_cookie = Some(bad);
        assert!(matches!(console.ping().await.unwrap_err(), HigressError::Malformed { .. }), "{bad}");
        assert!(state.lock().unwrap().seen_cookies.is_empty(), "{bad}");
    }
}
