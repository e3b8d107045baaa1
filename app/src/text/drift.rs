super::texts! {
    drift_title: "Drift", "漂移";
    drift_lead:
        "Where agents are not as they were recorded, and what was changed past this console.",
        "智能体与记录不一致之处，以及在本控制台之外所做的变更。";
    drift_none: "Everything is as it was recorded", "一切与记录一致";
    drift_not_all_seen:
        "Nothing was found, but not everything could be looked at",
        "未发现异常，但并非一切都能查看";
    drift_count(count: usize):
        if count == 1 { "1 thing is not as it was".into() } else { format!("{count} things are not as they were") },
        format!("{count} 项与原状不一致");
    drift_more(count: &str): format!("{count} more. All of them:"), format!("另有 {count} 项。查看全部：");
    drift_of_model: "does not run what was recorded", "运行的模型与记录不一致";
    drift_of_access: "is shut out of its model", "无权访问其模型";
    drift_note: "Our note", "本控制台的记录";
    drift_config: "Its openclaw.json", "它的 openclaw.json";
    drift_route: "The route of its model", "其模型的路由";
    drift_lacks: "does not let in", "未授权";
    drift_no_winner: "no route takes it", "没有匹配的路由";
    drift_accept: "Accept", "接受现状";
    drift_repair: "Repair", "修复";
    drift_go_back: "Back to the backup", "恢复到备份";
    drift_no(what: &str): format!("{what}: not from here."), format!("{what}：不可用。");
    drift_not_over_gateway:
        "It runs no model of the gateway, which no note can tell.",
        "它运行的不是网关的模型，无法记录。";
    drift_no_route(model: &str):
        format!("No route takes {model}, so it has no provider."),
        format!("没有路由匹配 {model}，因此没有提供商。");
    drift_worker_gone: "HiClaw no longer knows this worker.", "HiClaw 中已没有这个智能体。";
    drift_shut_out: "As it is, every call of it ends with 403.", "保持现状则所有调用都返回 403。";
    drift_take_backup: "A new backup takes everything as it is now.", "新的备份将以当前状态为准。";
    drift_not_in_backup:
        "It came after the backup, and a restore takes nothing away.",
        "它在备份之后出现，恢复备份不会删除任何内容。";
    drift_outside: "Changed by others", "他处的变更";
    drift_outside_none: "Nothing but our own changes.", "除本控制台的变更外，没有其他变更。";
    drift_since: "since the backup of", "自备份以来：";
    drift_no_backup:
        "There is no backup yet, so nobody can tell what others changed.",
        "还没有备份，无法得知他处的变更。";
    drift_ours:
        "We changed it too since the backup: going back takes that back as well.",
        "备份之后本控制台也变更过它，恢复会一并撤回。";
    drift_ours_see: "That change", "查看该变更";
    drift_show: "Differences", "差异";
    drift_unseen: "Could not be looked at", "无法查看";
    drift_all_workers: "The workers", "所有智能体";
    drift_newest_backup: "The newest backup", "最近的备份";
    drift_unpulled(count: usize):
        {
            if count == 1 {
                "1 worker may still run what it ran before".into()
            } else {
                format!("{count} workers may still run what they ran before")
            }
        },
        format!("{count} 个智能体可能仍在运行之前的模型");
    drift_written: "written", "写入于";
    drift_see: "See what drifted", "查看漂移";
    alarm_drift(count: usize):
        {
            if count == 1 {
                "1 agent does not run what was recorded.".into()
            } else {
                format!("{count} agents do not run what was recorded.")
            }
        },
        format!("{count} 个智能体运行的模型与记录不一致。");
    wall_outside(count: usize): format!("{count} changed by others"), format!("他处的变更：{count} 项");
}
