//! `agm drift`
use super::{
    Call,
    error::CliError,
    file::agree,
    follow::to_the_end,
    show::{self, differences},
};
use clap::Args;
use domain::{Drift, DriftItem, Drifted, Mutation, Operation, Plan, Target, Unseen, WayOut};
use std::process::ExitCode;

#[derive(Args)]
pub struct DriftArgs {
    /// Give each agent the model that was recorded for it, and let in who is shut out of his model. Each plan is shown, and
    /// applied after a yes. What others changed is not touched.
    #[arg(long)]
    repair: bool,
    /// Let our note of this agent (manager or worker:NAME) say what it really runs. Can be given more than once.
    #[arg(long, value_name = "AGENT")]
    accept: Vec<Target>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

/// Ends what it is told to, and prints what is left; 0 when nothing is, 1 otherwise.
pub async fn run(call: &Call, args: &DriftArgs) -> Result<ExitCode, CliError> {
    for target in &args.accept {
        carry_out(call, &Mutation::AcceptModel { target: target.clone() }, args.yes).await?;
    }
    if args.repair {
        repair(call, args.yes).await?;
    }
    let left: Drift = call.client.get(&["drift"]).await?;
    show::document(call.json, &left, || lines(&left))?;
    Ok(if left.items.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Repairs agent after agent. One that cannot be repaired is told, and keeps no other from it.
async fn repair(call: &Call, yes: bool) -> Result<(), CliError> {
    let seen: Drift = call.client.get(&["drift"]).await?;
    let of_agent = |item: &&DriftItem| !matches!(item.what, Drifted::Outside { .. });
    for item in seen.items.iter().filter(of_agent) {
        let Some(change) = item.repair.change() else { continue };
        match carry_out(call, change, yes).await {
            Err(error @ CliError::Failed(_)) => eprintln!("{}: {}", item.what.about(), error.text()),
            done => done?,
        }
    }
    Ok(())
}

/// Shows the plan of a change, does it after a yes, and shows how it ended: all of it beside the one document that is
/// printed in the end.
async fn carry_out(call: &Call, change: &Mutation, yes: bool) -> Result<(), CliError> {
    let plan: Plan = call.client.post(&["plans"], change).await?;
    if plan.changes.is_empty() {
        return Ok(());
    }
    agree(&plan, yes)?;
    let begun = call.client.act(&["plans", plan.id.as_str(), "apply"]).await;
    let begun: Operation = begun.map_err(|error: CliError| error.midway(Some(plan.id.as_str())))?;
    let operation = to_the_end(call, begun.id.as_str()).await?;
    show::operation(&operation).iter().for_each(|line| eprintln!("{line}"));
    match operation.failure {
        None => Ok(()),
        Some(failure) => Err(CliError::Failed(failure)),
    }
}

fn lines(drift: &Drift) -> Vec<String> {
    let since = drift.since.as_ref().map(|backup| backup.id.as_str());
    let mut lines: Vec<_> = drift.items.iter().flat_map(|item| item_lines(item, since)).collect();
    lines.extend(drift.unseen.iter().map(|unseen| match unseen {
        Unseen::Agent { agent, message } => format!("? {agent}: {message}"),
        Unseen::Workers { message } => format!("? workers: {message}"),
        Unseen::Backup { message } => format!("? what others changed: {message}"),
    }));
    lines.extend(drift.unpulled.iter().map(|one| {
        format!("  {}: may not have pulled yet what was written for it at {}", one.agent, one.written_at)
    }));
    if since.is_none() {
        lines.push(
            "  there is no backup, so nothing is known of what others changed: agm backup create".into(),
        );
    }
    lines.push(match drift.items.len() {
        0 => "nothing has drifted".into(),
        1 => "1 thing has drifted".into(),
        count => format!("{count} things have drifted"),
    });
    lines
}

/// `! worker:alice: recorded is …`, with the ways out in lines of their own. `since`: the backup that tells of others.
fn item_lines(item: &DriftItem, since: Option<&str>) -> Vec<String> {
    let about = item.what.about();
    let (said, accept, repair) = match &item.what {
        Drifted::Model { agent, recorded, primary, route, provider, .. } => {
            let runs = primary.as_deref().unwrap_or("no model");
            let route = route.as_ref().map_or("no route".to_owned(), ToString::to_string);
            let to = provider.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
            let said = format!(
                "recorded is {} of {}; its openclaw.json has {runs}, which goes over {route}{to}",
                recorded.model, recorded.provider
            );
            let repair =
                format!("agm model set {agent} --provider {} --model {}", recorded.provider, recorded.model);
            (said, format!("agm drift --accept {agent}"), repair)
        }
        Drifted::Access { route, consumer, .. } => (
            format!("{route}, which takes its model, does not let {consumer} in"),
            String::new(),
            format!("agm route repair --route {route} --consumer {consumer}"),
        ),
        Drifted::Outside { item, ours, .. } => {
            let since = since.unwrap_or_default();
            let also = ours.as_ref().map(|id| format!(", and by operation {id} before")).unwrap_or_default();
            let repair = format!("agm backup restore {since} --item {item}");
            (format!("changed by others since the backup {since}{also}"), String::new(), repair)
        }
    };
    let mut lines = vec![format!("! {about}: {said}")];
    if let Drifted::Outside { diff, .. } = &item.what {
        lines.extend(differences(diff));
    }
    lines.push(way("accept", &item.accept, accept));
    lines.push(way("repair", &item.repair, repair));
    lines
}

fn way(name: &str, way: &WayOut, command: String) -> String {
    match way {
        WayOut::Change(_) => format!("  {name}: {command}"),
        WayOut::WhyNot(why) => format!("  {name}: none, {why}"),
    }
}
