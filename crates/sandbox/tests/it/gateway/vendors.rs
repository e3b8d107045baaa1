//! The upstreams as each vendor answers, and as they fail.
use super::*;

#[tokio::test]
async fn upstreams_fail_as_they_are_told() {
    let world = World::new(two_providers).await;
    for (behaviour, status, code) in [
        (Behaviour::InvalidKey, 401, "invalid_api_key"),
        (Behaviour::NoBalance, 402, "insufficient_balance"),
        (Behaviour::ModelNotFound, 404, "model_not_found"),
        (Behaviour::RateLimited { retry_after: 7 }, 429, "rate_limit_exceeded"),
        (Behaviour::Failing(502), 502, "internal_error"),
    ] {
        world.upstreams.set_behaviour("qwen", behaviour.clone());
        let answer = world.ask("qwen-max").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (status, &json!(code)),
            "{behaviour:?}"
        );
        if status == 429 {
            assert_eq!(answer.headers[header::RETRY_AFTER], "7");
        }
    }
    for (behaviour, kind) in [
        (Behaviour::Html, "text/html; charset=utf-8"),
        (Behaviour::TruncatedJson, "application/json"),
        (Behaviour::WrongContentType, "text/plain; charset=utf-8"),
    ] {
        world.upstreams.set_behaviour("qwen", behaviour.clone());
        let answer = world.ask("qwen-max").await;
        assert_eq!(
            (answer.status, &answer.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let whole = serde_json::from_slice::<Value>(&answer.body).is_ok();
        assert_eq!(whole, behaviour == Behaviour::WrongContentType, "{behaviour:?}");
    }
    world.upstreams.set_behaviour("qwen", Behaviour::Slow(Duration::from_millis(30)));
    let start = std::time::Instant::now();
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(world.upstreams.calls("qwen").len(), 9);
}

#[tokio::test]
async fn every_vendor_answers_on_its_own_path_with_its_own_models_only() {
    let names = ["qwen", "deepseek", "moonshot", "zhipuai", "minimax", "openai", "lab"];
    let kind = |name: &str| if name == "lab" { "openai" } else { name }.to_owned();
    let world = World::new(|upstreams| {
        let mut config =
            LiveConfig { consumers: vec![consumer("worker-alice", KEY)], ..LiveConfig::default() };
        for name in names {
            let mut made = provider(upstreams, name, &kind(name));
            if name == "lab" {
                made.raw = json!({"openaiCustomUrl": "https://llm.lab.example.com/serve/v1"});
            }
            config.providers.insert(name.to_owned(), made);
            let rule = upstreams.models(name).into_iter().map(regex_escape).collect::<Vec<_>>().join("|");
            config
                .routes
                .push(for_model(Match::Regex(format!("^({rule})")), route(name, vec![to(name, 100)])));
        }
        config
    })
    .await;
    for name in names {
        for model in world.upstreams.models(name).into_iter().filter(|model| !model.contains("embedding")) {
            assert!(world.ask(model).await.said().starts_with(&format!("{model} on {name}: ")), "{model}");
        }
    }
    let paths: BTreeMap<_, _> =
        names.iter().map(|name| (*name, world.upstreams.calls(name).pop().unwrap().path)).collect();
    assert_eq!(paths["minimax"], "/v1/text/chatcompletion_v2");
    assert_eq!(paths["zhipuai"], "/api/paas/v4/chat/completions");
    assert_eq!(paths["lab"], "/serve/v1/chat/completions");
    let body = json!({"model": "text-embedding-v4", "input": ["a", "b"]});
    let request = world.post("/v1/embeddings").header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    let vectors = world.send(request, body.to_string()).await.json();
    assert_eq!(vectors["data"].as_array().unwrap().len(), 2);
    assert_eq!(vectors["data"][1]["embedding"].as_array().unwrap().len(), 1024);
}

fn regex_escape(text: &str) -> String {
    text.replace('.', "\\.")
}

#[tokio::test]
async fn a_vendor_takes_its_own_keys_only() {
    let world = World::new(two_providers).await;
    let (first, second) = (world.upstreams.key_for("qwen"), world.upstreams.second_key_for("qwen"));
    for (tokens, accepted) in [
        (vec![second], true),
        (vec![first, second], true),
        (vec![world.upstreams.key_for("deepseek")], false),
        (vec![""], false),
    ] {
        let tokens: Vec<String> = tokens.into_iter().map(str::to_owned).collect();
        world.change(|config| config.providers.get_mut("qwen").unwrap().tokens = tokens.clone()).await;
        let answer = world.ask("qwen-max").await;
        assert_eq!(answer.status == StatusCode::OK, accepted, "{tokens:?}");
        assert_eq!(answer.status == StatusCode::UNAUTHORIZED, !accepted, "{tokens:?}");
    }
}

#[tokio::test]
async fn openai_wants_max_completion_tokens_of_its_new_models() {
    let upstreams = Upstreams::start(UpstreamOptions::default()).await.unwrap();
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    for (field, status) in [("max_tokens", 400), ("max_completion_tokens", 200)] {
        let mut body = question("gpt-5-mini");
        body[field] = json!(1);
        let request =
            Request::post(format!("http://{}/v1/chat/completions", upstreams.addresses()["openai"]))
                .header(header::AUTHORIZATION, format!("Bearer {}", upstreams.key_for("openai")))
                .body(Full::new(Bytes::from(body.to_string())))
                .unwrap();
        assert_eq!(client.request(request).await.unwrap().status().as_u16(), status, "{field}");
    }
}
