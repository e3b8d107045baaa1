super::texts! {
    monitor: "Monitor", "监控";
    monitor_lead: "How busy the host and the gateway are.", "主机与网关的负载。";
    monitor_ranges: "How far back", "时间范围";
    monitor_range(minutes: u64):
        if minutes == 60 { "last hour".into() } else { format!("last {minutes} minutes") },
        if minutes == 60 { "最近一小时".into() } else { format!("最近 {minutes} 分钟") };
    monitor_pause: "Pause", "暂停刷新";
    monitor_cpu: "Processor", "处理器";
    monitor_memory: "Memory", "内存";
    monitor_connections: "Gateway connections", "网关连接";
    monitor_rpm: "Requests a minute", "每分钟请求";
    monitor_now: "now", "现在";
    monitor_most(most: &str): format!("at most {most}"), format!("最高 {most}");
    monitor_measured: "measured", "测量于";
    monitor_usage: "Tokens used", "token 用量";
    monitor_measured_part(minutes: u64):
        match minutes {
            1 => "1 minute of the last hour was watched".into(),
            _ => format!("{minutes} minutes of the last hour were watched"),
        },
        format!("最近一小时内已统计 {minutes} 分钟");
    monitor_no_usage: "The gateway does not tell who used what:", "网关未提供用量：";
    monitor_nothing_used: "The gateway has counted no answered call since it started.", "网关启动以来尚未统计到成功的调用。";
    monitor_by_model: "By model", "按模型";
    monitor_by_consumer: "By consumer", "按消费者";
    monitor_by_pair: "Each pair", "明细";
    monitor_consumer: "Consumer", "消费者";
    monitor_pair: "Model · consumer", "模型 · 消费者";
    monitor_left_out(count: usize):
        format!("{count} more that were used less are not shown."),
        format!("另有 {count} 项用量较少，未显示。");
    monitor_without_key: "without a key", "未使用密钥";
    monitor_last_hour: "Last hour", "最近一小时";
    monitor_since_start: "Since start", "网关启动以来";
    monitor_calls(count: &str):
        if count == "1" { "1 call".into() } else { format!("{count} calls") },
        format!("{count} 次调用");
    /// Tokens of the questions and of the answers.
    monitor_split(input: &str, output: &str):
        format!("{input} in, {output} out"),
        format!("输入 {input}，输出 {output}");
    monitor_workers: "Workers", "Worker";
    monitor_worker: "Worker", "Worker";
    monitor_status: "Status", "状态";
    monitor_task: "Task", "任务";
    monitor_evidence: "Seen by", "判断依据";
    monitor_container(state: &str): format!("container {state}"), format!("容器状态：{state}");
    monitor_acts: "Container", "容器";
    monitor_act_of(act: &str, name: &str): format!("{act}: {name}"), format!("{act}：{name}");
    monitor_not_from_here: "cannot be done here: why?", "无法在此操作：原因";
    monitor_nothing_from_here:
        "No container can be put to sleep, woken or restarted from here.",
        "无法在此休眠、唤醒或重启容器。";
}
