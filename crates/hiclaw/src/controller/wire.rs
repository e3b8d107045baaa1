//! What the controller answers, as far as it matters. Empty fields are left out by it, and newer ones are no concern of
//! ours.
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A worker, or a member of a team.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Worker {
    pub name: String,
    /// The name of its objects, its consumer and its Matrix user, where that is another one.
    pub worker_name: String,
    pub phase: String,
    /// The phase that is wanted.
    pub state: String,
    pub model: String,
    pub runtime: String,
    pub image: String,
    pub container_state: String,
    /// None: the generation knows no others.
    pub container_managed: Option<bool>,
    /// Why it is not as it is wanted. It can hold passwords.
    pub message: String,
    pub team: String,
    /// `team_leader` or `worker`.
    pub role: String,
}

impl Worker {
    /// The name under which everybody but the controller knows it.
    pub fn agent_name(&self) -> &str {
        if self.worker_name.is_empty() { &self.name } else { &self.worker_name }
    }
}

/// A Manager.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Manager {
    pub name: String,
    pub model: String,
    pub runtime: String,
    pub message: String,
}

/// A team.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Team {
    pub message: String,
}

/// The answer of `/api/v1/version`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Release {
    pub controller: String,
    /// `embedded` or `incluster`.
    pub kube_mode: String,
}

/// The entries of a list that can be understood: one odd entry must not hide the others.
pub fn entries<T: DeserializeOwned>(list: &Value, field: &str) -> Vec<T> {
    let entries = list[field].as_array().into_iter().flatten();
    let read = entries.filter_map(|entry| match T::deserialize(entry) {
        Ok(entry) => Some(entry),
        Err(_) => {
            let name = entry["name"].as_str();
            tracing::warn!(field, name, "left out: the controller's answer cannot be understood");
            None
        }
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_entries_do_not_hide_the_others_and_unknown_fields_are_no_concern() {
        let list = json!({"workers": [{"name": "alice", "subagentModel": {"x": 1}, "phase": "Dreaming"}, {"name": 7}]});
        let workers: Vec<Worker> = entries(&list, "workers");
        assert_eq!(workers.iter().map(Worker::agent_name).collect::<Vec<_>>(), ["alice"]);
        assert!(entries::<Worker>(&json!({"workers": null}), "workers").is_empty());
    }
}
