use crate::{
    components::{
        avatar::{Avatar, Pose},
        badge::{Badge, Tone},
        button::{Button, Kind},
        switch_dialog::Switch,
    },
    describe::{self, tokens},
    text::t,
};
use domain::{Assignment, Problem, SystemHealth, SystemState, Target, Worker};
use leptos::prelude::*;

/// Somebody of the office, as far as it could be observed.
#[derive(Clone, Debug)]
pub struct Seat {
    pub target: Target,
    pub pose: Pose,
    pub tone: Tone,
    /// The status in a word.
    pub word: &'static str,
    /// What the status rests on.
    pub evidence: String,
    pub task: Option<String>,
    pub now: Option<Assignment>,
}

impl Seat {
    /// The seat of a worker.
    pub fn of(worker: Worker, now: Option<Assignment>) -> Self {
        Self {
            target: Target::Worker(worker.name),
            pose: worker.status.into(),
            tone: worker.status.into(),
            word: (t().worker_status)(worker.status),
            evidence: worker.evidence,
            task: worker.task,
            now,
        }
    }

    /// The head desk. HiClaw tells of the Manager only whether it answers.
    pub fn manager(systems: &[SystemHealth], now: Assignment) -> Self {
        let awake =
            systems.iter().find(|system| system.name == "manager").map(|it| it.state == SystemState::Up);
        let (pose, tone, word) = match awake {
            Some(true) => (Pose::Idle, Tone::Ok, t().awake),
            Some(false) => (Pose::Away, Tone::Danger, t().down),
            None => (Pose::Silhouette, Tone::Unknown, t().unknown),
        };
        let now = Some(now);
        Self { target: Target::Manager, pose, tone, word, evidence: String::new(), task: None, now }
    }

    /// What is said over the desk: the trouble, else the task.
    fn bubble(&self) -> Option<String> {
        match self.now.as_ref().and_then(|now| now.observed.problem.as_ref()) {
            Some(Problem::ConsumerNotAllowed { .. }) => Some("403 !".into()),
            Some(Problem::NoRoute { .. }) => Some("404 !".into()),
            _ => self.task.clone(),
        }
    }

    /// Provider, route and context, as observed.
    fn small_print(&self) -> String {
        let Some(observed) = self.now.as_ref().map(|now| &now.observed) else { return String::new() };
        let head = self.target == Target::Manager;
        let mut parts = Vec::new();
        parts.extend(observed.provider.as_ref().map(ToString::to_string));
        if head || observed.provider.is_none() {
            parts.extend(observed.route.as_ref().map(ToString::to_string));
        }
        if head {
            parts.extend(observed.context_window.map(|count| (t().context_size)(&tokens(count))));
        }
        parts.join(" · ")
    }
}

/// A desk of the office: who sits there, how they do, what they run, and what is wrong.
#[component]
pub fn Desk(seat: Seat) -> impl IntoView {
    let switch = Switch::take();
    let name = describe::agent(&seat.target);
    let head = seat.target == Target::Manager;
    let observed = seat.now.as_ref().map(|now| &now.observed);
    let model = observed
        .and_then(|now| now.model.as_ref())
        .map_or_else(|| t().no_model.to_owned(), ToString::to_string);
    let problem = observed.and_then(|now| now.problem.as_ref()).map(describe::problem);
    let (bubble, small_print) = (seat.bubble(), seat.small_print());
    let (target, now) = (seat.target, StoredValue::new(seat.now));
    let agent = target.agent().to_owned();
    let open = Callback::new(move |()| now.with_value(|now| switch.open(target.clone(), now.as_ref())));
    let (kind, text) = if head { (Kind::Primary, t().set_model) } else { (Kind::Small, t().switch) };
    let bubble_class = if problem.is_some() { "bubble trouble" } else { "bubble" };
    view! {
        <article class=if head { "desk head-desk" } else { "desk" } aria-label=name.clone()>
            <div class="desk-scene">
                <Avatar name=agent.clone() pose=seat.pose/>
                {bubble.map(|text| view! { <span class=bubble_class>{text}</span> })}
                {(seat.pose == Pose::Asleep).then(|| view! { <span class="zzz" aria-hidden="true"><i>"z"</i><i>"Z"</i><i>"z"</i></span> })}
            </div>
            <div class="desk-text">
                <h3 title=seat.evidence>{name.clone()} <Badge tone=seat.tone word=seat.word/></h3>
                <p class="desk-model">{model}</p>
                <p class="desk-small">{small_print}</p>
                {problem.map(|problem| view! { <p class="desk-problem">{problem}</p> })}
            </div>
            <Button text kind label=(t().set_model_of)(&agent) on_press=open/>
        </article>
    }
    .into_any()
}
