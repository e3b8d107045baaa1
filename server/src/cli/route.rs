//! `agm route …`
use super::{Call, DryRun, error::CliError, follow::change, show::document};
use app::api::Routes;
use clap::Subcommand;
use domain::{AiRoute, ConsumerName, MatchType, ModelId, Mutation, RouteName, Simulate, Simulation};

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
    /// Let agents into the routes that lack them: into all, into one, or one of them.
    Repair {
        #[arg(long)]
        route: Option<RouteName>,
        /// `manager` or `worker-NAME`.
        #[arg(long)]
        consumer: Option<ConsumerName>,
        #[command(flatten)]
        dry_run: DryRun,
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
                let shut = answer.consumer_allowed == Some(false);
                let shut = shut.then(|| question.consumer.iter()).into_iter().flatten();
                let shut = shut.map(|consumer| format!("! {winner} does not let {consumer} in"));
                std::iter::once(format!("{winner}\t{}", answer.reason)).chain(shut).chain(lost).collect()
            })
        }
        Command::Repair { route, consumer, dry_run } => {
            change(call, &Mutation::RepairRoutes { route, consumer }, dry_run.dry_run).await
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
