//! What a backup holds: the declarative file, and the documents as the systems had them, keys included.
use crate::{Exported, reads::CHAT};
use domain::{
    BackupId, BackupReason, Code, ConsumerName, Declared, DeclaredProvider, Failure, Needs, Originals,
    SetModel, Target, Timestamp, Visible, VisibleAgent, VisibleProvider, Warning,
    rules::{RouteView, first_to_take, ordered},
};
use higress::{ProviderDoc, RouteDoc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The whole of a backup, which is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Never a key.
    pub file: Declared,
    /// What the file does not say, because it did not work when the backup was taken.
    pub left_out: Vec<Warning>,
    /// None: it is the file alone, because an older version took it, or because it came as a declarative file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub originals: Option<Documents>,
}

/// The documents as they were read. `Debug` shows how many they are and no more: they hold keys.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Documents {
    pub providers: Vec<Value>,
    pub routes: Vec<Value>,
    pub service_sources: Vec<Value>,
    /// Their names alone. What they may do stands in the routes.
    pub consumers: Vec<ConsumerName>,
    pub agents: Vec<AgentDocuments>,
}

/// What concerns the model of an agent. It holds no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentDocuments {
    pub agent: Target,
    /// Our note, its model.json. None: there was none, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Value>,
    /// The model part of its openclaw.json, see [`hiclaw::AgentConfig::part`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Value>,
}

/// Which backup it is, who took it, when and why.
pub struct Taken {
    pub id: BackupId,
    pub at: Timestamp,
    pub actor: String,
    pub reason: BackupReason,
}

impl Content {
    /// A file without documents.
    pub fn of_file(file: Declared) -> Self {
        Self { file, left_out: Vec::new(), originals: None }
    }

    /// What an export of the same state says.
    pub fn exported(&self) -> Exported {
        Exported { file: self.file.clone(), left_out: self.left_out.clone() }
    }

    /// Of the state, BLAKE3 in hex: of the file, and of what the documents of the providers and the routes mean, keys
    /// included. Why something was left out is no part of it.
    pub fn hash(&self) -> Result<String, Failure> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&serde_json::to_vec(&self.file).map_err(unwritable)?);
        if let Some(originals) = &self.originals {
            let mut parts: Vec<_> = originals.providers()?.iter().map(ProviderDoc::content_hash).collect();
            parts.extend(originals.routes()?.iter().map(RouteDoc::content_hash));
            parts.sort();
            hasher.update(parts.concat().as_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// How many keys of providers it holds.
    pub fn keys(&self) -> Result<usize, Failure> {
        let Some(originals) = &self.originals else { return Ok(0) };
        Ok(originals.providers()?.iter().map(|provider| provider.tokens().len()).sum())
    }

    /// What anybody may see of it. `hash` is its own.
    pub fn visible(&self, taken: Taken, installation: String, hash: String) -> Result<Visible, Failure> {
        let providers = match &self.originals {
            Some(originals) => originals.providers()?.iter().map(provider_seen).collect(),
            None => self.file.providers.iter().map(provider_of_file).collect(),
        };
        Ok(Visible {
            id: taken.id,
            installation,
            taken_at: taken.at,
            actor: taken.actor,
            reason: taken.reason,
            hash,
            providers,
            routes: self.file.routes.iter().map(|route| route.name.clone()).collect(),
            agents: self.file.assignments.all().map(agent_seen).collect(),
        })
    }

    /// What a restore puts back beside the file; `host` is that under which agents call the gateway. None: it has no
    /// documents.
    pub fn originals(&self, host: &str) -> Result<Option<Originals>, Failure> {
        let Some(documents) = &self.originals else { return Ok(None) };
        let (providers, routes) = (documents.providers()?, documents.routes()?);
        let vision = documents.agents.iter().filter_map(|one| Some((one.agent.clone(), one.takes_images()?)));
        Ok(Some(Originals {
            needs: needs(&self.file, &routes, host)?,
            consumers: documents.consumers.iter().cloned().collect(),
            vision: vision.collect(),
            providers: providers.into_iter().map(|doc| (doc.name().clone(), doc.json().clone())).collect(),
            routes: routes.into_iter().map(|doc| (doc.name().clone(), doc.into_json())).collect(),
        }))
    }
}

/// What its things rely on.
fn needs(file: &Declared, routes: &[RouteDoc], host: &str) -> Result<Needs, Failure> {
    let views = routes.iter().map(|doc| RouteView::from_console_json(doc.json()));
    let views: Vec<_> =
        views.collect::<Result<_, _>>().map_err(|odd| Failure::new(Code::Internal, odd.to_string()))?;
    let asked = ordered(&views, host);
    Ok(Needs::of(file, |model| {
        first_to_take(&asked, CHAT, Some(model.as_str())).map(|route| route.name.clone())
    }))
}

impl AgentDocuments {
    fn takes_images(&self) -> Option<bool> {
        hiclaw::takes_images(self.model.as_ref()?.get("entry")?)
    }
}

impl Documents {
    fn providers(&self) -> Result<Vec<ProviderDoc>, Failure> {
        Ok(self.providers.iter().cloned().map(ProviderDoc::parse).collect::<Result<_, _>>()?)
    }

    fn routes(&self) -> Result<Vec<RouteDoc>, Failure> {
        Ok(self.routes.iter().cloned().map(RouteDoc::parse).collect::<Result<_, _>>()?)
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { providers, routes, agents, .. } = self;
        write!(
            f,
            "Documents({} providers, {} routes, {} agents)",
            providers.len(),
            routes.len(),
            agents.len()
        )
    }
}

fn provider_seen(doc: &ProviderDoc) -> VisibleProvider {
    let base_url = doc.base_url().map(|url| url.as_str().trim_end_matches('/').to_owned());
    VisibleProvider {
        name: doc.name().clone(),
        kind: doc.kind().to_owned(),
        base_url,
        keys: doc.fingerprints(),
    }
}

fn provider_of_file(declared: &DeclaredProvider) -> VisibleProvider {
    let DeclaredProvider { name, kind, base_url, .. } = declared.clone();
    VisibleProvider { name, kind, base_url, keys: Vec::new() }
}

fn agent_seen((agent, runs): (Target, &SetModel)) -> VisibleAgent {
    VisibleAgent { agent, provider: runs.provider.clone(), model: runs.model.clone() }
}

/// Something of a backup cannot be written as JSON.
pub fn unwritable(error: serde_json::Error) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}
