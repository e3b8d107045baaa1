//! `agm drift`
mod repair;

use super::{
    Call,
    error::CliError,
    file::agree,
    follow::to_the_end,
    show::{self, differences, word},
};
use clap::Args;
use domain::{
    Drift, DriftItem, DriftVerdict, Drifted, Mutation, Operation, Plan, Runs, SetModel, Target, Unseen,
    WayOut,
};
use std::process::ExitCode;

#[derive(Args)]
pub struct DriftArgs {
    /// Give each agent the model that was recorded for it, and let in who is shut out of his model. The plans are shown, and
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

/// Ends what it is told to, and prints what is left; 0 when all could be looked at and nothing is, 1 otherwise.
pub async fn run(call: &Call, args: &DriftArgs) -> Result<ExitCode, CliError> {
    for target in &args.accept {
        carry_out(call, &Mutation::AcceptModel { target: target.clone() }, args.yes).await?;
    }
    if args.repair {
        repair::run(call, args.yes).await?;
    }
    let left: Drift = call.client.get(&["drift"]).await?;
    show::document(call.json, &left, || lines(&left))?;
    Ok(if left.verdict() == DriftVerdict::InOrder { ExitCode::SUCCESS } else { ExitCode::from(1) })
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
    lines.push(match drift.verdict() {
        DriftVerdict::InOrder => "nothing has drifted".into(),
        DriftVerdict::NotAllSeen => "nothing was found, but not everything could be looked at".into(),
        DriftVerdict::Drifted(1) => "1 thing has drifted".into(),
        DriftVerdict::Drifted(count) => format!("{count} things have drifted"),
    });
    lines
}

/// `! worker:alice: recorded is …`, with the ways out in lines of their own. `since`: the backup that tells of others.
fn item_lines(item: &DriftItem, since: Option<&str>) -> Vec<String> {
    let about = item.what.about();
    let (said, accept, repair) = match &item.what {
        Drifted::Model { agent, recorded, primary, runs, route, provider } => {
            let primary = primary.as_deref().unwrap_or("no model");
            let Runs { context_window, max_tokens, reasoning, .. } = *runs;
            let has = limits(context_window, max_tokens, reasoning);
            let noted = limits(recorded.context_window, recorded.max_tokens, recorded.reasoning);
            let route = route.as_ref().map_or("no route".to_owned(), ToString::to_string);
            let to = provider.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
            let said = format!(
                "recorded is {} of {}{noted}; its config has {primary}{has}, which goes over {route}{to}",
                recorded.model, recorded.provider
            );
            (said, format!("agm drift --accept {agent}"), set_model(agent, recorded))
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

/// The command that does what a wish says.
fn set_model(agent: &Target, wish: &SetModel) -> String {
    let SetModel { provider, model, context_window, max_tokens, reasoning, restart, lasting } = wish;
    let limits = [
        context_window.map(|tokens| format!(" --context-window {tokens}")),
        max_tokens.map(|tokens| format!(" --max-tokens {tokens}")),
        reasoning.map(|reasoning| format!(" --reasoning {reasoning}")),
        (!restart.is_no()).then(|| format!(" --restart {}", word(restart))),
        lasting.then(|| " --lasting".to_owned()),
    ];
    let limits: String = limits.into_iter().flatten().collect();
    format!("agm model set {agent} --provider {provider} --model {model}{limits}")
}

/// ` (200000 tokens of context, 8192 of an answer, reasoning)`, of what is named.
fn limits(context_window: Option<u64>, max_tokens: Option<u64>, reasoning: Option<bool>) -> String {
    let named = [
        context_window.map(|tokens| format!("{tokens} tokens of context")),
        max_tokens.map(|tokens| format!("{tokens} of an answer")),
        reasoning.map(|reasoning| if reasoning { "reasoning" } else { "no reasoning" }.to_owned()),
    ];
    let named: Vec<_> = named.into_iter().flatten().collect();
    if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
}

fn way(name: &str, way: &WayOut, command: String) -> String {
    match way {
        WayOut::Change(_) => format!("  {name}: {command}"),
        WayOut::WhyNot(why) => format!("  {name}: none, {why}"),
    }
}
