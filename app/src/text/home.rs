use super::Texts;

impl Texts {
    pub fn alarm_system(self, system: &str) -> String {
        let name = self.system_name(system);
        match system {
            "storage" => self.of(("Nothing can be changed.", "当前无法进行任何变更。")).into(),
            _ => self.of((format!("{name} does not answer."), format!("{name} 没有响应。"))),
        }
    }
}

super::texts! {
    office: "The office", "办公室";
    systems: "Systems", "系统";
    systems_unread: "It is not known which systems answer.", "无法得知各系统是否响应。";
    up: "up", "正常";
    down: "down", "无响应";
    manager: "Manager", "Manager";
    no_model: "no model", "未设置模型";
    no_workers: "Nobody works here yet.", "这里还没有 Worker。";
    no_workers_hint: "Workers that the Manager hires take a seat here.", "Manager 招募的 Worker 会在这里就座。";
    find_worker: "Find a worker", "查找 Worker";
    find_hint: "name, model, provider, status, task", "名称、模型、提供商、状态或任务";
    narrow_by_status: "By status", "按状态筛选";
    everybody: "all", "全部";
    in_trouble: "trouble", "有问题";
    nobody_fits: "Nobody fits.", "没有符合条件的 Worker。";
    no_team: "no team", "未分组";
    since: "since", "始于";
    set_at: "set", "设置于";
    observed_at: "observed", "观测于";
    unpulled: "new config not seen pulled yet", "尚未见其拉取新配置";
    unpulled_until(seconds: u64):
        format!("A worker pulls its config within {seconds} s while it runs, or when it starts."),
        format!("运行中的 Worker 会在 {seconds} 秒内拉取配置，未运行的会在启动时拉取。");
    manager_answers: "its agent answers", "智能体有响应";
    drift(count: usize):
        if count == 1 { "1 drift".into() } else { format!("{count} drifts") },
        format!("{count} 项漂移");
    drift_hint: "What was recorded for them is not what was observed.", "记录与实际观测不一致。";
    switch_many: "Switch many", "批量切换";
    all: "All", "全部";
    all_operations: "All operations", "全部操作";
    back_up_now: "Back up now", "立即备份";
    backed_up: "Backed up.", "备份完成。";
    last_backup: "Last backup", "最近备份";
    last_backup_unread: "The last backup is not known.", "无法得知最近的备份。";
    no_backup: "No backup yet.", "还没有备份。";
    rpm_hour: "requests a minute, last hour", "最近一小时每分钟请求数";
    /// At most so many, and so many now.
    rpm_hour_said(most: &str, now: &str): format!("at most {most}, now {now}"), format!("最高 {most}，当前 {now}");
    no_figures: "no figures yet", "暂无数据";
    see_doctor: "Open the doctor", "打开诊断";
    switch: "Switch", "切换";
    set_model: "Set model", "设置模型";
    keep_model: "Keep this model", "长期保留该模型";
    set_model_of(agent: &str): format!("Set model of {agent}"), format!("设置 {agent} 的模型");
    context_size(size: &str): format!("{size} context"), format!("上下文 {size}");
    awake: "awake", "在岗";
    consumer_not_allowed(consumer: &str, route: &str):
        format!("not callable: consumer {consumer} is not allowed on {route}"),
        format!("无法调用：路由 {route} 未授权消费者 {consumer}");
    no_route(model: &str): format!("not callable: no route takes {model}"), format!("无法调用：没有路由匹配 {model}");
    config_unreadable: "its config cannot be read:", "无法读取其配置：";
    record_unreadable: "the record of its last switch cannot be read:", "无法读取上次切换的记录：";
    record_differs(model: &str): format!("the record says {model}"), format!("记录为 {model}");
    alarm_not_allowed(agent: &str): format!("{agent} cannot reach its model."), format!("{agent} 无法访问其模型。");
    alarm_not_allowed_cause(consumer: &str, route: &str):
        format!("The route {route} does not let consumer {consumer} in, so every call ends with 403."),
        format!("路由 {route} 未授权消费者 {consumer}，所有调用都返回 403。");
    alarm_no_route(agent: &str): format!("{agent} cannot reach its model."), format!("{agent} 无法访问其模型。");
    alarm_no_route_cause(model: &str):
        format!("No AI route takes {model}, so every call ends with 404."),
        format!("没有 AI 路由匹配 {model}，所有调用都返回 404。");
    alarm_unreadable(agent: &str):
        format!("The config of {agent} cannot be read."),
        format!("无法读取 {agent} 的配置。");
    alarm_more(count: usize): format!("+ {count} more"), format!("另有 {count} 项");
    show_repair: "Show the repair", "查看修复方案";
    gateway: "Gateway", "网关";
    cpu: "CPU", "CPU";
    memory: "Mem", "内存";
    connections: "Conn", "连接";
    rpm: "RPM", "RPM";
    cpu_long: "Processor in use", "处理器使用率";
    memory_long: "Memory in use", "内存使用率";
    connections_long: "Open gateway connections", "网关当前连接数";
    rpm_long: "Gateway requests in the last minute", "最近一分钟的网关请求数";
    /// What a block of a count stands for.
    scale_doubling: "one block more each time it doubles", "每多一格，数值翻倍";
    meter_note: "Conn and RPM: one block per doubling.", "连接与 RPM：每多一格，数值翻倍。";
    log: "Log", "操作日志";
    log_empty: "Nothing was changed yet.", "还没有任何变更。";
    add_provider: "Add provider", "添加提供商";
    set_manager_model: "Set Manager model", "设置 Manager 的模型";
}
