use crate::{
    act::Act,
    components::{
        avatar::{Avatar, Pose},
        badge::{Badge, Tone},
        button::{Kind, Press},
        moment::Moment,
        said::{Said, Told},
    },
    describe::{self, tokens},
    text::t,
};
use domain::{
    Assignment, ModelId, NotFromHere, PULLED_WITHIN, Problem, SystemHealth, SystemState, Target, Timestamp,
    Worker,
};
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
    /// Since when it is so, where something says it.
    pub since: Option<Timestamp>,
    pub task: Option<String>,
    pub team: Option<String>,
    /// None: the assignments could not be read.
    pub now: Option<Assignment>,
    /// When a config was written that it may not have pulled yet.
    pub unpulled: Option<Timestamp>,
    /// What it shall run and does not yet, in a sentence.
    pub awaits: Option<String>,
    /// What its config said when the worker was looked at.
    configured: Option<ModelId>,
}

impl Seat {
    /// The seat of a worker.
    pub fn of(worker: Worker, now: Option<Assignment>) -> Self {
        let awaits = awaits(&worker);
        Self {
            target: Target::Worker(worker.name),
            pose: worker.status.into(),
            tone: worker.status.into(),
            word: t().worker_status(worker.status),
            evidence: t().evidence_or_said(worker.evidence),
            since: worker.since,
            task: worker.task,
            team: worker.team,
            now,
            unpulled: worker.unpulled,
            awaits,
            configured: worker.model,
        }
    }

    /// The head desk. HiClaw tells of the Manager only whether it answers.
    pub fn manager(systems: &[SystemHealth], now: Assignment) -> Self {
        Self::head(systems, Some(now))
    }

    /// The head desk, also when the Manager's assignment could not be read.
    pub fn head(systems: &[SystemHealth], now: Option<Assignment>) -> Self {
        let system = systems.iter().find(|system| system.name == "manager");
        let (pose, tone, word) = match system.map(|it| it.state) {
            Some(SystemState::Up) => (Pose::Idle, Tone::Ok, t().awake()),
            Some(SystemState::Down) => (Pose::Away, Tone::Danger, t().down()),
            None => (Pose::Silhouette, Tone::Unknown, t().unknown()),
        };
        let evidence = match system {
            Some(SystemHealth { error: Some(error), .. }) => error.clone(),
            Some(_) => t().manager_answers().to_owned(),
            None => String::new(),
        };
        let target = Target::Manager;
        let (since, task, team, unpulled, awaits, configured) = (None, None, None, None, None, None);
        Self { target, pose, tone, word, evidence, since, task, team, now, unpulled, awaits, configured }
    }

    /// Why its model cannot be changed from here.
    pub fn read_only(&self) -> Option<&NotFromHere> {
        self.now.as_ref()?.read_only.as_ref()
    }

    /// What opens when its button is pressed.
    pub fn act(&self) -> Act {
        Act::Switch(self.target.clone())
    }

    /// The model that it runs, or that this is not known.
    pub fn model(&self) -> String {
        let observed = self.now.as_ref().and_then(|now| now.observed.model.as_ref());
        match (observed.or(self.configured.as_ref()), &self.now) {
            (Some(model), _) => model.to_string(),
            (None, Some(_)) => t().no_model().to_owned(),
            (None, None) => t().unknown().to_owned(),
        }
    }

    /// The provider over which it runs.
    pub fn provider(&self) -> Option<String> {
        Some(self.now.as_ref()?.observed.provider.as_ref()?.to_string())
    }

    fn problem(&self) -> Option<&Problem> {
        self.now.as_ref()?.observed.problem.as_ref()
    }

    /// What is wrong, in a sentence.
    pub fn trouble(&self) -> Option<Told> {
        self.problem().map(describe::problem)
    }

    /// What is looked through for somebody: name, status, model, provider, task, team, trouble; in small letters.
    pub fn search_text(&self) -> String {
        let mut words = vec![self.target.agent().to_owned(), self.word.to_owned(), self.model()];
        words.extend(self.provider());
        words.extend(self.task.clone());
        words.extend(self.team.clone());
        words.extend(self.awaits.clone());
        words.extend(self.read_only().map(|_| t().read_only().to_owned()));
        words.extend(self.unpulled.as_ref().map(|_| t().unpulled().to_owned()));
        words.extend(self.trouble().map(|trouble| trouble.after(t().in_trouble()).text()));
        words.join(" ").to_lowercase()
    }

    /// That nobody saw it pull the config that was written for it, and when it will.
    fn yet_to_pull(&self) -> Option<AnyView> {
        self.unpulled.as_ref()?;
        let why = t().unpulled_until(PULLED_WITHIN.as_secs());
        let title = why.clone();
        let said = view! {
            <p class="unpulled" title=title>
                {t().unpulled()} <span class="sr">". " {why}</span>
            </p>
        };
        Some(said.into_any())
    }

    /// What is said over the desk: the trouble, else the task.
    fn bubble(&self) -> Option<String> {
        match self.problem() {
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
        parts.extend(self.provider());
        if head || observed.provider.is_none() {
            parts.extend(observed.route.as_ref().map(ToString::to_string));
        }
        if head {
            parts.extend(observed.context_window.map(|count| t().context_size(&tokens(count))));
        }
        parts.join(" · ")
    }

    /// Since when it is so, and for the Manager when that was seen.
    fn times(&self) -> Vec<(&'static str, Timestamp)> {
        let mut times = Vec::new();
        times.extend(self.since.clone().map(|at| (t().since(), at)));
        if let (Target::Manager, Some(now)) = (&self.target, &self.now) {
            times.extend(now.updated_at.clone().map(|at| (t().set_at(), at)));
            times.push((t().observed_at(), minute(&now.observed.observed_at)));
        }
        times
    }
}

/// The minute of a point in time: a page that is made again within it is the same.
fn minute(at: &Timestamp) -> Timestamp {
    let minute = at.as_str().get(..16).map(|minute| Timestamp::from_rfc3339(format!("{minute}:00Z")));
    minute.unwrap_or_else(|| at.clone())
}

/// A desk of the office: who sits there, how they do, what they run, and what is wrong.
#[component]
pub fn Desk(seat: Seat) -> impl IntoView {
    let name = describe::agent(&seat.target);
    let head = seat.target == Target::Manager;
    let (bubble, trouble) = (seat.bubble(), seat.trouble());
    let (model, small_print, times) = (seat.model(), seat.small_print(), seat.times());
    let yet_to_pull = seat.yet_to_pull();
    let awaits = seat.awaits.clone().map(|said| view! { <p class="unpulled">{said}</p> });
    let read_only = seat.read_only().cloned();
    let lines = match head {
        true => vec![small_print.into_any(), with_times(&seat.evidence, times)],
        false => vec![small_print.into_any(), with_times("", times)],
    };
    let agent = seat.target.agent().to_owned();
    let (kind, text) = if head { (Kind::Primary, t().set_model()) } else { (Kind::Small, t().switch()) };
    let bubble_class = if trouble.is_some() { "bubble trouble" } else { "bubble" };
    let asleep = seat.pose == Pose::Asleep;
    view! {
        <article class=if head { "desk head-desk" } else { "desk" } aria-label=name.clone()>
            <div class="desk-scene">
                <Avatar name=agent.clone() pose=seat.pose head=head/>
                {bubble.map(|text| view! { <span class=bubble_class title=text.clone()>{text.clone()}</span> })}
                {asleep.then(|| view! { <span class="zzz" aria-hidden="true"><i>"z"</i><i>"Z"</i><i>"z"</i></span> })}
            </div>
            <div class="desk-text">
                <h3 title=seat.evidence.clone()>{name.clone()} <Badge tone=seat.tone word=seat.word/></h3>
                <p class="desk-model">{model}</p>
                {yet_to_pull}
                {awaits}
                {lines.into_iter().map(|line| view! { <p class="desk-small">{line}</p> }).collect_view()}
                {trouble.map(|trouble| view! { <p class="desk-problem">{trouble.view()}</p> })}
                {(!head).then(|| view! { <p class="sr"><Said text=seat.evidence.clone()/></p> })}
            </div>
            {match read_only {
                Some(why) => read_only_note(&agent, why),
                None => view! { <Press act=seat.act() text kind label=t().set_model_of(&agent)/> }.into_any(),
            }}
        </article>
    }
    .into_any()
}

/// That a worker does not run yet what it shall run, and why.
pub fn awaits(worker: &Worker) -> Option<String> {
    let model = worker.model.as_ref();
    match (&worker.desired, &worker.awaits_restart, model) {
        (Some(desired), ..) => Some(t().shall_run(desired.as_str())),
        (None, Some(awaits), Some(model)) => {
            Some(t().awaits_restart(model.as_str(), awaits.runs.as_ref().map(ModelId::as_str)))
        }
        _ => None,
    }
}

/// The id of the sentence that says why an agent's model cannot be changed from here.
pub fn read_only_id(agent: &str) -> String {
    format!("read-only-{agent}-why")
}

/// In the place of a button that would open nothing: why, and by which way it goes.
pub fn read_only_note(agent: &str, why: NotFromHere) -> AnyView {
    view! {
        <details id=format!("read-only-{agent}") class="read-only">
            <summary>{t().read_only()} <span class="sr">" " {agent.to_owned()}</span></summary>
            <p id=read_only_id(agent)><Said text=why.reason/></p>
            <p><Said text=why.way/></p>
        </details>
    }
    .into_any()
}

/// `qwen · since 14:02`
fn with_times(text: &str, times: Vec<(&'static str, Timestamp)>) -> AnyView {
    let mut begun = !text.is_empty();
    let time = |(word, at): (&'static str, Timestamp)| {
        let dot = std::mem::replace(&mut begun, true).then_some(" · ");
        view! { {dot} <span class="desk-time">{word} " " <Moment at/></span> }
    };
    let times: Vec<_> = times.into_iter().map(time).collect();
    view! { {Told::said(Some(text)).view()} {times} }.into_any()
}
