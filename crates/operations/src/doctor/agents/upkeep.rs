//! What becomes of a switch later: whether the Manager's outlasts its restart, and whether a worker that runs takes its own
//! up.
use super::{
    super::report::{Many, ok, unknown, warning},
    Agent,
};
use domain::{
    Check, CheckId, Fate, ModelId, ProviderName, Repair, SetIn, SetModel, Target, Worker, WorkerStatus,
};

/// The last image of a worker that takes the model of its stored config while it runs. Later ones take it when they start.
const TAKES_IT_UP: [u64; 3] = [1, 1, 0];
/// The runtime whose config agm edits.
const OPENCLAW: &str = "openclaw";

/// Whether the Manager's model outlasts the next start of its container, and a container that is made anew.
pub fn manager_model(agents: &[Agent]) -> Check {
    let (id, about) = (CheckId::ManagerModelLasts, "manager");
    let manager = agents.iter().find(|agent| *agent.target == Target::Manager);
    let Some((manager, runs)) = manager.and_then(|manager| Some((manager, manager.model?))) else {
        return unknown(id, about, "which model it runs is not known");
    };
    let Some(reset) = &manager.seen.reset else {
        return ok(
            id,
            about,
            format!("HiClaw itself keeps {runs} for it, and gives it no other when it starts"),
        );
    };
    let variable = &reset.variable;
    let remake = "Let HiClaw's installer make its container anew.";
    match reset.fate(runs.as_str(), false) {
        Fate::Stays => {
            ok(id, about, format!("{runs} is also what HiClaw gives it when its container starts"))
        }
        Fate::StaysOnceRemade(None) => {
            let evidence = "HiClaw's environment file names the model that it runs; the environment of its container is not seen";
            unknown(id, about, evidence)
                .fix("Set HICLAW_CONTAINER_API, so that its container can be looked at.")
        }
        Fate::StaysOnceRemade(Some(SetIn { model, place })) => {
            let evidence = format!(
                "runs {runs}, and HiClaw gives it {model} when its container starts again: {variable} in {place}; its environment file names the right one"
            );
            warning(id, about, evidence).fix(remake)
        }
        Fate::GoesBack(None) => unknown(id, about, "agm was not told HiClaw's default model")
            .fix("Give agm the HICLAW_DEFAULT_MODEL that HiClaw has."),
        Fate::GoesBack(Some(SetIn { model, place })) => {
            let evidence = format!(
                "runs {runs}, and HiClaw gives it {model} when its container starts again: {variable} in {place}"
            );
            let found = warning(id, about, evidence);
            match (&reset.file, upstream(manager)) {
                (Some(_), Some(provider)) => found
                    .fix(format!("agm model set manager --provider {provider} --model {runs} --lasting"))
                    .repair(Repair::KeepModel { target: Target::Manager, wish: keeping(provider, runs) }),
                _ => found.fix(format!(
                    "Set {} in HiClaw's environment file, and let its installer make the container anew.",
                    reset.line(runs.as_str())
                )),
            }
        }
    }
}

/// The provider that answers for it now.
fn upstream<'a>(agent: &Agent<'a>) -> Option<&'a ProviderName> {
    agent.route?.upstreams.first().map(|upstream| &upstream.provider)
}

/// What it runs now, for good.
fn keeping(provider: &ProviderName, model: &ModelId) -> SetModel {
    let (provider, model) = (provider.clone(), model.clone());
    SetModel { provider, model, context_window: None, max_tokens: None, reasoning: None, lasting: true }
}

/// Whether each worker that runs takes up what is stored for it.
pub fn pulls(workers: &[Worker]) -> Vec<Check> {
    let id = CheckId::WorkerTakesUp;
    let mut many = Many::of(id);
    // Without a container it takes up everything when it gets one.
    let has_container =
        |worker: &&Worker| worker.status != WorkerStatus::Offline && worker.runtime == OPENCLAW;
    for worker in workers.iter().filter(has_container) {
        let about = format!("worker:{}", worker.name);
        match worker.image.as_deref().map(|image| (image, version(image))) {
            None => many.unseen(about, "the image of its container is not known"),
            Some((image, None)) => many.unseen(about, format!("its image {image} does not tell its version")),
            Some((_, Some(version))) if version <= TAKES_IT_UP => many.well(about),
            Some((image, Some(_))) => {
                let evidence = format!(
                    "its image {image} keeps its own model: a switch reaches it when it starts again"
                );
                let fix = format!(
                    "Restart its container after a switch: docker restart hiclaw-worker-{}",
                    worker.name
                );
                many.found(warning(id, about, evidence).fix(fix));
            }
        }
    }
    many.told("workers", "take up the model of their stored config while they run")
}

/// `higress/hiclaw-worker:v1.0.9`. None: the tag is no release.
fn version(image: &str) -> Option<[u64; 3]> {
    let (_, tag) = image.rsplit_once(':')?;
    let numbers = tag.trim_start_matches('v').split('.').map(str::parse);
    numbers.collect::<Result<Vec<_>, _>>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_release_tells_its_version() {
        assert_eq!(version("higress/hiclaw-worker:v1.0.9"), Some([1, 0, 9]));
        assert_eq!(version("1.2.3:1.1.10"), Some([1, 1, 10]));
        for other in ["hiclaw-worker", "hiclaw-worker:latest", "host:5000/hiclaw-worker", "x:1.2", "x:sha-1"]
        {
            assert_eq!(version(other), None, "{other}");
        }
        assert!(version("x:v1.1.1") > Some(TAKES_IT_UP) && version("x:1.1.0") == Some(TAKES_IT_UP));
    }
}
