//! Somebody else's scripts change providers, consumers and routes of the same console all the time, as HiClaw's do, while
//! four admins work. The console loses writes when two write at once; whether ours are there in the end, and theirs, is
//! what counts.
use crate::world::{World, context, switch};
use domain::{Mutation, Operation, OperationState};
use futures::future::{BoxFuture, join_all};
use higress::{HigressError, HttpWire, Wire, WireAnswer, WireRequest};
use operations::{Operations, Outside};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How often each admin changes something.
const ROUNDS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(60);

/// Our way to the console, which remembers when a write was under way.
struct Watched {
    wire: HttpWire,
    writes: Mutex<Vec<(Instant, Instant)>>,
    by_object: Mutex<BTreeMap<String, usize>>,
}

impl Wire for Watched {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        Box::pin(async move {
            if request.method == http::Method::GET {
                return self.wire.send(request).await;
            }
            *self.by_object.lock().unwrap().entry(request.url.path().to_owned()).or_default() += 1;
            let began = Instant::now();
            let answer = self.wire.send(request).await;
            self.writes.lock().unwrap().push((began, Instant::now()));
            answer
        })
    }
}

impl Watched {
    fn wrote_between(&self, from: Instant, to: Instant) -> bool {
        self.writes.lock().unwrap().iter().any(|(began, ended)| *began <= to && *ended >= from)
    }
}

/// Something that the rival wrote and saw there.
struct Mark {
    /// Where it is read: a path of the console.
    path: String,
    text: String,
    sent: Instant,
    seen: Instant,
}

/// The scripts: read, change, write, look. Refused ones try again, as HiClaw's do.
struct Rival {
    http: reqwest::Client,
    url: String,
    stop: AtomicBool,
    written: AtomicUsize,
    marks: Mutex<Vec<Mark>>,
}

impl Rival {
    async fn call(&self, method: http::Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let request =
            self.http.request(method, format!("{}{path}", self.url)).basic_auth("admin", Some("admin"));
        let request = body.into_iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.unwrap();
        let is_done = answer.status().is_success();
        let text = answer.text().await.unwrap();
        is_done.then(|| serde_json::from_str::<Value>(&text).unwrap_or_default())
    }

    async fn text(&self, path: &str) -> String {
        self.call(http::Method::GET, path, None).await.unwrap_or_default().to_string()
    }

    /// Writes until the console says yes, and remembers it when it is there.
    async fn write(
        &self,
        method: http::Method,
        path: &str,
        look: &str,
        mark: &str,
        change: impl Fn(Value) -> Value,
    ) {
        let sent = Instant::now();
        while !self.stop.load(Ordering::Acquire) {
            let now = self.call(http::Method::GET, look, None).await.map(|mut now| now["data"].take());
            if self.call(method.clone(), path, Some(&change(now.unwrap_or_default()))).await.is_some() {
                self.written.fetch_add(1, Ordering::AcqRel);
                break;
            }
        }
        if self.text(look).await.contains(mark) {
            let (path, text) = (look.to_owned(), mark.to_owned());
            self.marks.lock().unwrap().push(Mark { path, text, sent, seen: Instant::now() });
        }
    }

    /// New consumers, each let into a route that is also ours.
    async fn work_on_routes(&self) {
        for number in 0.. {
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            let name = format!("rival-{number:04}");
            let consumer = json!({"name": name, "credentials":
                [{"type": "key-auth", "source": "BEARER", "values": [format!("key-of-{name}")]}]});
            self.write(http::Method::POST, "/v1/consumers", "/v1/consumers", &name, |_| consumer.clone())
                .await;
            let route = ["deepseek-ai-route", "moonshot-ai-route"][number % 2];
            let path = format!("/v1/ai/routes/{route}");
            self.write(http::Method::PUT, &path, &path, &name, |mut route| {
                if let Some(allowed) = route["authConfig"]["allowedConsumers"].as_array_mut() {
                    allowed.push(json!(name));
                }
                route
            })
            .await;
        }
    }

    /// A provider of its own, changed again and again. Only the newest change can still be there.
    async fn work_on_providers(&self) {
        let (path, key) = ("/v1/ai/providers/rivals", "sk-of-the-rival-0000");
        let provider = |number: usize| {
            json!({"type": "openai", "name": "rivals", "tokens": [key], "protocol": "openai/v1",
                "tokenFailoverConfig": {"enabled": false}, "rawConfigs": {"rivalMark": format!("mark-{number:04}")}})
        };
        for number in 0.. {
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            self.marks.lock().unwrap().retain(|mark| mark.path != path);
            // Swallowed, it is gone whole: then it must be made anew.
            let (method, at) = match self.call(http::Method::GET, path, None).await {
                Some(_) => (http::Method::PUT, path),
                None => (http::Method::POST, "/v1/ai/providers"),
            };
            self.write(method, at, path, &format!("mark-{number:04}"), |_| provider(number)).await;
        }
    }
}

/// What an admin does, again and again; the last change of each target is looked for in the end.
fn wish(world: &World, admin: usize, round: usize) -> Mutation {
    let away = round.is_multiple_of(2);
    match admin {
        0 if away => switch("dave", "deepseek", "deepseek-reasoner"),
        0 => switch("dave", "moonshot", "kimi-k2.5"),
        1 if away => switch("newcomer", "deepseek", "deepseek-chat"),
        1 => switch("newcomer", "moonshot", "moonshot-v1-8k"),
        2 if away => Mutation::RemoveProvider { name: "minimax".parse().unwrap() },
        2 => Mutation::AddProvider(world.new_provider("minimax")),
        _ => {
            let edit = json!({"settings": {"firstByteTimeout": 10 + round}});
            Mutation::EditProvider {
                name: "deepseek".parse().unwrap(),
                edit: serde_json::from_value(edit).unwrap(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_a_rivals_scripts_and_four_admins() {
    let world = World::start_with(|config| config.timing.horizon = Duration::from_secs(4)).await;
    world.sandbox.hire(&["newcomer".to_owned()], &["default-ai-route"]).await.unwrap();
    world.run(Mutation::AddProvider(world.new_provider("minimax"))).await.unwrap();
    world.operations.drain(Duration::ZERO).await;
    let wire = Arc::new(Watched {
        wire: HttpWire::new(Duration::from_secs(2)).unwrap(),
        writes: Mutex::default(),
        by_object: Mutex::default(),
    });
    let outside = Outside { wire: Some(wire.clone()), ..Outside::default() };
    let data = tempfile::tempdir().unwrap();
    let mut config = world.config.clone();
    config.data_dir = data.path().to_owned();
    let operations = Operations::with(config, outside).unwrap();
    let rival = Arc::new(Rival {
        http: reqwest::Client::new(),
        url: world.config.console.url.as_str().trim_end_matches('/').to_owned(),
        stop: AtomicBool::new(false),
        written: AtomicUsize::new(0),
        marks: Mutex::default(),
    });
    let scripts = [rival.clone(), rival.clone()];
    let [first, second] = scripts;
    let scripts =
        tokio::spawn(async move { tokio::join!(first.work_on_routes(), second.work_on_providers()) });

    let admin = |number: usize| {
        let (world, operations) = (&world, &operations);
        async move {
            let mut done = Vec::new();
            for round in 0..ROUNDS {
                let running = operations.submit(wish(world, number, round), context(None)).await.unwrap();
                let watch = running.watch();
                done.push((running.finished().await, watch));
            }
            // The last one's watch is the one that nobody took over.
            let (_, last) = done.last_mut().unwrap();
            timeout(PATIENCE, last.wait_for(|operation| operation.settled.is_some())).await.unwrap().unwrap();
            done
        }
    };
    let done = join_all((0..4).map(admin)).await;
    rival.stop.store(true, Ordering::Release);
    scripts.await.unwrap();

    let tally =
        Tally::of(&done.iter().flatten().map(|(_, watch)| watch.borrow().clone()).collect::<Vec<_>>());
    println!(
        "rival: {} writes, {} of them read back; ours: {} operations, {} committed, {} told of somebody else",
        rival.written.load(Ordering::Acquire),
        rival.marks.lock().unwrap().len(),
        tally.operations,
        tally.committed,
        tally.foreign,
    );
    let writes: usize = wire.by_object.lock().unwrap().values().sum();
    println!(
        "{writes} writes of ours for {} planned ones, the rest repeated at read-back; {} repaired at settling",
        tally.planned, tally.repaired
    );
    assert!(tally.committed > 0 && rival.written.load(Ordering::Acquire) > 20);
    for (number, done) in done.iter().enumerate() {
        assert_last_is_there(&world, number, done.last().unwrap().1.borrow().as_ref()).await;
    }
    let marks = std::mem::take(&mut *rival.marks.lock().unwrap());
    let mut races = 0;
    for mark in marks {
        if !rival.text(&mark.path).await.contains(&mark.text) {
            // The console itself loses one of two writes at once; neither writer can tell.
            let race = wire.wrote_between(mark.sent, mark.seen);
            assert!(race && !mark.path.contains("/ai/routes/"), "{} is gone from {}", mark.text, mark.path);
            races += 1;
        }
    }
    println!(
        "{races} writes of the rival were lost by the console itself, to a write of ours at the same moment"
    );
}

#[derive(Default)]
struct Tally {
    operations: usize,
    committed: usize,
    foreign: usize,
    repaired: usize,
    planned: usize,
}

impl Tally {
    fn of(operations: &[Arc<Operation>]) -> Self {
        let mut tally = Self { operations: operations.len(), ..Self::default() };
        for operation in operations {
            let seen =
                operation.settled.as_ref().map(|settled| settled.evidence.as_str()).unwrap_or_default();
            tally.committed += usize::from(operation.state == OperationState::Committed);
            tally.foreign += usize::from(
                seen.contains("somebody else") || operation.state == OperationState::NeedsOperator,
            );
            tally.repaired +=
                usize::from(seen.contains("was swallowed by another writer and was made again"));
            let ours = |object: &str| object.starts_with("provider:") || object.starts_with("route:");
            let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
            tally.planned += changes.filter(|change| ours(&change.object)).count();
        }
        tally
    }
}

/// What the last change of a target did is there, or the operation says who is in its way.
async fn assert_last_is_there(world: &World, admin: usize, last: &Operation) {
    let told = |object: &str| {
        let settled = last.settled.as_ref().map(|settled| settled.evidence.as_str()).unwrap_or_default();
        settled.contains(&format!("somebody else changed {object}"))
    };
    if last.state != OperationState::Committed {
        assert!(last.failure.is_some(), "{last:?}");
        return;
    }
    let console = world.console();
    match wish(world, admin, ROUNDS - 1) {
        Mutation::SetModel { target, wish } => {
            assert_eq!(world.stored_model(&target), wish.model.as_str());
            let name = format!("{}-ai-route", wish.provider);
            let route = console.route(&name.parse().unwrap()).await.unwrap().unwrap();
            let consumer = target.consumer().to_string();
            let is_in = route.json()["authConfig"]["allowedConsumers"].to_string().contains(&consumer);
            assert!(is_in || told(&format!("route:{name}")), "{consumer} is not in {name}: {last:?}");
            let live = world.sandbox.console().live().borrow().clone();
            let ingress = live.routes.iter().find(|route| route.ingress.contains(&name)).unwrap();
            assert!(
                !is_in || ingress.allow.as_ref().unwrap().contains(&consumer),
                "{consumer} is not live in {name}"
            );
        }
        Mutation::AddProvider(new) => {
            let provider = console.provider(&new.name).await.unwrap();
            assert!(provider.is_some() || told("provider:minimax"), "minimax is gone: {last:?}");
        }
        Mutation::EditProvider { name, edit } => {
            let provider = console.provider(&name).await.unwrap().unwrap();
            let wanted = serde_json::to_value(&edit).unwrap()["settings"]["firstByteTimeout"].to_string();
            let is_there = provider.json().to_string().contains(&format!("\"firstByteTimeout\":{wanted}"));
            assert!(is_there || told("provider:deepseek"), "{wanted}: {last:?} {provider:?}");
        }
        other => panic!("{other:?} is nobody's last"),
    }
}
