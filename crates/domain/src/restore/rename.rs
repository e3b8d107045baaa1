//! Things of a backup that come back under other names, and what follows them.
use super::{BackupItem, Opened};
use crate::{Declared, Failure, NameError, ProviderName, RouteName};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// A thing of a backup that comes back under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewName {
    /// In the backup.
    pub item: BackupItem,
    pub new: BackupItem,
    /// Whose name was asked for: its own, or that of the provider that it follows.
    pub asked: BackupItem,
}

/// From the name in the backup to the new one.
#[derive(Default)]
struct Names {
    providers: BTreeMap<ProviderName, ProviderName>,
    routes: BTreeMap<RouteName, RouteName>,
    /// Of those routes whose names follow a provider's.
    follow: BTreeMap<RouteName, ProviderName>,
}

impl Opened {
    /// The same under other names. Routes follow the providers that they lead to, agents theirs, and a route that is
    /// named for a renamed provider and leads to it is named for the new one, unless it gets a name of its own here.
    /// Whether a name is free in the installation is not looked at.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for the first new name that cannot be.
    pub(super) fn renamed(mut self, rename: &BTreeMap<BackupItem, String>) -> Result<Self, Failure> {
        let names = Names::of(&self.file, rename)?;
        for provider in &mut self.file.providers {
            swap(&names.providers, &mut provider.name);
        }
        for route in &mut self.file.routes {
            swap(&names.routes, &mut route.name);
            let upstreams = route.upstreams.iter_mut().flatten().map(|upstream| &mut upstream.provider);
            for provider in upstreams.chain(route.fallback.iter_mut().flatten()) {
                swap(&names.providers, provider);
            }
        }
        let assignments = &mut self.file.assignments;
        for wish in assignments.manager.iter_mut().chain(assignments.workers.values_mut()) {
            swap(&names.providers, &mut wish.provider);
        }
        if let Some(originals) = &mut self.originals {
            let providers = std::mem::take(&mut originals.providers).into_iter();
            originals.providers = providers.map(|doc| named(&names.providers, doc)).collect();
            let routes = std::mem::take(&mut originals.routes).into_iter();
            originals.routes = routes
                .map(|doc| {
                    let (name, mut json) = named(&names.routes, doc);
                    names.lead_elsewhere(&mut json);
                    (name, json)
                })
                .collect();
        }
        self.names = names.list();
        Ok(self)
    }
}

impl Names {
    fn of(file: &Declared, rename: &BTreeMap<BackupItem, String>) -> Result<Self, Failure> {
        let items: BTreeSet<BackupItem> = file.items().collect();
        let mut names = Self::default();
        for (item, text) in rename {
            let wrong = |message: &str| Failure::field(field(item), message);
            let bad = |error: NameError| wrong(&error.to_string());
            match item {
                BackupItem::Agent(_) => return Err(wrong("only providers and routes can have another name")),
                item if !items.contains(item) => return Err(wrong("it is not among what is restored")),
                BackupItem::Provider(name) => {
                    let new = ProviderName::from_str(text).map_err(bad)?;
                    new.check_new().map_err(bad)?;
                    names.providers.insert(name.clone(), new);
                }
                BackupItem::Route(name) => {
                    let new = RouteName::from_str(text).map_err(bad)?;
                    new.check_new().map_err(bad)?;
                    names.routes.insert(name.clone(), new);
                }
            }
        }
        for (name, new) in &names.providers {
            let own = |route: &&crate::DeclaredRoute| {
                let leads_there = route.upstreams.iter().flatten().any(|to| to.provider == *name);
                route.name == name.route() && leads_there
            };
            let own = file.routes.iter().find(own).map(|route| &route.name);
            if let Some(route) = own.filter(|route| !names.routes.contains_key(*route)) {
                names.routes.insert(route.clone(), new.route());
                names.follow.insert(route.clone(), name.clone());
            }
        }
        twice(file.providers.iter().map(|one| &one.name), &names.providers, BackupItem::Provider)?;
        twice(file.routes.iter().map(|one| &one.name), &names.routes, BackupItem::Route)?;
        Ok(names)
    }

    fn list(self) -> Vec<NewName> {
        let providers = self.providers.into_iter().map(|(name, new)| NewName {
            item: BackupItem::Provider(name.clone()),
            new: BackupItem::Provider(new),
            asked: BackupItem::Provider(name),
        });
        let routes = self.routes.into_iter().map(|(name, new)| NewName {
            item: BackupItem::Route(name.clone()),
            new: BackupItem::Route(new),
            asked: match self.follow.get(&name) {
                Some(provider) => BackupItem::Provider(provider.clone()),
                None => BackupItem::Route(name),
            },
        });
        providers.chain(routes).collect()
    }

    /// Writes the new names of providers into a route's upstreams, those of a fallback that is off too.
    fn lead_elsewhere(&self, route: &mut Value) {
        for list in ["/upstreams", "/fallbackConfig/upstreams"] {
            let upstreams = route.pointer_mut(list).and_then(Value::as_array_mut);
            for provider in upstreams.into_iter().flatten().filter_map(|to| to.get_mut("provider")) {
                let name = provider.as_str().and_then(|name| name.parse().ok());
                if let Some(new) = name.and_then(|name: ProviderName| self.providers.get(&name)) {
                    *provider = new.as_str().into();
                }
            }
        }
    }
}

/// Refuses a name that two things would have.
fn twice<'a, N: Ord + Clone + 'a>(
    all: impl Iterator<Item = &'a N> + Clone,
    names: &BTreeMap<N, N>,
    item: impl Fn(N) -> BackupItem,
) -> Result<(), Failure> {
    let mut taken: BTreeSet<&N> = all.clone().filter(|name| !names.contains_key(*name)).collect();
    for name in all {
        if names.get(name).is_some_and(|new| !taken.insert(new)) {
            let message = "something else that is restored has this name";
            return Err(Failure::field(field(&item(name.clone())), message));
        }
    }
    Ok(())
}

fn field(item: &BackupItem) -> String {
    format!("rename.{item}")
}

fn swap<N: Ord + Clone>(names: &BTreeMap<N, N>, name: &mut N) {
    if let Some(new) = names.get(name) {
        *name = new.clone();
    }
}

/// A document under its new name.
fn named<N: Ord + Clone + Into<String>>(names: &BTreeMap<N, N>, (name, mut json): (N, Value)) -> (N, Value) {
    let Some(new) = names.get(&name).cloned() else { return (name, json) };
    if let Some(member) = json.get_mut("name") {
        *member = Value::String(new.clone().into());
    }
    (new, json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BackupId, Code, KeyChoice, Originals, Restore};
    use serde_json::json;

    fn file() -> Declared {
        serde_json::from_value(json!({"version": 1,
            "providers": [{"name": "qwen", "type": "qwen"}, {"name": "lab", "type": "openai"}],
            "routes": [{"name": "default-ai-route", "upstreams": [{"provider": "qwen"}], "fallback": ["lab"]},
                {"name": "qwen-ai-route", "upstreams": [{"provider": "qwen"}]}],
            "assignments": {"manager": {"provider": "qwen", "model": "m"},
                "workers": {"alice": {"provider": "lab", "model": "n"}}}}))
        .unwrap()
    }

    fn originals() -> Originals {
        let providers = json!({"qwen": {"name": "qwen", "tokens": ["sk"]}, "lab": {"name": "lab"}});
        Originals {
            providers: serde_json::from_value(providers).unwrap(),
            routes: serde_json::from_value(json!({
                "default-ai-route": {"name": "default-ai-route", "upstreams": [{"provider": "qwen"}],
                    "fallbackConfig": {"enabled": false, "upstreams": [{"provider": "lab"}, {"provider": "qwen"}]}},
                "qwen-ai-route": {"name": "qwen-ai-route", "upstreams": [{"provider": "qwen", "weight": 100}]}})).unwrap(),
            ..Originals::default()
        }
    }

    /// What a restore with these new names would put back.
    fn opened(items: Option<&[&str]>, rename: Value) -> Result<Opened, Failure> {
        let id: BackupId = "01JD0000000000000000000000".parse().unwrap();
        let items = items.map(|items| items.iter().map(|item| item.parse().unwrap()).collect());
        let rename = serde_json::from_value(rename).unwrap();
        let wish = Restore { items, rename, ..Restore::whole(id) }.open(file(), Some(originals()))?;
        Ok(*wish.opened.unwrap())
    }

    #[test]
    fn routes_and_agents_follow_a_provider_and_its_own_route_takes_its_name() {
        let all = opened(None, json!({"provider:qwen": "qwen-old"})).unwrap();
        let names: Vec<_> = all.file.items().map(|item| item.to_string()).collect();
        let expected =
            ["provider:qwen-old", "provider:lab", "route:default-ai-route", "route:qwen-old-ai-route"];
        assert_eq!(names, [&expected[..], &["manager", "worker:alice"]].concat());
        assert_eq!(all.file.assignments.manager.unwrap().provider.as_str(), "qwen-old");
        assert_eq!(all.file.assignments.workers.values().next().unwrap().provider.as_str(), "lab");
        let leads = &all.file.routes[0];
        assert_eq!(leads.upstreams.as_ref().unwrap()[0].provider.as_str(), "qwen-old");

        let told = all.names.iter().map(|one| format!("{} {} {}", one.item, one.new, one.asked));
        let expected = [
            "provider:qwen provider:qwen-old provider:qwen",
            "route:qwen-ai-route route:qwen-old-ai-route provider:qwen",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);

        let docs = all.originals.unwrap();
        assert_eq!(
            docs.providers[&"qwen-old".parse().unwrap()],
            json!({"name": "qwen-old", "tokens": ["sk"]})
        );
        assert_eq!(
            docs.routes[&"default-ai-route".parse().unwrap()]["fallbackConfig"]["upstreams"],
            json!([{"provider": "lab"}, {"provider": "qwen-old"}])
        );
        assert_eq!(
            docs.routes[&"qwen-old-ai-route".parse().unwrap()],
            json!({"name": "qwen-old-ai-route", "upstreams": [{"provider": "qwen-old", "weight": 100}]})
        );
    }

    #[test]
    fn a_name_that_is_given_wins_over_one_that_follows_and_what_is_not_wanted_is_no_part() {
        let all = opened(None, json!({"provider:qwen": "q", "route:qwen-ai-route": "mine"})).unwrap();
        assert!(all.file.routes.iter().any(|route| route.name.as_str() == "mine"));
        assert_eq!(all.names[1].asked.to_string(), "route:qwen-ai-route");
        let one = opened(Some(&["provider:qwen"]), json!({"provider:qwen": "lab"})).unwrap();
        let docs = one.originals.unwrap();
        assert_eq!((docs.providers.len(), docs.routes.len()), (1, 0), "the backup's own lab is not wanted");
        assert_eq!(docs.providers[&"lab".parse().unwrap()]["tokens"], json!(["sk"]));
    }

    #[test]
    fn names_that_cannot_be_are_refused_by_their_field() {
        for (items, rename, field) in [
            (None, json!({"manager": "boss"}), "rename.manager"),
            (None, json!({"provider:qwen": "Qwen!"}), "rename.provider:qwen"),
            (None, json!({"provider:qwen": "lab"}), "rename.provider:qwen"),
            (None, json!({"provider:qwen": "x", "provider:lab": "x"}), "rename.provider:lab"),
            (None, json!({"route:qwen-ai-route": "a.fallback"}), "rename.route:qwen-ai-route"),
            (None, json!({"route:qwen-ai-route": "default-ai-route"}), "rename.route:qwen-ai-route"),
            (None, json!({"provider:gone": "x"}), "rename.provider:gone"),
            (Some(&["manager"][..]), json!({"provider:qwen": "x"}), "rename.provider:qwen"),
        ] {
            let refused = opened(items, rename.clone()).unwrap_err();
            assert_eq!(
                (refused.code, refused.fields[0].field.as_str()),
                (Code::InvalidRequest, field),
                "{rename}"
            );
        }
        assert!(
            opened(None, json!({"provider:qwen": "lab", "provider:lab": "qwen"})).is_ok(),
            "two may swap"
        );
    }

    #[test]
    fn keys_are_chosen_for_what_is_restored() {
        let wish = |provider: &str| {
            let keys = [(provider.parse().unwrap(), KeyChoice::Sealed)].into();
            let id = "01JD0000000000000000000000".parse().unwrap();
            let items = Some(vec!["provider:qwen".parse().unwrap()]);
            Restore { items, keys, ..Restore::whole(id) }.open(file(), Some(originals()))
        };
        assert!(wish("qwen").is_ok());
        assert_eq!(wish("lab").unwrap_err().fields[0].field, "keys.lab");
    }
}
