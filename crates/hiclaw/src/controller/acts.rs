//! Putting an agent's container to sleep, waking and restarting it, and seeing that it is made anew.
use super::{
    Controller, Wait,
    client::{Look, Path},
    ways::{Members, Ways},
    who::Who,
    wire::Worker,
};
use crate::{Act, Error, TakeUp, TakenUp, containers::Standing, error::System};
use domain::{NotFromHere, Target};
use planted::crash_point;

const EMBEDDED_ONLY: &str = "Restart its pod, or its container with Docker.";
const IN_TEAM: &str = "Restart it, or put its whole team to sleep where the team is described.";
const NO_MANAGER: &str = "Restart it.";
const NO_CONTAINER: &str = "Wake it, or look at why it failed.";

fn no_turns(who: &Who, act: Act) -> (String, &'static str) {
    let way = if who.target == Target::Manager { NO_MANAGER } else { IN_TEAM };
    let agent = who.target.agent();
    let reason = match act {
        Act::Sleep => format!("the controller cannot put {agent} to sleep by itself"),
        Act::Wake | Act::Restart => format!("the controller cannot wake {agent} by itself"),
    };
    (reason, way)
}

/// What failed before the order was sent changed nothing, whatever it was.
fn nothing_ordered(error: Error) -> Error {
    if error.wrote_nothing() { error } else { Error::NoController(error.to_string()) }
}

impl Controller {
    pub(super) async fn do_act(&self, target: &Target, act: Act) -> Result<String, Error> {
        let who = self.who(target).await.map_err(nothing_ordered)?;
        match act {
            Act::Sleep => self.sleep(&who).await,
            Act::Wake => self.wake(&who).await,
            Act::Restart => self.restart(&who).await,
        }
    }

    async fn sleep(&self, who: &Who) -> Result<String, Error> {
        self.turn(who, Act::Sleep).await?;
        self.container_is(who, &["stopped", "not_found"]).await
    }

    async fn wake(&self, who: &Who) -> Result<String, Error> {
        self.turn(who, Act::Wake).await?;
        self.container_is(who, &["running", "ready"]).await
    }

    /// With Docker behind the controller it is one call, so that nothing of ours can leave the agent asleep. Where that is
    /// only down, the restart fails: it can be tried again.
    async fn restart(&self, who: &Who) -> Result<String, Error> {
        let ways = self.ways().await.map_err(nothing_ordered)?;
        let container = self.container_of(who, ways);
        let before = match self.container(&container).await.map_err(nothing_ordered)? {
            Look::Found(before) if before.state.running => before,
            Look::Found(_) | Look::Absent => {
                let reason = format!("{container} does not run: it takes its config up when it starts");
                return Err(Error::CannotAct { reason, way: NO_CONTAINER });
            }
            Look::NoPath if self.has_turns(who, ways) => return self.sleep_and_wake(who).await,
            Look::NoPath => {
                let reason = format!("there is no Docker behind the controller that has {container}");
                return Err(Error::CannotAct { reason, way: EMBEDDED_ONLY });
            }
        };
        let path = ["docker", "containers", container.as_str(), "restart"];
        let former = match self.client.post(Path::of(&path).asking("t=10")).await {
            Ok(true) => None,
            Ok(false) => {
                let reason = format!("{container} is gone");
                return Err(Error::CannotAct { reason, way: NO_CONTAINER });
            }
            // Docker answers when the container runs again; that can be seen without its answer too.
            Err(Error::Http { .. }) => before.state.started_at.as_deref(),
            Err(error) => return Err(error),
        };
        self.container_runs(&container, former).await
    }

    /// Where it fails in between, the agent is woken all the same.
    async fn sleep_and_wake(&self, who: &Who) -> Result<String, Error> {
        let slept = self.sleep(who).await;
        crash_point("asleep");
        let woken = self.wake(who).await;
        slept.and(woken)
    }

    /// As far as that is known of an agent that was seen before: whether there is Docker behind the controller is not.
    pub(super) fn cannot_act(&self, target: &Target, act: Act) -> Option<NotFromHere> {
        let (ways, who) = (self.known_ways()?, self.seen(target)?);
        if act == Act::Restart || self.has_turns(&who, ways) {
            return None;
        }
        let (reason, way) = no_turns(&who, act);
        Some(NotFromHere { reason, way: way.to_owned() })
    }

    async fn turn(&self, who: &Who, act: Act) -> Result<(), Error> {
        let ways = self.ways().await.map_err(nothing_ordered)?;
        if !self.has_turns(who, ways) {
            let (reason, way) = no_turns(who, act);
            return Err(Error::CannotAct { reason, way });
        }
        match self.client.post(Path::of(&["api", "v1", "workers", &who.name, act.as_str()])).await? {
            true => Ok(()),
            false => Err(Error::Missing(who.object())),
        }
    }

    /// Whether it is a worker by itself: members that are kept in their team have no state of their own.
    fn has_turns(&self, who: &Who, ways: &Ways) -> bool {
        who.target != Target::Manager
            && (ways.members == Members::Workers || who.place == super::who::Place::Worker)
    }

    /// Waits until the controller, which asks Docker for it, sees the container in one of these states. That it took the
    /// order in says nothing: it does so without Docker too.
    async fn container_is(&self, who: &Who, wanted: &[&str]) -> Result<String, Error> {
        let path = ["api", "v1", "workers", who.name.as_str(), "status"];
        let wait = Wait::new(&self.pace, self.pace.container);
        let mut last = "no state".to_owned();
        loop {
            match self.client.get::<Worker>(Path::of(&path)).await {
                // The words of the backend: without them the state is that of the last pass.
                Ok(Some(seen)) if seen.message.starts_with("backend=") => {
                    if wanted.contains(&seen.container_state.as_str()) {
                        return Ok(format!("its container is {}", seen.container_state));
                    }
                    last = self.client.scrubbed(&seen.container_state);
                }
                Ok(Some(_)) => "a state of the past".clone_into(&mut last),
                Ok(None) => return Err(Error::Missing(who.object())),
                Err(error) if !error.may_pass() || wait.is_over() => return Err(error),
                Err(_) => {}
            }
            if wait.is_over() {
                let why = format!("its container shows {last}, not {}", wanted.join(" or "));
                return Err(Error::NotCarriedOut { object: who.object(), why });
            }
            wait.pause().await;
        }
    }

    /// Waits until Docker says that it runs. `former`: the start that does not count.
    async fn container_runs(&self, container: &str, former: Option<&str>) -> Result<String, Error> {
        let wait = Wait::new(&self.pace, self.pace.container);
        let is_new =
            |seen: &Standing| former.is_none_or(|former| seen.state.started_at.as_deref() != Some(former));
        loop {
            match self.container(container).await {
                Ok(Look::Found(seen)) if seen.state.running && is_new(&seen) => {
                    return Ok(format!("{container} was restarted and runs"));
                }
                Err(error) if !error.may_pass() => return Err(error),
                _ if wait.is_over() => {
                    let why = "it does not come back".into();
                    return Err(Error::NotCarriedOut { object: container.to_owned(), why });
                }
                _ => wait.pause().await,
            }
        }
    }

    /// What is seen of a switched agent's container.
    pub(super) async fn taken_up(&self, target: &Target) -> Result<TakenUp, Error> {
        let (who, ways) = (self.who(target).await?, self.ways().await?);
        let agent = who.target.agent();
        match who.takes_up(ways) {
            TakeUp::Replaced => self.replaced(&who, ways).await,
            TakeUp::ByItself => Ok(TakenUp {
                how: "file-watcher",
                seen: false,
                evidence: format!("{agent} watches its config; that it took it up cannot be seen"),
            }),
            TakeUp::Restart => Ok(TakenUp {
                how: "restart",
                seen: false,
                evidence: format!("{agent} runs its former model until its container starts again"),
            }),
        }
    }

    /// Waits until another container stands where one stood before the write. Where nobody noted that one, it only looks:
    /// a container that runs may be the former one.
    async fn replaced(&self, who: &Who, ways: &Ways) -> Result<TakenUp, Error> {
        let (how, container) = ("replaced", self.container_of(who, ways));
        let agent = who.target.agent();
        let before = self.replaced_container(&who.target);
        let wait = Wait::new(&self.pace, self.pace.container);
        let evidence = loop {
            let now = self.container(&container).await;
            match (&now, &before) {
                (Ok(Look::Found(seen)), None) if seen.state.running => {
                    break format!(
                        "{container} runs, and nobody saw whether it was made anew since the switch"
                    );
                }
                (Ok(Look::Found(_)), None) => break format!("{container} does not run"),
                (Ok(Look::Absent | Look::NoPath), None) => {
                    break format!("the container of {agent} is not to be seen");
                }
                (Err(error), None) => break error.to_string(),
                (Ok(Look::Found(seen)), Some(before)) if seen.state.running && seen.id != *before => {
                    self.forget_container(&who.target);
                    let evidence = format!("{container} was made anew and runs");
                    return Ok(TakenUp { how, seen: true, evidence });
                }
                (Err(error), Some(_)) if wait.is_over() || !error.may_pass() => break error.to_string(),
                _ if wait.is_over() => break format!("{container} was not made anew in time"),
                _ => wait.pause().await,
            }
        };
        self.forget_container(&who.target);
        Ok(TakenUp { how, seen: false, evidence })
    }

    /// Notes which container runs the former model.
    pub(super) async fn remember_container(&self, who: &Who) {
        let Ok(ways) = self.ways().await else { return };
        if let Ok(Look::Found(seen)) = self.container(&self.container_of(who, ways)).await {
            self.note_container(&who.target, &seen.id);
        }
    }

    /// A container as Docker behind the controller shows it.
    pub(super) async fn container(&self, name: &str) -> Result<Look<Standing>, Error> {
        self.client.look(Path::of(&["docker", "containers", name, "json"])).await
    }

    /// Whether the Manager's config can be read and its container runs, as far as Docker shows it now.
    pub(super) async fn manager_answers(&self) -> Result<(), Error> {
        let who = self.manager().await?;
        self.own_config(&who).await?;
        let container = self.container_of(&who, self.ways().await?);
        match self.container(&container).await {
            Ok(Look::Absent) => Err(Error::Missing(container)),
            Ok(Look::Found(seen)) if !seen.state.running => Err(Error::Http {
                system: System::Manager,
                what: "the Manager's container",
                message: "it does not run".into(),
                timeout: false,
            }),
            // Where it cannot be looked at, nothing is said of it.
            Ok(Look::Found(_) | Look::NoPath) | Err(_) => Ok(()),
        }
    }

    /// The name of an agent's container.
    pub(super) fn container_of(&self, who: &Who, ways: &Ways) -> String {
        let prefix = self.prefix.as_deref().unwrap_or(ways.prefix);
        match (&who.target, who.name.as_str()) {
            (Target::Manager, "default") => format!("{prefix}manager"),
            (Target::Manager, other) => format!("{prefix}manager-{other}"),
            (Target::Worker(_), name) => format!("{prefix}worker-{name}"),
        }
    }
}
