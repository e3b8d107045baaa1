//! Domain values in the words of the page.
use crate::{components::said::Told, text::t};
use domain::{Assignment, BackupReason, Mutation, Operation, Problem, Target};

/// Whether a switch sets the limits of an agent's model: HiClaw may do that itself.
pub fn sets_limits(now: &Assignment) -> bool {
    now.ownership.as_ref().is_none_or(|owned| owned.limits.ours)
}

/// What is wished: `alice » deepseek-chat`.
pub fn wish(wish: &Mutation) -> String {
    let title = |target: &str, what: &str| t().plan_title(target, what);
    let kind = t().kind(wish.kind());
    match wish {
        Mutation::SetModel { target, wish } => title(&agent(target), wish.model.as_str()),
        Mutation::AcceptModel { target }
        | Mutation::Sleep { target }
        | Mutation::Wake { target }
        | Mutation::Restart { target } => format!("{kind}: {}", agent(target)),
        Mutation::AddProvider(provider) => format!("{kind}: {}", provider.name),
        Mutation::EditProvider { name, .. } | Mutation::RemoveProvider { name } => format!("{kind}: {name}"),
        Mutation::RepairRoutes { consumer: Some(consumer), .. } => format!("{kind}: {consumer}"),
        Mutation::RepairRoutes { .. }
        | Mutation::Apply(_)
        | Mutation::Restore(_)
        | Mutation::Install(_)
        | Mutation::Uninstall => kind.into(),
        Mutation::Undo { operation } => format!("{kind}: {operation}"),
    }
}

/// What an operation does or did, in the same words.
pub fn operation(operation: &Operation) -> String {
    let kind = t().kind(&operation.kind);
    let target = operation.targets.first().map(|target| named(target));
    match (operation.kind.as_str(), target, subject(operation)) {
        ("set_model", Some(target), Some(model)) => t().plan_title(&target, &model),
        (_, _, Some(subject)) => format!("{kind}: {subject}"),
        (_, Some(target), None) => format!("{kind}: {target}"),
        _ => kind.into(),
    }
}

/// The model or the provider that an operation is about, as its plan tells.
pub fn subject(operation: &Operation) -> Option<String> {
    let changes = &operation.plan.as_ref()?.changes;
    if operation.kind != "set_model" {
        return changes.iter().find_map(|change| change.object.strip_prefix("provider:")).map(Into::into);
    }
    let lines = || changes.iter().flat_map(|change| &change.diff);
    let after = |end: &str| {
        let line = lines().find(|line| line.path.ends_with(end))?;
        line.after
            .as_ref()?
            .as_str()
            .map(|model| model.strip_prefix("hiclaw-gateway/").unwrap_or(model).to_owned())
    };
    after("/model/primary").or_else(|| after("/model"))
}

/// Why a backup was taken: `before alice » deepseek-chat`.
pub fn backup_reason(reason: &BackupReason) -> String {
    let (change, target, model) = match reason {
        BackupReason::ByHand => return t().backup_by_hand().into(),
        BackupReason::Imported => return t().backup_imported().into(),
        BackupReason::Before { change, target, model } => (change.as_str(), target.as_deref(), model),
    };
    let kind = t().kind(change);
    let target = target.map(named);
    let what = match (change, target, model) {
        ("set_model", target, Some(model)) => {
            t().plan_title(target.as_deref().unwrap_or(t().several_agents()), model.as_str())
        }
        // What these are for has a number only.
        ("undo" | "restore", ..) | (_, None, _) => kind.into(),
        (_, Some(target), _) => format!("{kind}: {target}"),
    };
    t().backup_before(&what)
}

/// How long its steps took, in milliseconds.
pub fn took(operation: &Operation) -> Option<u64> {
    operation.steps.iter().filter_map(|step| step.ms).reduce(u64::saturating_add)
}

/// An agent's name for people.
pub fn agent(target: &Target) -> String {
    match target {
        Target::Manager => t().manager().into(),
        Target::Worker(name) => name.to_string(),
    }
}

/// What `worker:alice` and `manager` are called for people; what is no agent's, as it is.
pub fn named(target: &str) -> String {
    target.parse().map_or_else(|_| target.to_owned(), |target| agent(&target))
}

/// Whose key a consumer of the gateway is: an agent's name, else its own.
pub fn consumer(consumer: &str) -> &str {
    match consumer {
        "manager" => t().manager(),
        name => name.strip_prefix("worker-").unwrap_or(name),
    }
}

/// What stands between an agent and its model.
pub fn problem(problem: &Problem) -> Told {
    let unread = |own: &str, message: &str| Told { own: own.to_owned(), said: message.to_owned() };
    match problem {
        Problem::ConsumerNotAllowed { route, consumer } => {
            t().consumer_not_allowed(consumer.as_str(), route.as_str()).into()
        }
        Problem::NoRoute { model } => t().no_route(model.as_str()).into(),
        Problem::ConfigUnreadable { message } => unread(t().config_unreadable(), message),
        Problem::RecordUnreadable { message } => unread(t().record_unreadable(), message),
        Problem::RecordDiffers { recorded } => t().record_differs(recorded.as_str()).into(),
    }
}

/// 256K, 1.05M.
pub fn tokens(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}K", count / 1000),
        _ => {
            let hundredths = count / 10_000;
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            format!("{}M", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// The host of a URL, with its port.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_backup_says_what_it_was_taken_before() {
        let reason = |json| backup_reason(&serde_json::from_value(json).unwrap());
        let before =
            |change: &str, target: &str| json!({"why": "before", "change": change, "target": target});
        let mut switch = before("set_model", "worker:alice");
        // As version 1 was first written.
        assert_eq!(reason(switch.clone()), "before Set model: alice");
        switch["model"] = json!("deepseek-chat");
        assert_eq!(reason(switch.clone()), "before alice » deepseek-chat");
        switch["target"] = json!(null);
        assert_eq!(reason(switch), "before several agents » deepseek-chat");
        assert_eq!(reason(before("add_provider", "qwen")), "before Add provider: qwen");
        assert_eq!(reason(before("undo", "01JD0000000000000000000000")), "before Undo");
        assert_eq!(reason(json!({"why": "by_hand"})), "by hand");
    }

    #[test]
    fn counts_of_tokens_are_short() {
        let shown = [999, 64_000, 256_000, 1_000_000, 1_050_000].map(tokens);
        assert_eq!(shown, ["999", "64K", "256K", "1M", "1.05M"]);
    }

    #[test]
    fn a_host_is_what_stands_between_scheme_and_path() {
        assert_eq!(host("https://api.deepseek.com/v1"), "api.deepseek.com");
        assert_eq!(host("http://10.0.4.7:8000"), "10.0.4.7:8000");
        assert_eq!(host("api.x.ai?a=b"), "api.x.ai");
    }
}
