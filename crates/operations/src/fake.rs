//! Clients of an installation of which nothing answers, but for a holder of models that says what it was told to.
use crate::{Config, ConsoleConfig, ManagerConfig, Outside, StoreConfig, Timing, clients::Clients};
use domain::{HiclawIdentity, Owned, Ownership, Target, Worker, WorkerStatus};
use hiclaw::{
    Act, Agent, AgentConfig, Call, Edit, Error, Held, Image, ModelHolder, Part, TakenUp, Upkeep, Version,
    Wish,
};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use store::Listing;

/// A holder that gives prepared answers and panics when there is none.
#[derive(Default)]
pub struct Holder {
    /// How many looks at a part fail before that.
    pub unreadable_looks: Mutex<u32>,
    /// What a look at a part finds, one after the other.
    pub looks: Mutex<VecDeque<Held>>,
    /// What each look after those finds.
    pub rests: Option<Held>,
    /// What is not made of a part.
    pub lack: Option<&'static str>,
    /// The version that stands: a write over another one is refused.
    pub stands: Option<Version>,
    /// How its workers are, one look after the other; the last one stays.
    pub workers: Mutex<VecDeque<WorkerStatus>>,
    /// What comes of acts, one after the other. None: the container does not come.
    pub acts: Mutex<VecDeque<Option<&'static str>>>,
    /// What was written, and what was done.
    pub written: Arc<Mutex<Vec<String>>>,
}

impl ModelHolder for Holder {
    fn known_manager(&self) -> Agent {
        panic!("no answer was prepared")
    }
    fn agents(&self) -> Call<'_, Vec<Agent>> {
        panic!("no answer was prepared")
    }
    fn config_object(&self, _: &Target) -> String {
        panic!("no answer was prepared")
    }
    fn config<'a>(&'a self, _: &'a Target) -> Call<'a, AgentConfig> {
        panic!("no answer was prepared")
    }
    fn config_as_listed<'a>(&'a self, _: &'a Target, _: &'a Listing) -> Call<'a, Arc<AgentConfig>> {
        panic!("no answer was prepared")
    }
    fn edits<'a>(&'a self, _: &'a Target, _: &'a AgentConfig, _: &'a Wish<'a>) -> Call<'a, Vec<Edit>> {
        panic!("no answer was prepared")
    }
    fn observe<'a>(&'a self, _: &'a Target, _: Part) -> Call<'a, Held> {
        let mut unreadable = self.unreadable_looks.lock().unwrap();
        if let Some(left) = unreadable.checked_sub(1) {
            *unreadable = left;
            return Box::pin(async { Err(Error::Changed("the part".into())) });
        }
        let next = self.looks.lock().unwrap().pop_front();
        let seen = next.or_else(|| self.rests.clone()).expect("no answer was prepared");
        Box::pin(async { Ok(seen) })
    }
    fn write<'a>(&'a self, _: &'a Target, _: Part, image: &'a Image, over: &'a Version) -> Call<'a, ()> {
        Box::pin(async move {
            if self.stands.as_ref() != Some(over) {
                return Err(Error::Changed("the part".into()));
            }
            self.written.lock().unwrap().push(image.expose().to_owned());
            Ok(())
        })
    }
    fn persist<'a>(&'a self, _: &'a Target, _: Part) -> Call<'a, ()> {
        let lack = self.lack.map(|why| Error::NotCarriedOut { object: "the part".into(), why: why.into() });
        Box::pin(async { lack.map_or(Ok(()), Err) })
    }

    fn reload<'a>(&'a self, _: &'a Target) -> Call<'a, TakenUp> {
        panic!("no answer was prepared")
    }
    fn act<'a>(&'a self, target: &'a Target, act: Act) -> Call<'a, String> {
        self.written.lock().unwrap().push(format!("{act:?} {}", target.agent()));
        let came = self.acts.lock().unwrap().pop_front().expect("no answer was prepared");
        let gone = || Error::NotCarriedOut { object: target.agent().into(), why: "it does not come".into() };
        Box::pin(async move { came.map(str::to_owned).ok_or_else(gone) })
    }
    fn ownership(&self, _: &Target) -> Ownership {
        let owned = || Owned { owner: "manager".into(), ours: true, overwritten: None };
        Ownership { model: owned(), limits: owned() }
    }
    fn identity(&self) -> Call<'_, HiclawIdentity> {
        panic!("no answer was prepared")
    }
    fn doubt(&self, _: &Listing) -> Option<String> {
        None
    }
    fn systems(&self) -> Vec<(&'static str, Call<'_, ()>)> {
        Vec::new()
    }
    fn upkeep(&self, _: &Worker) -> Option<Upkeep> {
        None
    }
    fn workers(&self) -> Call<'_, Vec<Worker>> {
        let mut all = self.workers.lock().unwrap();
        let status = *all.front().expect("no answer was prepared");
        if all.len() > 1 {
            all.pop_front();
        }
        let worker = json!({"name": "alice", "status": status, "model": null, "since": null, "evidence": "seen",
            "runtime": "openclaw"});
        Box::pin(async { Ok(vec![serde_json::from_value(worker).unwrap()]) })
    }
}

/// All clients, with this holder.
pub fn clients(holder: Holder) -> Clients {
    let nowhere = || "http://127.0.0.1:9".parse().unwrap();
    let config = Config {
        console: ConsoleConfig { url: nowhere(), user: "admin".into(), password: "admin".into() },
        gateway: nowhere(),
        gateway_host: None,
        gateway_metrics: None,
        store: StoreConfig {
            endpoint: nowhere(),
            access_key: "a".into(),
            secret_key: "b".into(),
            bucket: "c".into(),
        },
        manager: ManagerConfig { config_path: "/nowhere/openclaw.json".into(), url: None, gateway_key: None },
        containers: None,
        controller: None,
        generation: None,
        hiclaw_provider: None,
        hiclaw_model: None,
        hiclaw_env_file: None,
        allow_private_upstreams: false,
        upstream_map: Default::default(),
        entry: Default::default(),
        data_dir: "/nowhere".into(),
        timing: Timing::default(),
    };
    let mut clients = Clients::new(&config, &Outside::default()).unwrap();
    clients.holder = Box::new(holder);
    clients
}
