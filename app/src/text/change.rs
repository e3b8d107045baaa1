use domain::KeySource;

super::texts! {
    plan_title(target: &str, what: &str): format!("{target} » {what}"), format!("{target} » {what}");
    what_changes: "What will change", "变更内容";
    nothing_changes: "Nothing has to change.", "无需任何变更。";
    what_happens: "What happens", "执行过程";
    what_moved: "What changed meanwhile", "期间发生的变化";
    also_affected: "Also affected", "同时影响";
    nobody_affected: "Nobody else is affected.", "不影响其他智能体。";
    planning: "Working out the plan …", "正在生成计划…";
    plan_again: "Plan again", "重新生成计划";
    give_other_model: "Give its agents another model", "为相关智能体更换模型";
    see_routes: "See its routes", "查看相关路由";
    apply: "Apply", "执行";
    applying: "Applying …", "执行中…";
    may_leave: "You may leave; it goes on.", "可以离开本页，操作会继续执行。";
    committed: "Done, and read back.", "已完成，并已回读确认。";
    nothing_changed: "Nothing was changed.", "未做任何变更。";
    needs_operator: "Somebody has to look: not everything could be put back.", "需要人工处理：有内容未能恢复原状。";
    done: "Done", "完成";
    key_untested:
        "A test lists the provider's models with its key, which uses no tokens.",
        "测试会用该提供商的密钥读取模型列表，不消耗 token。";
    test_now: "Test now", "立即测试";
    test_again: "Test again", "重新测试";
    testing: "Asking the provider …", "正在测试提供商…";
    undo: "Undo", "撤销";
    toast_done(what: &str): format!("Done: {what}"), format!("已完成：{what}");
    toast_failed(what: &str): format!("Failed: {what}"), format!("失败：{what}");
    minutes(minutes: u64, seconds: u64):
        format!("{minutes} min {seconds} s"),
        format!("{minutes} 分 {seconds} 秒");

    details: "Details", "详情";
    keys_of_restore: "Keys", "密钥";
    keys_of(provider: &str): format!("Keys of {provider}"), format!("{provider} 的密钥");
    keys_of_renamed(new: &str, old: &str):
        format!("Keys of {new} ({old} in the backup)"),
        format!("{new}（备份中为 {old}）的密钥");
    keys_from(source: KeySource):
        match source {
            KeySource::Current => "keep the present ones",
            KeySource::Sealed => "those of the backup",
            KeySource::New => "new",
        }
        .to_owned(),
        match source {
            KeySource::Current => "保留当前密钥",
            KeySource::Sealed => "使用备份中的密钥",
            KeySource::New => "使用新密钥",
        }
        .to_owned();
    new_key: "New key", "新密钥";
    type_new_key: "type the new key", "请填写新密钥";
    plan_with_keys: "Plan with these keys", "用这些密钥重新生成计划";
    needs_operator_next:
        "Undo met something that it must not touch. See the steps for what is where; when it is as you want it, take it over.",
        "回滚时遇到了不能触碰的内容。请查看各步骤了解现状，确认无误后再接管。";
    going_back: "Going back …", "正在回滚…";
    stop: "Stop and undo", "停止并回滚";
    leave: "Leave", "离开";
    take_over: "Take over …", "接管…";
    take_over_means:
        "Nothing more is put back: what is where stays there, and its agents can be changed again. This cannot be taken back.",
        "接管后不再恢复任何内容：一切保持现状，相关智能体可以再次变更。此操作不可撤销。";
    take_over_sure: "Leave it as it is", "保持现状";
    let_go: "What is where stays there, and its agents can be changed again.", "一切保持现状，相关智能体可以再次变更。";
    more_lines(count: usize):
        if count == 1 { "1 more line".into() } else { format!("{count} more lines") },
        format!("其余 {count} 行");
    creates: "new", "新增";
    changes: "changed", "修改";
    removes: "removed", "删除";
    runs_now: "runs now:", "当前模型：";
    restart_choice: "Restart", "重启";
    restart_choice_hint:
        "It takes the model up only when its container starts again.",
        "该智能体在容器重启后才使用新模型。";
    restart_choice_many:
        "For agents that take the model up only when their container starts again.",
        "仅适用于在容器重启后才使用新模型的智能体。";
    restart_no: "no: the former model runs until a restart", "不重启：重启前仍运行原模型";
    restart_when_idle: "when idle: once there is no open task", "空闲时：没有未完成的任务后重启";
    restart_now: "now: a busy agent loses its turn", "立即：进行中的任务会丢失当前一轮";
    being_restarted(agent: &str):
        format!("The switch stands; {agent} is being started again."),
        format!("切换已完成，{agent} 正在重启。");
    restarts_when_idle(agent: &str):
        format!("{agent} is started again once it is idle, and runs its former model until then."),
        format!("{agent} 将在空闲时重启，在此之前仍运行原模型。");
    settling:
        "Settling: HiClaw may still undo it within the next minutes. The activity page tells when it lasts.",
        "观察中：接下来几分钟内仍可能被 HiClaw 还原，是否长期有效请见操作记录。";
    lasting: "Keep it when it starts again", "再次启动后仍保留";
    lasting_hint(variable: &str, file: &str):
        format!(
            "Also writes {variable} to {file}. It holds for a container that HiClaw's installer makes anew; the present one still brings its own model back."
        ),
        format!("同时将 {variable} 写入 {file}。对用 HiClaw 安装程序重新创建的容器有效；现有容器再次启动时仍会恢复其原有模型。");
    now_unread:
        "What it runs now could not be read, so no choice is compared with it.",
        "无法读取当前模型，因此不会与所选模型比较。";
    loses_vision: "This model cannot see images; the present one can.", "该模型不支持图像，当前模型支持。";
    shrinks_context(before: &str, after: &str):
        format!("The context shrinks from {before} to {after} tokens."),
        format!("上下文将从 {before} 缩小到 {after} token。");
    guesses_limits:
        "Nobody knows this model: its limits would be HiClaw's defaults.",
        "未知模型：将使用 HiClaw 的默认限制。";
    set_own_limits: "Set them under “Own limits” if you know better.", "如有准确数据，请在“自定义限制”中填写。";
    as_it_is: "as it is", "保持不变";
    by_default: "default", "默认";
    api_key_number(n: usize): format!("API key {n}"), format!("API 密钥 {n}");
    another_key: "+ Another key", "+ 再加一个密钥";
    protocol_openai: "OpenAI, as agents speak it", "OpenAI 协议（智能体所用）";
    protocol_original: "the vendor's own", "厂商原生协议";
    failover: "Skip keys that fail", "自动跳过失效密钥";
    check_model: "Model to check keys with", "用于检测密钥的模型";
    check_model_hint: "The gateway asks it to see whether a key works again.", "网关会调用该模型，检测密钥是否恢复可用。";
    more_settings: "More settings", "更多设置";
    set_model_many(count: usize):
        if count == 1 { "Set model of 1 agent".into() } else { format!("Set model of {count} agents") },
        format!("设置 {count} 个智能体的模型");
    agents: "Agents", "智能体";
    canary: "Order", "顺序";
    canary_yes(first: &str): format!("{first} first, alone"), format!("先单独切换 {first}");
    canary_no: "all at once", "同时切换";
    stop_after: "Stop after failures", "失败几次后停止";
    stop_after_hint: "Empty: try every agent.", "留空则尝试全部智能体。";
    objects_change(count: usize):
        match count {
            0 => "nothing to change".into(),
            1 => "1 object changes".into(),
            _ => format!("{count} objects change"),
        },
        if count == 0 { "无需变更".into() } else { format!("变更 {count} 项") };
    plan_of(agent: &str): format!("What changes for {agent}"), format!("{agent} 的变更内容");
    not_begun: "not begun", "未开始";
    bulk_planned(can: usize, refused: usize):
        match refused {
            0 => format!("{can} can be switched. Each is an operation of its own, done whole or not at all."),
            _ => format!("{can} can be switched, {refused} cannot."),
        },
        match refused {
            0 => format!("{can} 个可以切换。每个智能体独立执行，要么全部完成，要么不做变更。"),
            _ => format!("{can} 个可以切换，{refused} 个不可以。"),
        };
    bulk_progress(ended: usize, all: usize):
        format!("{ended} of {all} ended"),
        format!("已结束 {ended} / {all}");
    bulk_ended(done: usize, all: usize): format!("{done} of {all} switched."), format!("已切换 {done} / {all}。");
    apply_to(count: usize): format!("Apply to {count}"), format!("对 {count} 个执行");
    retry_failed(count: usize): format!("Try {count} again"), format!("重试 {count} 个");
    set_model_marked: "Set model of", "设置模型：";
    mark_first: "Tick some first.", "请先勾选。";
    mark_all: "Select all that are shown", "全选当前显示的智能体";
    mark_agent(agent: &str): format!("Select {agent}"), format!("选择 {agent}");
    find_agent: "Find an agent, a model, a provider", "查找智能体、模型或提供商";
    nothing_fits: "Nobody fits.", "没有匹配的智能体。";
    recorded_is(what: &str): format!("The record says {what}."), format!("记录为 {what}。");
}
