super::texts! {
    models: "Models", "模型";
    models_lead: "who runs what, as observed; tick several agents to switch them at once", "谁在用什么模型，以实际观测为准；勾选多个智能体可批量切换";
    agent: "Agent", "智能体";
    status: "Status", "状态";
    runs: "Runs", "模型";
    over: "Over", "经由";
    limits: "Limits", "限制";
    recorded: "Recorded", "记录";
    read_only: "read only", "只读";
    owned_by(owner: &str):
        match owner {
            "controller" => "kept by HiClaw's controller".into(),
            "manager" => "kept by the Manager".into(),
            "hiclaw" => "kept by HiClaw".into(),
            other => format!("kept by {other}"),
        },
        match owner {
            "controller" => "由 HiClaw 控制器管理".into(),
            "manager" => "由 Manager 管理".into(),
            "hiclaw" => "由 HiClaw 管理".into(),
            other => format!("由 {other} 管理"),
        };
    figures_not_ours: "Set by HiClaw; a switch does not change these.", "由 HiClaw 设置，切换模型时不更改。";
    shall_run(model: &str):
        format!("set to {model}, not in its config yet"),
        format!("已设为 {model}，其配置尚未更新");
    awaits_restart(model: &str, runs: Option<&str>):
        match runs {
            Some(runs) => format!("shall run {model}, runs {runs} until restarted"),
            None => format!("shall run {model}, runs what it had before until restarted"),
        },
        match runs {
            Some(runs) => format!("应运行 {model}，重启前仍运行 {runs}"),
            None => format!("应运行 {model}，重启前仍运行原来的模型"),
        };
    in_sync: "in sync", "与观测一致";
    out_of_sync: "differs", "不一致";
    nothing_recorded: "nothing recorded", "无记录";
    provider: "Provider", "提供商";
    choose_provider: "Choose a provider", "选择提供商";
    models_of_provider: "Choose a provider: its models are listed here.", "请先选择提供商，此处会列出其模型。";
    model: "Model", "模型";
    model_hint:
        "Type to search. An id that the provider does not list can be typed in full.",
        "输入即可搜索。提供商未列出的模型，可直接输入完整 ID。";
    model_count(count: usize):
        if count == 1 { "1 model".into() } else { format!("{count} models") },
        format!("{count} 个模型");
    no_match(text: &str):
        format!("The provider lists no model like “{text}”. Its id can still be used as typed."),
        format!("提供商的列表中没有与“{text}”匹配的模型，仍可按输入的 ID 使用。");
    list_unreadable:
        "The provider's own list could not be read; these are known models.",
        "无法读取提供商的模型列表，以下为已知模型。";
    context: "context", "上下文";
    output: "output", "输出";
    vision: "vision", "视觉";
    reasoning: "reasoning", "推理";
    no_reasoning: "no reasoning", "无推理";
    figures_from(source: &str): format!("Figures: {source}."), format!("数据来源：{source}。");
    own_limits: "Own limits", "自定义限制";
    own_limits_hint: "Empty fields follow the figures above.", "留空的项目沿用以上数据。";
    context_tokens: "Context window, tokens", "上下文窗口（token）";
    output_tokens: "Longest answer, tokens", "最大输出（token）";
    default_choice: "as above", "同上";
    not_a_number: "write a whole number of tokens", "请填写整数（token 数）";
}
