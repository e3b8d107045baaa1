//! Clients of an installation of which nothing answers, but for a holder of models that says what it was told to.
use crate::{Config, ConsoleConfig, ManagerConfig, Outside, StoreConfig, Timing, clients::Clients};
use domain::{Target, Worker};
use hiclaw::{
    Act, Agent, AgentConfig, Call, Edit, Error, Held, Identity, Image, ModelHolder, Ownership, Part, TakenUp,
    Version, Wish,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use store::Listing;

/// A holder that gives prepared answers and panics when there is none.
#[derive(Default)]
pub struct Holder {
    /// What a look at a part finds, one after the other.
    pub looks: Mutex<VecDeque<Held>>,
    /// The version that stands: a write over another one is refused.
    pub stands: Option<Version>,
    /// What was written.
    pub written: Arc<Mutex<Vec<String>>>,
}

impl ModelHolder for Holder {
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
        let seen = self.looks.lock().unwrap().pop_front().expect("no answer was prepared");
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
        Box::pin(async { Ok(()) })
    }

    fn reload<'a>(&'a self, _: &'a Target) -> Call<'a, TakenUp> {
        panic!("no answer was prepared")
    }
    fn act<'a>(&'a self, _: &'a Target, _: Act) -> Call<'a, String> {
        panic!("no answer was prepared")
    }
    fn ownership(&self, _: &Target) -> Ownership {
        panic!("no answer was prepared")
    }
    fn identity(&self) -> Call<'_, Identity> {
        panic!("no answer was prepared")
    }
    fn workers(&self) -> Call<'_, Vec<Worker>> {
        panic!("no answer was prepared")
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
