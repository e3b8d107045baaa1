//! Every path: closed unless listed, and true about what it refuses.
use crate::support::{ADMIN, JSON, World};
use http::StatusCode;
use server::http::{Access, access, all_routes};

/// A path as it may be called.
pub fn filled(path: &str) -> String {
    path.replace("{name}", "qwen").replace("{id}", "01JD0000000000000000000000")
}

#[tokio::test]
async fn without_credentials_only_the_listed_paths_answer() {
    let world = World::start().await;
    for (method, path) in all_routes() {
        let answer = world.call(&method, &filled(&path), &[], "").await;
        match access(&path, None) {
            Access::Open => assert_ne!(answer.json_code(), "AUTH_REQUIRED", "{method} {path}"),
            Access::Page if method == "GET" => {
                assert_eq!(answer.headers["location"], "/agm/login", "{method} {path}");
                let head = world.call("HEAD", &path, &[], "").await;
                assert_eq!(head.status, answer.status, "HEAD {path}");
            }
            _ => {
                assert_eq!(
                    (answer.status.as_u16(), answer.json_code().as_str()),
                    (401, "AUTH_REQUIRED"),
                    "{method} {path}"
                );
                assert!(answer.headers.contains_key("www-authenticate"), "{method} {path}");
                let own = world.call(&method, &filled(&path), &[("x-agm-ui", "1")], "").await;
                assert_eq!((own.status.as_u16(), own.headers.contains_key("www-authenticate")), (401, false));
            }
        }
    }
}

/// The open routes, by hand: a new one has to be thought about here too.
#[test]
fn the_open_routes_are_these() {
    let open = all_routes().into_iter().filter(|(_, path)| access(path, None) == Access::Open);
    let open: Vec<_> = open.map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        "GET /",
        "GET /healthz",
        "GET /ni_status/health",
        "GET /readyz",
        "POST /agm/login",
        "POST /ni_status/login",
    ];
    assert_eq!(open, expected);
}

/// A call, and what is wrong with it: method, path, body, status, field.
type Wrong = (&'static str, &'static str, &'static str, u16, &'static str);

const WISH: &str = r#"{"provider":"qwen","model":"qwen-max"}"#;

/// What is wrong about one agent.
const AGENTS: &[Wrong] = &[
    ("POST", "/set-model", "{}", 422, "target"),
    ("POST", "/set-model", r#"{"target":"alice","provider":"qwen"}"#, 422, "model"),
    ("POST", "/set-model", r#"{"target":"a/b","provider":"qwen","model":"m"}"#, 422, "target"),
    ("POST", "/set-model", "{", 400, ""),
    ("PUT", "/assignment/manager", r#"{"provider":"qwen","model":"m","modle":1}"#, 422, "modle"),
    ("PUT", "/assignment/workers/alice", r#"{"provider":"qwen","model":5}"#, 422, "model"),
    ("PUT", "/assignment/workers/..%2Fx", WISH, 422, "name"),
    ("PUT", "/assignment/workers/alice?dry_run=yes", WISH, 422, "dry_run"),
    ("PUT", "/assignment/manager?dry_run", WISH, 422, "dry_run"),
    ("PUT", "/assignment/manager", r#"{"provider":"qwen","model":"m","restart":"later"}"#, 422, "restart"),
    ("PUT", "/assignment/workers/alice", r#"{"provider":"qwen","model":"m","restart":true}"#, 422, "restart"),
    ("POST", "/plans", r#"{"kind":"restart"}"#, 422, "target"),
    ("GET", "/assignment/workers/%ff", "", 422, "name"),
    ("POST", "/workers/a%2Fb/restart", "", 422, "name"),
    ("POST", "/workers/alice/wake?dry_run=yes", "", 422, "dry_run"),
    ("POST", "/plans", r#"{"kind":"restart","target":"alice","now":true}"#, 422, "now"),
];

/// About providers and routes.
const PROVIDERS: &[Wrong] = &[
    ("POST", "/providers", r#"{"name":"x","type":"hunyuan"}"#, 422, "type"),
    ("POST", "/create-provider", r#"{"name":"x","type":"qwen","api_key":"k"}"#, 422, "api_key"),
    ("PUT", "/providers/qwen", r#"{"tokens":"k"}"#, 422, "tokens"),
    ("POST", "/test-provider", r#"{"model":"m"}"#, 422, "provider"),
    ("POST", "/routes/simulate", r#"{"model":""}"#, 422, "model"),
    ("POST", "/routes/repair", r#"{"routes":[]}"#, 422, "routes"),
    ("POST", "/reload", r#"{"target":7}"#, 422, "target"),
];

/// About operations and plans.
const OPERATIONS: &[Wrong] = &[
    ("POST", "/plans", r#"{"kind":"set_model","target":"alice","provider":"p","model":"m","x":1}"#, 422, "x"),
    ("POST", "/operations", r#"{"kind":"what"}"#, 422, "kind"),
    ("POST", "/operations?dry_run=true", r#"{"kind":"repair_routes"}"#, 422, "dry_run"),
    ("GET", "/operations/nope", "", 422, "id"),
    ("GET", "/operations/01JD0000000000000000000000", "", 404, ""),
    ("GET", "/operations/01JD0000000000000000000000?until=ever", "", 422, "until"),
    ("GET", "/operations?limit=many", "", 422, "limit"),
    ("GET", "/operations?target=a/b", "", 422, "target"),
    ("POST", "/operations/nope/undo", "", 422, "id"),
    ("POST", "/operations/01JD0000000000000000000000/undo", "", 404, ""),
    ("POST", "/operations/01JD0000000000000000000000/undo?dry_run=1", "", 422, "dry_run"),
    ("POST", "/operations/nope/cancel", "", 422, "id"),
    ("POST", "/operations/01JD0000000000000000000000/cancel", "", 404, ""),
    ("POST", "/operations/01JD0000000000000000000000/cancel?dry_run=true", "", 422, "dry_run"),
    ("POST", "/operations/nope/release", "", 422, "id"),
    ("POST", "/operations/01JD0000000000000000000000/release", "", 404, ""),
    ("POST", "/operations/01JD0000000000000000000000/release?dry_run=true", "", 422, "dry_run"),
    ("POST", "/plans/nope/apply", "", 422, "id"),
    ("POST", "/plans/01JD0000000000000000000000/apply", "", 404, ""),
    ("POST", "/plans/01JD0000000000000000000000/apply?dry_run=true", "", 422, "dry_run"),
    ("POST", "/plans", r#"{"version":1,"routes":[{"name":"r","upstream":[]}]}"#, 422, "routes[0].upstream"),
    ("POST", "/plans", r#"{"version":2}"#, 422, "version"),
    (
        "POST",
        "/plans",
        r#"{"version":1,"providers":[{"name":"qwen","type":"qwen","keys":[{"env":"K"}]}]}"#,
        422,
        "providers[0].keys",
    ),
    ("POST", "/plans", r#"{"kind":"undo","operation":7}"#, 422, "operation"),
];

/// About many agents at once.
const MANY: &[Wrong] = &[
    ("POST", "/set-models", r#"{"targets":["alice"],"provider":"qwen"}"#, 422, "model"),
    ("POST", "/set-models", r#"{"targets":["a/b"],"provider":"qwen","model":"m"}"#, 422, "targets[0]"),
    ("POST", "/set-models", r#"{"targets":[],"provider":"qwen","model":"m"}"#, 422, "targets"),
    (
        "POST",
        "/set-models",
        r#"{"targets":["bob"],"provider":"qwen","model":"m","restart":"x"}"#,
        422,
        "restart",
    ),
    (
        "POST",
        "/set-models",
        r#"{"targets":["alice","bob"],"provider":"qwen","model":"m","stopAfterFailures":0}"#,
        422,
        "stopAfterFailures",
    ),
];

/// About backups.
const BACKUPS: &[Wrong] = &[
    ("POST", "/backups", r#"{"name":""}"#, 422, "name"),
    ("POST", "/backups", r#"{"title":"x"}"#, 422, "title"),
    ("POST", "/backups/import", r#"{"name":"x"}"#, 422, "text"),
    ("POST", "/backups/import", r#"{"text":"version: 3"}"#, 422, "version"),
    ("POST", "/backups/01JD0000000000000000000000/export", "{}", 422, "passphrase"),
    ("POST", "/backups/01JD0000000000000000000000/export", r#"{"passphrase":"long enough"}"#, 404, ""),
    ("GET", "/backups/nope", "", 422, "id"),
    ("GET", "/backups/01JD0000000000000000000000", "", 404, ""),
    ("GET", "/backups/01JD0000000000000000000000/file", "", 404, ""),
    ("GET", "/backups/01JD0000000000000000000000/sealed", "", 404, ""),
    ("GET", "/backups/01JD0000000000000000000000/compare", "", 404, ""),
    ("POST", "/backups/01JD0000000000000000000000/verify", "", 404, ""),
    ("POST", "/backups/adopt", r#"{"sealed":{"agmBackup":2,"sealed":"x"}}"#, 422, "sealed.visible"),
    ("POST", "/backups/adopt", r#"{"sealed":{"agmBackup":2,"keys":[]}}"#, 422, "sealed.keys"),
    ("POST", "/backups/01JD0000000000000000000000/pin", "", 404, ""),
    ("POST", "/backups/01JD0000000000000000000000/delete", "", 404, ""),
    ("POST", "/backups/01JD0000000000000000000000/rename", r#"{"name":7}"#, 422, "name"),
    ("POST", "/plans", r#"{"kind":"restore","backup":"01JD0000000000000000000000"}"#, 404, ""),
    (
        "POST",
        "/plans",
        r#"{"kind":"restore","backup":"01JD0000000000000000000000","keys":{"qwen":"sk-canary"}}"#,
        422,
        "keys.qwen",
    ),
    (
        "POST",
        "/plans",
        r#"{"kind":"restore","backup":"01JD0000000000000000000000","rename":{"route:a/b":"c"}}"#,
        422,
        "rename.route:a/b",
    ),
];

/// What is not there.
const NOWHERE: &[Wrong] = &[
    ("GET", "/providers/nobody", "", 404, ""),
    ("GET", "/assignment/workers/nobody", "", 404, ""),
    ("GET", "/nothing", "", 404, ""),
    ("PATCH", "/set-model", "", 405, ""),
];

#[tokio::test]
async fn bad_input_names_its_field_and_changes_nothing() {
    let world = World::start().await;
    let all = [AGENTS, PROVIDERS, OPERATIONS, MANY, BACKUPS, NOWHERE];
    for (method, path, body, status, field) in all.concat() {
        let answer = world.admin(method, &format!("/ni_status{path}"), body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.field().as_str()),
            (status, field),
            "{method} {path} {}",
            answer.text
        );
        assert_eq!(answer.json()["success"], false, "{method} {path}");
        assert!(!answer.headers.contains_key("serverfnerror"), "{method} {path}");
    }
    assert!(world.operations.operations().is_empty(), "something was begun");
}

#[tokio::test]
async fn bodies_have_a_kind_and_a_size() {
    let world = World::start().await;
    let path = "/ni_status/set-model";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let headers = [ADMIN, ("content-type", kind), ("content-length", "2")];
        assert_eq!(
            world.call("POST", path, &headers, "{}").await.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{kind}"
        );
    }
    let large = " ".repeat(256 * 1024 + 1);
    let length = large.len().to_string();
    let told = world.call("POST", path, &[ADMIN, JSON, ("content-length", &length)], large.clone()).await;
    let untold = world.call("POST", path, &[ADMIN, JSON, ("transfer-encoding", "chunked")], large).await;
    assert_eq!((told.status.as_u16(), untold.status.as_u16()), (413, 413));
    assert_eq!(told.json_code(), "PAYLOAD_TOO_LARGE");
}

/// Only what brings a backup is larger.
#[tokio::test]
async fn a_backup_may_be_larger_than_another_body() {
    let world = World::start().await;
    let length = (256 * 1024 + 1).to_string();
    for (path, large) in [
        ("import", true),
        ("adopt", true),
        ("verify", true),
        ("original", true),
        ("reseal", false),
        ("01JD0000000000000000000000/rename", false),
    ] {
        let headers = [ADMIN, JSON, ("content-length", length.as_str())];
        let body = " ".repeat(256 * 1024 + 1);
        let answer = world.call("POST", &format!("/ni_status/backups/{path}"), &headers, body).await;
        assert_eq!(answer.status == StatusCode::PAYLOAD_TOO_LARGE, !large, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_body_of_many_levels_is_refused() {
    let world = World::start().await;
    let deep = format!(
        r#"{{"name":"x","type":"qwen","settings":{}1{}}}"#,
        "{\"a\":".repeat(20_000),
        "}".repeat(20_000)
    );
    for path in ["/ni_status/providers", "/ni_status/plans"] {
        let answer = world.admin("POST", path, &deep).await;
        assert_eq!((answer.status.as_u16(), answer.json_code().as_str()), (400, "INVALID_REQUEST"), "{path}");
    }
}

#[tokio::test]
async fn a_test_that_fails_is_a_failure_with_what_each_leg_saw() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("deepseek", sandbox::upstreams::Behaviour::InvalidKey);
    let answer = world.admin("POST", "/ni_status/test-provider", r#"{"provider":"deepseek"}"#).await;
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), answer.json_code().as_str()), (422, "MODEL_NOT_REACHABLE"), "{json}");
    assert_eq!((&json["reason"], &json["legs"][0]["ok"]), (&"auth".into(), &false.into()), "{json}");
    assert!(json["hint"].is_string(), "{json}");
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let world = World::start().await;
    let answer = world.admin("DELETE", "/ni_status/assignment/manager", "").await;
    let allow = answer.headers["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("PUT") && !allow.contains("DELETE"), "{allow}");
}

#[tokio::test]
async fn a_request_keeps_the_id_that_it_came_with_when_that_is_plain() {
    let world = World::start().await;
    let id = async |said: &str| {
        let answer = world.call("GET", "/healthz", &[("x-request-id", said)], "").await;
        answer.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id("a1b2c3d4-0000-4000-8000-0123456789ab").await, "a1b2c3d4-0000-4000-8000-0123456789ab");
    let made = [id("two words").await, id(&"x".repeat(65)).await, id("").await];
    assert!(made.iter().all(|id| id.len() > 8 && !id.contains(['x', ' '])), "{made:?}");
    assert!(made[0] != made[1] && made[1] != made[2], "{made:?}");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::start().await;
    for path in ["/ni_status/health", "/agm/login", "/agm/pkg/none.js", "/nothing", "/healthz", "/docs"] {
        let answer = world.call("GET", path, &[ADMIN], "").await;
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["referrer-policy"], "same-origin", "{path}");
        assert!(answer.headers.contains_key("content-security-policy"), "{path}");
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
    let page = world.call("GET", "/agm/login", &[], "").await;
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn each_script_of_a_page_has_the_nonce_of_its_header() {
    let world = World::start().await;
    let mut seen = Vec::new();
    for path in ["/agm/login", "/agm/", "/agm/nothing-here", "/docs"] {
        let page = world.call("GET", path, &[ADMIN], "").await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        for tag in ["<script", "<style"] {
            for piece in page.text.split(tag).skip(1) {
                let head = piece.split('>').next().unwrap();
                assert!(head.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}{head}>");
            }
        }
        assert!(!seen.contains(&nonce), "a nonce was used twice");
        seen.push(nonce);
    }
    assert_eq!(world.call("GET", "/agm/nothing-here", &[ADMIN], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_change_is_planned_done_and_told() {
    let world = World::start().await;
    let wish = r#"{"provider":"moonshot","model":"kimi-k2.5"}"#;
    let path = "/ni_status/assignment/workers/alice";
    let plan = world.admin("PUT", &format!("{path}?dry_run=true"), wish).await;
    assert_eq!(plan.json()["kind"], "set_model", "{}", plan.text);
    assert!(world.operations.operations().is_empty(), "a rehearsal began an operation");
    let done = world.admin("PUT", path, wish).await;
    let json = done.json();
    assert_eq!(
        (done.status.as_u16(), &json["success"], &json["target"]),
        (200, &true.into(), &"worker:alice".into()),
        "{}",
        done.text
    );
    let now = world.admin("GET", path, "").await.json();
    assert_eq!(now["observed"]["model"], "kimi-k2.5", "{now}");
    let id = json["operation"].as_str().unwrap();
    let events = world
        .call("GET", &format!("/ni_status/operations/{id}"), &[ADMIN, ("accept", "text/event-stream")], "")
        .await;
    assert_eq!(events.headers["content-type"], "text/event-stream");
    assert!(
        events.text.contains("event: step") && events.text.contains("{\"state\":\"committed\"}"),
        "{}",
        events.text
    );

    let lasting = world.admin("PUT", "/ni_status/assignment/manager", wish).await;
    let warnings = lasting.json()["warnings"].clone();
    let codes: Vec<_> = warnings.as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert!(
        codes.contains(&&"RESET_AT_START".into()),
        "what the plan warned of is said with the result: {warnings}"
    );
}

#[tokio::test]
async fn a_provider_is_added_read_edited_and_removed() {
    let world = World::start().await;
    let body = r#"{"name":"zhipuai","type":"zhipuai","tokens":["sk-one"]}"#;
    let added = world.admin("POST", "/ni_status/providers", body).await;
    assert_eq!((added.status.as_u16(), &added.json()["name"]), (201, &"zhipuai".into()), "{}", added.text);
    let again = world.admin("POST", "/ni_status/providers", body).await;
    assert_eq!((again.status.as_u16(), again.json_code().as_str()), (409, "PROVIDER_EXISTS"));
    let before = added.json()["tokens"].clone();
    let edited = world.admin("PUT", "/ni_status/providers/zhipuai", r#"{"tokens":["sk-two"]}"#).await;
    assert_eq!(edited.status.as_u16(), 200, "{}", edited.text);
    assert_ne!(edited.json()["tokens"], before);
    let used = world.admin("DELETE", "/ni_status/providers/qwen", "").await;
    assert_eq!((used.status.as_u16(), used.json_code().as_str()), (409, "PROVIDER_IN_USE"), "{}", used.text);
    assert_eq!(world.admin("DELETE", "/ni_status/providers/zhipuai", "").await.status.as_u16(), 200);
    assert_eq!(world.admin("GET", "/ni_status/providers/zhipuai", "").await.status.as_u16(), 404);
}

impl crate::support::Answer {
    /// The failure's code, empty when the answer is none.
    pub fn json_code(&self) -> String {
        let json = serde_json::from_str::<serde_json::Value>(&self.text).unwrap_or_default();
        json["code"].as_str().unwrap_or_default().to_owned()
    }
}
