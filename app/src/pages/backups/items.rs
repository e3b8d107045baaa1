//! What a backup holds that is no longer so.
use domain::{BackupItem, Declared, Plan, PlannedKeys, SetModel};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How an item of a backup differs from how things are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// There is no such provider or route now.
    Gone,
    Changed,
    /// The provider has other keys.
    Keys,
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

    /// With what only the plan of its restore tells: documents say more than files, and what keys are is in none.
    pub fn with(mut self, backup: &Declared, plan: &Plan) -> Self {
        let items: BTreeSet<BackupItem> = backup.items().collect();
        let changed =
            plan.changes.iter().filter_map(|change| Some((change.object.parse().ok()?, Difference::Changed)));
        let other = |keys: &&PlannedKeys| {
            keys.current.is_some() && keys.sealed.is_some() && keys.current != keys.sealed
        };
        let keys = plan.keys.iter().filter(other);
        let keys = keys.map(|keys| (BackupItem::Provider(keys.provider.clone()), Difference::Keys));
        for (item, difference) in changed.chain(keys) {
            if items.contains(&item) && self.items.iter().all(|(known, _)| *known != item) {
                self.items.push((item, difference));
                self.same = self.same.saturating_sub(1);
            }
        }
        self
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
    fn what_only_the_documents_tell_differs_too() {
        let now = file(json!({"version": 1,
            "providers": [{"name": "qwen", "type": "qwen"}, {"name": "lab", "type": "openai"}, {"name": "x", "type": "openai"}],
            "routes": [{"name": "a"}]}));
        let change = |object: &str| json!({"object": object, "action": "update", "diff": [], "owner": "agm"});
        let plan: Plan = serde_json::from_value(json!({"id": "01JD0000000000000000000000", "kind": "restore",
            "targets": [], "createdAt": "2026-01-15T10:30:00Z", "reads": [], "affected": [], "warnings": [], "steps": [],
            "changes": [change("route:a"), change("route:later"), change("s3:agents/alice/model.json")],
            "keys": [{"provider": "qwen", "takes": "current", "current": ["1"], "sealed": ["2"]},
                {"provider": "lab", "takes": "new", "current": ["1"], "sealed": ["1"]},
                {"provider": "x", "takes": "sealed", "sealed": ["1"]}]}))
        .unwrap();
        let Differences { items, same } = Differences::of(&now, &now).with(&now, &plan);
        let told: Vec<_> = items.iter().map(|(item, how)| format!("{item} {how:?}")).collect();
        assert_eq!(
            (told.as_slice(), same),
            (&["route:a Changed".to_owned(), "provider:qwen Keys".into()][..], 2)
        );
    }

    #[test]
    fn a_backup_of_now_differs_in_nothing() {
        let now = file(
            json!({"version": 1, "providers": [{"name": "qwen", "type": "qwen", "settings": {"a": 1}}]}),
        );
        assert_eq!(Differences::of(&now, &now), Differences { items: Vec::new(), same: 1 });
    }
}
