//! The checks that cost something: each provider is tested, the model of each agent is asked for one token, through the
//! gateway and with the agent's own key, and the store is tried on a scratch object.
use super::{
    Stored,
    agents::{Agent, each},
};
use crate::{
    Operations, conditional,
    engine::Engine,
    probe::ProbeFailure,
    reads::{Agents, ConsoleState},
    scrub,
};
use domain::{Failure, ModelId, ProviderName, RouteName, RouteUpstream, Target, TestProvider, Timestamp};
use futures::{StreamExt, stream};
use higress::ProviderDoc;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// How many agents' models are asked at once, and beside them how many providers.
const AT_ONCE: usize = 8;
/// How long all of them may take together. Who gave no answer by then is told so.
const LONGEST: Duration = Duration::from_secs(60);

/// What the agents' models answered when they were asked last.
pub struct Answers {
    pub at: Timestamp,
    by_target: ByTarget,
}

/// What each agent's model was asked, and its answer; none: it gave none in time.
type ByTarget = BTreeMap<Target, (Question, Option<Answer>)>;

/// Whether a model answered, or why none did.
type Answer = Result<(), ProbeFailure>;

/// What is known of an agent's model.
pub enum Said<'a> {
    Answer(&'a Answer),
    /// It gave no answer in time.
    Late,
    /// It was asked, and today's question is another one, or none.
    Outdated,
    /// It was not asked.
    Nothing,
}

impl Answers {
    /// Whether any model answered.
    pub fn any(&self) -> bool {
        self.by_target.values().any(|(_, answer)| matches!(answer, Some(Ok(()))))
    }

    /// What the model of this agent said, where `now` is what it would be asked today.
    pub fn of(&self, target: &Target, now: Option<&Question>) -> Said<'_> {
        match (self.by_target.get(target), now) {
            (None, _) => Said::Nothing,
            (Some((asked, answer)), Some(now)) if asked.holds(now) => {
                answer.as_ref().map_or(Said::Late, Said::Answer)
            }
            (Some(_), _) => Said::Outdated,
        }
    }
}

/// All that decides on the answer of an agent's model.
pub struct Question {
    /// None: it is its consumer's, and the console could not be read.
    key: Option<SecretString>,
    model: ModelId,
    /// None: the console could not be read.
    way: Option<Way>,
}

/// Where the gateway sends a question.
#[derive(PartialEq, Eq)]
struct Way {
    /// None: no route takes the model.
    route: Option<(RouteName, Vec<RouteUpstream>, Vec<ProviderName>)>,
    is_let_in: bool,
    /// Hashes of the providers of the route, keys included.
    providers: Vec<Option<String>>,
}

impl Question {
    /// None for an agent without a model or a key, or one whose config cannot be read.
    pub(super) fn of(agent: &Agent, stored: Option<&Stored>) -> Option<Self> {
        let config = agent.seen.config.as_ref().ok()?;
        let model = config.model.clone()?;
        let consumers = || stored?.console.keys.get(&agent.target.consumer()).filter(|_| !config.holds_key);
        let key = config.key.as_ref().or_else(consumers).cloned();
        let is_known = key.is_some() || (stored.is_none() && !config.holds_key);
        is_known.then(|| Self { key, model, way: stored.map(|stored| Way::of(agent, stored)) })
    }

    /// Whether what was answered to this answers `now` too. A console that cannot be read now says nothing against it.
    fn holds(&self, now: &Self) -> bool {
        let same_key = now.key.is_none() || exposed(self.key.as_ref()) == exposed(now.key.as_ref());
        same_key && self.model == now.model && (now.way.is_none() || self.way == now.way)
    }
}

fn exposed(key: Option<&SecretString>) -> Option<&str> {
    key.map(ExposeSecret::expose_secret)
}

impl Way {
    fn of(agent: &Agent, stored: &Stored) -> Self {
        let route =
            agent.route.map(|route| (route.name.clone(), route.upstreams.clone(), route.fallback.clone()));
        let hash = |name| stored.console.provider(name).ok().map(ProviderDoc::content_hash);
        let providers = route.iter().flat_map(|(_, upstreams, fallback)| {
            upstreams.iter().map(|upstream| &upstream.provider).chain(fallback).map(hash)
        });
        Self { is_let_in: agent.turned_away().is_none(), providers: providers.collect(), route }
    }
}

impl Operations {
    /// Makes the checks that cost something, and remembers what they saw. They go on when nobody waits for them any more;
    /// who asks for them meanwhile waits for the same ones.
    pub(super) async fn ask_all(&self) {
        let operations = self.clone();
        let asking = async move {
            let memory = &operations.0.doctor;
            // Why the agents could not be read is told by the examination.
            if let Ok(answers) = memory.asking.fresh(|| Box::pin(operations.ask())).await {
                memory.keep(answers);
            }
        };
        if let Err(error) = tokio::spawn(asking.in_current_span()).await {
            tracing::error!(why = scrub::broken_off(&error), "asking the models broke off");
        }
    }

    async fn ask(&self) -> Result<Answers, Failure> {
        let (console, agents) = futures::join!(super::bounded(self.console()), super::bounded(self.agents()));
        let until = Instant::now() + LONGEST;
        let providers = async {
            if let Ok(console) = &console {
                providers(self, console, until).await;
            }
        };
        let models = async {
            let agents = agents?;
            let stored = match &console {
                Ok(console) => self.understood(console.clone(), Some(&agents)).ok(),
                Err(_) => None,
            };
            let at = self.0.clients.clock.now();
            Ok(Answers { at, by_target: models(&self.0.engine, &agents, stored.as_ref(), until).await })
        };
        // What it says is remembered there.
        let store = super::bounded(conditional::ask(&self.0.clients));
        futures::join!(providers, models, store).1
    }
}

/// Tests every provider. What the tests saw is remembered, also of those that failed.
async fn providers(operations: &Operations, console: &ConsoleState, until: Instant) {
    let test = |provider: &ProviderDoc| TestProvider { provider: provider.name().clone(), model: None };
    let tests: Vec<_> = console.providers.iter().map(test).collect();
    let tested = stream::iter(tests).map(|test| in_time(until, operations.test_provider(test)));
    drop(tested.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await);
}

/// Asks the model of every agent that has one and a key.
async fn models(engine: &Engine, agents: &Agents, stored: Option<&Stored>, until: Instant) -> ByTarget {
    let question = |agent: &Agent| {
        let question = Question::of(agent, stored)?;
        Some((agent.target.clone(), question.key.clone()?, question))
    };
    let questions: Vec<_> = each(agents, stored).iter().filter_map(question).collect();
    let asked = stream::iter(questions).map(|(target, key, question)| async move {
        let answer = in_time(until, engine.ask_model(&key, &question.model)).await;
        (target, (question, answer.map(|answer| answer.map(drop))))
    });
    asked.buffer_unordered(AT_ONCE).collect().await
}

/// What comes before `until`. Then nothing is begun any more: a question that was sent may cost something.
async fn in_time<T>(until: Instant, asking: impl Future<Output = T>) -> Option<T> {
    match Instant::now() < until {
        true => timeout_at(until, asking).await.ok(),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::{pending, ready};
    use std::cell::Cell;

    fn question(key: &str, model: &str, let_in: Option<bool>) -> Question {
        let way = let_in.map(|is_let_in| Way { route: None, is_let_in, providers: Vec::new() });
        Question { key: Some(key.into()), model: model.parse().unwrap(), way }
    }

    #[test]
    fn an_answer_holds_for_the_same_question_only() {
        let asked = question("k", "m", Some(true));
        assert!(asked.holds(&question("k", "m", Some(true))));
        for other in [("x", "m", Some(true)), ("k", "x", Some(true)), ("k", "m", Some(false))] {
            assert!(!asked.holds(&question(other.0, other.1, other.2)), "{other:?}");
        }
        assert!(asked.holds(&question("k", "m", None)), "nothing is seen to be another");
        let blind = question("k", "m", None);
        assert!(!blind.holds(&question("k", "m", Some(true))), "nobody knows which way it went");
        assert!(
            asked.holds(&Question { key: None, ..question("k", "m", None) }),
            "its key cannot be seen now"
        );
    }

    #[test]
    fn who_gave_no_answer_in_time_is_told_from_who_was_not_asked() {
        let at = Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into());
        let (late, asked): (Target, _) = ("worker:late".parse().unwrap(), question("k", "m", None));
        let answers = Answers { at, by_target: [(late.clone(), (asked, None))].into() };
        let now = question("k", "m", None);
        assert!(matches!(answers.of(&late, Some(&now)), Said::Late));
        assert!(matches!(answers.of(&late, Some(&question("k", "x", None))), Said::Outdated));
        assert!(matches!(answers.of(&Target::Manager, Some(&now)), Said::Nothing));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_is_given_up_and_not_begun() {
        let until = Instant::now() + LONGEST;
        assert_eq!(in_time(until, ready(1)).await, Some(1));
        assert_eq!(in_time(until, pending::<()>()).await, None);
        assert_eq!(Instant::now(), until);
        let begun = Cell::new(false);
        assert_eq!(in_time(until, async { begun.set(true) }).await, None);
        assert!(!begun.get());
    }
}
