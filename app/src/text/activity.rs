super::texts! {
    activity: "Activity", "操作记录";
    activity_lead: "what was changed, by whom, and how it ended", "谁做了哪些变更，结果如何";
    find_operation: "Find an operation", "查找操作";
    find_operation_hint: "agent, model, person, cause, id", "智能体、模型、用户、原因或 ID";
    any_agent: "any agent", "全部智能体";
    operation_kind: "Kind", "类型";
    any_kind: "any kind", "全部类型";
    show_found: "Show", "筛选";
    show_all: "Show all", "显示全部";
    narrow_by_outcome: "By outcome", "按结果筛选";
    nothing_found: "No operation fits.", "没有符合条件的操作。";
    older: "Older", "更早";
    newest: "Newest", "最新";
    older_and_newer: "Older and newer operations", "翻页";
    door(door: &str) -> &'static str:
        match door {
            "ui" => "page",
            "cli" => "command line",
            _ => "API",
        },
        match door {
            "ui" => "网页",
            "cli" => "命令行",
            _ => "API",
        };
    taken_over: "taken over", "已接管";
    agents_at_once(count: usize):
        if count == 1 { "1 agent".into() } else { format!("{count} agents") },
        format!("{count} 个智能体");
    at_step(at: usize, of: usize, step: &str):
        format!("step {at} of {of}: {step}"),
        format!("第 {at}/{of} 步：{step}");
    undone_later: "undone later", "后来已撤销";
    still_watched_short: "still watched", "观察中";
    still_watched:
        "What it touched is still watched, for late requests and for what HiClaw itself may undo.",
        "仍在观察所涉对象，以防延迟到达的请求，或被 HiClaw 自身还原。";
    settled: "Settled", "已稳定";
    refused_unplanned: "It was refused before there was a plan. Nothing was changed.", "生成计划前即被拒绝，未做任何变更。";
    what_changed: "What changed", "变更内容";
    what_was_put_back: "What was put back", "已恢复的内容";
    what_was_planned: "What was planned", "原计划的变更";
    cut_off: "Cut off by it", "因此无法访问";
    steps: "Steps", "步骤";
    operation_id: "Operation", "操作 ID";
    request_id: "Request", "请求 ID";
    takes_back: "Takes back", "撤销对象";
    undone_by: "Undone by", "撤销操作";
    asked_by: "Asked by", "发起者";
    ran_at: "Ran", "时间";
    link_to_operation: "Page of this operation", "打开此操作的页面";
    follow: "Follow", "查看进度";
    put_right: "Put right …", "人工处理…";
    no_undo_running: "It can be undone once it has ended.", "结束后才能撤销。";
    no_undo_nothing: "It left no change, so there is nothing to undo.", "未留下任何变更，无需撤销。";
    no_undo_stuck: "It could not be put back as a whole. Its steps say what is where.", "未能完整恢复，现状请查看各步骤。";
    no_undo_undone:
        "It was undone already. To have its change again, undo that undo.",
        "已被撤销。如需恢复该变更，请撤销那次撤销操作。";
    no_undo_old:
        "It is too old: what was there before is kept for the newest 200 only.",
        "时间过久：仅最近 200 项操作保留了变更前的内容。";
    trail_whole(lines: usize):
        format!("Audit log: {lines} lines, each follows the one before it."),
        format!("审计日志：共 {lines} 行，逐行校验完整。");
    /// What is wrong there follows.
    trail_broken(line: usize, more: usize):
        match more {
            0 => format!("Audit log: line {line}:"),
            _ => format!("Audit log: line {line} (and {more} more):"),
        },
        match more {
            0 => format!("审计日志：第 {line} 行异常："),
            _ => format!("审计日志：第 {line} 行异常（另有 {more} 处）："),
        };
    trail_large:
        "The audit log is too large to be checked for every look at this page.",
        "审计日志较大，不在每次打开本页时校验。";
    trail_unread: "The audit log cannot be read:", "无法读取审计日志：";
    trail_check: "To compare it with the journal as well:", "如需与事务日志比对，请运行";
    operation_unknown: "No such operation", "操作不存在";
    operation_unknown_lead(id: &str): format!("Nobody here did {id}."), format!("没有编号为 {id} 的操作。");
}
