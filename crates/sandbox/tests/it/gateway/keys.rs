//! Who is let in, and what a broken configuration does to everybody.
use super::*;

#[tokio::test]
async fn keys_are_checked_before_anything_is_forwarded() {
    let world = World::new(two_providers).await;
    let body = question("qwen3.5-plus");
    for (key, status, text) in [
        (None, 401, "No API key found"),
        (Some("Bearer wrong"), 401, "Invalid API key"),
        (Some("Basic a2V5LW9mLWFsaWNl"), 401, "No API key found"),
        (Some("Bearer key-of-bob"), 403, "Unauthorized consumer"),
    ] {
        let mut request = world.post(CHAT);
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, key);
        }
        let answer = world.send(request, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{key:?}");
        assert!(answer.text().contains(text), "{key:?}: {}", answer.text());
    }
    assert!(world.upstreams.calls("qwen").is_empty());
    world.change(|config| config.routes[0].allow = Some(Vec::new())).await;
    assert_eq!(world.ask("qwen3.5-plus").await.status, StatusCode::FORBIDDEN, "an empty list lets nobody in");
    world.change(|config| config.routes[0].allow = None).await;
    assert_eq!(world.send(world.post(CHAT), body.to_string()).await.status, StatusCode::OK, "open");
}

#[tokio::test]
async fn keys_can_be_in_a_header_or_the_query() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let with = |name: &str, source: &str, key: &str| LiveConsumer {
            source: source.to_owned(),
            key: Some(key.to_owned()),
            ..consumer(name, name)
        };
        config.consumers.extend([with("h", "HEADER", "x-api-key"), with("q", "QUERY", "apikey")]);
        config.routes[0].allow = Some(vec!["h".to_owned(), "q".to_owned()]);
        config
    })
    .await;
    let body = question("qwen-max");
    let header = world.post(CHAT).header("x-api-key", "h");
    assert_eq!(world.send(header, body.to_string()).await.status, StatusCode::OK);
    let query = world.post("/v1/chat/completions?a=b&apikey=q");
    assert_eq!(world.send(query, body.to_string()).await.status, StatusCode::OK);
    let consumers: Vec<_> =
        world.upstreams.calls("qwen").into_iter().filter_map(|call| call.consumer).collect();
    assert_eq!(consumers, ["h", "q"]);
    let swapped = world.post(CHAT).header("x-api-key", "q");
    assert_eq!(world.send(swapped, body.to_string()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_invalid_provider_freezes_all_of_ai_proxy() {
    let world = World::new(two_providers).await;
    world
        .change(|config| {
            config.providers.get_mut("deepseek").unwrap().tokens.clear();
            config.providers.get_mut("moonshot").unwrap().tokens = vec!["rotated away".to_owned()];
            let lab = LiveProvider {
                kind: "openai".to_owned(),
                raw: json!({"openaiCustomUrl": "https://llm.lab.example.com/v1"}),
                ..provider(&world.upstreams, "lab", "openai")
            };
            config.providers.insert("lab".to_owned(), lab);
            let rule = Match::Prefix("lab-".to_owned());
            config.routes.push(for_model(rule, route("lab-ai-route", vec![to("lab", 100)])));
        })
        .await;
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::OK, "still called with its old key");
    assert_eq!(world.ask("lab-small").await.status, StatusCode::UNAUTHORIZED, "reached, but without its key");
    let seen = world.upstreams.calls("lab").pop().unwrap();
    assert_eq!(seen.key.as_deref(), Some(KEY), "ai-proxy does not know it, so the client's key went through");
    world.change(|config| drop(config.providers.remove("deepseek"))).await;
    assert_eq!(world.ask("lab-small").await.said(), "lab-small on lab: you said \"hi\".");
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::UNAUTHORIZED, "now with the rotated key");
}

#[tokio::test]
async fn one_repeated_credential_freezes_key_auth() {
    let world = World::new(two_providers).await;
    world
        .change(|config| {
            config.consumers.push(consumer("worker-carol", "key-of-carol"));
            config.consumers[1].values.push("key-of-carol".to_owned());
            let allow = config.routes[0].allow.as_mut().unwrap();
            *allow = vec!["worker-bob".to_owned()];
            config.routes.push(LiveRoute {
                path: Match::Prefix("/late".to_owned()),
                ..route("late-ai-route", vec![to("qwen", 100)])
            });
        })
        .await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK, "alice is still in the last good list");
    let body = question("qwen-max");
    let late = world.post("/late/v1/chat/completions");
    assert_eq!(world.send(late, body.to_string()).await.status, StatusCode::OK, "a new route is unprotected");
    world.change(|config| drop(config.consumers.remove(2))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::FORBIDDEN, "the change came through");
    let late = world.post("/late/v1/chat/completions");
    assert_eq!(world.send(late, body.to_string()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_gateway_that_starts_with_a_repeated_credential_has_no_auth() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.consumers[1].values = vec![KEY.to_owned()];
        config
    })
    .await;
    let body = question("qwen-max");
    assert_eq!(world.send(world.post(CHAT), body.to_string()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_gateway_that_starts_with_an_invalid_provider_has_no_ai_proxy() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.providers.get_mut("deepseek").unwrap().tokens.clear();
        config
    })
    .await;
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::UNAUTHORIZED);
    let call = world.upstreams.calls("moonshot").pop().unwrap();
    assert_eq!(
        (call.path.as_str(), call.key.as_deref()),
        (CHAT, Some(KEY)),
        "neither path nor key is the provider's"
    );
}
