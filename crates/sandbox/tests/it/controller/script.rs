//! What happened around the recorded steps: what broke and came back, and what was done by hand between them. The
//! recordings tell it in `why` and in their index.
use super::{World, ms};
use http::Method;
use sandbox::controller::{Generation, Plan};
use serde_json::{Value, json};

/// What a recorded installation was made with.
pub fn plan(generation: Generation, installation: u64) -> Plan {
    let mut plan = Plan::of(generation);
    if installation == 2 {
        plan.provider.name = "openai-compat".into();
        plan.provider.url = Some("https://llm.example.com/v1".into());
        plan.manager_runtime = "openclaw".into();
    }
    plan
}

/// Does what happened before a step. True: times count from here.
pub async fn before(world: &World, generation: Generation, file: &str, position: usize) -> bool {
    match generation {
        Generation::V1_2 => before_second(world, file, position).await,
        _ => before_first(world, file, position).await,
    }
}

async fn before_second(world: &World, file: &str, position: usize) -> bool {
    match (file, position) {
        ("workers-model.json", 0) => {
            for name in ["test-key-29", "ca.rol"] {
                world.delete(&format!("/api/v1/workers/{name}")).await;
            }
            world.pass(ms(20_000)).await;
        }
        ("workers-lifecycle.json", 0) => without_provider(world).await,
        ("gateway-consumers.json", 16) => taken_off(world, "default-ai-route", &["tester", "nobody"]).await,
        ("model-provider.json", 0) => {
            world.route_by_hand("kimi-ai-route", &[]).await;
            // A watch of 690 s.
            world.pass(ms(690_000)).await;
        }
        ("managers-runtime.json", 0) => without_provider(world).await,
        ("failures.json", 0) => {
            for name in ["alice", "bob"] {
                world.post(&format!("/api/v1/gateway/consumers/worker-{name}/bind")).await;
            }
            for model in ["glm-5", "qwen3.6-plus"] {
                world.put("/api/v1/managers/default", &json!({"model": model})).await;
                world.pass(ms(5000)).await;
            }
        }
        ("failures.json", 2) => world.console_down(true),
        ("failures.json", 14) => {
            world.console_down(false);
            return true;
        }
        ("failures.json", 17) => world.store_down(true),
        ("failures.json", 23) => {
            world.store_down(false);
            return true;
        }
        ("failures-docker.json", 0) => {
            // A trial that left alice in phase Pending.
            world.pass(ms(10_000)).await;
            world.docker_down(true);
            world.put("/api/v1/workers/alice", &json!({"model": "qwen3.6-plus"})).await;
            for action in ["sleep", "wake"] {
                world.post(&format!("/api/v1/workers/alice/{action}")).await;
                world.pass(ms(5000)).await;
            }
            world.docker_down(false);
        }
        ("failures-docker.json", 1) => world.docker_down(true),
        ("failures-docker.json", 18) => {
            world.docker_down(false);
            return true;
        }
        ("restart.json", 0) => {
            world.controller.restart().await;
            return true;
        }
        _ => {}
    }
    false
}

async fn before_first(world: &World, file: &str, position: usize) -> bool {
    match (file, position) {
        ("workers-model.json", 0) => world.route_by_hand("kimi-ai-route", &[]).await,
        ("gateway-consumers.json", 13) => {
            for route in ["default-ai-route", "kimi-ai-route"] {
                taken_off(world, route, &["tester", "nobody"]).await;
            }
        }
        ("failures.json", 0) => {
            let model = world.default_model();
            let team = json!({"name": "beta", "leader": {"name": "boss", "model": model},
                "workers": [{"name": "m1", "model": model, "runtime": "openclaw"}]});
            world.created("/api/v1/teams", &team).await;
            world.pass(ms(20_000)).await;
            for model in ["glm-5", "kimi-k2.5"] {
                let leader = json!({"leader": {"model": model}});
                world.put("/api/v1/teams/beta", &leader).await;
                world.pass(ms(20_000)).await;
            }
        }
        ("restart.json", 0) => {
            world.controller.restart().await;
            return true;
        }
        ("failures-console.json", 0) => world.console_down(true),
        ("failures-console.json", 10) => {
            world.console_down(false);
            return true;
        }
        ("failures-docker.json", 0) => world.docker_down(true),
        ("failures-docker.json", 8) => {
            world.docker_down(false);
            world.pass(ms(12_000)).await;
        }
        _ => {}
    }
    false
}

/// Nobody names a provider any more, which only the Kubernetes API can say.
async fn without_provider(world: &World) {
    for worker in ["alice", "bob"] {
        world.controller.edit_worker(worker, |spec| {
            spec.0.shift_remove("modelProvider");
        });
    }
    world.controller.edit_manager("default", |spec| {
        spec.0.shift_remove("modelProvider");
    });
    world.pass(ms(20_000)).await;
}

/// Takes consumers off a route by hand.
async fn taken_off(world: &World, route: &str, consumers: &[&str]) {
    world
        .edit_console(&format!("/v1/ai/routes/{route}"), |route| {
            if let Some(allowed) = route["authConfig"]["allowedConsumers"].as_array_mut() {
                allowed.retain(|allowed| !consumers.iter().any(|consumer| allowed == consumer));
            }
        })
        .await;
}

/// Whether a request changes something.
pub fn writes(request: &Value) -> bool {
    let method: Method = request["method"].as_str().expect("a method").parse().expect("a method");
    method != Method::GET && method != Method::HEAD
}
