//! Signing in and out, by session and by Basic.
use crate::support::{ADMIN, Answer, JSON, World};

const RIGHT: &str = r#"{"username":"admin","password":"admin"}"#;
const WRONG: &str = r#"{"username":"admin","password":"guess"}"#;

async fn login(world: &World, body: &str, headers: &[(&str, &str)]) -> Answer {
    let length = body.len().to_string();
    let headers = [&[JSON, ("content-length", &length)], headers].concat();
    world.call("POST", "/ni_status/login", &headers, body.to_owned()).await
}

fn cookie(answer: &Answer) -> String {
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_begins_with_a_new_token_and_ends_with_sign_out() {
    let world = World::start().await;
    let first = login(&world, RIGHT, &[]).await;
    assert_eq!((first.status.as_u16(), first.text.as_str()), (204, ""));
    let kept = first.headers["set-cookie"].to_str().unwrap();
    assert!(
        kept.contains("HttpOnly") && kept.contains("SameSite=Strict") && !kept.contains("Secure"),
        "{kept}"
    );
    let old = cookie(&first);
    assert_eq!(world.call("GET", "/ni_status/providers", &[("cookie", &old)], "").await.status.as_u16(), 200);
    let new = cookie(&login(&world, RIGHT, &[("cookie", &old)]).await);
    assert_ne!(old, new);
    assert_eq!(world.call("GET", "/ni_status/session", &[("cookie", &old)], "").await.status.as_u16(), 401);
    assert_eq!(world.call("POST", "/ni_status/logout", &[("cookie", &new)], "").await.status.as_u16(), 204);
    assert_eq!(world.call("GET", "/ni_status/session", &[("cookie", &new)], "").await.status.as_u16(), 401);
}

#[tokio::test]
async fn under_tls_the_cookie_is_bound_to_the_host() {
    let world = World::with(|setup| setup.secure = true).await;
    let kept = login(&world, RIGHT, &[]).await.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(kept.starts_with("__Host-agm_session=") && kept.ends_with("; Secure"), "{kept}");
}

#[tokio::test]
async fn shown_credentials_are_judged_before_the_cookie() {
    let world = World::start().await;
    let session = cookie(&login(&world, RIGHT, &[]).await);
    for shown in ["Basic YWRtaW46Z3Vlc3M=", "Bearer x", "Basic %%%"] {
        let answer = world
            .call("GET", "/ni_status/session", &[("cookie", &session), ("authorization", shown)], "")
            .await;
        assert_eq!((answer.status.as_u16(), answer.json_code().as_str()), (401, "AUTH_FAILED"), "{shown}");
    }
}

#[tokio::test]
async fn guessing_ends_with_429_and_a_time() {
    let world = World::start().await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(login(&world, WRONG, &[]).await.status.as_u16());
    }
    assert_eq!(codes, [[401; 10].as_slice(), &[429, 429]].concat());
    let right = login(&world, RIGHT, &[]).await;
    assert_eq!((right.status.as_u16(), right.json_code().as_str()), (429, "RATE_LIMITED"));
    assert!(right.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 800);
    assert_eq!(
        world.call("GET", "/ni_status/session", &[ADMIN], "").await.status.as_u16(),
        429,
        "Basic counts too"
    );
}

#[tokio::test]
async fn a_trusted_proxy_tells_who_guesses() {
    let world = World::with(|setup| setup.trusted_proxies = vec![[127, 0, 0, 1].into()]).await;
    for _ in 0..10 {
        assert_eq!(
            login(&world, WRONG, &[("x-forwarded-for", "10.9.9.9, 192.0.2.1")]).await.status.as_u16(),
            401
        );
    }
    assert_eq!(
        login(&world, RIGHT, &[("x-forwarded-for", "10.9.9.9, 192.0.2.1")]).await.status.as_u16(),
        429
    );
    assert_eq!(
        login(&world, RIGHT, &[("x-forwarded-for", "192.0.2.1, 192.0.2.2")]).await.status.as_u16(),
        204
    );
}

#[tokio::test]
async fn guesses_through_the_gateway_do_not_lock_the_scripts_of_this_machine_out() {
    let world = World::with(|setup| setup.trusted_proxies = vec![[127, 0, 0, 1].into()]).await;
    let mut codes = Vec::new();
    for guess in 0..60 {
        let from = format!("198.51.100.{guess}");
        codes.push(login(&world, WRONG, &[("x-forwarded-for", &from)]).await.status.as_u16());
    }
    assert_eq!(codes, [[401; 50].as_slice(), &[429; 10]].concat());
    assert_eq!(login(&world, RIGHT, &[]).await.status.as_u16(), 204);
}

#[tokio::test]
async fn without_a_script_the_form_signs_in() {
    let world = World::start().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let right = world.call("POST", "/agm/login", &form, "username=admin&password=admin").await;
    assert_eq!((right.status.as_u16(), right.headers["location"].to_str().unwrap()), (303, "/agm/"));
    let session = cookie(&right);
    assert_eq!(world.call("GET", "/agm/", &[("cookie", &session)], "").await.status.as_u16(), 200);
    let wrong = world.call("POST", "/agm/login", &form, "username=admin&password=x").await;
    assert_eq!(wrong.headers["location"], "/agm/login?refused=wrong&user=admin");
    assert!(!wrong.headers.contains_key("set-cookie"));
    let page = world.call("GET", "/agm/login?refused=wrong&user=admin", &[], "").await.text;
    assert!(
        page.contains("The name or the password is wrong.") && page.contains("value=\"admin\""),
        "{page}"
    );
}

#[tokio::test]
async fn the_scrape_token_opens_the_metrics_and_nothing_else() {
    let world = World::with(|setup| setup.metrics_token = Some("t0ken".to_owned().into())).await;
    let token = ("authorization", "Bearer t0ken");
    let answer = world.call("GET", "/metrics", &[token], "").await;
    assert!(
        answer.status.is_success() && answer.text.contains("agm_http_request_duration_seconds"),
        "{}",
        answer.text
    );
    assert_eq!(
        world.call("GET", "/metrics", &[("authorization", "Bearer x")], "").await.status.as_u16(),
        401
    );
    assert_eq!(world.call("GET", "/ni_status/providers", &[token], "").await.status.as_u16(), 401);
}
