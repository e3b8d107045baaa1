//! `agm route …`
use super::{Call, error::CliError, show::document};
use app::api::Routes;
use clap::Subcommand;
use domain::{AiRoute, ConsumerName, MatchType, ModelId, Simulate, Simulation};

#[derive(Subcommand)]
pub enum Command {
    /// The routes in the order in which they win.
    List,
    /// Which route wins for a model, and why.
    Simulate {
        model: ModelId,
        #[arg(long)]
        consumer: Option<ConsumerName>,
        #[arg(long)]
        host: Option<String>,
        #[arg(long)]
        path: Option<String>,
    },
}

/// Runs the command.
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    match command {
        Command::List => {
            let answer: Routes = call.client.get(&["routes"]).await?;
            document(call.json, &answer, || answer.routes.iter().map(line).collect())
        }
        Command::Simulate { model, consumer, host, path } => {
            let question = Simulate { model, consumer, host, path };
            let answer: Simulation = call.client.post(&["routes", "simulate"], &question).await?;
            document(call.json, &answer, || {
                let winner = answer.winner.as_ref().map_or("no route", |name| name.as_str());
                let lost = answer.others.iter().map(|other| format!("  {}\t{}", other.route, other.lost));
                std::iter::once(format!("{winner}\t{}", answer.reason)).chain(lost).collect()
            })
        }
    }
}

fn line(route: &AiRoute) -> String {
    let predicates = route.predicates.iter().map(|predicate| match predicate.kind {
        MatchType::Equal => predicate.value.clone(),
        MatchType::Pre => format!("{}*", predicate.value),
    });
    let predicates = predicates.collect::<Vec<_>>().join(" ");
    let upstreams =
        route.upstreams.iter().map(|up| format!("{} {}%", up.provider, up.weight)).collect::<Vec<_>>();
    format!("{}\t{}\t{}\t{predicates}", route.order, route.name, upstreams.join(" ")).trim_end().to_owned()
}
