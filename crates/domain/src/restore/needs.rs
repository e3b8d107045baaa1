//! What the things of a backup rely on, so that nothing comes back without it.
use super::BackupItem;
use crate::{Declared, DeclaredRoute, ModelId, RouteName};
use std::collections::{BTreeMap, BTreeSet};

/// What each thing of a backup relies on there: a route on the providers that it leads to, an agent on its provider and
/// on the route that takes its model. What the backup does not hold is no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(BTreeMap<BackupItem, Vec<BackupItem>>);

impl Needs {
    /// `takes` is the route by which the calls for a model went.
    pub fn of(file: &Declared, takes: impl Fn(&ModelId) -> Option<RouteName>) -> Self {
        let there: BTreeSet<BackupItem> = file.items().collect();
        let held = |items: &mut dyn Iterator<Item = BackupItem>| -> Vec<BackupItem> {
            items.filter(|item| there.contains(item)).collect()
        };
        let routes = file.routes.iter().map(|route| {
            let providers = &mut leads_to(route).cloned().map(BackupItem::Provider);
            (BackupItem::Route(route.name.clone()), held(providers))
        });
        let agents = file.assignments.all().map(|(target, wish)| {
            let route = takes(&wish.model).map(BackupItem::Route);
            let provider = BackupItem::Provider(wish.provider.clone());
            (BackupItem::Agent(target), held(&mut [provider].into_iter().chain(route)))
        });
        Self(routes.chain(agents).collect())
    }

    /// What must come along with these things, because it is not there now; sorted.
    pub fn beyond(
        &self,
        items: impl IntoIterator<Item = BackupItem>,
        is_there: impl Fn(&BackupItem) -> bool,
    ) -> Vec<BackupItem> {
        let mut open: Vec<BackupItem> = items.into_iter().collect();
        let wanted: BTreeSet<BackupItem> = open.iter().cloned().collect();
        let mut found = BTreeSet::new();
        while let Some(item) = open.pop() {
            let needed = self.0.get(&item).into_iter().flatten();
            for needed in needed.filter(|needed| !wanted.contains(needed) && !is_there(needed)) {
                if found.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        found.into_iter().collect()
    }

    /// The same for each thing by itself; those that need nothing are left out.
    pub fn of_each(&self, is_there: impl Fn(&BackupItem) -> bool) -> BTreeMap<BackupItem, Vec<BackupItem>> {
        let one = |item: &BackupItem| (item.clone(), self.beyond([item.clone()], &is_there));
        self.0.keys().map(one).filter(|(_, needed)| !needed.is_empty()).collect()
    }
}

fn leads_to(route: &DeclaredRoute) -> impl Iterator<Item = &crate::ProviderName> {
    let upstreams = route.upstreams.iter().flatten().map(|upstream| &upstream.provider);
    upstreams.chain(route.fallback.iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn needs() -> Needs {
        let file: Declared = serde_json::from_value(json!({"version": 1,
            "providers": [{"name": "qwen", "type": "qwen"}, {"name": "lab", "type": "openai"},
                {"name": "spare", "type": "openai"}],
            "routes": [{"name": "default-ai-route", "upstreams": [{"provider": "qwen"}]},
                {"name": "lab-ai-route", "upstreams": [{"provider": "lab"}, {"provider": "never-kept"}], "fallback": ["spare"]}],
            "assignments": {"manager": {"provider": "qwen", "model": "q"},
                "workers": {"alice": {"provider": "lab", "model": "lab-1"}}}}))
        .unwrap();
        let takes = |model: &ModelId| match model.as_str() {
            "lab-1" => "lab-ai-route".parse().ok(),
            _ => "default-ai-route".parse().ok(),
        };
        Needs::of(&file, takes)
    }

    /// What `items` need when `gone` is gone.
    fn beyond(items: &[&str], gone: &[&str]) -> Vec<String> {
        let items = items.iter().map(|item| item.parse().unwrap());
        let found = needs().beyond(items, |item| !gone.contains(&item.to_string().as_str()));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_gone_comes_along_and_what_that_needs_too() {
        let gone = ["provider:lab", "provider:spare", "route:lab-ai-route"];
        assert_eq!(beyond(&["worker:alice"], &gone), gone);
        assert_eq!(beyond(&["worker:alice"], &["provider:spare"]), [""; 0], "its route is there as it is");
        assert_eq!(beyond(&["route:lab-ai-route"], &gone), ["provider:lab", "provider:spare"]);
        assert_eq!(beyond(&["provider:lab", "worker:alice", "manager"], &gone), gone[1..]);
        assert_eq!(beyond(&["provider:lab"], &gone), [""; 0]);
        assert_eq!(beyond(&["worker:alice", "route:default-ai-route"], &[]), [""; 0]);
    }

    #[test]
    fn each_thing_tells_its_needs() {
        let each = needs().of_each(|item| item.to_string() != "provider:lab");
        let told: Vec<_> = each.iter().map(|(item, needed)| format!("{item} {}", needed[0])).collect();
        assert_eq!(told, ["route:lab-ai-route provider:lab", "worker:alice provider:lab"]);
    }
}
