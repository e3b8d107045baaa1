//! Asking as agents that an operation is not for, to see that it broke none of them.
use crate::{
    clients::Clients,
    prepare::Question,
    probe::{Answered, ProbeFailure},
};
use domain::{Affected, Reason, RouteName, Way};
use futures::future::join_all;

/// A question as an agent that the operation is not for, and that was served before.
pub struct Neighbour {
    pub question: Question,
    pub route: RouteName,
}

/// What the neighbours said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// For the step: `2 neighbour routes answer as before`.
    pub evidence: String,
    /// Agents that the gateway served before and turns away now.
    pub broke: Vec<Affected>,
}

/// What came of one question.
enum Answer {
    AsBefore,
    /// The gateway has no route for it any more, lets it in no more, or sends it to a provider that refuses it.
    TurnedAway(String),
    /// Its provider failed, which says nothing about the routes.
    NoWord(String),
}

/// The routes that are asked over, for people.
pub fn names(neighbours: &[Neighbour]) -> String {
    let names: Vec<_> = neighbours.iter().map(|neighbour| neighbour.route.as_str()).collect();
    names.join(", ")
}

/// Asks all at the same time. Who is turned away is asked for again while the gateway may still be taking the change up.
/// Never fails: a provider that does not answer is only noted.
pub async fn ask(clients: &Clients, neighbours: &[Neighbour]) -> Answers {
    let asked = neighbours.iter().map(|neighbour| async move {
        let Question { key, model, moved, .. } = &neighbour.question;
        match Answer::of(clients.probe.ask(key, model).await, *moved) {
            Answer::TurnedAway(_) => Answer::of(clients.probe.ask_until_effective(key, model).await, *moved),
            said => said,
        }
    });
    told(neighbours, join_all(asked).await)
}

impl Answer {
    fn of(answered: Result<Answered, ProbeFailure>, moved: bool) -> Self {
        match answered {
            Ok(_) => Self::AsBefore,
            Err(failed) => match failed.reason {
                Reason::RouteNotFound | Reason::ConsumerNotAllowed => Self::TurnedAway(failed.evidence),
                Reason::ModelNotFound | Reason::Auth if moved => Self::TurnedAway(failed.evidence),
                _ => Self::NoWord(failed.evidence),
            },
        }
    }
}

fn told(neighbours: &[Neighbour], answers: Vec<Answer>) -> Answers {
    let (mut well, mut broke, mut notes) = (0, Vec::new(), Vec::new());
    for (neighbour, answer) in neighbours.iter().zip(answers) {
        let (question, route) = (&neighbour.question, &neighbour.route);
        let agent = question.target.agent();
        match answer {
            Answer::AsBefore => well += 1,
            Answer::TurnedAway(why) => {
                notes.push(format!("{agent} is turned away on {route}: {why}"));
                let how = format!("{} is turned away on {route}: {why}", question.model);
                let way = Way::TurnedAway { model: question.model.clone(), route: route.clone() };
                broke.push(Affected { agent: agent.to_owned(), how, way: Some(way) });
            }
            Answer::NoWord(why) => {
                notes.push(format!("{} gave no answer over {route}: {why}", question.provider));
            }
        }
    }
    let count = match well {
        1 => "1 neighbour route answers as before".to_owned(),
        n => format!("{n} neighbour routes answer as before"),
    };
    notes.insert(0, count);
    Answers { evidence: notes.join("; "), broke }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(target: &str, route: &str) -> Neighbour {
        let question = Question {
            target: target.parse().unwrap(),
            provider: "qwen".parse().unwrap(),
            model: "qwen-max".parse().unwrap(),
            key: "k".to_owned().into(),
            moved: false,
        };
        Neighbour { question, route: route.parse().unwrap() }
    }

    #[test]
    fn only_who_is_turned_away_is_broken() {
        let all = [neighbour("manager", "a"), neighbour("alice", "b"), neighbour("bob", "c")];
        let answers =
            vec![Answer::AsBefore, Answer::TurnedAway("HTTP 404".into()), Answer::NoWord("HTTP 429".into())];
        let said = told(&all, answers);
        assert_eq!(said.broke.len(), 1);
        assert_eq!(
            (said.broke[0].agent.as_str(), said.broke[0].how.as_str()),
            ("alice", "qwen-max is turned away on b: HTTP 404")
        );
        assert_eq!(
            said.evidence,
            "1 neighbour route answers as before; alice is turned away on b: HTTP 404; qwen gave no answer over c: HTTP 429"
        );
        let fine = told(&all[..2], vec![Answer::AsBefore, Answer::AsBefore]);
        assert_eq!(fine.evidence, "2 neighbour routes answer as before");
        assert_eq!(names(&all), "a, b, c");
    }
}
