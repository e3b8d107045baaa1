//! Failures, of what their types tell.
use super::{Lang, Texts};
use domain::{Code, Failure, Reason};

impl Texts {
    /// What a failure is, with the system and the reason that it names; its own sentence tells the rest.
    pub fn failure(self, failure: &Failure) -> String {
        let system = failure.system.as_deref().map(|system| self.system_name(system));
        // In Chinese a name in Latin letters stands apart.
        let gap = if system.is_some_and(str::is_ascii) { " " } else { "" };
        let what = match (failure.code, system) {
            (Code::UpstreamUnavailable, Some(system)) => {
                self.of((format!("{system} could not be reached."), format!("无法访问{gap}{system}。")))
            }
            (Code::UpstreamTimeout, Some(system)) => {
                self.of((format!("{system} did not answer in time."), format!("{system}{gap}未及时响应。")))
            }
            (code, _) => self.code(code).to_owned(),
        };
        let Some(reason) = failure.reason.map(|reason| self.reason(reason)) else { return what };
        match self.0 {
            Lang::En => format!("{} ({reason}).", what.trim_end_matches('.')),
            Lang::Zh => format!("{}（{reason}）。", what.trim_end_matches('。')),
        }
    }

    /// What to do next, as far as the type of a failure tells. The server's own hint knows more, but is English.
    pub fn next_step(self, failure: &Failure) -> Option<&'static str> {
        match self.0 {
            Lang::En => None,
            Lang::Zh => failure.reason.map(after_test).or_else(|| after(failure.code)),
        }
    }

    /// What is wrong with a field, by its name on the wire. The server's own sentence is English.
    pub fn field_wrong(self, field: &str) -> &'static str {
        match self.0 {
            Lang::En => "",
            Lang::Zh => wrong(field),
        }
    }

    pub fn code(self, code: Code) -> &'static str {
        self.of(match code {
            Code::InvalidRequest => ("Something in the form is not right.", "填写有误。"),
            Code::MalformedRequest => ("The request cannot be read.", "请求格式错误。"),
            Code::AuthRequired => ("Sign in first.", "请先登录。"),
            Code::AuthFailed => ("Wrong name or password.", "用户名或密码错误。"),
            Code::Forbidden => ("This request is not allowed.", "请求被拒绝。"),
            Code::ProviderNotFound => ("No such provider.", "提供商不存在。"),
            Code::WorkerNotFound => ("No such worker.", "Worker 不存在。"),
            Code::RouteNotFound => ("No such route.", "路由不存在。"),
            Code::OperationNotFound => ("No such operation.", "操作记录不存在。"),
            Code::ProviderExists => ("This name is taken.", "提供商名称已被使用。"),
            Code::ProviderInUse => ("The provider is in use.", "提供商正在使用中。"),
            Code::Conflict => ("Something changed meanwhile.", "期间已有其他变更。"),
            Code::Busy => ("Another operation is at work.", "另一项操作正在进行。"),
            Code::InvalidModel => ("This model cannot be used.", "模型 ID 无效。"),
            Code::ModelNotReachable => ("The model did not pass its test.", "模型测试未通过。"),
            Code::UpstreamUnavailable => ("A system could not be reached.", "依赖的系统无法访问。"),
            Code::UpstreamTimeout => ("A system did not answer in time.", "依赖的系统未及时响应。"),
            Code::ReadOnlyTarget => {
                ("This agent's model cannot be changed here.", "无法在此修改该智能体的模型。")
            }
            Code::StorageUnavailable => ("The data directory cannot be written.", "数据目录不可写。"),
            Code::SealBroken => ("This sealed backup is damaged.", "该密封备份已损坏或被改动。"),
            Code::SealKeyUnknown => ("This backup was sealed with another key.", "该备份由其他密钥密封。"),
            Code::IdempotencyMismatch => {
                ("This key came with another request before.", "同一幂等键对应了不同的请求。")
            }
            Code::NotFound => ("There is nothing here.", "内容不存在。"),
            Code::MethodNotAllowed => ("This method is not taken.", "不支持该请求方法。"),
            Code::UnsupportedMediaType => ("This content type is not taken.", "不支持该内容类型。"),
            Code::PayloadTooLarge => ("The request is too large.", "请求内容过大。"),
            Code::RateLimited => ("Too many attempts.", "尝试过于频繁。"),
            Code::RolledBack => ("It failed, and everything was put back.", "操作失败，已全部回滚。"),
            Code::NeedsOperator => ("Somebody has to look.", "需要人工处理。"),
            Code::Internal => ("Something is wrong with this server.", "服务器内部错误。"),
        })
    }

    pub fn reason(self, reason: Reason) -> &'static str {
        self.of(match reason {
            Reason::Auth => ("the key was refused", "密钥被拒绝"),
            Reason::ConsumerNotAllowed => ("the route does not let this agent in", "路由未授权该智能体"),
            Reason::RouteNotFound => ("no route takes the model", "没有路由匹配该模型"),
            Reason::ModelNotFound => ("the provider does not know the model", "提供商没有该模型"),
            Reason::RateLimit => ("the provider limits the rate", "提供商限制了调用频率"),
            Reason::Billing => ("the provider wants to be paid", "提供商账户欠费"),
            Reason::Timeout => ("no answer in time", "响应超时"),
            Reason::DnsTls => ("the host could not be reached", "无法连接主机"),
            Reason::Format => ("the answer is no chat completion", "响应不是有效的对话补全"),
            Reason::GatewayNotReady => ("the gateway does not serve the change yet", "网关尚未应用该变更"),
            Reason::Unknown => ("cause unknown", "原因未知"),
        })
    }
}

/// What to do after a test that failed.
fn after_test(reason: Reason) -> &'static str {
    match reason {
        Reason::Auth => "请更换该提供商的密钥。",
        Reason::ConsumerNotAllowed => "请在“路由”页面授权该智能体。",
        Reason::RouteNotFound => "请在“路由”页面查询该模型由哪条路由处理。",
        Reason::ModelNotFound => "请选择提供商列出的模型。",
        Reason::RateLimit => "请约一分钟后重试。",
        Reason::Billing => "请为提供商账户充值。",
        Reason::Timeout => "请测试该提供商，确认哪一段较慢。",
        Reason::DnsTls => "请检查提供商的 Base URL。",
        Reason::Format => "请检查 Base URL，通常以 /v1 结尾。",
        Reason::GatewayNotReady => "请测试该提供商，约一分钟后重试。",
        Reason::Unknown => "请测试该提供商，确认哪一段失败。",
    }
}

/// What to do after a failure. None: its name says it, or only its own sentence does.
fn after(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::InvalidRequest => "请更正后重试。",
        Code::MalformedRequest => "请刷新页面后重试。",
        Code::Forbidden => "请通过 agm 自己的地址打开页面。",
        Code::ProviderNotFound => "请刷新页面，或在“提供商”页面添加。",
        Code::WorkerNotFound => "请刷新页面，查看现有的 Worker。",
        Code::RouteNotFound => "请在“路由”页面查看现有路由。",
        Code::OperationNotFound => "计划过期后需重新生成；较早的操作请查阅审计日志。",
        Code::ProviderExists => "请换一个名称，或编辑现有的提供商。",
        Code::ProviderInUse => "请先让相关智能体和路由改用其他提供商。",
        Code::Conflict => "请查看当前状态后重试。",
        Code::Busy => "请等待其完成后重试。",
        Code::InvalidModel => "请核对模型 ID，或选择提供商列出的模型。",
        Code::ModelNotReachable => "请测试该提供商，确认哪一段失败。",
        Code::UpstreamUnavailable => "请确认该系统正在运行，恢复后重试。",
        Code::UpstreamTimeout => "请求可能仍在处理，请先查看操作记录。",
        Code::StorageUnavailable => "请检查数据目录的剩余空间和写入权限。",
        Code::SealBroken => "请使用该备份的其他副本，或其他备份。",
        Code::SealKeyUnknown => "只有密封它的安装才能打开；未打开前可见的内容不可信。",
        Code::IdempotencyMismatch => "请为新的请求使用新的幂等键。",
        Code::PayloadTooLarge => "请缩小内容后重试。",
        Code::RateLimited => "请稍后再试。",
        Code::RolledBack => "请排除原因后重试。",
        Code::NeedsOperator => "请查看各步骤了解现状，确认无误后接管。",
        Code::Internal => "请刷新页面后重试；如仍出现，请查看服务器日志。",
        Code::AuthRequired
        | Code::AuthFailed
        | Code::ReadOnlyTarget
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::UnsupportedMediaType => return None,
    })
}

fn wrong(field: &str) -> &'static str {
    match field.rsplit('.').next().unwrap_or(field) {
        "name" => "名称不符合要求。",
        "type" => "类型无效。",
        "provider" => "请选择提供商。",
        "model" | "healthCheckModel" => "模型 ID 不符合要求。",
        "baseUrl" => "地址不符合要求。",
        "consumer" => "消费者名称不符合要求。",
        "contextWindow" | "maxTokens" => "数值不符合要求。",
        field if field.starts_with("tokens") => "密钥不符合要求。",
        _ => "填写有误。",
    }
}
