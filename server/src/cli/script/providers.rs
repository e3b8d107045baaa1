//! `list-providers.sh`
use super::Refusal;
use crate::cli::{Call, show::document};
use app::api::Providers;
use domain::Provider;

const USAGE: &str = "list-providers.sh [--json]";

/// A line for each provider, `name<TAB>type<TAB>N tokens`, or all as one JSON list.
pub async fn run(call: &Call, args: Vec<String>) -> Result<(), Refusal> {
    let json = match args.as_slice() {
        [] => false,
        [option] if option == "--json" => true,
        [option, ..] if option.starts_with('-') => {
            return Err(Refusal::line(format!("Unknown option: {option}")));
        }
        _ => return Err(Refusal::usage(USAGE)),
    };
    let Providers { providers, .. } = call.client.get(&["providers"]).await?;
    let line = |p: &Provider| format!("{}\t{}\t{} tokens", p.name, p.kind, p.tokens.count);
    Ok(document(json, &providers, || providers.iter().map(line).collect())?)
}
