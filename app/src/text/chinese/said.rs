//! What the server says in fixed words.
use domain::{
    CheckGroup, CheckId, CheckState, Code, LimitSource, OperationState, Reason, StepName, StepState,
    WorkerStatus,
};

pub fn system_name(name: &str) -> &str {
    match name {
        "higress" => "Higress",
        "gateway" => "网关",
        "store" => "对象存储",
        "manager" => "Manager",
        "storage" => "本地数据",
        "containers" => "容器",
        other => other,
    }
}

pub fn source(source: LimitSource) -> &'static str {
    match source {
        LimitSource::KnownModels => "已知模型表",
        LimitSource::Provider => "提供商的模型列表",
        LimitSource::Openclaw => "智能体的 openclaw.json",
        LimitSource::Request => "手动填写",
        LimitSource::Default => "HiClaw 默认值（未知模型）",
    }
}

/// [`source`] where there is little room.
pub fn source_short(source: LimitSource) -> &'static str {
    match source {
        LimitSource::KnownModels => "已知",
        LimitSource::Provider => "列表",
        LimitSource::Openclaw => "openclaw.json",
        LimitSource::Request => "填写",
        LimitSource::Default => "默认",
    }
}

pub fn warning(code: &str) -> &'static str {
    match code {
        "VISION_LOST" => "失去视觉能力",
        "CONTEXT_SHRINKS" => "上下文变小",
        "LIMITS_ARE_DEFAULTS" => "使用默认限制",
        "DEFAULT_ROUTE_CHANGES" => "默认路由将改变",
        "DEFAULT_ROUTE_MISSING" => "缺少默认路由",
        "RESET_BY_HICLAW" => "HiClaw 会重置此项",
        "MODEL_LIST_UNREADABLE" => "无法读取模型列表",
        "PREDICATE_TAKEN" => "该模型已被其他路由匹配",
        "CONSUMER_MISSING" => "缺少消费者",
        "AGENT_UNREADABLE" => "无法读取某个智能体",
        "ACCESS_LOST" => "访问权限丢失",
        "SHADOWED" => "永远不会命中",
        "LEFT_OUT" => "已略过",
        "NOT_RESTORED" => "无法恢复",
        "STAYS" => "保持不变",
        _ => "注意",
    }
}

pub fn step(step: StepName) -> &'static str {
    match step {
        StepName::Plan => "计划",
        StepName::Provider => "提供商",
        StepName::Route => "路由",
        StepName::Test => "测试",
        StepName::Neighbours => "检查相邻路由",
        StepName::Record => "model.json",
        StepName::Config => "openclaw.json",
        StepName::Reload => "加载生效",
        StepName::Verify => "回读全部内容",
    }
}

pub fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Pending => "等待中",
        StepState::Running => "进行中",
        StepState::Done => "已完成",
        StepState::Failed => "失败",
        StepState::Undone => "已撤销",
        StepState::Skipped => "已跳过",
    }
}

pub fn operation_state(state: OperationState) -> &'static str {
    match state {
        OperationState::Planned => "已计划",
        OperationState::Applying => "执行中",
        OperationState::Verifying => "验证中",
        OperationState::Compensating => "回滚中",
        OperationState::Committed => "已完成",
        OperationState::RolledBack => "已回滚",
        OperationState::NeedsOperator => "需人工处理",
    }
}

pub fn kind(kind: &str) -> &'static str {
    match kind {
        "set_model" => "设置模型",
        "add_provider" => "添加提供商",
        "edit_provider" => "编辑提供商",
        "remove_provider" => "删除提供商",
        "repair_routes" => "修复授权",
        "undo" => "撤销",
        "apply" => "应用文件",
        "restore" => "恢复备份",
        _ => "变更",
    }
}

pub fn worker_status(status: WorkerStatus) -> &'static str {
    match status {
        WorkerStatus::Idle => "空闲",
        WorkerStatus::Busy => "忙碌",
        WorkerStatus::Sleeping => "休眠",
        WorkerStatus::Stopped => "已停止",
        WorkerStatus::Starting => "启动中",
        WorkerStatus::Running => "运行中",
        WorkerStatus::Offline => "离线",
        WorkerStatus::Failed => "故障",
        WorkerStatus::Remote => "远程",
        WorkerStatus::Unknown => "未知",
    }
}

pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Auth => "密钥被拒绝",
        Reason::ConsumerNotAllowed => "路由未授权该智能体",
        Reason::RouteNotFound => "没有路由匹配该模型",
        Reason::ModelNotFound => "提供商没有该模型",
        Reason::RateLimit => "提供商限制了调用频率",
        Reason::Billing => "提供商账户欠费",
        Reason::Timeout => "响应超时",
        Reason::DnsTls => "无法连接主机",
        Reason::Format => "响应不是有效的对话补全",
        Reason::GatewayNotReady => "网关尚未应用该变更",
        Reason::Unknown => "原因未知",
    }
}

pub fn code(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => "填写有误。",
        Code::MalformedRequest => "请求格式错误。",
        Code::AuthRequired => "请先登录。",
        Code::AuthFailed => "用户名或密码错误。",
        Code::Forbidden => "请求被拒绝。",
        Code::ProviderNotFound => "提供商不存在。",
        Code::WorkerNotFound => "Worker 不存在。",
        Code::RouteNotFound => "路由不存在。",
        Code::OperationNotFound => "操作记录不存在。",
        Code::ProviderExists => "提供商名称已被使用。",
        Code::ProviderInUse => "提供商正在使用中。",
        Code::Conflict => "期间已有其他变更。",
        Code::Busy => "另一项操作正在进行。",
        Code::InvalidModel => "模型 ID 无效。",
        Code::ModelNotReachable => "模型测试未通过。",
        Code::UpstreamUnavailable => "依赖的系统无法访问。",
        Code::UpstreamTimeout => "依赖的系统未及时响应。",
        Code::ReadOnlyTarget => "无法在此修改该智能体的模型。",
        Code::StorageUnavailable => "数据目录不可写。",
        Code::IdempotencyMismatch => "同一幂等键对应了不同的请求。",
        Code::NotFound => "内容不存在。",
        Code::MethodNotAllowed => "不支持该请求方法。",
        Code::UnsupportedMediaType => "不支持该内容类型。",
        Code::PayloadTooLarge => "请求内容过大。",
        Code::RateLimited => "尝试过于频繁。",
        Code::RolledBack => "操作失败，已全部回滚。",
        Code::NeedsOperator => "需要人工处理。",
        Code::Internal => "服务器内部错误。",
    }
}

pub fn check(check: CheckId) -> &'static str {
    match check {
        CheckId::ConsoleReachable => "Higress 控制台可访问",
        CheckId::ConsoleSignIn => "控制台接受我们的账号",
        CheckId::ConsoleVersion => "控制台版本经过测试",
        CheckId::ConsolePassword => "控制台未使用常见密码",
        CheckId::ClockSkew => "控制台时钟与本机一致",
        CheckId::StoreReachable => "对象存储可访问",
        CheckId::StoreConditionalWrites => "对象存储支持条件写入",
        CheckId::ManagerAnswers => "Manager 正在运行",
        CheckId::WorkerList => "Worker 列表可读取",
        CheckId::GatewayReachable => "AI 网关可访问",
        CheckId::GatewayMetrics => "网关提供指标",
        CheckId::RoutesReadable => "路由与提供商可读取",
        CheckId::DefaultRoute => "存在默认路由",
        CheckId::RouteProviders => "路由指向的提供商均存在",
        CheckId::RouteShadowed => "没有路由被遮蔽",
        CheckId::RouteConsumers => "路由已授权所有智能体",
        CheckId::RouteOpen => "路由要求密钥",
        CheckId::RouteLive => "网关配置与控制台一致",
        CheckId::ProviderKey => "已配置所需密钥",
        CheckId::ProviderReachable => "最近一次请求可达",
        CheckId::ProviderKeyAccepted => "密钥有效",
        CheckId::ProviderLasts => "变更在重启后仍保留",
        CheckId::AgentConfig => "配置可读取",
        CheckId::AgentModel => "配置了经由网关的模型",
        CheckId::AgentModelEntry => "模型列表包含该模型",
        CheckId::AgentKey => "网关认识其密钥",
        CheckId::AgentRoute => "有路由匹配其模型",
        CheckId::AgentAllowed => "路由已授权",
        CheckId::AgentProvider => "模型的提供商存在",
        CheckId::AgentModelListed => "提供商列有该模型",
        CheckId::AgentRecord => "运行的模型与记录一致",
        CheckId::AgentAnswered => "模型已应答",
        CheckId::WorkerRuns => "容器运行中或休眠",
        CheckId::DataWritable => "数据目录可写",
        CheckId::DataSpace => "磁盘空间充足",
        CheckId::DataLock => "没有其他 agm 占用数据目录",
        CheckId::JournalReadable => "事务日志可读取",
        CheckId::OperationsSettled => "没有操作等待人工处理",
        CheckId::AuditChain => "审计日志完整",
        CheckId::OwnPassword => "agm 未使用常见密码",
    }
}

pub fn check_group(group: CheckGroup) -> &'static str {
    match group {
        CheckGroup::Installation => "HiClaw 安装",
        CheckGroup::Gateway => "网关",
        CheckGroup::Providers => "提供商",
        CheckGroup::Agents => "智能体",
        CheckGroup::Server => "本服务",
    }
}

pub fn check_state(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "正常",
        CheckState::Unknown => "未检查",
        CheckState::Warning => "警告",
        CheckState::Failed => "失败",
    }
}

pub fn why_route(why: &str) -> String {
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

/// What a check is about: a system, or several objects that are counted, as in `6 agents`.
pub fn check_about(about: &str) -> String {
    let counted = about.split_once(' ').filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
    let (count, what) = counted.unwrap_or(("", about));
    let (unit, what) = match what {
        "agents" => (" 个", "智能体"),
        "workers" => (" 个 ", "Worker"),
        "providers" => (" 个", "提供商"),
        "routes" | "AI routes" => (" 条", "路由"),
        "console" => ("", "控制台"),
        "operations" => ("", "操作"),
        "journal" => ("", "事务日志"),
        "audit log" => ("", "审计日志"),
        "data directory" => ("", "数据目录"),
        other => ("", system_name(other)),
    };
    if count.is_empty() { what.to_owned() } else { format!("{count}{unit}{what}") }
}

pub fn setting_source(source: &str) -> &str {
    match source {
        "flag" => "命令行参数",
        "file" => "配置文件",
        "sandbox" => "沙箱",
        "default" => "默认值",
        other => other,
    }
}
