//! What the server says of HiClaw's controller and of the agents' containers, in Chinese.

/// Its sentences, with `{}` for what they name, in the same order in both. A sentence is one of the first form that fits.
pub const SENTENCES: &[(&str, &str)] = &[
    // Which HiClaw it is.
    ("HiClaw {}, switched by {adapter}", "HiClaw {}，切换方式为{adapter}"),
    ("the settings say so", "由配置指定"),
    ("the controller is at {}", "控制器地址为 {}"),
    ("the controller at {} has none of the paths of later generations", "控制器 {} 没有后续版本的接口"),
    ("the controller at {} has {}", "控制器 {} 提供 {}"),
    ("it calls itself {} and runs {}", "控制器自称 {}，运行方式为 {}"),
    ("no controller is named", "未指定控制器"),
    ("the Manager's config is {}", "Manager 的配置文件为 {}"),
    ("the Manager's config names {}", "Manager 的配置使用 {}"),
    ("the Manager's config cannot be read: {}", "无法读取 Manager 的配置：{}"),
    (
        "the settings say {}, and the controller's paths are those of {}",
        "配置指定的版本是 {}，而控制器的接口属于 {}",
    ),
    (
        "a controller answers at {}, which writes over what others write into files",
        "{} 处有控制器应答，它会覆盖他人写入文件的内容",
    ),
    (
        "{} is named as a HiClaw with a controller does, and no controller is used",
        "{} 是带控制器的 HiClaw 的命名方式，而当前未使用控制器",
    ),
    (
        "{} is there, which only a HiClaw with a controller writes, and no controller is used",
        "存在 {}，只有带控制器的 HiClaw 才会写入它，而当前未使用控制器",
    ),
    // How workers are.
    ("no container", "没有容器"),
    ("the controller says {}, without a container", "控制器报告状态 {}，没有容器"),
    ("the controller says {}, with a stopped container", "控制器报告状态 {}，容器已停止"),
    ("the controller says {}", "控制器报告状态 {}"),
    ("it says: {}", "控制器的说明：{}"),
    ("its container is none of the controller's: it cannot be observed", "其容器不由控制器管理，无法观测"),
    ("the task list cannot be read: {}", "无法读取任务列表：{}"),
    // How a switch reaches an agent.
    ("not seen yet: {} watches its config", "尚未看到生效：{} 会监视其配置"),
    ("{} watches its config", "{} 会监视其配置"),
    ("that it took it up cannot be seen", "无法观测是否已采用"),
    (
        "not seen yet: {} runs its former model until its container starts again",
        "尚未生效：{} 在容器重新启动前仍运行原来的模型",
    ),
    ("{} runs its former model until its container starts again", "{} 在容器重新启动前仍运行原来的模型"),
    ("{} was made anew and runs", "{} 已重新创建并运行"),
    ("not seen yet: {} was not made anew in time", "尚未看到生效：{} 未在规定时间内重新创建"),
    ("not seen yet: the container of {} is not to be seen", "尚未看到生效：无法观测 {} 的容器"),
    ("not seen yet: {} does not run", "尚未看到生效：{} 未运行"),
    (
        "not seen yet: {} runs, and nobody saw whether it was made anew since the switch",
        "尚未看到生效：{} 正在运行，但无法确认切换后是否已重新创建",
    ),
    ("runs its former model since it was switched at {}", "自 {} 切换以来仍运行原来的模型"),
    // What was done with a container, and what cannot be.
    ("{} was restarted and runs", "{} 已重启并运行"),
    ("its container is {state}", "容器状态：{state}"),
    ("{} is gone", "{} 已不存在"),
    ("not undone: the container stays as it is", "不撤销：容器保持现状"),
    (
        "Look at the container: it may be as it was, or yet become what was wanted.",
        "请查看该容器：它可能仍是原状，也可能稍后变为所需状态。",
    ),
    ("the controller cannot put {} to sleep by itself", "控制器无法单独让 {} 休眠"),
    ("the controller cannot wake {} by itself", "控制器无法单独唤醒 {}"),
    ("this HiClaw has nobody to ask for the container of {}", "此版本的 HiClaw 没有可管理 {} 容器的接口"),
    (
        "Its containers are started and stopped with Docker, or by the Manager.",
        "请使用 Docker 或通过 Manager 启动和停止其容器。",
    ),
    ("there is no Docker behind the controller that has {}", "控制器背后没有管理 {} 的 Docker"),
    ("{} does not run: it takes its config up when it starts", "{} 未运行，启动时会采用其配置"),
    ("Restart its pod, or its container with Docker.", "请重启其容器。"),
    (
        "Restart it, or put its whole team to sleep where the team is described.",
        "请重启它，或在团队的定义处让整个团队休眠。",
    ),
    ("Restart it.", "请重启它。"),
    ("Wake it, or look at why it failed.", "请唤醒它，或查看其故障原因。"),
    // Why an agent's model cannot be changed from here.
    (
        "{} is a member of the team {}: this HiClaw changes members only all at once, and deletes those that the change leaves out",
        "{} 是团队 {} 的成员：此版本的 HiClaw 只能一次性更改全部成员，并会删除未列出的成员",
    ),
    (
        "Change it where {} is described, with all its members. The model of {}'s leader can be changed here.",
        "请在团队 {} 的定义处连同全部成员一起更改。可在此更改 {} 负责人的模型。",
    ),
    ("{} names no model, so a switch could not be taken back", "{} 未指定模型，切换后将无法撤销"),
    (
        "Give it a model through the controller once, then switch it here.",
        "请先通过控制器为其指定模型，再在此切换。",
    ),
    // What the controller refuses, or does not carry out.
    (
        "{}: HiClaw's controller noted the change and did not carry it out: its container shows {state}, not {state}",
        "{}：HiClaw 控制器已记录变更，但未执行：容器状态为{state}，应为{state}",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: it does not come back",
        "{}：HiClaw 控制器已记录变更，但未执行：容器没有恢复运行",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: it took the model in and does not show it",
        "{}：HiClaw 控制器已接受模型，但未显示该模型",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: it took the model in, and cannot be asked for it: {why}",
        "{}：HiClaw 控制器已接受模型，但无法查询该模型：{why}",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: it is not there",
        "{}：HiClaw 控制器已记录变更，但未执行：配置不存在",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: it names {}",
        "{}：HiClaw 控制器已记录变更，但未执行：配置中仍是 {}",
    ),
    (
        "{}: HiClaw's controller noted the change and did not carry it out: {}",
        "{}：HiClaw 控制器已记录变更，但未执行：{}",
    ),
    (
        "HiClaw's controller does not let agm in: it does not know our token",
        "HiClaw 控制器拒绝访问：令牌无效",
    ),
    (
        "HiClaw's controller does not let agm in: there is no token for it",
        "HiClaw 控制器拒绝访问：未配置令牌",
    ),
    (
        "HiClaw's controller does not let agm in: our token for it is no token",
        "HiClaw 控制器拒绝访问：所配置的不是有效令牌",
    ),
    (
        "HiClaw's controller does not let agm in: our token may not do this: {}",
        "HiClaw 控制器拒绝访问：令牌权限不足：{}",
    ),
    (
        "HiClaw's controller does not let agm in: its token in {} cannot be read: {}",
        "HiClaw 控制器拒绝访问：无法读取 {} 中的令牌：{}",
    ),
    ("HiClaw's controller does not let agm in: {}", "HiClaw 控制器拒绝访问：{}"),
    (
        "HiClaw's controller cannot be reached: its generation is not known",
        "无法连接 HiClaw 控制器：无法识别其版本",
    ),
    ("HiClaw's controller cannot be reached: {}", "无法连接 HiClaw 控制器：{}"),
    ("HiClaw's controller: no answer in time", "HiClaw 控制器：响应超时"),
    (
        "HiClaw's controller: what answers at its address is no controller",
        "HiClaw 控制器：该地址上应答的不是控制器",
    ),
    ("HiClaw's controller: its address is no HTTP address", "HiClaw 控制器：其地址不是 HTTP 地址"),
    ("HiClaw's controller: its answer is too long: {}", "HiClaw 控制器：响应过长：{}"),
    (
        "HiClaw's controller: its answer to {} cannot be understood at line {}, column {}",
        "HiClaw 控制器：对 {} 的响应无法识别（第 {} 行第 {} 列）",
    ),
    ("HiClaw's controller: it has no list at {}", "HiClaw 控制器：{} 处没有列表"),
    ("HiClaw's controller: {}", "HiClaw 控制器：{}"),
    (
        "HiClaw's controller refused {} (HTTP {}): its generation cannot be told",
        "HiClaw 控制器拒绝了 {}（HTTP {}）：无法识别其版本",
    ),
    (
        "HiClaw's controller refused {} (HTTP {}): it does not say why",
        "HiClaw 控制器拒绝了 {}（HTTP {}）：未说明原因",
    ),
    ("HiClaw's controller refused {} (HTTP {}): {}", "HiClaw 控制器拒绝了 {}（HTTP {}）：{}"),
    ("{} was changed by somebody else", "{} 已被他人修改"),
    ("{} cannot be understood: no model can be put back where none was", "{}：原本没有模型，无法恢复"),
    ("{} cannot be understood: it names no model at {}", "{}：其中 {} 没有模型"),
    ("{} cannot be understood: {}", "无法识别 {}：{}"),
    ("{} does not exist", "{} 不存在"),
    (
        "{} is not to be written: HiClaw's controller makes it, and writes over what others change there",
        "{} 不可写入：它由 HiClaw 控制器生成，他人的修改会被覆盖",
    ),
    (
        "Is HICLAW_CONTROLLER_URL right, and does it run?",
        "请检查 HICLAW_CONTROLLER_URL 是否正确，以及控制器是否在运行。",
    ),
    (
        "Name the controller's own token: HICLAW_AUTH_TOKEN_FILE or HICLAW_AUTH_TOKEN.",
        "请通过 HICLAW_AUTH_TOKEN_FILE 或 HICLAW_AUTH_TOKEN 指定控制器的令牌。",
    ),
    ("The controller's own log says more.", "详情请查看控制器的日志。"),
    (
        "The controller tries again by itself. Repair what it complains of, then switch again.",
        "控制器会自动重试。请先解决它所报告的问题，再重新切换。",
    ),
    ("Change it through the controller.", "请通过控制器更改。"),
];

#[cfg(test)]
mod tests {
    use crate::text::{Lang, Texts};

    #[test]
    fn what_the_controller_and_its_containers_are_told_of_is_chinese_on_a_chinese_page() {
        for (english, chinese) in [
            (
                "HiClaw 1.2, switched by controller; the controller at http://c:8090/ has /api/v1/projects; it calls itself \
                 \"v1.2.3\" and runs embedded; the Manager's config names agentteams-gateway/m",
                "HiClaw 1.2，切换方式为控制器；控制器 http://c:8090/ 提供 /api/v1/projects；控制器自称 \"v1.2.3\"，运行方式为 \
                 embedded；Manager 的配置使用 agentteams-gateway/m",
            ),
            (
                "container running; the controller says Running; the task list cannot be read: x is not there",
                "容器运行中；控制器报告状态 Running；无法读取任务列表：x is not there",
            ),
            (
                "dev1 is a member of the team alpha: this HiClaw changes members only all at once, and deletes those that the \
                 change leaves out",
                "dev1 是团队 alpha 的成员：此版本的 HiClaw 只能一次性更改全部成员，并会删除未列出的成员",
            ),
            (
                "controller:workers/a: HiClaw's controller noted the change and did not carry it out: its container shows \
                 running, not stopped or not_found",
                "controller:workers/a：HiClaw 控制器已记录变更，但未执行：容器状态为运行中，应为已停止或不存在",
            ),
            ("its container is stopped", "容器状态：已停止"),
            (
                "controller:workers/a: HiClaw's controller noted the change and did not carry it out: its container shows a \
                 state of the past, not running or ready",
                "controller:workers/a：HiClaw 控制器已记录变更，但未执行：容器状态为先前的状态，应为运行中或就绪",
            ),
            ("HiClaw's controller: no answer in time", "HiClaw 控制器：响应超时"),
            (
                "HiClaw's controller refused /api/v1/projects (HTTP 502): its generation cannot be told",
                "HiClaw 控制器拒绝了 /api/v1/projects（HTTP 502）：无法识别其版本",
            ),
            ("the controller cannot put dev1 to sleep by itself", "控制器无法单独让 dev1 休眠"),
        ] {
            assert_eq!(Texts(Lang::Zh).evidence(english).as_deref(), Some(chinese));
        }
    }
}
