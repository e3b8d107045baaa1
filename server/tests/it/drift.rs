//! Drift over HTTP and from the command line.
use crate::{
    cli::{agm, code, err, out},
    support::{Served, World},
};
use serde_json::Value;
use server::http::Bounds;

/// Gives the Manager another model behind our back.
fn meddle(world: &World, from: &str, to: &str) {
    let file = &world.sandbox.addresses().manager.config;
    let text = std::fs::read_to_string(file).unwrap();
    let primary = |model: &str| format!("\"primary\": \"hiclaw-gateway/{model}\"");
    assert!(text.contains(&primary(from)), "{text}");
    std::fs::write(file, text.replace(&primary(from), &primary(to))).unwrap();
}

/// What is said once the Manager's drift is seen: what was read a moment ago may be from before it.
async fn told_of_the_manager(url: &str) -> String {
    loop {
        let said = out(&agm(url, &["drift"], "").await);
        if said.contains("! manager: ") {
            return said;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_told_repaired_and_accepted_from_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let seen = agm(&url, &["drift"], "").await;
    let said = out(&seen);
    assert_eq!((code(&seen), said.lines().last()), (1, Some("1 thing has drifted")), "{said}");
    assert!(
        said.contains("! worker:dave: deepseek-ai-route, which takes its model, does not let worker-dave in"),
        "{said}"
    );
    assert!(
        said.contains("  repair: agm route repair --route deepseek-ai-route --consumer worker-dave"),
        "{said}"
    );
    assert!(said.contains("there is no backup"), "{said}");

    meddle(&world, "qwen3.5-plus", "qwen-max");
    told_of_the_manager(&url).await;
    let refused = agm(&url, &["drift", "--repair"], "").await;
    assert_eq!((code(&refused), err(&refused).contains("say --yes")), (2, true), "{refused:?}");
    let done = agm(&url, &["drift", "--repair", "--yes", "--json"], "").await;
    assert_eq!(code(&done), 0, "{}", err(&done));
    let left: Value = serde_json::from_str(&out(&done)).unwrap();
    assert_eq!(left["items"], serde_json::json!([]), "{left}");
    assert!(left["since"]["id"].is_string(), "{left}");

    meddle(&world, "qwen3.5-plus", "qwen-max");
    let said = told_of_the_manager(&url).await;
    assert!(said.contains("  accept: agm drift --accept manager"), "{said}");
    let done = agm(&url, &["drift", "--accept", "manager", "--yes"], "").await;
    assert_eq!((code(&done), out(&done).lines().last()), (0, Some("nothing has drifted")), "{}", err(&done));
    assert!(err(&done).contains("accept_model"), "{}", err(&done));
}

const AGENTS: [&str; 3] = ["alice", "bob", "carol"];

/// Gives workers other limits behind our back.
fn meddle_with_limits(world: &World) {
    for agent in AGENTS {
        let key = format!("agents/{agent}/openclaw.json");
        let objects = world.sandbox.s3().objects();
        let text = objects.get("hiclaw-storage", &key).unwrap().body;
        let mut tree: Value = serde_json::from_slice(&text).unwrap();
        let models = tree["models"]["providers"]["hiclaw-gateway"]["models"].as_array_mut().unwrap();
        models.iter_mut().for_each(|model| model["contextWindow"] = 1234.into());
        let object = sandbox::s3::Object::new(tree.to_string(), "application/json");
        objects.put("hiclaw-storage", &key, object, &Default::default()).unwrap();
    }
}

async fn backups(world: &World) -> Vec<Value> {
    world.admin("GET", "/ni_status/backups", "").await.json()["backups"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_repairs_takes_one_backup_however_many_agents_it_repairs() {
    let world = World::start().await;
    let wish = serde_json::json!({"targets": AGENTS, "provider": "qwen", "model": "qwen-max", "contextWindow": 20000});
    let switched = world.admin("POST", "/ni_status/set-models", &wish.to_string()).await;
    assert_eq!(switched.json()["success"], true, "{}", switched.text);
    let repaired = world.admin("POST", "/ni_status/routes/repair", "{}").await;
    assert_eq!(repaired.status.as_u16(), 200, "{}", repaired.text);
    let before = backups(&world).await.len();
    meddle_with_limits(&world);
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let said = loop {
        let said = out(&agm(&url, &["drift"], "").await);
        if said.contains("3 things have drifted") {
            break said;
        }
    };
    let way = "  repair: agm model set worker:bob --provider qwen --model qwen-max --context-window 20000";
    assert!(said.contains(way) && said.contains("1234 tokens of context"), "{said}");
    let done = agm(&url, &["drift", "--repair", "--yes"], "").await;
    assert_eq!((code(&done), out(&done).lines().last()), (0, Some("nothing has drifted")), "{done:?}");
    let taken = backups(&world).await;
    assert_eq!(taken.len(), before + 1, "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_looked_at_is_no_success() {
    let world = World::start().await;
    assert_eq!(world.admin("POST", "/ni_status/routes/repair", "{}").await.status.as_u16(), 200);
    let objects = world.sandbox.s3().objects();
    let object = sandbox::s3::Object::new("{", "application/json");
    objects.put("hiclaw-storage", "agents/bob/openclaw.json", object, &Default::default()).unwrap();
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let seen = loop {
        let seen = agm(&url, &["drift"], "").await;
        if out(&seen).contains("? worker:bob: ") {
            break seen;
        }
    };
    let last = "nothing was found, but not everything could be looked at";
    assert_eq!((code(&seen), out(&seen).lines().last()), (1, Some(last)), "{seen:?}");
}

#[tokio::test]
async fn drift_over_http_names_the_changes_that_end_it() {
    let world = World::start().await;
    let seen = world.admin("GET", "/ni_status/drift", "").await;
    let seen = seen.json();
    assert_eq!(
        (&seen["success"], seen["items"].as_array().unwrap().len()),
        (&Value::Bool(true), 1),
        "{seen}"
    );
    let item = &seen["items"][0];
    assert_eq!((&item["kind"], &item["agent"]), (&"access".into(), &"worker:dave".into()), "{item}");
    assert_eq!(item["accept"]["whyNot"]["code"], "SHUT_OUT");
    let plan = world.admin("POST", "/ni_status/plans", &item["repair"]["change"].to_string()).await;
    assert_eq!(plan.json()["kind"], "repair_routes", "{}", plan.text);
}
