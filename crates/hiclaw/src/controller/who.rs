//! Which resource of the controller holds an agent's model.
use super::{
    Controller,
    client::Path,
    ways::{Members, Ways},
    wire::{Manager, Worker},
};
use crate::{Agent, Error, TakeUp};
use domain::{NotFromHere, Target, WorkerName};

/// The Manager that every installation begins with. Others share its objects and its account.
const FIRST_MANAGER: &str = "default";
pub const LEADER: &str = "team_leader";
/// The runtime of whom the controller names none for.
const UNNAMED: &str = "unknown";

/// Where the model is, and by which way it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Manager,
    Worker,
    /// In the team that it leads.
    Leader {
        team: String,
    },
    /// In a team, whose list of members must not be written.
    Member {
        team: String,
    },
}

/// An agent as the controller keeps it.
#[derive(Clone, Debug)]
pub struct Who {
    pub target: Target,
    /// The name of its resource.
    pub name: String,
    pub place: Place,
    /// Empty: none is named.
    pub runtime: String,
    /// Word for word.
    pub model: String,
    /// Why it is not as it is wanted; empty: it is. Of a team's leader and members the team knows that.
    pub message: String,
}

impl Who {
    /// The model's place for people: `controller:workers/alice`.
    pub fn object(&self) -> String {
        match &self.place {
            Place::Manager => format!("controller:managers/{}", self.name),
            Place::Worker => format!("controller:workers/{}", self.name),
            Place::Leader { team } | Place::Member { team } => {
                format!("controller:teams/{team}#{}", self.name)
            }
        }
    }

    /// Whether its resource has the name of its objects.
    pub fn has_own_name(&self) -> bool {
        self.name == self.target.agent()
    }

    /// As everybody but the controller sees it.
    pub fn agent(&self, ways: &Ways) -> Agent {
        let read_only = match &self.place {
            Place::Member { team } => Some(NotFromHere {
                reason: format!(
                    "{} is a member of the team {team}: this HiClaw changes members only all at once, and deletes those \
                     that the change leaves out",
                    self.name
                ),
                way: format!(
                    "Change it where {team} is described, with all its members. The model of {team}'s leader can be \
                     changed here."
                ),
            }),
            Place::Manager | Place::Worker | Place::Leader { .. } => {
                // The controller takes no model back to none.
                self.model.is_empty().then(|| NotFromHere {
                    reason: format!("{} names no model, so a switch could not be taken back", self.object()),
                    way: "Give it a model through the controller once, then switch it here.".into(),
                })
            }
        };
        let (target, runtime) = (self.target.clone(), self.runtime_name().to_owned());
        Agent { target, runtime, read_only, takes_up: self.takes_up(ways) }
    }

    /// What it runs, for people.
    pub fn runtime_name(&self) -> &str {
        if self.runtime.is_empty() { UNNAMED } else { &self.runtime }
    }

    /// How it comes to run another model.
    pub fn takes_up(&self, ways: &Ways) -> TakeUp {
        if self.target == Target::Manager { ways.manager } else { (ways.worker)(&self.runtime) }
    }

    fn manager(manager: Manager) -> Self {
        let Manager { name, model, runtime, message } = manager;
        Self { target: Target::Manager, name, place: Place::Manager, runtime, model, message }
    }

    /// None: no object key can be built from its name.
    pub fn worker(worker: &Worker, ways: &Ways) -> Option<Self> {
        let target: WorkerName = match worker.agent_name().parse() {
            Ok(name) => name,
            Err(error) => {
                tracing::warn!(name = worker.agent_name(), %error, "left out: no worker name");
                return None;
            }
        };
        let team = worker.team.clone();
        let place = match ways.members {
            Members::InTeam if !team.is_empty() && worker.role == LEADER => Place::Leader { team },
            Members::InTeam if !team.is_empty() => Place::Member { team },
            Members::InTeam | Members::Workers => Place::Worker,
        };
        Some(Self {
            target: Target::Worker(target),
            name: worker.name.clone(),
            place,
            runtime: worker.runtime.clone(),
            model: worker.model.clone(),
            message: worker.message.clone(),
        })
    }
}

impl Controller {
    /// The Manager as it was seen last, or as every Manager is.
    pub(super) fn manager_by_now(&self) -> Agent {
        let ways = self.known_ways();
        match (self.seen(&Target::Manager), ways) {
            (Some(who), Some(ways)) => who.agent(ways),
            _ => Agent {
                target: Target::Manager,
                runtime: UNNAMED.to_owned(),
                read_only: None,
                takes_up: ways.map_or(TakeUp::Replaced, |ways| ways.manager),
            },
        }
    }

    /// All workers as the controller lists them.
    pub(super) async fn listed_workers(&self) -> Result<Vec<Worker>, Error> {
        self.client.list(Path::of(&["api", "v1", "workers"]), "workers").await
    }

    /// The Manager that counts.
    pub(super) async fn manager(&self) -> Result<Who, Error> {
        let mut managers: Vec<Manager> =
            self.client.list(Path::of(&["api", "v1", "managers"]), "managers").await?;
        let at = managers.iter().position(|manager| manager.name == FIRST_MANAGER);
        match (at, managers.len()) {
            (Some(at), _) => Ok(Who::manager(managers.swap_remove(at))),
            (None, 1) => Ok(Who::manager(managers.swap_remove(0))),
            (None, _) => Err(Error::Missing(format!("controller:managers/{FIRST_MANAGER}"))),
        }
    }

    /// An agent as it is kept now.
    pub(super) async fn who(&self, target: &Target) -> Result<Who, Error> {
        let Target::Worker(name) = target else { return self.manager().await };
        let ways = self.ways().await?;
        let named: Option<Worker> =
            self.client.get(Path::of(&["api", "v1", "workers", name.as_str()])).await?;
        let of = |worker: &Worker| Who::worker(worker, ways).filter(|who| who.target == *target);
        if let Some(who) = named.as_ref().and_then(of) {
            return Ok(who);
        }
        // Its resource may have another name.
        let found = self.listed_workers().await?.iter().find_map(of);
        found.ok_or_else(|| Error::NoWorker(name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::{v1_1, v1_2};
    use serde_json::{Value, json};

    fn who(worker: &Value, ways: &Ways) -> Option<Who> {
        Who::worker(&serde_json::from_value(worker.clone()).unwrap(), ways)
    }

    #[test]
    fn members_are_kept_in_their_team_or_are_workers_like_all_others() {
        let member = json!({"name": "dev1", "team": "alpha", "role": "worker", "model": "m"});
        let leader = json!({"name": "lead", "team": "alpha", "role": "team_leader", "model": "m"});
        let first = |worker| who(worker, &v1_1::WAYS).unwrap();
        assert!(first(&member).agent(&v1_1::WAYS).read_only.unwrap().way.contains("alpha's leader"));
        assert_eq!(first(&leader).agent(&v1_1::WAYS).read_only, None);
        assert_eq!(first(&leader).object(), "controller:teams/alpha#lead");
        for worker in [&member, &leader] {
            let who = who(worker, &v1_2::WAYS).unwrap();
            assert_eq!((&who.place, who.agent(&v1_2::WAYS).read_only), (&Place::Worker, None));
        }
    }

    #[test]
    fn a_worker_is_known_by_the_name_of_its_objects() {
        let zed = who(&json!({"name": "zed", "workerName": "zed-biz"}), &v1_2::WAYS).unwrap();
        assert_eq!((zed.target.agent(), zed.object().as_str()), ("zed-biz", "controller:workers/zed"));
        assert!(who(&json!({"name": "../evil"}), &v1_2::WAYS).is_none());
    }

    #[test]
    fn how_a_model_is_taken_up_goes_by_generation_and_runtime() {
        let of = |runtime: &str, ways| {
            who(&json!({"name": "alice", "runtime": runtime}), ways).unwrap().takes_up(ways)
        };
        assert_eq!(of("openclaw", &v1_1::WAYS), TakeUp::Replaced);
        assert_eq!(
            [of("openclaw", &v1_2::WAYS), of("qwenpaw", &v1_2::WAYS)],
            [TakeUp::Restart; 2],
            "nothing is certain to give them the model while they run"
        );
    }

    #[test]
    fn who_has_no_model_is_not_switched_since_that_could_not_be_undone() {
        let nobodys = who(&json!({"name": "alice"}), &v1_2::WAYS).unwrap().agent(&v1_2::WAYS);
        assert!(nobodys.read_only.unwrap().reason.starts_with("controller:workers/alice names no model"));
    }
}
