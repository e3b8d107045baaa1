//! The Docker API, read only: which containers there are and how they are.
use crate::{Error, error::System};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// HiClaw names a worker's container so.
const PREFIX: &str = "hiclaw-worker-";
/// A list of containers is some KB for each; more than this is no list of containers.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// A container and its state (`running`, `exited`, `created`, `restarting`, `paused`, `dead`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    pub state: String,
    /// `higress/hiclaw-worker:v1.0.9`
    pub image: String,
}

/// A container as Docker lists it.
#[derive(Deserialize)]
pub struct Listed {
    #[serde(rename = "Names", default)]
    names: Vec<String>,
    #[serde(rename = "State", default)]
    state: String,
    #[serde(rename = "Image", default)]
    image: String,
}

/// How a container stands. What else Docker tells of it is not kept: all secrets of HiClaw are in that.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Standing {
    pub id: String,
    pub state: State,
}

/// Whether it runs, and since when.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct State {
    pub running: bool,
    pub started_at: Option<String>,
}

/// What Docker tells of one container. All secrets of HiClaw are in it.
#[derive(Deserialize)]
struct Inspected {
    #[serde(rename = "Config", default)]
    config: Environment,
}

#[derive(Default, Deserialize)]
struct Environment {
    #[serde(rename = "Env", default)]
    env: Vec<String>,
}

/// A client of one Docker API.
#[derive(Clone, Debug)]
pub struct ContainerApi {
    http: reqwest::Client,
    url: Url,
    timeout: Duration,
}

impl ContainerApi {
    /// `url` is the API's root (`http://hiclaw-docker-proxy:2375`).
    pub fn new(http: reqwest::Client, url: Url, timeout: Duration) -> Self {
        Self { http, url, timeout }
    }

    /// All containers, also stopped ones.
    pub async fn list(&self) -> Result<Vec<Container>, Error> {
        let listed: Vec<Listed> = self.get("containers/json?all=true").await?;
        Ok(listed.into_iter().flat_map(named).collect())
    }

    /// What a variable of a container's environment is; none: it is not set.
    pub async fn variable(&self, container: &str, variable: &str) -> Result<Option<String>, Error> {
        let inspected: Inspected = self.get(&format!("containers/{container}/json")).await?;
        let lines = inspected.config.env.into_iter().rev();
        let mut set =
            lines.filter_map(|line| Some(line.strip_prefix(variable)?.strip_prefix('=')?.to_owned()));
        Ok(set.next())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let failed = |message: String, timeout| Error::Http {
            system: System::Containers,
            what: "the container API",
            message,
            timeout,
        };
        let url = self.url.join(path).map_err(|e| failed(e.to_string(), false))?;
        let call = async {
            let answer = self.http.get(url).timeout(self.timeout).send().await?.error_for_status()?;
            if answer.content_length().is_some_and(|length| length > MAX_BYTES) {
                return Ok(None);
            }
            answer.json::<T>().await.map(Some)
        };
        call.await
            .map_err(|error| failed(crate::http_error(&error), error.is_timeout()))?
            .ok_or_else(|| failed("the answer is too large".into(), false))
    }
}

/// The container under each of its names.
pub fn named(listed: Listed) -> impl Iterator<Item = Container> {
    let Listed { names, state, image } = listed;
    names.into_iter().map(move |name| {
        let name = name.trim_start_matches('/').to_owned();
        Container { name, state: state.clone(), image: image.clone() }
    })
}

/// Those of them that are workers' own, by the worker's name.
pub fn by_worker(containers: Vec<Container>) -> BTreeMap<String, Container> {
    let named = |container: Container| {
        let worker = container.name.strip_prefix(PREFIX)?.to_owned();
        Some((worker, container))
    };
    containers.into_iter().filter_map(named).collect()
}
