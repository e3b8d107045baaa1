//! What the specimens show.
use crate::pages::home::desk::Seat;
use domain::{
    Affected, Assignment, Change, ChangeAction, DiffLine, Observed, OperationId, Plan, Problem, ProviderTest,
    Reason, Step, StepName, StepState, TestLeg, Timestamp, UsedBy, Warning, WarningCode, Worker,
    WorkerStatus,
};
use serde_json::{Value, json};

fn at() -> Timestamp {
    Timestamp::from_rfc3339("2026-01-15T10:30:00Z".into())
}

/// A seat for each way that a worker can be.
pub fn seats() -> Vec<Seat> {
    let denied = Some(Problem::ConsumerNotAllowed {
        route: domain::RouteName::default_route(),
        consumer: domain::ConsumerName::manager(),
    });
    let unreadable = Some(Problem::ConfigUnreadable { message: "it is not JSON".into() });
    let all = [
        ("alice", WorkerStatus::Idle, None, None),
        ("bob", WorkerStatus::Busy, Some("fix #214: the very long title of a task that has to be cut"), None),
        ("carol", WorkerStatus::Sleeping, None, None),
        ("dave", WorkerStatus::Running, None, denied),
        ("erin", WorkerStatus::Offline, None, None),
        ("frank", WorkerStatus::Starting, None, None),
        ("grace", WorkerStatus::Failed, None, unreadable),
        ("a-name-of-more-than-thirty-letters", WorkerStatus::Unknown, None, None),
    ];
    all.into_iter().filter_map(|(name, status, task, problem)| seat(name, status, task, problem)).collect()
}

fn seat(name: &str, status: WorkerStatus, task: Option<&str>, problem: Option<Problem>) -> Option<Seat> {
    let worker = Worker {
        model: "deepseek-chat".parse().ok(),
        since: Some(at()),
        task: task.map(Into::into),
        unpulled: (status == WorkerStatus::Sleeping).then(at),
        ..Worker::unseen(name.parse().ok()?, "openclaw".into(), status, "container running".into())
    };
    let observed = Observed {
        primary: Some("hiclaw-gateway/deepseek-chat".into()),
        model: "deepseek-chat".parse().ok(),
        route: "deepseek-ai-route".parse().ok(),
        provider: "deepseek".parse().ok(),
        context_window: Some(64_000),
        max_tokens: Some(8_000),
        reasoning: Some(true),
        in_sync: problem.is_none(),
        problem,
        observed_at: at(),
    };
    let now = Assignment {
        reset: None,
        provider: "deepseek".parse().ok(),
        model: "deepseek-reasoner".parse().ok(),
        context_window: None,
        max_tokens: Some(8_000),
        reasoning: Some(true),
        updated_at: Some(at()),
        observed,
        takes_up: domain::TakeUp::default(),
        ownership: None,
        read_only: None,
    };
    Some(Seat::of(worker, Some(now)))
}

/// A step of each state.
pub fn steps() -> Vec<Step> {
    let step = |name, state, ms, evidence: Option<&str>| Step {
        name,
        object: Some("deepseek-ai-route".into()),
        state,
        ms,
        evidence: evidence.map(Into::into),
    };
    vec![
        step(StepName::Plan, StepState::Done, Some(41), Some("6 objects read")),
        step(StepName::Route, StepState::Undone, Some(1_300), Some("as it was")),
        step(StepName::Test, StepState::Failed, Some(12_000), Some("401: the key is refused")),
        step(StepName::Neighbours, StepState::Skipped, None, None),
        step(StepName::Config, StepState::Running, None, None),
        step(StepName::Verify, StepState::Pending, None, None),
    ]
}

/// An object that is made, one that is changed in more places than a glance takes, and one that is removed.
pub fn changes() -> Vec<Change> {
    let line = |path: &str, before: Option<Value>, after: Option<Value>| DiffLine {
        path: path.into(),
        before,
        after,
    };
    let change = |object: &str, action, diff| Change {
        object: object.into(),
        action,
        diff,
        owner: "agm".into(),
        lasts: None,
    };
    let many = (0..12).map(|at| line(&format!("/models/{at}/id"), Some(json!("old")), Some(json!("new"))));
    let route = vec![line("/name", None, Some(json!("deepseek-ai-route")))];
    let lasts = Some("the Manager restarts".into());
    vec![
        change("route:deepseek-ai-route", ChangeAction::Create, route),
        Change { lasts, ..change("s3:agents/alice/openclaw.json", ChangeAction::Update, many.collect()) },
        change("provider:old", ChangeAction::Delete, vec![line("/name", Some(json!("old")), None)]),
    ]
}

/// A plan that reaches somebody and warns of something.
pub fn plan() -> Option<Plan> {
    let id: OperationId = "01J8ZQ4Y7M3T5V9X2B6D8F0G1H".parse().ok()?;
    Some(Plan {
        id,
        kind: "set_model".into(),
        targets: vec!["worker:alice".into()],
        created_at: at(),
        reads: Vec::new(),
        changes: changes(),
        affected: vec![Affected { agent: "bob".into(), how: "shares the route".into(), way: None }],
        warnings: vec![Warning::new(WarningCode::ContextShrinks, "From 256K to 64K tokens.")],
        steps: steps(),
        keys: Vec::new(),
        needs: Default::default(),
    })
}

/// A test that was fine, and one that was not.
pub fn tests() -> [ProviderTest; 2] {
    let test = |ok, models, evidence: &str, reason| {
        let leg = TestLeg { name: "provider".into(), ok, latency_ms: 21, evidence: evidence.into(), reason };
        ProviderTest { success: ok, models, latency_ms: 21, legs: vec![leg] }
    };
    [
        test(true, Some(8), "HTTP 200 in 21 ms: 8 models", None),
        test(false, None, "HTTP 401: the key is refused", Some(Reason::Auth)),
    ]
}

/// More agents than are named.
pub fn used_by() -> UsedBy {
    UsedBy {
        routes: vec!["deepseek-ai-route".into()],
        agents: (1..=9).map(|n| format!("worker:dev-{n}")).collect(),
    }
}
