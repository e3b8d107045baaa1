//! What a backup holds that is no longer so.
use domain::{BackupItem, Declared, SetModel};
use serde::Serialize;
use std::collections::BTreeMap;

/// How an item of a backup differs from how things are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// There is no such provider or route now.
    Gone,
    Changed,
    /// The agent runs another model, or the same over another provider or with other limits. None: it is not there, or
    /// cannot reach its model.
    Model {
        was: Box<SetModel>,
        now: Option<Box<SetModel>>,
    },
}

/// The items that differ, and how many do not.
#[derive(Debug, PartialEq, Eq)]
pub struct Differences {
    pub items: Vec<(BackupItem, Difference)>,
    pub same: usize,
}

impl Differences {
    /// Of a backup from now, in the order of the backup.
    pub fn of(backup: &Declared, now: &Declared) -> Self {
        let providers: BTreeMap<_, _> = now.providers.iter().map(|one| (&one.name, one)).collect();
        let routes: BTreeMap<_, _> = now.routes.iter().map(|one| (&one.name, one)).collect();
        let agents: BTreeMap<_, _> = now.assignments.all().collect();
        let mut found = Self { items: Vec::new(), same: 0 };
        for one in &backup.providers {
            found
                .add(BackupItem::Provider(one.name.clone()), changed(one, providers.get(&one.name).copied()));
        }
        for one in &backup.routes {
            found.add(BackupItem::Route(one.name.clone()), changed(one, routes.get(&one.name).copied()));
        }
        for (target, was) in backup.assignments.all() {
            let difference = model(was, agents.get(&target).copied());
            found.add(BackupItem::Agent(target), difference);
        }
        found
    }

    fn add(&mut self, item: BackupItem, difference: Option<Difference>) {
        match difference {
            Some(difference) => self.items.push((item, difference)),
            None => self.same += 1,
        }
    }
}

fn changed<T: Serialize>(was: &T, now: Option<&T>) -> Option<Difference> {
    // Both were made as JSON and are compared so; what has none is not taken for the same.
    let json = |one: &T| serde_json::to_value(one).ok();
    match now {
        None => Some(Difference::Gone),
        Some(now) => (json(was).is_none() || json(was) != json(now)).then_some(Difference::Changed),
    }
}

fn model(was: &SetModel, now: Option<&SetModel>) -> Option<Difference> {
    let boxed = |wish: &SetModel| Box::new(wish.clone());
    (now != Some(was)).then(|| Difference::Model { was: boxed(was), now: now.map(boxed) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn file(json: Value) -> Declared {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn only_what_is_no_longer_so_differs() {
        let run = |model: &str| json!({"provider": "qwen", "model": model});
        let route =
            |name: &str, to: &str| json!({"name": name, "upstreams": [{"provider": to, "weight": 100}]});
        let backup = file(json!({"version": 1,
            "providers": [{"name": "qwen", "type": "qwen"}, {"name": "lab", "type": "openai"}],
            "routes": [route("a", "qwen"), route("b", "qwen")],
            "assignments": {"manager": run("m"), "workers": {"alice": run("m"), "bob": run("m"), "carol": run("m")}}}));
        let now = file(json!({"version": 1,
            "providers": [{"name": "new", "type": "openai"}, {"name": "qwen", "type": "qwen"}],
            "routes": [route("b", "new"), route("a", "qwen")],
            "assignments": {"manager": run("m"), "workers": {"alice": run("n"), "bob": run("m"), "dave": run("m")}}}));
        let differences = Differences::of(&backup, &now);
        let told: Vec<_> = differences.items.iter().map(|(item, _)| item.to_string()).collect();
        assert_eq!(told, ["provider:lab", "route:b", "worker:alice", "worker:carol"]);
        assert_eq!(differences.same, 4);
        let how: Vec<_> = differences.items.into_iter().map(|(_, how)| how).collect();
        let [Difference::Gone, Difference::Changed, alice, carol] = how.as_slice() else { panic!("{how:?}") };
        assert!(matches!(alice, Difference::Model { now: Some(now), .. } if now.model.as_str() == "n"));
        assert!(matches!(carol, Difference::Model { was, now: None } if was.model.as_str() == "m"));
    }

    #[test]
    fn a_backup_of_now_differs_in_nothing() {
        let now = file(
            json!({"version": 1, "providers": [{"name": "qwen", "type": "qwen", "settings": {"a": 1}}]}),
        );
        assert_eq!(Differences::of(&now, &now), Differences { items: Vec::new(), same: 1 });
    }
}
