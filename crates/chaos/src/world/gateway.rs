//! The gateway and the providers behind it, as they answer a question: decided by the console's live configuration and
//! by what each vendor has.
use super::{AGENTS, GATEWAY_HOST, World};
use crate::{book::Invariant, fault::Fault, life::Life};
use domain::{ModelId, Reason};
use futures::future::BoxFuture;
use higress::ModelList;
use http::{HeaderMap, HeaderValue};
use operations::{Answered, Ask, ListedModel, Listing, MayPass, ProbeFailure};
use sandbox::{
    gateway::{Asked as Question, RouteTable},
    live::{LiveBackend, LiveConfig, LiveRoute},
    upstreams::listed,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Where the model router puts the model of a question.
const MODEL_HEADER: &str = "x-higress-llm-model";
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the gateway may need to follow.
const EFFECTIVE: Duration = Duration::from_secs(15);

/// The gateway as one life asks it.
pub struct Asked {
    world: Arc<World>,
    life: Life,
}

impl Asked {
    pub fn new(world: Arc<World>, life: Life) -> Self {
        Self { world, life }
    }

    async fn answer(&self, key: &SecretString, model: &ModelId) -> Result<Answered, ProbeFailure> {
        self.way("gateway").await?;
        let live = self.world.console.live().borrow().clone();
        let decided = decide(&live, key.expose_secret(), model);
        let told = decided.as_ref().map_or_else(|failure| failure.evidence.clone(), Clone::clone);
        self.world.trace.note(format_args!("{} asks {model} -> {told}", self.life.number()));
        let latency = Duration::from_millis(20);
        decided.map(|by| Answered { latency, evidence: format!("HTTP 200 from {by}") })
    }

    async fn list(&self, list: &ModelList, key: Option<&SecretString>) -> Result<Listing, ProbeFailure> {
        self.way("provider").await?;
        let key = key.map(ExposeSecret::expose_secret).unwrap_or_default();
        let models = listed(list.url.host_str().unwrap_or_default(), key)
            .ok_or_else(|| failure(Reason::Auth, "HTTP 401: unknown key", MayPass::No))?;
        let models = models.into_iter().filter_map(|id| {
            Some(ListedModel { id: id.parse().ok()?, context_window: None, max_tokens: None })
        });
        let models: Vec<_> = models.collect();
        let evidence = format!("HTTP 200: {} models", models.len());
        Ok(Listing { models, latency: Duration::from_millis(20), evidence })
    }

    async fn way(&self, system: &str) -> Result<(), ProbeFailure> {
        sleep(self.world.weather.pause(5, 60)).await;
        let fault = self.world.suffers(&self.life, system, "GET", None, false).await;
        match fault {
            None => Ok(()),
            Some(Fault::Unheard) => {
                self.life.end();
                std::future::pending().await
            }
            Some(Fault::Slow) => {
                sleep(self.world.weather.pause(2_000, 20_000)).await;
                Ok(())
            }
            Some(Fault::TimeoutApplied | Fault::TimeoutNotApplied) => {
                sleep(PATIENCE).await;
                Err(failure(Reason::Timeout, "no answer in time", MayPass::No))
            }
            Some(Fault::Unauthorized | Fault::Forbidden | Fault::NotFound) => {
                Err(failure(Reason::GatewayNotReady, "the gateway refuses", MayPass::Gateway))
            }
            Some(Fault::Refused | Fault::Dns | Fault::ConnectTimeout) => {
                Err(failure(Reason::DnsTls, "no connection", MayPass::No))
            }
            Some(fault) => Err(failure(Reason::Format, format!("{fault:?}"), MayPass::No)),
        }
    }
}

fn failure(reason: Reason, evidence: impl Into<String>, may_pass: MayPass) -> ProbeFailure {
    ProbeFailure { reason, evidence: evidence.into(), latency: Duration::from_millis(20), may_pass }
}

impl Ask for Asked {
    fn ask<'a>(
        &'a self,
        key: &'a SecretString,
        model: &'a ModelId,
    ) -> BoxFuture<'a, Result<Answered, ProbeFailure>> {
        Box::pin(self.life.lasting(self.answer(key, model)))
    }

    fn list_models<'a>(
        &'a self,
        list: &'a ModelList,
        key: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<Listing, ProbeFailure>> {
        Box::pin(self.life.lasting(self.list(list, key)))
    }

    fn effective(&self) -> Duration {
        EFFECTIVE
    }
}

/// Who answers a question, or why nobody does.
pub fn decide(live: &LiveConfig, key: &str, model: &ModelId) -> Result<String, ProbeFailure> {
    let no = |reason, why: &str, may_pass| Err(failure(reason, why, may_pass));
    let Some(route) = route_of(live, model) else {
        return no(Reason::RouteNotFound, "no route", MayPass::Gateway);
    };
    let consumer = live.consumers.iter().find(|consumer| consumer.values.iter().any(|value| value == key));
    let Some(consumer) = consumer else { return no(Reason::Auth, "unknown key", MayPass::Gateway) };
    if route.allow.as_ref().is_some_and(|allowed| !allowed.contains(&consumer.name)) {
        return no(Reason::ConsumerNotAllowed, "not let in", MayPass::Gateway);
    }
    let backend = route.backends.iter().find_map(|backend| match backend {
        LiveBackend::Provider { name, weight, .. } if *weight > 0 => live.providers.get(name).zip(Some(name)),
        _ => None,
    });
    let Some((provider, name)) = backend else {
        return no(Reason::GatewayNotReady, "no provider", MayPass::Gateway);
    };
    let endpoint = provider.endpoint.as_ref().and_then(|endpoint| url::Url::parse(endpoint).ok());
    let host = endpoint.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let token = provider.tokens.first().map(String::as_str).unwrap_or_default();
    match listed(host, token) {
        None => no(Reason::Auth, "the provider refuses its key", MayPass::Provider),
        Some(models) if !models.contains(&model.as_str()) => {
            no(Reason::ModelNotFound, "the provider has no such model", MayPass::Provider)
        }
        Some(_) => Ok(name.clone()),
    }
}

/// Why an agent is refused that runs one of these models; none: it is not, or it runs another one.
pub fn decide_for(world: &World, agent: &str, models: &[&str]) -> Option<String> {
    let (key, model) =
        world.stored(&format!("agents/{agent}/openclaw.json")).and_then(|config| asks(&config))?;
    let live = world.console.live().borrow().clone();
    let refusal = |model: &ModelId| decide(&live, &key, model).err().map(|failure| failure.evidence);
    models.contains(&model.as_str()).then(|| refusal(&model)).flatten()
}

/// With which key a config asks for which model.
fn asks(config: &Value) -> Option<(String, ModelId)> {
    let primary = config.pointer("/agents/defaults/model/primary")?.as_str()?;
    let (gateway, model) = primary.split_once('/')?;
    let key = config["models"]["providers"][gateway]["apiKey"].as_str()?;
    Some((key.to_owned(), model.parse().ok()?))
}

impl World {
    /// The agents whose operation is just taken back and whose calls are answered. Not those whom nobody served at the
    /// beginning: that an undo may bring back.
    pub(super) fn served_while_undone(&self) -> Vec<String> {
        let undone = self.undone();
        undone.into_iter().filter(|agent| !self.unserved.contains(agent) && self.is_served(agent)).collect()
    }

    /// None of these may have been cut off by a write of ours.
    pub(super) fn still_served(&self, agents: &[String], object: &str) {
        for agent in agents.iter().filter(|agent| !self.is_served(agent)) {
            self.book.broken(Invariant::StaysServed, format!("{agent} was cut off by the undo of {object}"));
        }
    }

    pub(super) fn unserved_now(&self) -> Vec<String> {
        let agents =
            AGENTS.map(|agent| if agent == "manager" { agent.into() } else { format!("worker:{agent}") });
        agents.into_iter().filter(|agent| !self.is_served(agent)).collect()
    }

    fn is_served(&self, agent: &str) -> bool {
        let config = match agent.strip_prefix("worker:") {
            Some(worker) => self.stored(&format!("agents/{worker}/openclaw.json")),
            None => self.manager_file("openclaw.json"),
        };
        let Some(config) = config else { return false };
        let live = self.console.live().borrow().clone();
        asks(&config).is_some_and(|(key, model)| decide(&live, &key, &model).is_ok())
    }
}

fn route_of(live: &LiveConfig, model: &ModelId) -> Option<Arc<LiveRoute>> {
    let table = RouteTable::new(&live.routes);
    let mut headers = HeaderMap::new();
    if table.by_model() {
        headers.insert(MODEL_HEADER, HeaderValue::from_str(model.as_str()).ok()?);
    }
    let question = Question {
        host: GATEWAY_HOST,
        method: "POST",
        path: "/v1/chat/completions",
        query: "",
        headers: &headers,
    };
    table.choose(&question).cloned()
}
