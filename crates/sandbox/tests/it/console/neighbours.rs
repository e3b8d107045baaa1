//! Requests beside the recorded ones: how Spring finds a method for a path, and what Jackson makes of a body, by the
//! published sources of the console and of these libraries.
use super::{Served, chat, openai};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PROVIDERS: &str = "/v1/ai/providers";
const ROUTES: &str = "/v1/ai/routes";

async fn raw(served: &Served, method: Method, path: &str, body: &'static str) -> Response {
    let request = served.request(method, path).header("content-type", "application/json").body(body);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn paths_are_matched_as_spring_does() {
    let served = Served::with_route().await;
    let cases = [
        ("/v1/ai/providers/one/", 200),
        ("/v1//ai/providers/one", 200),
        ("/v1/ai/providers/one;a=b", 200),
        ("/v1/ai/providers/%6Fne", 200),
        ("/v1/ai/providers/two%20words", 404),
        ("/v1/ai/providers/a%2Fb", 400),
        ("/v1/ai/providers/a%5cb", 400),
        ("/v1/ai/providers/one/more", 404),
        ("/v1/", 404),
        // Only what a handler binds is read from a query.
        ("/v1/ai/providers?pageNum=x", 200),
        ("/v1/ai/providers/one?pageSize=x", 200),
        ("/v1/global/plugin-instances?pageSize=x", 200),
        ("/v1/consumers?pageNum=x", 400),
        ("/v1/consumers?pageNum=1.5", 400),
        ("/v1/consumers?pageNum=%201%20", 200),
        ("/v1/consumers?pageNum=", 200),
        ("/v1/consumers?pageNum=1&pageNum=x", 200),
        ("/v1/domains/none/routes?pageNum=x", 400),
        ("/dashboard/info?type=ai", 200),
        ("/dashboard/info?type=other", 400),
    ];
    for (path, expected) in cases {
        assert_eq!(served.status(path).await.as_u16(), expected, "{path}");
    }
    let refused = served.request(Method::GET, "/v1/ai/providers/a%2Fb").send().await.expect("an answer");
    assert_eq!(refused.headers()["content-type"], "text/html;charset=utf-8");
}

#[tokio::test]
async fn head_and_options_are_answered_for_every_handler() {
    let served = Served::with_route().await;
    for (path, expected) in [
        ("/v1/ai/providers", 200),
        ("/v1/ai/providers/one", 200),
        // The console wraps by the method's name: what is missing is an empty success for HEAD.
        ("/v1/ai/providers/none", 200),
        ("/v1/ai/routes?pageNum=9&pageSize=1", 500),
        ("/v1/nothing", 404),
        ("/session/login", 405),
        ("/health", 200),
    ] {
        let answer = served.request(Method::HEAD, path).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), expected, "{path}");
    }
    for (path, expected) in [
        ("/v1/ai/providers", "POST, GET, HEAD, OPTIONS"),
        ("/v1/ai/providers/x", "DELETE, GET, HEAD, PUT, OPTIONS"),
        ("/session/login", "POST, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
    ] {
        let answer = served.client.request(Method::OPTIONS, format!("{}{path}", served.base)).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let methods = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(methods(answer.headers()["allow"].to_str().expect("text")), methods(expected), "{path}");
    }
}

#[tokio::test]
async fn bodies_are_read_as_jackson_does() {
    let served = Served::initialised().await;
    let cases = [
        // What follows the first value is not looked at.
        (r#"{"name":"a","type":"yi","tokens":["t"]} and more"#, 201),
        (r#"{"name":"a","name":"b","type":"yi"}"#, 201),
        (r#"{"name":7,"type":"yi","tokens":[1,true,null]}"#, 201),
        (r#"{"name":"a","type":"yi","unknown":{"x":[1]}}"#, 201),
        (r#"{"name":"a","type":"yi","tokens":null,"rawConfigs":null,"tokenFailoverConfig":null}"#, 201),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"enabled":"True","failureThreshold":"3"}}"#, 201),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"enabled":"null","failureThreshold":""}}"#, 201),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"enabled":"yes"}}"#, 400),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"enabled":1.5}}"#, 400),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"failureThreshold":true}}"#, 400),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":{"failureThreshold":99999999999}}"#, 400),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":""}"#, 400),
        (r#"{"name":"a","type":"yi","tokenFailoverConfig":[]}"#, 400),
        (r#"{"name":["a"],"type":"yi"}"#, 400),
        (r#"{"name":{},"type":"yi"}"#, 400),
        (r#"{"name":"a","type":"yi","tokens":[["t"]]}"#, 400),
        (r#"{"name":"a","type":"yi","tokens":""}"#, 400),
        (r#"{"name":"a","type":"yi","rawConfigs":[]}"#, 400),
        (r#"{"name":"a","type":"yi","rawConfigs":"x"}"#, 400),
        ("null", 400),
        ("7", 400),
        ("\"a\"", 400),
        (" ", 400),
        ("{'name':'a'}", 400),
    ];
    for (body, expected) in cases {
        assert_eq!(raw(&served, Method::POST, PROVIDERS, body).await.status().as_u16(), expected, "{body}");
    }
    assert_eq!(served.data("/v1/ai/providers/7").await["tokens"], json!(["1", "true"]));
    assert_eq!(served.status("/v1/ai/providers/b").await, 200, "the last of two members counts");
    // Spring reads the body before the console asks who sends it.
    let anonymous = served.client.post(format!("{}{PROVIDERS}", served.base));
    let answer = anonymous.header("content-type", "application/json").body("{").send().await;
    assert_eq!(answer.expect("an answer").status(), 400);
}

#[tokio::test]
async fn content_types_are_looked_at_before_bodies() {
    let served = Served::initialised().await;
    let body = r#"{"name":"a","type":"yi"}"#;
    for (kind, expected) in [
        (Some("application/json;charset=UTF-8"), 201),
        (Some("Application/JSON"), 201),
        (Some("application/problem+json"), 201),
        (Some("text/json"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("nonsense"), 415),
        (None, 415),
    ] {
        let mut request = served.request(Method::POST, PROVIDERS).body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), expected, "{kind:?}");
    }
    let empty = served.request(Method::POST, PROVIDERS).send().await.expect("an answer");
    assert_eq!(empty.status(), 400, "neither type nor body");
}

#[tokio::test]
async fn numbers_flags_and_nulls_of_an_ai_route_are_coerced() {
    let served = Served::with_route().await;
    let upstream = |weight: Value| json!({"upstreams": [{"provider": "one", "weight": weight}]});
    let null = (500, "java.lang.NullPointerException: null".to_owned());
    let bad = (400, String::new());
    let cases = [
        (upstream(json!(100.9)), None),
        (upstream(json!(" 100 ")), None),
        (upstream(json!("")), Some(null.clone())),
        (upstream(json!("null")), Some(null.clone())),
        (upstream(json!("100.0")), Some(bad.clone())),
        (upstream(json!(false)), Some(bad.clone())),
        (json!({"upstreams": [null]}), Some(null.clone())),
        (json!({"modelPredicates": [null]}), Some(null.clone())),
        (json!({"headerPredicates": [null]}), Some(null)),
        (json!({"upstreams": [["one"]]}), Some(bad.clone())),
        (json!({"upstreams": {"provider": "one"}}), Some(bad.clone())),
        (json!({"authConfig": {"enabled": "no"}}), Some(bad.clone())),
        (json!({"authConfig": {"enabled": 2, "allowedConsumers": [7]}}), None),
        (json!({"domains": "a.example.com"}), Some(bad.clone())),
        (json!({"pathPredicate": "/"}), Some(bad)),
        (json!({"pathPredicate": null, "cors": null, "authConfig": null}), None),
    ];
    for (changes, expected) in cases {
        let mut body = chat("one");
        body.as_object_mut().expect("a map").extend(changes.as_object().expect("a map").clone());
        let path = format!("{ROUTES}/chat");
        match expected {
            None => assert_eq!(served.send(Method::PUT, &path, &body).await.status(), 200, "{changes}"),
            Some(refusal) => {
                assert_eq!(served.refused(Method::PUT, &path, &body).await, refusal, "{changes}")
            }
        }
    }
}

#[tokio::test]
async fn much_that_looks_wrong_is_accepted() {
    let served = Served::with_route().await;
    for name in ["two words", "CAPITALS", "名前", "a:b", "a.b", &"x".repeat(300)] {
        let at = |path: &str| format!("{path}/{}", name.replace(' ', "%20"));
        let mut provider = json!({"name": name, "type": "yi", "tokens": ["t", null, ""]});
        assert_eq!(served.created(PROVIDERS, &provider).await["name"], name);
        provider = served.data(&at(PROVIDERS)).await;
        assert_eq!(provider["tokens"], json!(["t", ""]), "{name}");
        let credentials =
            json!([{"type": "key-auth", "source": "BEARER", "values": [format!("key of {name}")]}]);
        served.created("/v1/consumers", &json!({"name": name, "credentials": credentials})).await;
        assert_eq!(
            served.data(&at("/v1/consumers")).await["credentials"][0]["values"][0],
            format!("key of {name}")
        );
        let route = json!({"name": name, "upstreams": [{"provider": name, "weight": 100}]});
        served.created(ROUTES, &route).await;
        assert_eq!(served.data(&at(ROUTES)).await["upstreams"][0]["provider"], name);
        let deleted = served.request(Method::DELETE, &at(ROUTES)).send().await.expect("an answer");
        assert_eq!(deleted.status(), 204, "{name}");
    }
    for changes in [
        json!({"upstreams": [{"provider": "one", "weight": 50}, {"provider": "one", "weight": 50}]}),
        json!({"upstreams": [{"provider": "one", "weight": 170}, {"provider": "two", "weight": -70}]}),
        json!({"modelPredicates": [{"matchType": "EQUAL", "matchValue": ""}]}),
        json!({"authConfig": {"enabled": true, "allowedConsumers": ["nobody", "nobody"]}}),
    ] {
        let mut body = chat("one");
        body.as_object_mut().expect("a map").extend(changes.as_object().expect("a map").clone());
        let answer = served.send(Method::PUT, &format!("{ROUTES}/chat"), &body).await;
        assert_eq!(answer.status(), 200, "{changes}");
    }
}

#[tokio::test]
async fn failover_settings_come_back_with_their_defaults() {
    let served = Served::initialised().await;
    let mut body = openai("one");
    body["tokenFailoverConfig"] = json!({});
    let stored = served.created(PROVIDERS, &body).await;
    assert_eq!(stored["tokenFailoverConfig"], Value::Null);
    assert_eq!(
        (&stored["rawConfigs"]["failover"], &stored["rawConfigs"]["retryOnFailure"]),
        (&json!({}), &json!({}))
    );
    body["tokenFailoverConfig"] = json!({"failureThreshold": 2.9});
    let stored = served.created(PROVIDERS, &body).await;
    assert_eq!(stored["tokenFailoverConfig"]["enabled"], false);
    assert_eq!(stored["tokenFailoverConfig"]["failureThreshold"], 2);
}

#[tokio::test]
async fn only_keys_have_typed_fields_among_credentials() {
    let served = Served::initialised().await;
    let created = async |credential: Value| {
        let body = json!({"name": "c", "credentials": [credential]});
        let answer = served.send(Method::POST, "/v1/consumers", &body).await;
        let status = answer.status().as_u16();
        let answer = answer.json::<Value>().await.unwrap_or_default();
        (status, answer.pointer("/credentials/0/values").cloned().unwrap_or_default())
    };
    let key = |values: Value| json!({"type": "key-auth", "source": "BEARER", "values": values});
    assert_eq!(created(key(json!(["k", 7]))).await, (201, json!(["k", "7"])));
    assert_eq!(created(key(json!([null]))).await, (201, json!(["null"])), "Java writes a null as the word");
    assert_eq!(created(key(json!([" k "]))).await, (201, json!(["k"])));
    assert_eq!(created(key(json!("k"))).await.0, 400);
    assert_eq!(created(json!({"type": "oauth2", "values": "anything"})).await, (201, Value::Null));
    assert_eq!(created(json!({"values": 7, "source": []})).await, (201, Value::Null));
    assert_eq!(created(json!(null)).await.0, 500);
    assert_eq!(created(json!("key")).await.0, 400);
}

#[tokio::test]
async fn pages_wrap_as_java_integers_do() {
    let served = Served::with_route().await;
    let list = async |query: &str| {
        let answer =
            served.request(Method::GET, &format!("{ROUTES}?{query}")).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")
    };
    for (query, number, size) in [
        ("pageNum=0", 1, 10),
        ("pageNum=-3&pageSize=-1", 1, 10),
        ("pageSize=0", 1, 10),
        ("pageSize=2147483647", 1, 2_147_483_647),
    ] {
        let page = list(query).await;
        assert_eq!((&page["pageNum"], &page["pageSize"]), (&json!(number), &json!(size)), "{query}");
        assert_eq!((&page["total"], page["data"].as_array().map(Vec::len)), (&json!(1), Some(1)), "{query}");
    }
    for (query, message) in [
        ("pageNum=2", "java.lang.IllegalArgumentException: fromIndex(10) > toIndex(1)"),
        (
            "pageNum=2&pageSize=2147483647",
            "java.lang.IllegalArgumentException: fromIndex(2147483647) > toIndex(-2)",
        ),
        ("pageNum=3&pageSize=1073741824", "java.lang.IndexOutOfBoundsException: fromIndex = -2147483648"),
    ] {
        assert_eq!(list(query).await["message"], message, "{query}");
    }
    assert_eq!(
        list("pageNum=2&pageSize=1").await["data"],
        json!([]),
        "a page that starts at the end is empty"
    );
}

#[tokio::test]
async fn each_dashboard_has_its_own_address() {
    let served = Served::initialised().await;
    let path = "/dashboard/info?type=ai";
    let url = |url: &str| json!({"url": url});
    assert_eq!(served.send(Method::PUT, path, &url("http://grafana.example.com")).await.status(), 200);
    assert_eq!(served.data("/dashboard/info?type=AI").await["url"], "http://grafana.example.com");
    assert_eq!(served.data("/dashboard/info").await, json!({"builtIn": false, "uid": null, "url": null}));
    let refused = async |body: Value| served.refused(Method::PUT, path, &body).await;
    assert_eq!(refused(url("")).await.0, 400);
    let blank = "java.lang.IllegalArgumentException: url cannot be null or blank.".to_owned();
    assert_eq!(refused(url(" ")).await, (500, blank));
}
