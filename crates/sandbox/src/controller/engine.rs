//! The containers as the controller drives them: Docker, with a list of what it was asked.
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::timeline::Timeline;
use crate::containers::{Container, Containers, Status};

/// One call of the Docker API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerCall {
    /// On the controller's clock.
    pub at: Duration,
    /// Method and path, with `<id>` for ids.
    pub call: String,
    pub status: u16,
}

/// What a container is made from.
pub(super) struct Recipe {
    pub(super) image: String,
    pub(super) env: Vec<String>,
    /// Its token comes in a volume of its own, put in before the start.
    pub(super) mounts: Option<String>,
}

/// Docker and its switch.
pub(super) struct Engine {
    pub(super) containers: Arc<Containers>,
    offline: Arc<AtomicBool>,
    timeline: Arc<Timeline>,
    network: String,
    calls: Mutex<Vec<DockerCall>>,
}

impl Engine {
    pub(super) fn new(
        containers: Arc<Containers>,
        offline: Arc<AtomicBool>,
        timeline: Arc<Timeline>,
        network: String,
    ) -> Self {
        Self { containers, offline, timeline, network, calls: Mutex::default() }
    }

    /// Whether Docker answers.
    pub(super) fn up(&self) -> bool {
        !self.offline.load(Ordering::Relaxed)
    }

    /// Every call so far, also those of others whom the controller lets start and stop containers.
    pub(super) fn calls(&self) -> Vec<DockerCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How a container is; none: there is no such container.
    pub(super) fn status(&self, name: &str) -> Option<Status> {
        let found = self.containers.get(name).map(|container| container.status);
        self.note(format!("GET /containers/{name}/json"), found.map_or(404, |_| 200));
        found
    }

    /// Makes a container and starts it.
    pub(super) fn create(&self, name: &str, recipe: Recipe) {
        let made = self.make(name, &recipe.image, recipe.env);
        self.note(format!("POST /containers/create?name={name}"), if made { 201 } else { 409 });
        if !made {
            return;
        }
        if let Some(path) = recipe.mounts {
            self.note(format!("PUT /containers/<id>/archive?path={path}"), 200);
        }
        let started = self.turn(name, Status::Running);
        self.note("POST /containers/<id>/start".to_owned(), started);
    }

    /// Starts a container: 204, 304 if it runs, 404 if there is none.
    pub(super) fn start(&self, name: &str) -> u16 {
        let status = self.turn(name, Status::Running);
        self.note(format!("POST /containers/{name}/start"), status);
        status
    }

    /// Stops a container: 204, 304 if it does not run, 404 if there is none.
    pub(super) fn stop(&self, name: &str) -> u16 {
        let status = self.turn(name, Status::Exited);
        self.note(format!("POST /containers/{name}/stop?t=10"), status);
        status
    }

    /// Stops a container and starts it again: 204, 404 if there is none.
    pub(super) fn restart(&self, name: &str) -> u16 {
        let status = match self.turn(name, Status::Exited) {
            404 => 404,
            _ => self.turn(name, Status::Running),
        };
        self.note(format!("POST /containers/{name}/restart?t=10"), status);
        status
    }

    /// Takes a container away. `volume`: and says so to its volume, which is there or not.
    pub(super) fn remove(&self, name: &str, volume: Option<bool>) -> u16 {
        let status = if self.take(name) { 204 } else { 404 };
        self.note(format!("DELETE /containers/{name}?force=true"), status);
        if let Some(there) = volume {
            self.note(format!("DELETE /volumes/{name}-auth"), if there { 204 } else { 404 });
        }
        status
    }

    /// Gives a running container a new token.
    pub(super) fn refresh_token(&self, name: &str, path: &str) {
        self.note(format!("PUT /containers/{name}/archive?path={path}"), 200);
        self.note(format!("POST /containers/{name}/exec"), 201);
        self.note("POST /exec/<id>/start".to_owned(), 200);
    }

    /// Adds a container. False: there is one of that name.
    pub(super) fn make(&self, name: &str, image: &str, env: Vec<String>) -> bool {
        if self.containers.get(name).is_some() {
            return false;
        }
        let mut container = Container::new(image);
        container.env = env;
        container.network.clone_from(&self.network);
        self.set(name, Some(container));
        true
    }

    /// Brings a container to a status, as a start or stop does.
    pub(super) fn turn(&self, name: &str, status: Status) -> u16 {
        let Some(mut container) = self.containers.get(name) else { return 404 };
        let runs = container.status == Status::Running;
        if runs == (status == Status::Running) {
            return 304;
        }
        container.turn(status);
        self.set(name, Some(container));
        204
    }

    /// Takes a container away. False: there was none.
    pub(super) fn take(&self, name: &str) -> bool {
        let there = self.containers.get(name).is_some();
        self.set(name, None);
        there
    }

    fn set(&self, name: &str, container: Option<Container>) {
        if let Err(error) = self.containers.set(name, container) {
            tracing::error!(%error, "the sandbox could not save its containers");
        }
    }

    fn note(&self, call: String, status: u16) {
        let call = DockerCall { at: self.timeline.now(), call, status };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}
