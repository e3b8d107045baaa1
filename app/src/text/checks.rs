//! What the doctor looks at.
use super::{Lang, Texts};
use domain::{Check, CheckGroup, CheckId, CheckState, Repair};

impl Texts {
    pub fn check(self, check: CheckId) -> &'static str {
        self.of(match check {
            CheckId::HiclawKnown => ("HiClaw's version is known", "HiClaw 版本已识别"),
            CheckId::ConsoleReachable => ("The Higress Console answers", "Higress 控制台可访问"),
            CheckId::ConsoleSignIn => ("The console accepts our account", "控制台接受我们的账号"),
            CheckId::ConsoleVersion => ("The console's version is a tested one", "控制台版本经过测试"),
            CheckId::ConsolePassword => ("The console's password is not a known one", "控制台未使用常见密码"),
            CheckId::ConsoleWrites => ("The console took the newest change", "控制台接受了最近的变更"),
            CheckId::ClockSkew => ("The console's clock agrees with ours", "控制台时钟与本机一致"),
            CheckId::StoreReachable => ("The object store answers", "对象存储可访问"),
            CheckId::StoreConditionalWrites => {
                ("The object store honours conditional writes", "对象存储支持条件写入")
            }
            CheckId::ManagerAnswers => ("The Manager runs", "Manager 正在运行"),
            CheckId::WorkerList => ("The list of workers can be read", "Worker 列表可读取"),
            CheckId::GatewayReachable => ("The AI gateway answers", "AI 网关可访问"),
            CheckId::GatewayMetrics => ("The AI gateway gives figures", "网关提供指标"),
            CheckId::GatewayStatistics => ("The AI gateway counts the calls of models", "网关统计模型调用"),
            CheckId::GatewayAuth => ("The AI gateway turns away who has no key", "网关拒绝无密钥的调用"),
            CheckId::WebUi => ("The web UI answers through the gateway", "可经由网关访问本界面"),
            CheckId::RoutesReadable => ("Routes and providers can be read", "路由与提供商可读取"),
            CheckId::DefaultRoute => ("There is a default route", "存在默认路由"),
            CheckId::RouteProviders => ("Routes lead to providers that exist", "路由指向的提供商均存在"),
            CheckId::RouteShadowed => ("No route hides another", "没有路由被遮蔽"),
            CheckId::RouteConsumers => ("Routes let every agent in", "路由已授权所有智能体"),
            CheckId::RouteOpen => ("Routes ask for a key", "路由要求密钥"),
            CheckId::RouteRetry => ("Routes give up in time", "路由重试时限合理"),
            CheckId::RouteLive => ("The gateway has what the console stores", "网关配置与控制台一致"),
            CheckId::ProviderKey => ("It has its key", "已配置所需密钥"),
            CheckId::ProviderReachable => ("It was reached when last asked", "最近一次请求可达"),
            CheckId::ProviderKeyAccepted => ("Its key was accepted", "密钥有效"),
            CheckId::ProviderLasts => ("Changes to it outlast a restart", "变更在重启后仍保留"),
            CheckId::AgentConfig => ("Its config can be read", "配置可读取"),
            CheckId::AgentModel => ("It names a model over the gateway", "配置了经由网关的模型"),
            CheckId::AgentModelEntry => ("It lists that model", "模型列表包含该模型"),
            CheckId::AgentKey => ("The gateway knows its key", "网关认识其密钥"),
            CheckId::AgentRoute => ("A route takes its model", "有路由匹配其模型"),
            CheckId::AgentAllowed => ("The route lets it in", "路由已授权"),
            CheckId::AgentProvider => ("The provider of its model exists", "模型的提供商存在"),
            CheckId::AgentModelListed => ("The provider lists its model", "提供商列有该模型"),
            CheckId::AgentRecord => ("It runs the recorded model", "运行的模型与记录一致"),
            CheckId::ManagerModelLasts => {
                ("The Manager's model outlasts a restart", "Manager 的模型在重启后仍保留")
            }
            CheckId::AgentAnswered => ("A model answered it", "模型已应答"),
            CheckId::WorkerRuns => ("Its container runs or sleeps", "容器运行中或休眠"),
            CheckId::WorkerTakesUp => ("It runs the model that it was given", "正在使用为其设置的模型"),
            CheckId::DataWritable => ("The data directory can be written", "数据目录可写"),
            CheckId::DataSpace => ("The data directory has space left", "磁盘空间充足"),
            CheckId::DataLock => ("No other agm uses the data directory", "没有其他 agm 占用数据目录"),
            CheckId::JournalReadable => ("The journal can be read", "事务日志可读取"),
            CheckId::OperationsSettled => ("No operation waits for a person", "没有操作等待人工处理"),
            CheckId::AuditChain => ("The audit log is as it was written", "审计日志完整"),
            CheckId::OwnPassword => ("The password of agm is not a known one", "agm 未使用常见密码"),
        })
    }

    /// What to do where a check did not come out well, as far as its kind, its state and its repair tell. The server's own
    /// fix knows more, but is English.
    pub fn check_fix(self, check: &Check) -> Option<&'static str> {
        match self.0 {
            Lang::En => None,
            Lang::Zh => fix(check),
        }
    }

    pub fn check_group(self, group: CheckGroup) -> &'static str {
        self.of(match group {
            CheckGroup::Installation => ("Installation", "HiClaw 安装"),
            CheckGroup::Gateway => ("Gateway", "网关"),
            CheckGroup::Providers => ("Providers", "提供商"),
            CheckGroup::Agents => ("Agents", "智能体"),
            CheckGroup::Server => ("Server", "本服务"),
        })
    }

    pub fn check_state(self, state: CheckState) -> &'static str {
        self.of(match state {
            CheckState::Ok => ("well", "正常"),
            CheckState::Unknown => ("not looked at", "未检查"),
            CheckState::Warning => ("take care", "警告"),
            CheckState::Failed => ("failed", "失败"),
        })
    }

    /// What a check is about, of the server's own words.
    pub fn check_about(self, about: &str) -> String {
        match self.0 {
            Lang::En => self.system_name(about).to_owned(),
            Lang::Zh => about_counted(about, self),
        }
    }

    pub fn setting_source(self, source: &str) -> &str {
        match source {
            "flag" => self.of(("command line", "命令行参数")),
            "file" => self.of(("configuration file", "配置文件")),
            "sandbox" => self.of(("sandbox", "沙箱")),
            "default" => self.of(("default", "默认值")),
            other => other,
        }
    }
}

fn about_counted(about: &str, texts: Texts) -> String {
    let counted = about.split_once(' ').filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
    let what = match counted.map_or(about, |(_, what)| what) {
        "agents" => "个智能体",
        "workers" => "个 Worker",
        "providers" => "个提供商",
        "routes" | "AI routes" => "条路由",
        "console" => "控制台",
        "operations" => "操作",
        "journal" => "事务日志",
        "audit log" => "审计日志",
        "data directory" => "数据目录",
        other => texts.system_name(other),
    };
    match counted {
        Some((count, _)) => format!("{count} {what}"),
        None => what.trim_start_matches(['个', '条', ' ']).to_owned(),
    }
}

const LET_IN: &str = "请在该路由中授权此智能体。";
const NEW_KEY: &str = "请更换该提供商的密钥。";

fn fix(check: &Check) -> Option<&'static str> {
    fix_of_state(check).or_else(|| fix_of_kind(check))
}

/// What depends on more than the kind of the check.
fn fix_of_state(check: &Check) -> Option<&'static str> {
    let is_unknown = check.state == CheckState::Unknown;
    Some(match check.id {
        CheckId::ProviderReachable | CheckId::ProviderKeyAccepted if is_unknown => "请先测试该提供商。",
        CheckId::ManagerAnswers if is_unknown => "请配置 Manager 的地址。",
        CheckId::ManagerModelLasts if is_unknown => "请将 HiClaw 的默认模型告知 agm。",
        CheckId::AuditChain if is_unknown => "文件较大，请用命令单独校验。",
        CheckId::WorkerRuns if check.state == CheckState::Failed => {
            "请查看其容器的日志，并让 HiClaw 重新创建该 Worker。"
        }
        // Without a button the agent's model is not set from here.
        CheckId::AgentModel
        | CheckId::AgentModelEntry
        | CheckId::AgentRoute
        | CheckId::AgentProvider
        | CheckId::AgentModelListed
        | CheckId::AgentRecord
            if check.repair.is_none() =>
        {
            "请在该 Worker 的容器内，用其运行时自身的设置更换模型。"
        }
        _ => return None,
    })
}

fn fix_of_kind(check: &Check) -> Option<&'static str> {
    Some(match check.id {
        CheckId::HiclawKnown => "请不要指定 HiClaw 版本，由 agm 自动识别；有控制器时请指定其地址。",
        CheckId::ConsoleReachable => "请确认 Higress 控制台正在运行，且地址配置正确。",
        CheckId::ConsoleSignIn => "请核对控制台的用户名和密码，并确认控制台已完成初始化。",
        CheckId::ConsoleVersion => "请先试运行变更，或改用经过测试的版本。",
        CheckId::ConsolePassword => "请在 Higress 控制台修改密码，并同步更新 HiClaw 和 agm 的配置。",
        CheckId::ConsoleWrites => "请重试该变更；若控制台以冲突拒绝所有变更，请更换其镜像版本。",
        CheckId::ClockSkew => "请让两台主机都通过 NTP 校时。",
        CheckId::StoreReachable => "请确认对象存储正在运行，且地址和凭据正确。",
        CheckId::StoreConditionalWrites => {
            "对象存储不支持条件写入时，请更换并重启 agm；否则请检查其地址和凭据。"
        }
        CheckId::ManagerAnswers => "请查看 Manager 容器的日志，必要时重启。",
        CheckId::WorkerList => "请检查 HiClaw 自身的状态。",
        CheckId::GatewayReachable => "请确认 AI 网关正在运行，且地址配置正确。",
        CheckId::GatewayMetrics => "请更正网关指标的地址；不影响其他功能。",
        CheckId::GatewayStatistics => "请在 Higress 控制台启用 AI 统计插件；不影响其他功能。",
        CheckId::GatewayAuth => "请查看网关日志，确认密钥认证插件已加载；必要时更换镜像版本。",
        CheckId::WebUi => "请运行安装命令以重建这些路由。",
        CheckId::RoutesReadable => "请在 Higress 控制台修正无法识别的内容。",
        CheckId::DefaultRoute => "请在 Higress 控制台创建默认路由，不限定模型。",
        CheckId::RouteProviders => "请让路由改用现有的提供商，或添加缺少的提供商。",
        CheckId::RouteShadowed => "请修改该路由的条件，或删除其中一条。",
        CheckId::RouteConsumers => "请先授权这些智能体，再分配其模型。",
        CheckId::RouteOpen => "请在 Higress 控制台启用该路由的认证，并授权各智能体。",
        CheckId::RouteRetry => "请在 Higress 控制台将该路由的重试时限改为 120（单位为秒）。",
        CheckId::RouteLive => {
            "请在 Higress 控制台重新保存该路由；控制台中没有该路由时，请新建同名路由后再删除。"
        }
        CheckId::ProviderKey => "请为该提供商填写密钥，或将其删除。",
        // Without a button its address is not what is wrong.
        CheckId::ProviderReachable => {
            check.repair.as_ref()?;
            "请检查该提供商的地址，然后重新测试。"
        }
        CheckId::ProviderKeyAccepted => NEW_KEY,
        CheckId::ProviderLasts => "请同时修改 HiClaw 自身的配置，或另行添加提供商。",
        CheckId::AgentConfig => "请确认存储可访问；文件本身损坏时，HiClaw 会重新生成。",
        CheckId::AgentModel => "请为该智能体设置一个经由网关的模型。",
        CheckId::AgentModelEntry => "请重新设置该智能体的模型，以补全模型列表。",
        CheckId::AgentKey => "请使智能体配置中的密钥与其消费者的密钥一致。",
        CheckId::AgentRoute => "请为该智能体更换模型，或添加匹配该模型的路由。",
        CheckId::AgentAllowed => LET_IN,
        CheckId::AgentProvider => "请为该智能体更换模型，或添加缺少的提供商。",
        CheckId::AgentModelListed => "请为该智能体选择提供商列出的模型。",
        CheckId::AgentRecord => "请重新设置该智能体的模型，使记录与实际一致。",
        CheckId::ManagerModelLasts if check.repair.is_some() => {
            "请将当前模型写入 HiClaw 环境文件，然后重新创建 Manager 容器。"
        }
        CheckId::ManagerModelLasts => {
            "请确认 HiClaw 环境文件中的默认模型与当前模型一致，并重新创建 Manager 容器。"
        }
        // What keeps a model from answering is as various as its repairs.
        CheckId::AgentAnswered => match check.repair.as_ref()? {
            Repair::RouteAccess { .. } => LET_IN,
            Repair::EditProvider { .. } => NEW_KEY,
            Repair::SetModel { .. } | Repair::KeepModel { .. } => return None,
        },
        CheckId::WorkerRuns => "请启动该 Worker；不再需要时请将其删除。",
        CheckId::WorkerTakesUp => "更换模型后请重启该 Worker 的容器。",
        CheckId::DataWritable => "请检查数据目录的权限和磁盘。",
        CheckId::DataSpace => "请为数据目录释放空间。",
        CheckId::DataLock => "请停止占用该数据目录的另一个 agm。",
        CheckId::JournalReadable => "请按启动日志核对所列对象，处理后重启 agm。",
        CheckId::OperationsSettled => "请在“操作记录”中查看并处理。",
        CheckId::AuditChain => "请保留该文件，检查磁盘，并与备份比对。",
        CheckId::OwnPassword => "请修改 agm 的密码。",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ProviderName, Target};

    fn said(id: CheckId, state: CheckState, repair: Option<Repair>) -> Option<&'static str> {
        let check = Check::new(id, state, "x", "x").fix("in English");
        Texts(Lang::Zh).check_fix(&Check { repair, ..check })
    }

    #[test]
    fn what_was_never_tested_is_to_be_tested_and_not_replaced() {
        for id in [CheckId::ProviderReachable, CheckId::ProviderKeyAccepted] {
            assert_eq!(said(id, CheckState::Unknown, None), Some("请先测试该提供商。"), "{id:?}");
        }
        assert_eq!(said(CheckId::ProviderKeyAccepted, CheckState::Failed, None), Some(NEW_KEY));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_to_be_mended() {
        for id in [CheckId::ManagerAnswers, CheckId::AuditChain] {
            let [unknown, failed] =
                [CheckState::Unknown, CheckState::Failed].map(|state| said(id, state, None));
            assert!(unknown.is_some() && failed.is_some() && unknown != failed, "{id:?}");
        }
        let [stopped, failed] =
            [CheckState::Warning, CheckState::Failed].map(|state| said(CheckId::WorkerRuns, state, None));
        assert_ne!(stopped, failed);
    }

    #[test]
    fn a_provider_without_credit_is_not_said_to_have_a_wrong_address() {
        let provider: ProviderName = "qwen".parse().unwrap();
        let of = |repair| said(CheckId::ProviderReachable, CheckState::Failed, repair);
        assert!(of(Some(Repair::EditProvider { provider })).is_some_and(|fix| fix.contains("地址")));
        assert_eq!(of(None), None);
    }

    #[test]
    fn a_model_that_cannot_be_set_from_here_is_to_be_set_in_the_container() {
        let of = |repair| said(CheckId::AgentRoute, CheckState::Failed, repair);
        assert!(of(None).is_some_and(|fix| fix.contains("容器")));
        assert!(
            of(Some(Repair::SetModel { target: Target::Manager }))
                .is_some_and(|fix| fix.contains("更换模型"))
        );
    }
}
