//! `agm backup restore` and `agm reset`: the way back to a backup.
use super::{
    Call, DryRun,
    error::CliError,
    file::agree_and_carry_out,
    show::{self, document},
};
use clap::Args;
use domain::{Backup, BackupId, BackupItem, KeyChoice, KeySource, Mutation, Plan, ProviderName, TypedKey};
use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

#[derive(Args)]
pub struct Restore {
    backup: BackupId,
    #[command(flatten)]
    wish: Wish,
}

/// Go back to the newest backup of another state than the present one.
#[derive(Args)]
pub struct Reset {
    #[command(flatten)]
    wish: Wish,
}

/// What of the backup, under which names and with which keys.
#[derive(Args)]
struct Wish {
    /// Only this: provider:NAME, route:NAME, manager or worker:NAME. Can be given more than once.
    #[arg(long = "item", value_name = "ITEM")]
    items: Vec<BackupItem>,
    /// Take along what these items need and what is not there now.
    #[arg(long, requires = "items")]
    with_needed: bool,
    /// Bring a provider or a route back under another name: provider:qwen=qwen-old. Can be given more than once.
    #[arg(long = "rename", value_name = "ITEM=NAME", value_parser = pair::<BackupItem, String>)]
    renames: Vec<(BackupItem, String)>,
    /// Which keys a provider shall have: current, sealed (those of the backup), or new [default: current, and sealed where
    /// there are none or where they would go to another host]. Can be given more than once.
    #[arg(long, value_name = "PROVIDER=KEYS", value_parser = pair::<ProviderName, Source>)]
    keys: Vec<(ProviderName, Source)>,
    /// Read the new key from a file, `-` for standard input [default: AGM_PROVIDER_KEY].
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// Where keys come from.
#[derive(Clone, Copy)]
struct Source(KeySource);

impl FromStr for Source {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "current" => Ok(Self(KeySource::Current)),
            "sealed" => Ok(Self(KeySource::Sealed)),
            "new" => Ok(Self(KeySource::New)),
            _ => Err("say current, sealed or new"),
        }
    }
}

impl Restore {
    pub async fn run(self, call: &Call) -> Result<(), CliError> {
        self.wish.run(call, self.backup).await
    }
}

impl Reset {
    pub async fn run(self, call: &Call) -> Result<(), CliError> {
        let last: Backup = call.client.get(&["backups", "last"]).await?;
        eprintln!("back to {} of {}, taken {}", last.id, last.taken_at, last.reason);
        self.wish.run(call, last.id).await
    }
}

impl Wish {
    async fn run(mut self, call: &Call, backup: BackupId) -> Result<(), CliError> {
        if self.with_needed {
            let compared: Plan = call.client.get(&["backups", backup.as_str(), "compare"]).await?;
            self.take_along(&compared.needs);
        }
        let (yes, dry_run) = (self.yes, self.dry_run.dry_run);
        let wish = Mutation::Restore(self.wish(backup, |file| call.client.provider_key(file))?);
        let plan: Plan = call.client.post(&["plans"], &wish).await?;
        match dry_run {
            true => document(call.json, &plan, || show::plan(&plan)),
            false => agree_and_carry_out(call, &plan, yes).await,
        }
    }

    fn take_along(&mut self, needs: &BTreeMap<BackupItem, Vec<BackupItem>>) {
        let needed = self.items.iter().filter_map(|item| needs.get(item)).flatten();
        let needed: Vec<_> = needed.filter(|item| !self.items.contains(item)).cloned().collect();
        self.items.extend(needed);
        self.items.sort();
        self.items.dedup();
    }

    /// As it is sent. `key` reads the new one.
    fn wish(
        self,
        backup: BackupId,
        key: impl Fn(Option<&std::path::Path>) -> Result<Option<TypedKey>, CliError>,
    ) -> Result<domain::Restore, CliError> {
        let mut keys = BTreeMap::new();
        for (provider, Source(source)) in self.keys {
            let choice = match source {
                KeySource::Current => KeyChoice::Current,
                KeySource::Sealed => KeyChoice::Sealed,
                KeySource::New if keys.values().any(|choice| matches!(choice, KeyChoice::New(_))) => {
                    let one = "one provider can get a new key at a time: choose another one's afterwards";
                    return Err(CliError::Usage(one.into()));
                }
                KeySource::New => {
                    let none =
                        || CliError::Usage("a new key comes from --key-file or AGM_PROVIDER_KEY".into());
                    KeyChoice::New(vec![key(self.key_file.as_deref())?.ok_or_else(none)?])
                }
            };
            keys.insert(provider, choice);
        }
        let items = (!self.items.is_empty()).then_some(self.items);
        Ok(domain::Restore {
            items,
            rename: self.renames.into_iter().collect(),
            keys,
            ..domain::Restore::whole(backup)
        })
    }
}

/// `A=B`; names may hold an equals sign, what they become or get does not.
fn pair<A, B>(text: &str) -> Result<(A, B), String>
where
    A: FromStr<Err: ToString>,
    B: FromStr<Err: ToString>,
{
    let (left, right) = text.rsplit_once('=').ok_or("put an equals sign between the two")?;
    let left = left.parse().map_err(|error: A::Err| error.to_string())?;
    Ok((left, right.parse().map_err(|error: B::Err| error.to_string())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use serde_json::json;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        restore: Restore,
    }

    const ID: &str = "01JD0000000000000000000000";

    fn line(args: &[&str]) -> Result<Wish, clap::Error> {
        let args = ["restore", ID].into_iter().chain(args.iter().copied());
        Ok(Line::try_parse_from(args)?.restore.wish)
    }

    fn sent(args: &[&str]) -> Result<serde_json::Value, CliError> {
        let typed = |_: Option<&std::path::Path>| Ok(Some(TypedKey::new("sk-typed".into())));
        let wish = line(args).unwrap().wish(ID.parse().unwrap(), typed)?;
        Ok(serde_json::to_value(wish).unwrap())
    }

    #[test]
    fn a_restore_is_said_in_options() {
        assert_eq!(sent(&[]).unwrap(), json!({"backup": ID}));
        let args = [
            "--item",
            "provider:a=b",
            "--item",
            "manager",
            "--rename",
            "provider:a=b=c",
            "--keys",
            "a=b=sealed",
        ];
        let expected = json!({"backup": ID, "items": ["provider:a=b", "manager"], "rename": {"provider:a=b": "c"},
            "keys": {"a=b": "sealed"}});
        assert_eq!(sent(&args).unwrap(), expected);
        let new = sent(&["--keys", "qwen=new", "--keys", "lab=current"]).unwrap();
        assert_eq!(new["keys"], json!({"qwen": {"new": ["sk-typed"]}, "lab": "current"}));
        assert!(sent(&["--keys", "qwen=new", "--keys", "lab=new"]).is_err());
        for bad in [&["--keys", "qwen"][..], &["--rename", "a:b=c"], &["--with-needed"]] {
            assert!(line(bad).is_err(), "{bad:?}");
        }
        let typed = line(&["--keys", "qwen=sk-canary"]).err().unwrap();
        assert!(typed.to_string().contains("say current, sealed or new"), "{typed}");
    }

    #[test]
    fn what_is_needed_comes_along_once() {
        let mut wish = line(&["--item", "worker:alice", "--item", "provider:lab"]).unwrap();
        let needs =
            json!({"worker:alice": ["provider:lab", "route:lab-ai-route"], "manager": ["provider:qwen"]});
        wish.take_along(&serde_json::from_value(needs).unwrap());
        let items: Vec<_> = wish.items.iter().map(ToString::to_string).collect();
        assert_eq!(items, ["provider:lab", "route:lab-ai-route", "worker:alice"]);
    }
}
