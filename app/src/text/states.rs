//! How things and works stand.
use super::Texts;
use domain::{ContainerAct, LimitSource, OperationState, Step, StepName, StepState, TeamRole, WorkerStatus};

impl Texts {
    pub fn step(self, step: StepName) -> &'static str {
        self.of(match step {
            StepName::Plan => ("Plan", "计划"),
            StepName::Provider => ("Provider", "提供商"),
            StepName::Route => ("Route", "路由"),
            StepName::Test => ("Test", "测试"),
            StepName::Neighbours => ("Neighbours", "检查相邻路由"),
            StepName::Record => ("model.json", "model.json"),
            StepName::Config => ("The agent's model", "智能体的模型"),
            StepName::Reload => ("Taken up", "加载生效"),
            StepName::Sleep => ("Put to sleep", "休眠"),
            StepName::Wake => ("Wake", "唤醒"),
            StepName::Restart => ("Restart", "重启"),
            StepName::Registration => ("Registration", "注册入口"),
            StepName::Proof => ("Proof", "验证入口"),
            StepName::Verify => ("Read everything back", "回读全部内容"),
        })
    }

    pub fn step_state(self, state: StepState) -> &'static str {
        self.of(match state {
            StepState::Pending => ("waiting", "等待中"),
            StepState::Running => ("running", "进行中"),
            StepState::Done => ("done", "已完成"),
            StepState::Failed => ("failed", "失败"),
            StepState::Undone => ("undone", "已撤销"),
            StepState::Skipped => ("skipped", "已跳过"),
        })
    }

    pub fn operation_state(self, state: OperationState) -> &'static str {
        self.of(match state {
            OperationState::Planned => ("planned", "已计划"),
            OperationState::Applying => ("applying", "执行中"),
            OperationState::Verifying => ("verifying", "验证中"),
            OperationState::Compensating => ("rolling back", "回滚中"),
            OperationState::Committed => ("done", "已完成"),
            OperationState::RolledBack => ("rolled back", "已回滚"),
            OperationState::NeedsOperator => ("needs an operator", "需人工处理"),
        })
    }

    pub fn kind(self, kind: &str) -> &'static str {
        self.of(match kind {
            "set_model" => ("Set model", "设置模型"),
            "accept_model" => ("Accept model", "接受模型"),
            "sleep" => ("Put to sleep", "休眠"),
            "wake" => ("Wake", "唤醒"),
            "restart" => ("Restart", "重启"),
            "add_provider" => ("Add provider", "添加提供商"),
            "edit_provider" => ("Edit provider", "编辑提供商"),
            "remove_provider" => ("Remove provider", "删除提供商"),
            "repair_routes" => ("Repair access", "修复授权"),
            "undo" => ("Undo", "撤销"),
            "apply" => ("Apply a file", "应用文件"),
            "restore" => ("Restore", "恢复备份"),
            "install" => ("Install", "安装"),
            "uninstall" => ("Uninstall", "卸载"),
            _ => ("Change", "变更"),
        })
    }

    /// The word on the button that does it.
    pub fn container_act(self, act: ContainerAct) -> &'static str {
        self.of(match act {
            ContainerAct::Sleep => ("Sleep", "休眠"),
            ContainerAct::Wake => ("Wake", "唤醒"),
            ContainerAct::Restart => ("Restart", "重启"),
        })
    }

    /// What becomes of an agent's container, as a plan tells it, and when. None: the step does nothing with it.
    pub fn happens_to_container(self, step: &Step) -> Option<String> {
        let agent = step.object.as_deref().unwrap_or_default();
        let when = step.evidence.clone().map(|when| self.evidence_or_said(when));
        Some(match (step.name, when) {
            (StepName::Sleep, _) => self.of((
                format!("The container of {agent} is put to sleep."),
                format!("{agent} 的容器将休眠。"),
            )),
            (StepName::Wake, _) => {
                self.of((format!("The container of {agent} is woken."), format!("{agent} 的容器将被唤醒。")))
            }
            (StepName::Restart, None) => self.of((
                format!("The container of {agent} is stopped and started again."),
                format!("{agent} 的容器将停止并重新启动。"),
            )),
            (StepName::Restart, Some(when)) => self.of((
                format!("The container of {agent} is stopped and started again {when}."),
                format!("{agent} 的容器将{when}停止并重新启动。"),
            )),
            _ => return None,
        })
    }

    pub fn team_role(self, role: TeamRole) -> &'static str {
        self.of(match role {
            TeamRole::Leader => ("leader", "负责人"),
            TeamRole::Member => ("member", "成员"),
        })
    }

    pub fn worker_status(self, status: WorkerStatus) -> &'static str {
        self.of(match status {
            WorkerStatus::Idle => ("idle", "空闲"),
            WorkerStatus::Busy => ("busy", "忙碌"),
            WorkerStatus::Sleeping => ("asleep", "休眠"),
            WorkerStatus::Stopped => ("stopped", "已停止"),
            WorkerStatus::Starting => ("starting", "启动中"),
            WorkerStatus::Running => ("running", "运行中"),
            WorkerStatus::Offline => ("offline", "离线"),
            WorkerStatus::Failed => ("failed", "故障"),
            WorkerStatus::Remote => ("remote", "远程"),
            WorkerStatus::Unknown => ("unknown", "未知"),
        })
    }

    pub fn source(self, source: LimitSource) -> &'static str {
        self.of(match source {
            LimitSource::KnownModels => ("table of known models", "已知模型表"),
            LimitSource::Provider => ("the provider's own list", "提供商的模型列表"),
            LimitSource::Openclaw => ("the agent's openclaw.json", "智能体的 openclaw.json"),
            LimitSource::Request => ("as typed", "手动填写"),
            LimitSource::Default => {
                ("HiClaw's defaults, for this model is not known", "HiClaw 默认值（未知模型）")
            }
        })
    }

    /// [`Self::source`] where there is little room.
    pub fn source_short(self, source: LimitSource) -> &'static str {
        self.of(match source {
            LimitSource::KnownModels => ("known", "已知"),
            LimitSource::Provider => ("listed", "列表"),
            LimitSource::Openclaw => ("openclaw.json", "openclaw.json"),
            LimitSource::Request => ("typed", "填写"),
            LimitSource::Default => ("guessed", "默认"),
        })
    }

    pub fn system_name(self, name: &str) -> &str {
        match name {
            "higress" => "Higress",
            "gateway" => self.of(("Gateway", "网关")),
            "store" => self.of(("Store", "对象存储")),
            "manager" => "Manager",
            "hiclaw" => "HiClaw",
            "storage" => self.of(("Own data", "本地数据")),
            "containers" => self.of(("Containers", "容器")),
            "controller" => self.of(("Controller", "控制器")),
            other => other,
        }
    }

    /// The state of a container in a word; one that nobody here knows stays as it was told.
    pub fn container_state(self, state: &str) -> &str {
        self.of(match state {
            "running" => ("running", "运行中"),
            "ready" => ("ready", "就绪"),
            "running or ready" => ("running or ready", "运行中或就绪"),
            "starting" => ("starting", "启动中"),
            "created" => ("created", "已创建"),
            "restarting" => ("restarting", "重启中"),
            "paused" => ("paused", "已暂停"),
            "removing" => ("being removed", "删除中"),
            "stopped" | "exited" => ("stopped", "已停止"),
            "stopped or not_found" => ("stopped or missing", "已停止或不存在"),
            "not_found" => ("missing", "不存在"),
            "no state" => ("not told", "未知"),
            "a state of the past" => ("as it was before", "先前的状态"),
            other => (other, other),
        })
    }

    /// By which way models are switched, in a word.
    pub fn adapter(self, adapter: &str) -> &str {
        self.of(match adapter {
            "controller" => ("controller", "控制器"),
            "files" => ("files", "文件"),
            other => (other, other),
        })
    }
}
