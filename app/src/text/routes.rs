use super::{Lang, Texts};

impl Texts {
    /// Why a route wins or loses a call, of the server's own sentence.
    pub fn why_route(self, why: &str) -> String {
        match self.0 {
            Lang::En => why.to_owned(),
            Lang::Zh => why_route(why),
        }
    }
}

fn why_route(why: &str) -> String {
    let (what, name) = why.rsplit_once(' ').unwrap_or((why, ""));
    match what {
        "model is" => return format!("模型为 {name}"),
        "model starts with" => return format!("模型前缀为 {name}"),
        "path does not begin with" => return format!("路径前缀不是 {name}"),
        "is not on host" => return format!("不在域名 {name} 上"),
        _ => {}
    }
    let said = match why {
        "takes every model that no other route takes" => "接收其他路由都不匹配的模型",
        "no AI route takes this call" => "没有 AI 路由匹配",
        "model matches no predicate" => "模型不符合条件",
        "asks for headers or parameters that agents do not send" => "要求智能体不会发送的请求头或参数",
        "is not asked" => "不参与匹配",
        "shorter path" => "路径前缀较短",
        "fewer conditions" => "条件较少",
        "younger route with as many conditions" => "条件同样多，但创建较晚",
        "dropped: an older route has the same conditions" => "已被网关丢弃：有更早的路由条件相同",
        other => other,
    };
    said.to_owned()
}

super::texts! {
    routes: "Routes", "路由";
    routes_lead: "In the order in which the gateway asks them.", "按网关匹配的先后顺序排列。";
    routes_ask: "Which route wins?", "哪条路由生效？";
    routes_ask_now: "Ask", "查询";
    routes_as: "As", "消费者";
    routes_as_hint: "anybody", "不限";
    routes_host: "Host", "域名";
    routes_host_hint: "the gateway's own", "网关默认域名";
    routes_name_a_model: "Name a model.", "请填写模型。";
    routes_find: "Find a route, a model, a provider", "查找路由、模型或提供商";
    routes_nothing_fits: "No route fits.", "没有匹配的路由。";
    routes_count(count: usize):
        if count == 1 { "1 route".into() } else { format!("{count} routes") },
        format!("共 {count} 条路由");
    routes_none: "No AI route yet.", "还没有 AI 路由。";
    routes_none_hint:
        "The gateway answers every call with 404. A new provider brings a route of its own.",
        "网关对所有调用都返回 404。添加提供商时会同时创建路由。";
    routes_order: "Order", "顺序";
    routes_route: "Route", "路由";
    routes_when: "When", "匹配条件";
    routes_goes_to: "Goes to", "转发至";
    routes_who_may: "Who may", "授权";
    routes_state: "State", "状态";
    routes_made_by_hiclaw: "HiClaw's own", "HiClaw 内置";
    routes_made_by_agm: "made by agm", "由 agm 创建";
    routes_made_by_other: "made in the console", "在控制台创建";
    routes_used_by(agents: &str): format!("runs {agents}"), format!("使用者：{agents}");
    routes_any_model: "any other model", "其余所有模型";
    routes_model_is: "model is", "模型为";
    routes_model_starts: "model starts with", "模型前缀";
    routes_host_is: "host is", "域名为";
    routes_path_starts: "path starts with", "路径前缀";
    routes_falls_back(providers: &str): format!("on an error: {providers}"), format!("出错时改用 {providers}");
    /// Whether the Manager is let in, and how many workers and others are.
    routes_lets(manager: bool, workers: usize, others: usize):
        {
            let workers = match workers {
                0 => None,
                1 => Some("1 worker".to_owned()),
                _ => Some(format!("{workers} workers")),
            };
            let others = (others > 0).then(|| format!("{others} more"));
            let manager = manager.then(|| "Manager".to_owned());
            [manager, workers, others].into_iter().flatten().collect::<Vec<_>>().join(" + ")
        },
        {
            let workers = (workers > 0).then(|| format!("{workers} 个 Worker"));
            let others = (others > 0).then(|| format!("其他 {others} 个"));
            let manager = manager.then(|| "Manager".to_owned());
            [manager, workers, others].into_iter().flatten().collect::<Vec<_>>().join(" + ")
        };
    routes_and_more(names: &str, more: usize):
        format!("{names} and {more} more"),
        format!("{names} 等，另有 {more} 个");
    routes_in_order: "in order", "正常";
    routes_never_asked: "never asked", "不会生效";
    routes_shadowed_by(older: &str):
        format!("{older} is older and has the same conditions"),
        format!("{older} 创建更早且条件相同");
    routes_locked_out: "locked out", "缺少授权";
    routes_missing(agents: &str):
        format!("{agents}: every call ends with 403"),
        format!("{agents}：所有调用都返回 403");
    routes_open: "open", "未启用认证";
    routes_open_means: "it asks for no key", "调用无需密钥";
    routes_reset: "reset", "会被重置";
    routes_reset_means: "HiClaw sets its upstream anew at each restart", "HiClaw 每次重启都会重设其上游";
    routes_no_provider: "no such provider", "提供商不存在";
    routes_provider_failed: "last test failed", "最近一次测试失败";
    routes_let_in(agent: &str): format!("Let {agent} in"), format!("授权 {agent}");
    routes_let_all_in(count: usize):
        if count == 1 { "Let 1 agent in".into() } else { format!("Let all {count} in") },
        format!("授权全部 {count} 个");
    routes_wins: "takes the call", "由它处理";
    routes_because(why: &str): format!(": {why}."), format!("：{why}。");
    routes_asks_for(model: &str):
        format!("The provider is asked for {model}."),
        format!("向提供商请求的模型是 {model}。");
    routes_lets_in(who: &str): format!("{who} is let in."), format!("{who} 已获授权。");
    routes_keeps_out(who: &str):
        format!("But it does not let {who} in: the gateway answers 403."),
        format!("但它未授权 {who}：网关返回 403。");
    routes_no_winner(model: &str):
        format!("No AI route takes {model}: the gateway answers 404."),
        format!("没有 AI 路由匹配 {model}：网关返回 404。");
    routes_trace: "Every route, in order", "所有路由，按顺序";
    routes_trace_of(count: usize):
        format!("Why each of the {count} routes wins or not"),
        format!("逐条查看 {count} 条路由的匹配结果");
}
