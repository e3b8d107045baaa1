//! How things and works stand.
use super::Texts;
use domain::{LimitSource, OperationState, StepName, StepState, WorkerStatus};

impl Texts {
    pub fn step(self, step: StepName) -> &'static str {
        self.of(match step {
            StepName::Plan => ("Plan", "计划"),
            StepName::Provider => ("Provider", "提供商"),
            StepName::Route => ("Route", "路由"),
            StepName::Test => ("Test", "测试"),
            StepName::Neighbours => ("Neighbours", "检查相邻路由"),
            StepName::Record => ("model.json", "model.json"),
            StepName::Config => ("openclaw.json", "openclaw.json"),
            StepName::Reload => ("Taken up", "加载生效"),
            StepName::Registration => ("Registration", "注册入口"),
            StepName::Proof => ("Proof", "验证入口"),
            StepName::Verify => ("Read everything back", "回读全部内容"),
            StepName::Restart => ("Restart", "重启容器"),
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
            "storage" => self.of(("Own data", "本地数据")),
            "containers" => self.of(("Containers", "容器")),
            "controller" => self.of(("Controller", "控制器")),
            other => other,
        }
    }
}
