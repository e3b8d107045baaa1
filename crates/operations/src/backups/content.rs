//! What a backup holds: the declarative file, and the documents as the systems had them, keys included.
use super::Original;
use crate::{Exported, reads::CHAT};
use domain::{
    AgentDocuments, Backup, BackupConsumer, BackupDocuments, BackupId, BackupReason, Code, ConsumerName,
    Declared, DeclaredProvider, Failure, Needs, Originals, SetModel, Target, Timestamp, Visible,
    VisibleAgent, VisibleProvider, Warning,
    rules::{Fingerprints, RouteView, first_to_take, ordered, redacted},
};
use higress::{ProviderDoc, RouteDoc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
    /// What the plugin wrote that was there before, to the last word: not all of it has a place in documents. It is sealed
    /// and never told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Original>,
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
        Self { file, left_out: Vec::new(), originals: None, former: None }
    }

    /// What an export of the same state says.
    pub fn exported(&self) -> Exported {
        Exported { file: self.file.clone(), left_out: self.left_out.clone() }
    }

    /// Of the state, BLAKE3 in hex: of the file, and of what all documents mean, keys included. Why something was left out
    /// and when something was written are no part of it.
    pub fn hash(&self) -> Result<String, Failure> {
        let state = self.originals.as_ref().map(Documents::state).transpose()?;
        let mut hasher = blake3::Hasher::new();
        serde_json::to_writer(&mut hasher, &(&self.file, state, &self.former)).map_err(unwritable)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// How many keys it holds.
    pub fn keys(&self) -> Result<usize, Failure> {
        match (&self.former, &self.originals) {
            (Some(former), _) => Ok(former.keys()),
            (None, Some(originals)) => Ok(originals
                .providers()?
                .iter()
                .map(|provider| provider.credential_fingerprints().len())
                .sum()),
            (None, None) => Ok(0),
        }
    }

    /// The fingerprints of the keys of its providers. None: it has no documents.
    pub fn fingerprints(&self) -> Result<Option<Fingerprints>, Failure> {
        let Some(originals) = &self.originals else { return Ok(None) };
        let of = |doc: &ProviderDoc| (doc.name().clone(), doc.credential_fingerprints());
        Ok(Some(originals.providers()?.iter().map(of).collect()))
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

    /// What anybody may see of it, of a backup that is known already.
    pub fn visible_of(&self, known: &Backup, installation: String) -> Result<Visible, Failure> {
        let Backup { id, taken_at: at, actor, reason, hash, .. } = known.clone();
        self.visible(Taken { id, at, actor, reason }, installation, hash)
    }

    /// What a restore puts back beside the file; `host` is that under which agents call the gateway. None: it has no
    /// documents.
    pub fn originals(&self, host: &str) -> Result<Option<Originals>, Failure> {
        let Some(documents) = &self.originals else { return Ok(None) };
        let (providers, routes) = (documents.providers()?, documents.routes()?);
        let vision = documents.agents.iter().filter_map(|one| Some((one.agent.clone(), takes_images(one)?)));
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

/// Whether the model of an agent took images. None: its config does not say so.
pub fn takes_images(agent: &AgentDocuments) -> Option<bool> {
    hiclaw::takes_images(agent.model.as_ref()?.get("entry")?)
}

impl Documents {
    /// What is looked up in it, without secrets.
    pub fn shown(&self) -> Result<BackupDocuments, Failure> {
        let routes = self.routes()?;
        let let_in: Vec<_> = routes.iter().map(|route| (route.name(), route.consumers())).collect();
        let lets_in = |name: &ConsumerName| {
            let routes = let_in.iter().filter(|(_, who)| who.as_ref().is_some_and(|who| who.contains(name)));
            routes.map(|(route, _)| (*route).clone()).collect()
        };
        let consumer = |name: &ConsumerName| BackupConsumer { name: name.clone(), routes: lets_in(name) };
        let agent = |one: &AgentDocuments| AgentDocuments {
            agent: one.agent.clone(),
            record: one.record.as_ref().map(redacted),
            model: one.model.as_ref().map(redacted),
        };
        Ok(BackupDocuments {
            service_sources: self.service_sources.iter().map(redacted).collect(),
            consumers: self.consumers.iter().map(consumer).collect(),
            agents: self.agents.iter().map(agent).collect(),
        })
    }

    /// What two documents of the same state have alike.
    fn state(&self) -> Result<Value, Failure> {
        let mut parts: Vec<_> = self.providers()?.iter().map(ProviderDoc::content_hash).collect();
        parts.extend(self.routes()?.iter().map(RouteDoc::content_hash));
        parts.sort();
        let mut consumers: Vec<_> = self.consumers.iter().map(ConsumerName::as_str).collect();
        consumers.sort_unstable();
        let sources: Vec<_> = self.service_sources.iter().map(|source| without(source, "version")).collect();
        let agent = |one: &AgentDocuments| {
            json!([one.agent, one.record.as_ref().map(|note| without(note, "updatedAt")), one.model])
        };
        Ok(json!([parts, sources, consumers, self.agents.iter().map(agent).collect::<Vec<_>>()]))
    }

    pub fn providers(&self) -> Result<Vec<ProviderDoc>, Failure> {
        Ok(self.providers.iter().cloned().map(ProviderDoc::parse).collect::<Result<_, _>>()?)
    }

    pub fn routes(&self) -> Result<Vec<RouteDoc>, Failure> {
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

/// A tree without a member that says when it was written, or how often.
fn without(tree: &Value, member: &str) -> Value {
    let mut tree = tree.clone();
    tree.as_object_mut().and_then(|tree| tree.shift_remove(member));
    tree
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
