//! How agm is installed: what it stands in, what is registered, and whether the way through the gateway works.
use crate::{
    Front, Operations,
    prepare::{FORMER_PLUGIN, former, wanted},
    proof,
    registration::Registration,
};
use domain::{
    DomainName, Failure, InstallationState, Operation, OperationState, Proved, Registered, RegisteredAs,
    RegisteredObject, StepName, StepState, Surroundings,
};
use futures::future::try_join_all;
use higress::{PlainDoc, PlainName};
use std::{sync::Arc, time::Duration};

/// How long the controller may take.
const PATIENCE: Duration = Duration::from_secs(3);

impl Operations {
    /// Tells which server these operations work for: what is installed is the way to it.
    pub fn work_for(&self, front: Arc<dyn Front>) {
        self.0.clients.work_for(front);
    }

    /// What is registered, as it was read or written last. Costs nothing.
    pub fn registration(&self) -> Option<Arc<Registration>> {
        self.0.clients.registration.known()
    }

    /// How everything about the installation stands now.
    pub async fn installation(&self) -> Result<InstallationState, Failure> {
        let (surroundings, health, objects) =
            futures::join!(self.surroundings(), self.health(), self.registered_objects());
        let (surroundings, evidence) = surroundings;
        let registration = self.registration();
        let addresses = registration.as_deref().map(|known| self.addresses(&known.domain));
        let registered =
            |known: &Registration| Registered { domain: known.domain.clone(), reach: known.reach.clone() };
        Ok(InstallationState {
            surroundings,
            evidence,
            systems: health.systems,
            registered: registration.as_deref().map(registered),
            objects: objects?,
            proved: self.operations().iter().find_map(|operation| proved(operation)),
            addresses: addresses.unwrap_or_default(),
        })
    }

    /// Proves the way through the gateway now.
    ///
    /// # Errors
    /// `CONFLICT` when nothing is registered, else what was seen instead.
    pub async fn prove(&self) -> Result<String, Failure> {
        let Some(known) = self.registration() else {
            return Err(
                Failure::new(domain::Code::Conflict, "agm is not installed").hint("`agm install` does that.")
            );
        };
        proof::once(&self.0.clients, &known.domain).await
    }

    async fn surroundings(&self) -> (Surroundings, String) {
        let clients = &self.0.clients;
        if let Some(controller) = &clients.controller {
            let mut url = controller.clone();
            url.set_path("/healthz");
            let asked = clients.http.get(url).timeout(PATIENCE).send().await;
            let answers = asked.is_ok_and(|answer| answer.status().is_success());
            let verb = if answers { "answers" } else { "does not answer" };
            return (Surroundings::Controller, format!("the controller at {controller} {verb}"));
        }
        let path = clients.manager_config.clone();
        let shown = path.display().to_string();
        match disk::on(&clients.disk, move |disk| disk.metadata(&path)).await {
            Ok(Ok(_)) => (Surroundings::HiclawManager, format!("the Manager's config is at {shown}")),
            _ => {
                let evidence = format!("there is no Manager's config at {shown}, and no controller is named");
                (Surroundings::Higress, evidence)
            }
        }
    }

    async fn registered_objects(&self) -> Result<Vec<RegisteredObject>, Failure> {
        let registration = self.registration();
        let docs = match registration.as_deref() {
            Some(known) => wanted(&known.domain, &known.reach),
            None => Vec::new(),
        };
        let wanted = docs.into_iter().map(|doc| (doc.name().clone(), Some(doc)));
        let all = wanted.chain(former([FORMER_PLUGIN]).into_iter().map(|name| (name, None)));
        let looked = try_join_all(all.map(|(name, wanted)| self.registered_object(name, wanted))).await?;
        Ok(looked.into_iter().flatten().collect())
    }

    /// None: nothing is wanted there, and nothing stands there.
    async fn registered_object(
        &self,
        name: PlainName,
        wanted: Option<PlainDoc>,
    ) -> Result<Option<RegisteredObject>, Failure> {
        let now = self.0.clients.console.plain(&name).await?;
        let state = match (&now, &wanted) {
            (None, None) => return Ok(None),
            (Some(_), None) => RegisteredAs::Present,
            (None, Some(_)) => RegisteredAs::Missing,
            // A domain serves as it is, whoever made it.
            (Some(now), Some(wanted)) if now == wanted || matches!(name, PlainName::Domain(_)) => {
                RegisteredAs::Wanted
            }
            (Some(_), Some(_)) => RegisteredAs::Changed,
        };
        Ok(Some(RegisteredObject { object: name.to_string(), state }))
    }

    fn addresses(&self, domain: &DomainName) -> Vec<String> {
        let gateway = &self.0.gateway;
        let port = gateway.port().map_or_else(String::new, |port| format!(":{port}"));
        let scheme = gateway.scheme();
        vec![
            format!("{scheme}://{domain}{port}/agm/"),
            format!("{scheme}://<address of the gateway>{port}/agm/"),
        ]
    }
}

/// What an operation proved, if it did.
fn proved(operation: &Operation) -> Option<Proved> {
    let done = operation.state == OperationState::Committed;
    let proof = operation.steps.iter().find(|step| step.name == StepName::Proof)?;
    let evidence = proof.evidence.clone().filter(|_| done && proof.state == StepState::Done)?;
    Some(Proved {
        at: operation.finished_at.clone()?,
        by: operation.actor.clone(),
        operation: operation.id.clone(),
        evidence,
    })
}
