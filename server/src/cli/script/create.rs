//! `create-provider.sh`
use super::{Refusal, options::Options, print, sentence};
use crate::cli::{
    Call,
    error::CliError,
    follow::{carried_out, committed},
};
use domain::{Code, Mutation, NewProvider, Protocol, ProviderName, Settings, TypedKey};
use std::path::Path;

const USAGE: &str =
    "create-provider.sh --type <TYPE> --name <NAME> --token <TOKEN>|- [--token-file <FILE>] [--url <URL>]";

/// Adds a provider, and the route that it needs.
pub async fn run(call: &Call, args: Vec<String>) -> Result<(), Refusal> {
    let names = ["type", "name", "token", "token-file", "url", "base-url"];
    let mut options = Options::read(args, &names, USAGE)?;
    let (kind, name) = (options.need("type")?, options.need("name")?);
    let tokens = vec![token(call, &mut options)?.ok_or_else(|| Refusal::usage(USAGE))?];
    let failed = |why: &str| format!("ERROR: Failed to create provider ({why})");
    let refused = |error: domain::NameError| Refusal::line(failed(&error.to_string()));
    let name: ProviderName = name.parse().map_err(refused)?;
    let provider = NewProvider {
        name: name.clone(),
        kind: kind.parse().map_err(refused)?,
        protocol: Protocol::default(),
        base_url: options.take("url").or(options.take("base-url")),
        tokens,
        failover: None,
        settings: Settings::default(),
    };
    let done = carried_out(call, &Mutation::AddProvider(provider), |_| ()).await.and_then(committed);
    match done {
        Ok(_) => print(&format!("SUCCESS: Provider '{name}' created"))?,
        Err(CliError::Failed(failure)) if failure.code == Code::ProviderExists => {
            print(&format!("WARNING: Provider '{name}' already exists"))?;
        }
        Err(error) => {
            let (why, more) = sentence(&error);
            return Err(Refusal(std::iter::once(failed(&why)).chain(more).collect()));
        }
    }
    Ok(())
}

/// The key: on the command line, from a file or from standard input.
fn token(call: &Call, options: &mut Options) -> Result<Option<TypedKey>, Refusal> {
    let file = options.take("token-file");
    match options.take("token") {
        Some(text) if text == "-" => Ok(call.client.provider_key(Some(Path::new("-")))?),
        Some(text) => {
            eprintln!(
                "WARNING: everybody on this machine can read a token on the command line; use --token-file FILE, or \
                 --token - for standard input"
            );
            Ok(Some(TypedKey::new(text)))
        }
        None => Ok(call.client.provider_key(file.as_deref().map(Path::new))?),
    }
}
