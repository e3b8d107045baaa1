//! What is seen after a change: by the watch over what it wrote, and of the agents that are started again for it. In
//! Chinese.

/// Its sentences, with `{}` for what they name, in the same order in both. A sentence is one of the first form that fits.
pub const SENTENCES: &[(&str, &str)] = &[
    // What a watch after a change saw.
    ("{} objects looked at {} times, all as told", "{} 个对象共观察 {} 次，均与所述一致"),
    ("it lasts {}", "有效期：{}"),
    ("it lasts: in {} s HiClaw has not undone it", "长期有效：{} 秒内 HiClaw 未将其还原"),
    ("in {} s HiClaw has not undone it, and it lasts {}", "{} 秒内 HiClaw 未将其还原；有效期：{}"),
    (
        "somebody else changed {} back to what it was: it belongs to {}, and a change of it lasts {}",
        "{} 被改回原样：它归 {} 所有，对其的更改有效期：{}",
    ),
    (
        "somebody else changed {} back to what it was: it belongs to {}, and nothing is known that does this by itself",
        "{} 被改回原样：它归 {} 所有，未发现会自动这样做的因素",
    ),
    ("somebody else changed {}: it belongs to {}", "{} 被他人更改：该对象归 {} 所有"),
    ("somebody else changed {}", "{} 被他人更改"),
    (
        "the write of {} was swallowed by another writer and was made again",
        "{} 的写入被其他写入者覆盖，已重新写入",
    ),
    ("a late write of {} was taken back", "{} 的延迟写入已撤回"),
    ("{} could not be put right: {why}", "{} 未能恢复：{why}"),
    ("{} could not be made live once more as it is stored: {}", "{} 未能按所存内容重新生效：{}"),
    ("{} could not be seen since: {why}", "此后无法观测 {}：{why}"),
    ("a person took it over", "已由人工接管"),
    // Why a change did not come to its end, and what to do.
    ("{} was not read back as written: {why}", "{} 读回的内容与写入的不符：{why}"),
    ("it is as it was before the write", "仍是写入前的内容"),
    ("somebody else changed it", "已被他人更改"),
    ("it was written again and again and did not stay", "多次写入后仍未保留"),
    ("the operation took longer than {} s", "操作超过 {} 秒"),
    ("the server stopped before the change was done", "服务器在变更完成前停止"),
    ("a person took it over, and nothing more is undone", "已由人工接管，不再撤销"),
    (
        "Compare these objects with the plan's before and after and decide which is right; the steps say what is where.",
        "请将这些对象与计划中的前后内容对照，判断以哪一个为准；各步骤说明了每处的现状。",
    ),
    ("Look at HiClaw itself.", "请检查 HiClaw 本身。"),
    // When an agent is started again, and what came of it.
    ("at once", "立即"),
    ("once it has no open task", "在没有未完成的任务时"),
    ("waits until {} is idle", "等待 {} 空闲"),
    ("not restarted", "未重启"),
    ("not restarted: a later change of {} decides", "未重启：以 {} 之后的变更为准"),
    ("{} is being started again", "{} 正在重启"),
    ("that {} runs it was not seen", "未观测到 {} 已使用该模型"),
    ("not restarted: there is no worker {}", "未重启：没有名为 {} 的 Worker"),
    ("there is no worker {}", "没有名为 {} 的 Worker"),
    ("the try broke off", "尝试中断"),
    ("not restarted: {} was never idle", "未重启：{} 一直未空闲"),
    ("not restarted: nobody can tell whether {} is busy", "未重启：无法判断 {} 是否正在执行任务"),
    (
        "not restarted: it does not run, and takes its model up when it starts",
        "未重启：它未在运行，启动时会采用新模型",
    ),
    ("tries again", "正在重试"),
    ("woken", "已唤醒"),
    ("not woken: {why}", "未能唤醒：{why}"),
    ("its model is set, and it runs it once its container starts", "其模型已设置，容器启动后即运行新模型"),
];
