//! `agm provider …`
use super::{
    Call, DryRun,
    error::CliError,
    follow::change,
    show::{document, word},
};
use app::api::{Models, Providers};
use clap::{Args, Subcommand};
use domain::{
    EditProvider, ModelId, Mutation, NewProvider, Protocol, Provider, ProviderName, ProviderTest,
    ProviderType, Settings, TestProvider,
};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// All providers.
    List,
    /// One provider.
    Show { name: ProviderName },
    /// Add a provider.
    Add {
        name: ProviderName,
        /// The vendor: qwen, deepseek, openai, …
        #[arg(long = "type")]
        kind: ProviderType,
        #[command(flatten)]
        change: Change,
    },
    /// Change a provider; what is not named is kept.
    Edit {
        name: ProviderName,
        #[command(flatten)]
        change: Change,
    },
    /// Remove a provider that nobody uses.
    Remove {
        name: ProviderName,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Ask a provider for its models, and one model a question through the gateway.
    Test {
        name: ProviderName,
        #[arg(long)]
        model: Option<ModelId>,
    },
    /// The provider's own model list.
    Models { name: ProviderName },
}

#[derive(Args)]
pub struct Change {
    /// For vendors with a URL of their own.
    #[arg(long)]
    base_url: Option<String>,
    /// Read the key from a file, `-` for standard input [default: AGM_PROVIDER_KEY].
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    dry_run: DryRun,
}

/// Runs the command.
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    match command {
        Command::List => list(call).await,
        Command::Show { name } => show(call, &name).await,
        Command::Add { name, kind, change: wish } => {
            let tokens = call.client.provider_key(wish.key_file.as_deref())?.into_iter().collect();
            let provider = NewProvider {
                name,
                kind,
                protocol: Protocol::default(),
                base_url: wish.base_url,
                tokens,
                failover: None,
                settings: Settings::default(),
            };
            change(call, &Mutation::AddProvider(provider), wish.dry_run.dry_run).await
        }
        Command::Edit { name, change: wish } => {
            let tokens = call.client.provider_key(wish.key_file.as_deref())?.map(|key| vec![key]);
            let edit = EditProvider { base_url: wish.base_url, tokens, ..EditProvider::default() };
            change(call, &Mutation::EditProvider { name, edit }, wish.dry_run.dry_run).await
        }
        Command::Remove { name, dry_run } => {
            change(call, &Mutation::RemoveProvider { name }, dry_run.dry_run).await
        }
        Command::Test { name, model } => test(call, TestProvider { provider: name, model }).await,
        Command::Models { name } => models(call, &name).await,
    }
}

async fn list(call: &Call) -> Result<(), CliError> {
    let answer: Providers = call.client.get(&["providers"]).await?;
    let line = |p: &Provider| format!("{}\t{}\t{} tokens", p.name, p.kind, p.tokens.count);
    document(call.json, &answer, || answer.providers.iter().map(line).collect())
}

async fn show(call: &Call, name: &ProviderName) -> Result<(), CliError> {
    #[derive(serde::Deserialize)]
    struct Answer {
        provider: Provider,
    }
    let Answer { provider } = call.client.get(&["providers", name.as_str()]).await?;
    document(call.json, &provider, || {
        vec![
            format!("name\t{}", provider.name),
            format!("type\t{}", provider.kind),
            format!("base URL\t{}", provider.base_url.as_deref().unwrap_or("-")),
            format!("keys\t{} {}", provider.tokens.count, provider.tokens.fingerprints.join(" ")),
            format!("routes\t{}", provider.used_by.routes.join(" ")),
            format!("agents\t{}", provider.used_by.agents.join(" ")),
            format!("managed by\t{}", provider.managed_by),
        ]
    })
}

async fn test(call: &Call, question: TestProvider) -> Result<(), CliError> {
    let answer: Result<ProviderTest, CliError> = call.client.post(&["test-provider"], &question).await;
    let (test, failed) = match answer {
        Ok(test) => (test, None),
        Err(CliError::Failed(failure)) => match ProviderTest::of_failure(&failure) {
            Some(test) => (test, Some(failure)),
            None => return Err(CliError::Failed(failure)),
        },
        Err(error) => return Err(error),
    };
    document(call.json, &test, || {
        let leg = |leg: &domain::TestLeg| {
            format!(
                "{}\t{}\t{} ms\t{}",
                leg.name,
                if leg.ok { "ok" } else { "failed" },
                leg.latency_ms,
                leg.evidence
            )
        };
        test.legs.iter().map(leg).collect()
    })?;
    failed.map_or(Ok(()), |failure| Err(CliError::Failed(failure)))
}

async fn models(call: &Call, name: &ProviderName) -> Result<(), CliError> {
    let Models { models } = call.client.get(&["providers", name.as_str(), "models"]).await?;
    document(call.json, &models, || {
        let line = |m: &domain::ProviderModel| {
            format!("{}\t{}\t{}\t{}", m.id, m.context_window, m.max_tokens, word(&m.source))
        };
        models.iter().map(line).collect()
    })
}
