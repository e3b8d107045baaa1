//! What becomes of a switch later: whether the Manager's outlasts its restart, and whether a worker that runs takes its own
//! up.
use super::{
    super::report::{Many, ok, unknown, warning},
    Agent,
};
use domain::{
    Check, CheckId, Fate, ModelId, ProviderName, Repair, Restart, SetIn, SetModel, Target, Worker,
    WorkerStatus,
};
use hiclaw::{ModelHolder, Upkeep};

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
    SetModel {
        provider,
        model,
        context_window: None,
        max_tokens: None,
        reasoning: None,
        restart: Restart::No,
        lasting: true,
    }
}

/// Whether each worker that runs has taken up what is stored for it, or does so by itself.
pub fn pulls(holder: &dyn ModelHolder, workers: &[Worker]) -> Vec<Check> {
    let id = CheckId::WorkerTakesUp;
    let mut many = Many::of(id);
    // Without a container it takes up everything when it gets one.
    for worker in workers.iter().filter(|worker| worker.status != WorkerStatus::Offline) {
        let about = format!("worker:{}", worker.name);
        if let Some(awaits) = &worker.awaits_restart {
            let evidence = format!("runs its former model since it was switched at {}", awaits.since);
            many.found(warning(id, about, evidence).fix(format!("agm worker restart {}", worker.name)));
            continue;
        }
        match holder.upkeep(worker) {
            None => {}
            Some(Upkeep::Well) => many.well(about),
            Some(Upkeep::Unseen(why)) => many.unseen(about, why),
            Some(Upkeep::Lacking { evidence, fix }) => {
                many.found(warning(id, about, evidence).fix(fix));
            }
        }
    }
    many.told("workers", "run the model of their stored config, or take it up while they run")
}
