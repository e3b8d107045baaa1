//! Adding, changing and removing providers, and letting agents in.
use crate::world::{World, provider, switch};
use domain::{Code, Mutation, OperationState};
use sandbox::console::{Effect, Fault, RequestMatch};
use serde_json::json;

fn edit(name: &str, edit: serde_json::Value) -> Mutation {
    Mutation::EditProvider { name: provider(name), edit: serde_json::from_value(edit).unwrap() }
}

#[tokio::test]
async fn a_new_provider_gets_its_route_at_once_and_serves_a_worker() {
    let world = World::start().await;
    let done = world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    let routes = world.operations.routes().await.unwrap();
    let route =
        routes.value.iter().find(|route| route.name.as_str() == "zhipuai-ai-route").expect("the route");
    assert_eq!(route.missing, []);
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    assert_eq!(world.ask_worker("alice", "glm-5").await.status, Some(200));
}

#[tokio::test]
async fn a_used_name_is_refused() {
    let world = World::start().await;
    let before = world.state().await;
    let failure = world.run(Mutation::AddProvider(world.new_provider("deepseek"))).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderExists);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_asked() {
    let world = World::start().await;
    for (new, field) in [
        (json!({"name": "lab", "type": "openai", "tokens": ["sk-…abcd"]}), "tokens[0]"),
        (json!({"name": "Lab!", "type": "openai", "tokens": ["sk-1234567890"]}), "name"),
        (
            json!({"name": "lab", "type": "openai", "baseUrl": "http://169.254.169.254/v1", "tokens": ["sk-1234567890"]}),
            "baseUrl",
        ),
        (json!({"name": "lab", "type": "deepseek"}), "tokens"),
    ] {
        let new = Mutation::AddProvider(serde_json::from_value(new.clone()).unwrap());
        let failure = world.operations.submit(new, crate::world::context(None)).await.err().expect(field);
        assert_eq!(failure.code, Code::InvalidRequest, "{failure:?}");
        assert_eq!(failure.fields[0].field, field, "{failure:?}");
    }
    assert!(world.operations.operations().is_empty());
}

#[tokio::test]
async fn an_edit_keeps_the_keys_unless_they_are_named() {
    let world = World::start().await;
    let fingerprints = |world: &World| {
        let operations = world.operations.clone();
        async move { operations.provider(&provider("deepseek")).await.unwrap().tokens.fingerprints }
    };
    let before = fingerprints(&world).await;
    world.run(edit("deepseek", json!({"settings": {"firstByteTimeout": 30}}))).await.unwrap();
    assert_eq!(fingerprints(&world).await, before);
    let second = world.sandbox.upstreams().second_key_for("deepseek");
    world.run(edit("deepseek", json!({"tokens": [second]}))).await.unwrap();
    assert_ne!(fingerprints(&world).await, before);
    assert_eq!(world.sandbox.agents().ask_worker("alice", "hi").await.unwrap().status, Some(200));
}

#[tokio::test]
async fn a_provider_in_use_stays_and_an_unused_one_goes_with_its_route() {
    let world = World::start().await;
    let remove = |name: &str| Mutation::RemoveProvider { name: provider(name) };
    let failure = world.run(remove("deepseek")).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderInUse);
    assert!(failure.used_by.unwrap().agents.iter().any(|agent| agent.contains("alice")));
    assert_eq!(failure.provider, Some(provider("deepseek")));

    let before = world.state().await;
    world.run(Mutation::AddProvider(world.new_provider("minimax"))).await.unwrap();
    assert_ne!(world.state().await, before);
    world.run(remove("minimax")).await.unwrap();
    let after = world.state().await;
    assert_eq!(after, before);
    assert_eq!(world.run(remove("minimax")).await.unwrap_err().code, Code::ProviderNotFound);
}

#[tokio::test]
async fn repair_lets_in_who_is_missing_and_then_finds_nothing() {
    let world = World::start().await;
    let repair = || Mutation::RepairRoutes { route: None, consumer: None };
    world.run(repair()).await.unwrap();
    let routes = world.operations.routes().await.unwrap();
    assert!(routes.value.iter().all(|route| route.missing.is_empty()), "{:?}", routes.value);
    let plan = world.operations.plan(&repair()).await.unwrap();
    assert_eq!(plan.changes, []);
}

#[tokio::test]
async fn a_swallowed_provider_write_is_noticed_and_written_again() {
    let world = World::start().await;
    let requests = RequestMatch::new(http::Method::POST, "/v1/ai/providers");
    world.sandbox.console().switches().inject(Fault { requests, times: 1, effect: Effect::Lose });
    let done = world.run(Mutation::AddProvider(world.new_provider("minimax"))).await;
    world.sandbox.console().switches().clear();
    assert!(done.is_ok(), "{done:?}");
    assert!(world.operations.provider(&provider("minimax")).await.is_ok());
}

/// Leaves qwen as the only provider, with every agent on it.
async fn only_qwen(world: &World) {
    for agent in ["alice", "bob", "dave"] {
        world.run(switch(agent, "qwen", "qwen-max")).await.unwrap();
    }
    for name in ["deepseek", "moonshot"] {
        world.run(Mutation::RemoveProvider { name: provider(name) }).await.unwrap();
    }
}

/// The routes of the installation: name, first provider.
async fn routes(world: &World) -> Vec<(String, String)> {
    let routes = world.operations.routes().await.unwrap();
    routes.value.iter().map(|r| (r.name.to_string(), r.upstreams[0].provider.to_string())).collect()
}

fn pair(route: &str, provider: &str) -> (String, String) {
    (route.to_owned(), provider.to_owned())
}

#[tokio::test]
async fn with_one_provider_the_default_route_carries_everything_until_a_second_comes() {
    let world = World::start().await;
    only_qwen(&world).await;
    let default = || pair("default-ai-route", "qwen");
    assert_eq!(routes(&world).await, [default()]);
    let done = world.run(switch("manager", "qwen", "qwen-max")).await.unwrap();
    assert!(done.steps.iter().all(|step| step.name != domain::StepName::Route), "{:?}", done.steps);

    world.run(Mutation::AddProvider(world.new_provider("moonshot"))).await.unwrap();
    assert_eq!(routes(&world).await, [pair("moonshot-ai-route", "moonshot"), default()]);
    world.run(switch("manager", "moonshot", "kimi-k2.5")).await.unwrap();
    assert_eq!(routes(&world).await, [pair("moonshot-ai-route", "moonshot"), default()]);
    assert_eq!(world.ask_worker("alice", "qwen-max").await.status, Some(200));
}

#[tokio::test]
async fn the_default_route_follows_the_only_provider_and_the_plan_says_what_moves_with_it() {
    let world = World::start().await;
    only_qwen(&world).await;
    // As an installation is left whose provider was replaced by hand: the route leads to nobody.
    let console = world.console();
    let qwen = console.provider(&provider("qwen")).await.unwrap().unwrap();
    console.remove_provider(&qwen).await.unwrap();
    let add = Mutation::AddProvider(world.new_provider("moonshot"));
    let plan = world.operations.plan(&add).await.unwrap();
    for code in ["DEFAULT_ROUTE_CHANGES", "RESET_BY_HICLAW"] {
        assert!(
            plan.warnings.iter().any(|warning| warning.code.as_str() == code),
            "{code}: {:?}",
            plan.warnings
        );
    }
    world.run(add).await.unwrap();
    assert_eq!(routes(&world).await, [pair("default-ai-route", "moonshot")]);
    world.run(switch("manager", "moonshot", "kimi-k2.5")).await.unwrap();
    assert_eq!(routes(&world).await, [pair("default-ai-route", "moonshot")]);
    assert_eq!(
        world.operations.assignment(&domain::Target::Manager).await.unwrap().value.observed.problem,
        None
    );
}

#[tokio::test]
async fn every_agent_in_every_state_can_be_given_a_custom_providers_model() {
    let world = World::start().await;
    let host = world.sandbox.upstreams().host_for("lab");
    let key = world.sandbox.upstreams().key_for("lab");
    let lab =
        json!({"name": "lab", "type": "openai", "baseUrl": format!("https://{host}/v1"), "tokens": [key]});
    world.run(Mutation::AddProvider(serde_json::from_value(lab).unwrap())).await.unwrap();
    let model = world.sandbox.upstreams().models("lab")[0];
    for agent in ["manager", "alice", "bob", "carol", "dave", "erin"] {
        let done = world.run(switch(agent, "lab", model)).await;
        assert!(done.is_ok(), "{agent}: {done:?}");
        assert_eq!(world.stored_model(&agent.parse().unwrap()), model, "{agent}");
    }
    assert_eq!(world.ask_worker("alice", model).await.status, Some(200));
}

#[tokio::test]
async fn names_that_only_the_console_accepts_are_shown_and_hide_nobody() {
    let world = World::start().await;
    let odd = ["My Provider", "\u{4e2d}\u{6587}", "UPPER.case_1", "a%2Fb?c#d"];
    let http = reqwest::Client::new();
    for name in odd {
        let url = world.config.console.url.join("v1/ai/providers").unwrap();
        let body = json!({"name": name, "type": "moonshot", "protocol": "openai/v1", "tokens": ["t"]});
        let answer = http.post(url).basic_auth("admin", Some("admin")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), http::StatusCode::CREATED, "{name}");
    }
    let seen = world.operations.providers().await.unwrap();
    for name in odd.into_iter().chain(["qwen", "deepseek", "moonshot"]) {
        assert!(seen.value.iter().any(|provider| provider.name.as_str() == name), "{name}");
        assert_eq!(world.operations.provider(&provider(name)).await.unwrap().name.as_str(), name);
    }
    world.run(edit("a%2Fb?c#d", json!({"tokens": ["u"]}))).await.unwrap();
    world.run(Mutation::RemoveProvider { name: provider("a%2Fb?c#d") }).await.unwrap();
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
}
