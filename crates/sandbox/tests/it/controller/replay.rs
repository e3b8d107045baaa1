//! Replays what two running controllers really answered, step by step on one installation.
//!
//! The clock stands still between requests. A request is made as long after the last write as the recorded one was, if
//! that is known. Of a polled series only the answers that differ were kept: the same answers have to come here, in the
//! same order, but not at the same time.
use super::{Answer, World, ms, script};
use crate::compare::{Rules, header};
use axum::body::Body;
use http::{Request, header as headers};
use regex::Regex;
use sandbox::controller::{Account, Generation};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, fs, path::PathBuf, sync::LazyLock, time::Duration};

/// What differs between two installations, in texts.
static OPAQUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) ![A-Za-z0-9]+:(?<domain>matrix) # rooms
        | (?<user>mc\ admin\ user\ add\ \S+\ \S+)\ \S+: # passwords
        | container\ \S+\ is\ not\ running",
    )
    .expect("an expression")
});

pub const RULES: Rules = Rules {
    // Of exec, whose ids are Docker's.
    opaque: &["Id", "ID", "ContainerID"],
    text: |text| match OPAQUE.replace_all(text, "<opaque>$domain$user") {
        Cow::Borrowed(_) => text.into(),
        Cow::Owned(text) => text.into(),
    },
    ordered: false,
};

/// How often the recorder asked.
const POLL: Duration = ms(50);
/// How often it did so while it looked at everything else that a restart of the first controller does.
const SLOW_POLL: Duration = ms(2400);
/// For how long it went on when nothing changed any more.
const LINGER: Duration = ms(3000);
/// Reads trail writes by some milliseconds; this is when they no longer do.
const FRESH: u64 = 100;

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name)
}

pub fn load(path: PathBuf) -> Value {
    let text = fs::read_to_string(path).expect("a recording");
    serde_json::from_str(&text).expect("a recording is JSON")
}

/// One replay on one installation.
struct Replay {
    world: World,
    generation: Generation,
    /// When the last write was.
    written: Duration,
    /// From when the recorder counted: the last write that was not itself counted so.
    since: Duration,
    /// The tokens of before the restart.
    former: BTreeMap<String, String>,
    /// The step before, if it was one of a polled series.
    series: Option<(Value, Value)>,
}

impl Replay {
    fn new(generation: Generation, installation: u64) -> Self {
        let world = World::started(generation, script::plan(generation, installation));
        Self {
            world,
            generation,
            written: Duration::ZERO,
            since: Duration::ZERO,
            former: BTreeMap::new(),
            series: None,
        }
    }

    /// Makes one step and gives what differs from the recorded answer.
    async fn step(&mut self, file: &str, position: usize, step: &Value) -> Vec<String> {
        if file == "restart.json" && position == 0 {
            self.remember_tokens();
        }
        if script::before(&self.world, self.generation, file, position).await {
            self.since = self.world.now();
            self.series = None;
        }
        let request = &step["request"];
        let at = step["after_ms"].as_u64();
        if step["polled"] == true {
            let slow = file == "restart.json" && self.generation == Generation::V1_1;
            let every = if slow { SLOW_POLL } else { POLL };
            return self.poll(step, at.unwrap_or_default(), every).await;
        }
        if self.series.take().is_some() && at.is_none() {
            self.world.pass(LINGER).await;
        }
        match at {
            Some(at) => self.pass_to(self.since + ms(at)).await,
            None => self.world.pass(ms(step["took_ms"].as_u64().unwrap_or(1))).await,
        }
        let differences = self.compare(step).await;
        if script::writes(request) {
            self.world.controller.timeline().settled().await;
            self.written = self.world.now();
            if at.is_none() {
                self.since = self.written;
            }
        }
        differences
    }

    /// Lets time pass until the answer is the recorded one, through no answer that was not recorded.
    async fn poll(&mut self, step: &Value, at: u64, every: Duration) -> Vec<String> {
        let request = &step["request"];
        let former = self.series.replace((request.clone(), step["response"].clone()));
        let former = former.filter(|(asked, _)| asked == request).map(|(_, answered)| answered);
        if former.is_none() && at < FRESH {
            return self.compare(step).await;
        }
        let limit = self.since + ms(at) * 2 + ms(5000);
        let mut odd: Option<(Duration, String)> = None;
        loop {
            let differences = self.compare(step).await;
            if differences.is_empty() {
                return differences;
            }
            let now = self.world.now();
            if let Some((since, answer)) = &odd
                && now.saturating_sub(*since) > every
            {
                return vec![format!("after {since:?} came {answer}"), differences.join("\n    ")];
            }
            let answer = self.answer(request).await;
            odd = match &former {
                Some(former) if !differs(former, answer.as_ref()).is_empty() => {
                    let text = answer.map_or_else(|| "nothing".to_owned(), |answer| answer.body);
                    odd.filter(|(_, other)| *other == text).or(Some((now, text)))
                }
                _ => None,
            };
            self.world.controller.timeline().settled().await;
            let next = self.world.controller.timeline().next_event().filter(|next| *next <= limit);
            let Some(next) = next else { return differences };
            self.pass_to(next).await;
        }
    }

    /// What differs, whether the read sees the last write or trails it.
    async fn compare(&self, step: &Value) -> Vec<String> {
        let answer = self.answer(&step["request"]).await;
        let differences = differs(&step["response"], answer.as_ref());
        let since = self.world.now().saturating_sub(self.written);
        if differences.is_empty() || since >= ms(FRESH) || script::writes(&step["request"]) {
            return differences;
        }
        self.world.controller.set_lag(since + ms(1));
        let trailing = self.answer(&step["request"]).await;
        self.world.controller.set_lag(Duration::ZERO);
        if differs(&step["response"], trailing.as_ref()).is_empty() { Vec::new() } else { differences }
    }

    async fn pass_to(&self, at: Duration) {
        self.world.pass(at.saturating_sub(self.world.now())).await;
    }

    async fn answer(&self, recorded: &Value) -> Option<Answer> {
        let mut request = Request::builder()
            .method(recorded["method"].as_str().expect("a method"))
            .uri(recorded["path"].as_str().expect("a path"));
        if let Some(token) = self.authorization(recorded["auth"].as_str()) {
            request = request.header(headers::AUTHORIZATION, token);
        }
        for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().expect("a header"));
        }
        let body = recorded["raw"].as_str().map(str::to_owned);
        let body = body.or_else(|| recorded.get("json").map(Value::to_string)).unwrap_or_default();
        self.world.send(request.body(Body::from(body)).expect("a request")).await
    }

    fn authorization(&self, auth: Option<&str>) -> Option<String> {
        let admin = || self.world.admin().unwrap_or_default();
        let worker = |name: &str| self.world.account(&Account::Worker(name.to_owned()));
        Some(match auth {
            None => format!("Bearer {}", admin()),
            Some("none") => return None,
            Some("wrong") => "Bearer wrong-token".to_owned(),
            Some("basic") => "Basic YWRtaW46YWRtaW4=".to_owned(),
            Some("lower-case scheme") => format!("bearer {}", admin()),
            Some("bare token") => admin(),
            Some("empty bearer") => "Bearer ".to_owned(),
            Some("manager") => format!("Bearer {}", self.world.account(&Account::Manager)),
            Some("token of before the restart") => format!("Bearer {}", self.former["admin"]),
            Some("worker alice, token of before the restart") => format!("Bearer {}", self.former["alice"]),
            Some(other) => {
                let name = other.rsplit(' ').next().expect("a name");
                format!("Bearer {}", worker(name))
            }
        })
    }

    fn remember_tokens(&mut self) {
        let admin = self.world.admin().expect("a token");
        let alice = self.world.account(&Account::Worker("alice".into()));
        self.former = [("admin".to_owned(), admin), ("alice".to_owned(), alice)].into();
    }
}

fn differs(expected: &Value, answer: Option<&Answer>) -> Vec<String> {
    let Some(answer) = answer else { return vec!["no answer".to_owned()] };
    let mut differences = Vec::new();
    if expected["status"] != answer.status {
        differences
            .push(format!("status {} instead of {}: {}", answer.status, expected["status"], answer.body));
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        header(&answer.headers, name, value.as_str().expect("a header"), &mut differences);
    }
    RULES.body(expected, &answer.body, &mut differences);
    differences
}

/// The steps of a recording that are not played, with the reason of each.
fn left_out(recording: &str) -> BTreeMap<(String, usize), String> {
    let all = load(folder("left-out.json"));
    let listed = all[recording].as_array().expect("a list").iter().map(|entry| {
        let position = entry["step"].as_u64().and_then(|step| usize::try_from(step).ok()).expect("a step");
        let file = entry["file"].as_str().expect("a file").to_owned();
        ((file, position), entry["reason"].as_str().expect("a reason").to_owned())
    });
    listed.collect()
}

async fn replay(recording: &str, generation: Generation) {
    let index = load(folder(recording).join("index.json"));
    let mut left_out = left_out(recording);
    let mut replay = Replay::new(generation, 1);
    let mut installation = 1;
    let (mut total, mut same, mut report) = (0, 0, Vec::new());
    for scenario in index["scenarios"].as_array().expect("scenarios") {
        let file = scenario["file"].as_str().expect("a file");
        let number = scenario["installation"].as_u64().unwrap_or(1);
        if number != installation {
            installation = number;
            replay = Replay::new(generation, number);
        }
        if file != "first-boot.json" && file != "restart.json" {
            // Scenarios begin when nothing is going on.
            replay.world.pass(ms(30_000)).await;
        }
        let recorded = load(folder(recording).join(file));
        for (position, step) in recorded["steps"].as_array().expect("steps").iter().enumerate() {
            let differences = replay.step(file, position, step).await;
            total += 1;
            let request = &step["request"];
            let head =
                format!("{file} {position} [{}] {} {}", step["why"], request["method"], request["path"]);
            match (left_out.remove(&(file.to_owned(), position)), differences.is_empty()) {
                (None, true) => same += 1,
                (None, false) => report.push(format!("{head}\n    {}", differences.join("\n    "))),
                (Some(_), false) => {}
                (Some(reason), true) => report.push(format!("{head}\n    passes, but is left out: {reason}")),
            }
        }
    }
    report.extend(left_out.keys().map(|(file, step)| format!("{file} has no step {step} to leave out")));
    println!("{recording}: {same} of {total}");
    assert!(report.is_empty(), "{recording}: {same} of {total}\n{}", report.join("\n"));
}

#[tokio::test]
async fn every_recorded_answer_of_the_second_controller_is_given_again() {
    replay("controller", Generation::V1_2).await;
}

#[tokio::test]
async fn every_recorded_answer_of_the_first_controller_is_given_again() {
    replay("controller-v1.1", Generation::V1_1).await;
}
