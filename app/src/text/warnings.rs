//! What a plan warns of, whom it reaches, and how long a change stays.
use super::{Lang, Texts};
use domain::{BackupItem, IN_CONTAINER, OWN_ENVIRONMENT, Warning, WarningCode, Way, lasts};

impl Texts {
    /// What a warning is about, in a few words.
    pub fn warning(self, code: WarningCode) -> &'static str {
        self.of(match code {
            WarningCode::VisionLost => ("No more vision", "失去视觉能力"),
            WarningCode::ContextShrinks => ("A smaller context", "上下文变小"),
            WarningCode::LimitsAreDefaults => ("Limits are guessed", "使用默认限制"),
            WarningCode::LimitsNotOurs => ("Limits are not written", "不会写入限制"),
            WarningCode::DefaultRouteChanges => ("The default route changes", "默认路由将改变"),
            WarningCode::DefaultRouteMissing => ("No default route", "缺少默认路由"),
            WarningCode::ResetByHiclaw => ("HiClaw will reset this", "重启后会被重置"),
            WarningCode::ResetAtStart => {
                ("HiClaw gives it another model when it starts", "启动时会恢复其他模型")
            }
            WarningCode::KeptOnceRemade => {
                ("Lasts after the container is recreated", "重新创建容器后长期有效")
            }
            WarningCode::ModelListUnreadable => ("The model list could not be read", "无法读取模型列表"),
            WarningCode::PredicateTaken => ("Another route takes this model", "暂不创建路由"),
            WarningCode::ConsumerMissing => ("Consumer missing", "缺少消费者"),
            WarningCode::AgentUnreadable => ("An agent could not be read", "无法读取智能体"),
            WarningCode::AccessLost => ("Access is lost", "访问权限丢失"),
            WarningCode::Shadowed => ("Never reached", "永远不会命中"),
            WarningCode::LeftOut => ("Left out", "未包含"),
            WarningCode::NotRestored => ("Cannot be restored", "无法恢复"),
            WarningCode::Stays => ("Stays as it is", "保持不变"),
            WarningCode::SealedKeys => ("Keys of the backup", "使用备份中的密钥"),
            WarningCode::OtherHost => ("Another host", "调用地址不同"),
            WarningCode::OpenRoute => ("Open to everybody", "对所有人开放"),
            WarningCode::NotRemoved => ("Not removed", "不会删除"),
            WarningCode::TurnLost => ("Work may be broken off", "工作可能被中断"),
            WarningCode::SetBack => ("Set back", "将被还原"),
            WarningCode::FormerModelRuns => ("Runs its former model until a restart", "重启前仍运行原模型"),
            WarningCode::AnotherHolder => ("This may be undone", "可能会被撤销"),
        })
    }

    /// A warning's sentence, where what it names is enough for one. Its own is English.
    pub fn warning_sentence(self, warning: &Warning) -> Option<String> {
        match self.0 {
            Lang::En => None,
            Lang::Zh => sentence(warning),
        }
    }

    /// What becomes of an agent's calls. The server's own sentence is English.
    pub fn way(self, way: &Way) -> Option<String> {
        match self.0 {
            Lang::En => None,
            Lang::Zh => Some(way_of(way)),
        }
    }

    /// How long stays what others than its owner wrote.
    pub fn others_write(self, until: &str) -> String {
        let lasts = self.lasts(until);
        self.of((format!("A change by anybody else {lasts}."), format!("他人的更改：{lasts}")))
    }

    /// How long a change stays, of what the server says that ends it.
    pub fn lasts(self, until: &str) -> String {
        let chinese = match until {
            lasts::MANAGER_RESTART => "Manager 重启前有效；同时修改 HICLAW_DEFAULT_MODEL 则长期有效。",
            lasts::MANAGER_REMADE => "Manager 的现有容器再次启动前有效；重新创建容器后长期有效。",
            lasts::DEFAULT_ROUTE => "HiClaw 重启前有效；重启会让默认路由重新指向其自己的提供商。",
            lasts::NEXT_PASS => "控制器下次处理该智能体（300 秒内）前有效。",
            lasts::HICLAWS_PROVIDER => "HiClaw 重启前有效；重启会按其环境变量重设该提供商。",
            until => return self.of((format!("lasts {until}"), format!("有效期：{until}"))),
        };
        self.of((format!("lasts {until}"), chinese.to_owned()))
    }
}

fn sentence(warning: &Warning) -> Option<String> {
    let named: Vec<_> = warning.about.iter().map(String::as_str).collect();
    Some(match (warning.code, named.as_slice()) {
        (WarningCode::VisionLost, [model]) => format!("{model} 不支持图像，当前模型支持。"),
        (WarningCode::ContextShrinks, [from, to]) => format!("上下文将从 {from} 缩小到 {to} token。"),
        (WarningCode::LimitsAreDefaults, [model, context, output]) => format!(
            "{model} 是未知模型，将使用 HiClaw 的默认限制：上下文 {context} token，输出 {output} token。"
        ),
        (WarningCode::DefaultRouteChanges, []) => {
            "默认路由还承载向量调用以及其他路由都不匹配的模型，它们会一并改变。".into()
        }
        (WarningCode::DefaultRouteMissing, []) => "控制台没有默认路由，暂不为该提供商创建路由。".into(),
        (WarningCode::ResetByHiclaw, [what]) => format!("HiClaw 下次启动时会重置 {what}。"),
        (WarningCode::ResetByHiclaw, []) => "Manager 重启后会恢复其默认模型。".into(),
        (WarningCode::ResetAtStart, [variable]) => {
            format!("启动时会使用 {variable} 指定的模型，此处无法得知是哪个模型。")
        }
        (WarningCode::ResetAtStart, [variable, model, at, line, file @ ..]) => {
            let way = match file {
                [file, ..] => format!("勾选长期保留，可将 {line} 写入 {file}"),
                [] => format!("请在 HiClaw 环境文件中写入 {line}，并重新创建容器"),
            };
            format!("{}中的 {variable} 为 {model}，再次启动后会恢复为 {model}；{way}。", place(at))
        }
        (WarningCode::KeptOnceRemade, []) => {
            "用 HiClaw 安装程序重新创建容器之前，重启可能恢复其他模型。".into()
        }
        (WarningCode::KeptOnceRemade, [variable, model, at]) => {
            format!(
                "{}中的 {variable} 为 {model}：用 HiClaw 安装程序重新创建容器之前，重启会恢复为 {model}。",
                place(at)
            )
        }
        (WarningCode::PredicateTaken, [provider]) => {
            format!("没有可立即交给 {provider} 的模型；为智能体分配模型时再创建路由。")
        }
        (WarningCode::ConsumerMissing, [_, ..]) => format!("网关没有消费者 {}。", named.join("、")),
        (WarningCode::AgentUnreadable, [_, ..]) => {
            format!("无法读取 {} 的模型，不确定是否仍需要该提供商。", named.join("、"))
        }
        (WarningCode::AccessLost, [route, consumers @ ..]) => {
            format!("{route} 不再授权 {}。", consumers.join("、"))
        }
        (WarningCode::Shadowed, [route, older]) => {
            format!("{route} 与更早的 {older} 条件相同，会被网关丢弃。")
        }
        (WarningCode::SealedKeys, [provider]) => format!("{provider} 当前没有密钥，将使用备份中的密钥。"),
        (WarningCode::OtherHost, [provider]) => format!(
            "备份中 {provider} 的调用地址与当前不同，将使用备份中的密钥；当前密钥不会发送到另一个地址。"
        ),
        (WarningCode::OpenRoute, [route]) => format!("{route} 将不再要求密钥，任何人都可以调用。"),
        (WarningCode::NotRestored, [item, why]) => {
            format!("{}：{}。", thing(item), Texts(Lang::Zh).evidence_or_said((*why).to_owned()))
        }
        (WarningCode::NotRemoved, [object, why]) => {
            format!("{object}：{}。", Texts(Lang::Zh).evidence_or_said((*why).to_owned()))
        }
        (WarningCode::SetBack, [object, places]) => {
            format!("{object} 已被他人修改（{places}），将还原为 agm 所需的内容。")
        }
        (WarningCode::LimitsNotOurs, [_]) => "模型的限制由控制器管理，切换时不会写入。".to_owned(),
        (WarningCode::AnotherHolder, [doubt]) => {
            format!("此次切换可能会被撤销：{}。", Texts(Lang::Zh).evidence_or_said((*doubt).to_owned()))
        }
        (WarningCode::FormerModelRuns, [agent]) => format!("{agent} 在容器重启之前仍运行原模型。"),
        (WarningCode::TurnLost, [agent, task]) => {
            format!("{agent} 正在处理“{task}”，当前这一轮会丢失。")
        }
        (WarningCode::TurnLost, [agent]) => {
            format!("{agent} 的容器会停止或重新创建；若它正在工作，当前这一轮会丢失。")
        }
        (WarningCode::Stays, [_, ..]) => format!("备份中没有，因此保持不变：{}。", named.join("、")),
        _ => return None,
    })
}

/// Where a variable stands.
fn place(at: &str) -> String {
    match at.strip_prefix(IN_CONTAINER) {
        Some(container) => format!("容器 {container} 环境变量"),
        None if at == OWN_ENVIRONMENT => "agm 自身的环境变量".into(),
        None => format!("{at} "),
    }
}

/// A thing of a backup.
fn thing(item: &str) -> String {
    match item.parse() {
        Ok(BackupItem::Provider(name)) => format!("提供商 {name}"),
        Ok(BackupItem::Route(name)) => format!("路由 {name}"),
        Ok(BackupItem::Agent(target)) => format!("{} 的模型", target.agent()),
        Err(_) => item.to_owned(),
    }
}

fn way_of(way: &Way) -> String {
    match way {
        Way::Provider { model, from, to: Some(to) } => match from {
            Some(from) => format!("{model} 的提供商由 {from} 改为 {to}"),
            None => format!("{model} 改由 {to} 提供"),
        },
        Way::Provider { model, to: None, .. } => format!("{model} 将没有提供商"),
        Way::Route { model, to: Some(to), .. } => format!("{model} 改走路由 {to}，提供商不变"),
        Way::Route { model, to: None, .. } => format!("{model} 将没有路由"),
        Way::ShutOut { route } => format!("路由 {route} 不再授权它"),
        Way::LetIn { route } => format!("路由 {route} 将授权它"),
        Way::TurnedAway { model, route } => format!("经由 {route} 调用 {model} 被拒绝"),
    }
}
