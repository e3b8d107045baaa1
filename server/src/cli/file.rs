//! `agm plan`, `agm apply` and `agm export`: the declarative file.
use super::{
    Call,
    error::CliError,
    follow::begun_to_the_end,
    show::{self, document, print},
};
use crate::{http::YAML, yaml};
use clap::Args;
use domain::{Declared, KeyRef, Mutation, OperationId, Plan, TypedKey};
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

#[derive(Args)]
#[command(after_help = "The file is described in docs/declarative-file.md. In short:

  version: 1
  providers:
    - {name: lab, type: openai, keys: [{env: LAB_KEY}, {file: keys/lab}]}
  assignments:
    workers:
      alice: {provider: lab, model: gpt-5}")]
pub struct PlanArgs {
    /// The declarative file, YAML or JSON; `-` for standard input.
    #[arg(short, long)]
    file: PathBuf,
}

#[derive(Args)]
pub struct ApplyArgs {
    /// A plan that was shown before; it is applied as it is.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    plan: Option<OperationId>,
    /// The declarative file, YAML or JSON; `-` for standard input. Its plan is shown, and applied after a yes.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

#[derive(Args)]
pub struct ExportArgs {
    /// Write to this file instead of standard output.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

/// `agm plan -f FILE`.
pub async fn plan(call: &Call, args: &PlanArgs) -> Result<(), CliError> {
    let plan = planned(call, &args.file).await?;
    document(call.json, &plan, || show::plan(&plan))?;
    if !plan.changes.is_empty() {
        eprintln!("To do exactly this: agm apply {}", plan.id);
    }
    Ok(())
}

/// `agm apply -f FILE` and `agm apply PLAN`.
pub async fn apply(call: &Call, args: &ApplyArgs) -> Result<(), CliError> {
    match (&args.plan, &args.file) {
        (Some(id), _) => carry_out(call, id).await,
        (None, Some(file)) => agree_and_carry_out(call, &planned(call, file).await?, args.yes).await,
        (None, None) => Err(CliError::Usage("name a plan or a file".into())),
    }
}

/// Shows a plan, and does it after a yes.
pub async fn agree_and_carry_out(call: &Call, plan: &Plan, yes: bool) -> Result<(), CliError> {
    if plan.is_empty() {
        return document(call.json, plan, || show::plan(plan));
    }
    agree(plan, yes)?;
    carry_out(call, &plan.id).await
}

/// Shows a plan, and fails without a yes.
pub fn agree(plan: &Plan, yes: bool) -> Result<(), CliError> {
    for line in show::plan(plan) {
        eprintln!("{line}");
    }
    let nobody = format!("nobody to ask: say --yes, or later `agm apply {}`", plan.id);
    if yes { Ok(()) } else { agreed("Apply this plan?", nobody) }
}

/// Shows the plans of one request, and fails without a yes to all of them.
pub fn agree_to_all(plans: &[Plan], yes: bool) -> Result<(), CliError> {
    for line in plans.iter().flat_map(show::plan) {
        eprintln!("{line}");
    }
    let question = format!("Apply these plans, {} in all?", plans.len());
    if yes { Ok(()) } else { agreed(&question, "nobody to ask: say --yes".into()) }
}

async fn carry_out(call: &Call, id: &OperationId) -> Result<(), CliError> {
    let begun = call.client.act(&["plans", id.as_str(), "apply"]).await;
    let begun = begun.map_err(|error| error.midway(Some(id.as_str())))?;
    begun_to_the_end(call, begun).await
}

/// `agm export`.
pub async fn export(call: &Call, args: &ExportArgs) -> Result<(), CliError> {
    let text = match call.json {
        true => {
            let app::api::Exported { file, left_out } = call.client.get(&["export"]).await?;
            left_out.iter().for_each(|warning| eprintln!("left out: {}", warning.message));
            serde_json::to_string_pretty(&file).map_err(|error| CliError::Start(error.to_string()))?
        }
        false => call.client.text(&["export"], YAML).await?,
    };
    let text = text.trim_end();
    match &args.output {
        None => print(text),
        Some(path) => std::fs::write(path, format!("{text}\n"))
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display()))),
    }
}

async fn planned(call: &Call, file: &Path) -> Result<Plan, CliError> {
    let declared = yaml::read(&call.client.document(file)?)?;
    // Keys lie beside the file that names them.
    let folder = file.parent().unwrap_or(Path::new(""));
    let declared = with_keys(declared, folder, |name| std::env::var(name).ok())?;
    call.client.post(&["plans"], &Mutation::Apply(declared)).await
}

/// Replaces the references to keys by the keys, which stand in the environment and in files of this machine only.
fn with_keys(
    declared: Declared,
    folder: &Path,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Declared, CliError> {
    let find = |key: &KeyRef| {
        let text = match key {
            // Neither name nor path is repeated: somebody may have put the key itself there.
            KeyRef::Env { env: name } => env(name).ok_or("no environment variable of this name is set")?,
            KeyRef::File { file } => std::fs::read_to_string(folder.join(file)).map_err(|error| {
                format!("the file, seen from the folder of the declarative one, cannot be read: {error}")
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            Err("there is nothing in it".into())
        } else {
            Ok(TypedKey::new(text.to_owned()))
        }
    };
    let wrong = |bad: domain::FieldError| domain::Failure::field(bad.field, bad.message);
    Ok(declared.resolve_keys(find).map_err(wrong)?)
}

/// Asks. `nobody`: what to say when there is nobody to ask.
pub fn agreed(question: &str, nobody: String) -> Result<(), CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage(nobody));
    }
    let ask = || {
        eprint!("{question} [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = ask().map_err(|error| CliError::Usage(format!("standard input: {error}")))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CliError::Usage("nothing was changed".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(keys: &str) -> Declared {
        yaml::read(&format!("version: 1\nproviders: [{{name: lab, type: openai, keys: {keys}}}]")).unwrap()
    }

    #[test]
    fn keys_come_from_the_environment_and_from_files_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lab"), " sk-file\n").unwrap();
        let env = |name: &str| (name == "LAB_KEY").then(|| "sk-env".to_owned());
        let found = with_keys(file("[{env: LAB_KEY}, {file: lab}]"), folder.path(), env).unwrap();
        let sent = serde_json::to_value(&found.providers[0]).unwrap();
        assert_eq!(
            (&sent["tokens"], &sent["keys"]),
            (&serde_json::json!(["sk-env", "sk-file"]), &serde_json::Value::Null)
        );
        for bad in ["[{env: sk-canary}]", "[{file: sk-canary}]"] {
            let CliError::Failed(failure) = with_keys(file(bad), folder.path(), env).unwrap_err() else {
                panic!("{bad}")
            };
            assert_eq!(failure.fields[0].field, "providers[0].keys[0]", "{failure}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }
}
