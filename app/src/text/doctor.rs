super::texts! {
    doctor: "Doctor", "诊断";
    doctor_lead: "Every part looked at, just now.", "刚刚检查了每个部分。";
    doctor_again: "Run again", "重新检查";
    doctor_bundle: "For a bug report", "下载诊断包";
    doctor_bundle_means:
        "One archive with this report, the history, the figures and the newest lines of the log. No key is in it.",
        "包含本报告、操作记录、指标和最近日志的压缩包，不含任何密钥。";
    doctor_probe: "Ask the models too", "同时询问模型";
    doctor_probe_means:
        "Asking makes real calls: each provider is tested, and each agent's model gives one token.",
        "将发出真实调用：测试每个提供商，并向每个智能体的模型请求一个 token。";
    doctor_asked: "The models were asked.", "已询问模型。";
    /// A time follows.
    doctor_asked_at: "models asked", "询问模型于";
    doctor_find: "Find a check, an agent, a route …", "查找检查项、智能体、路由…";
    doctor_nothing_fits: "No check fits.", "没有匹配的检查项。";
    doctor_well: "All is well", "一切正常";
    doctor_nothing_found: "Nothing wrong was found", "未发现问题";
    doctor_needs(count: usize):
        if count == 1 { "1 thing needs you".into() } else { format!("{count} things need you") },
        format!("{count} 项需要处理");
    doctor_examined: "examined", "检查于";
    doctor_findings: "What needs you", "需要处理";
    doctor_show_each(count: &str): format!("Show all {count}"), format!("显示全部 {count} 项");
    doctor_should(title: &str): format!("Should be so: {title}."), format!("应为：{title}。");
    doctor_settings: "Settings", "配置";
    /// How many there are, and how many of them somebody set.
    doctor_settings_count(all: usize, told: usize):
        format!("{all} settings, {told} of them set by somebody"),
        format!("共 {all} 项配置，其中 {told} 项由外部指定");
    doctor_setting: "Setting", "配置项";
    doctor_value: "Value", "值";
    doctor_source: "Said by", "来源";
    doctor_not_set: "not set", "未设置";
    doctor_secret: "a secret", "已设置（保密）";
}
