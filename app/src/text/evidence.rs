//! What the server observed, in Chinese: those of its English sentences that have a fixed form and that are met every day.
use super::{Lang, Texts, controller, installation};

/// Its sentences, with `{}` for what they name, in the same order in both.
const SENTENCES: &[(&str, &str)] = &[
    // What steps of a change observe.
    ("nothing has to be written", "无需写入"),
    ("1 object will be written", "将写入 1 个对象"),
    ("{} objects will be written", "将写入 {} 个对象"),
    ("written", "已写入"),
    ("written and read back", "已写入并回读确认"),
    ("the answer was lost, and the object was read back as written", "响应丢失，但回读确认已写入"),
    ("removed", "已删除"),
    ("not there", "不存在"),
    ("HTTP {} in {} ms from {} as {}", "HTTP {}，耗时 {} 毫秒，应答模型 {}，身份 {}"),
    ("HTTP {} in {} ms: {} models", "HTTP {}，耗时 {} 毫秒，{} 个模型"),
    ("HTTP {} in {} ms: {} models at {}", "HTTP {}，耗时 {} 毫秒，{} 个模型，时间 {}"),
    ("1 neighbour route answers as before", "1 条相邻路由的应答与之前一致"),
    ("{} neighbour routes answer as before", "{} 条相邻路由的应答与之前一致"),
    (
        "not seen yet: {} pulls its config within {} s, or when it starts",
        "尚未看到生效：{} 会在 {} 秒内拉取配置，或在启动时拉取",
    ),
    ("{} pulls its config within {} s, or when it starts", "{} 会在 {} 秒内拉取配置，或在启动时拉取"),
    (
        "the Manager is alive and watches its file: it takes a change up by itself",
        "Manager 正在运行并监视其配置文件，变更会自动生效",
    ),
    ("nothing was written that could be read back", "没有需要回读的写入"),
    ("1 object read back as written", "1 个对象已回读，与写入一致"),
    ("{} objects read back as written", "{} 个对象已回读，与写入一致"),
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
    ("somebody else changed {}", "{} 被他人更改"),
    (
        "the write of {} was swallowed by another writer and was made again",
        "{} 的写入被其他写入者覆盖，已重新写入",
    ),
    ("a late write of {} was taken back", "{} 的延迟写入已撤回"),
    // What came of a restart.
    ("waits until {} is idle", "等待 {} 空闲"),
    ("somebody cancelled it", "已被取消"),
    ("not restarted", "未重启"),
    ("not restarted: {} was never idle", "未重启：{} 一直未空闲"),
    ("not restarted: nobody can tell whether {} is busy", "未重启：无法判断 {} 是否正在执行任务"),
    (
        "not restarted: it does not run, and takes its model up when it starts",
        "未重启：它未在运行，启动时会采用新模型",
    ),
    ("{} runs its former model until its container starts again", "{} 在容器重启之前仍运行原模型"),
    ("tries again", "正在重试"),
    ("woken", "已唤醒"),
    (
        "the model of {} is set, and it runs it once its container starts",
        "{} 的模型已设置，容器启动后即运行新模型",
    ),
    // Why there is no backup, or why one does not open.
    ("the installation is being changed: {} looks saw no two alike", "当前正在变更：{} 次读取均不一致"),
    (
        "it was sealed with the key {}, which this installation does not have",
        "由密钥 {} 密封，此处没有该密钥",
    ),
    ("the seal is broken", "密封已损坏"),
    ("this is no sealed text", "不是密封的内容"),
    ("what its file tells of it is not what was sealed", "文件所述与密封的内容不符"),
    // Why an agent's model cannot be changed from here.
    ("{} runs {}, whose config agm does not edit", "{} 运行的是 {}，agm 不编辑其配置"),
    (
        "Change its model with {}'s own settings, in the worker's container.",
        "请在该智能体的容器中，用 {} 自己的设置更改其模型。",
    ),
    // Why the model that the Manager starts with is not set from here.
    (
        "the model that HiClaw gives the Manager at its start cannot be set from here: {}",
        "无法在此设置 Manager 启动时使用的模型：{}",
    ),
    (
        "Name the file to agm with HICLAW_ENV_FILE and let agm write it, or set HICLAW_DEFAULT_MODEL there yourself.",
        "请在 agm 的设置中指明该文件并允许写入，或自行修改其中的 HICLAW_DEFAULT_MODEL。",
    ),
    // What a backup of the former plugin does not bring back.
    ("the agents: the former plugin kept no models of them", "智能体：以前的插件未保存其模型"),
    ("provider {}: it is named twice", "提供商 {}：名称重复"),
    ("provider {}: it cannot be understood", "提供商 {}：无法识别"),
    ("route {}: it is named twice", "路由 {}：名称重复"),
    ("route {}: it cannot be understood", "路由 {}：无法识别"),
    ("consumer {}: it is named twice", "消费者 {}：名称重复"),
    ("consumer {}: it cannot be understood", "消费者 {}：无法识别"),
    // Why an encrypted file does not open.
    ("passphrase: it must have {} characters or more", "口令至少需要 {} 个字符"),
    ("passphrase: it does not open this file", "口令无法打开该文件"),
    ("passphrase: the file is encrypted: it needs the passphrase", "文件已加密，请填写口令"),
    ("text: it is encrypted so that opening it takes too long", "打开该文件的计算量过大"),
    ("text: it is encrypted, but not to a passphrase", "该文件不是用口令加密的"),
    ("the encrypted file is not whole", "加密文件不完整"),
    ("what is encrypted is no backup of this version", "加密的内容不是本版本的备份"),
    // What a worker's state rests on.
    ("container running", "容器运行中"),
    ("container exited", "容器已退出"),
    ("container {}", "容器状态 {}"),
    ("it has no container", "没有容器"),
    ("no open task", "没有未完成的任务"),
    ("task {} and {} more open", "任务 {} 及另外 {} 项进行中"),
    ("task {} open", "任务 {} 进行中"),
    ("HiClaw stopped it for being idle", "因空闲被 HiClaw 停止"),
    // Why a restore is refused, or a thing of it left out.
    (
        "what is wanted needs these too, which are not there now: {}",
        "所选内容还需要以下内容，而它们当前不存在：{}",
    ),
    ("it is not among what is restored", "不在要恢复的内容之中"),
    ("something else that is restored has this name", "恢复的另一项内容已使用该名称"),
    ("there is a {} already", "已存在 {}"),
    ("the type of a provider stays: this one is {}", "提供商的类型不可更改：现有的是 {}"),
    (
        "its present keys would go to another host: choose those of the backup, or new ones",
        "当前密钥会发送到另一个地址：请选择备份中的密钥，或填写新密钥",
    ),
    (
        "it has no present keys: choose those of the backup, or new ones",
        "当前没有密钥：请选择备份中的密钥，或填写新密钥",
    ),
    (
        "it is not there now, so it has no present keys: choose those of the backup, or new ones",
        "当前不存在，没有现有密钥：请选择备份中的密钥，或填写新密钥",
    ),
    ("this backup holds no keys", "此备份不含密钥"),
    (
        "its credentials are settings: restore it with those that there are, and change them then",
        "其凭据属于设置：请先按已有凭据恢复，再修改凭据",
    ),
    ("these keys are for another host", "这些密钥用于另一个地址"),
    ("{} needs a key", "{} 需要密钥"),
    ("a URL must not hold a user name or password", "URL 不得包含用户名或密码"),
    (
        "a new route's name is 1 to 63 lower-case letters, digits, dots and hyphens, begins and ends with a letter or digit, and does not end in .fallback",
        "新路由名称为 1 至 63 个小写字母、数字、点和连字符，首尾须为字母或数字，且不得使用网关保留的后缀",
    ),
    ("it leads to {}, which is not there", "其指向的 {} 不存在"),
    ("{} is not there", "{} 不存在"),
    ("{} does not list a model {}", "{} 的模型列表中没有 {}"),
    ("{} sends this model to {}", "{} 将该模型转发到 {}"),
    ("the backup holds no document of it", "备份中没有其内容"),
    // What to do about it.
    ("Restore them too, or restore everything.", "请一并恢复这些内容，或全部恢复。"),
    (
        "Remove the present one first, or restore it under another name.",
        "请先删除现有的，或换用其他名称恢复。",
    ),
    ("Choose another name.", "请换一个名称。"),
    // The doctor, of the installation.
    ("answers at {}", "在 {} 响应"),
    ("the console knows {} as its admin", "控制台的管理员是 {}"),
    ("version {}, which agm was tested with", "版本 {}，agm 已测试过"),
    ("signs in to the console with a password that everybody tries first", "登录控制台所用的是常见密码"),
    ("nothing was changed there since this list of operations begins", "自现有操作记录以来，未对其作过变更"),
    ("took what operation {} changed there", "已接受操作 {} 的变更"),
    ("the newest change of it, operation {}, failed: {}", "最近一次变更（操作 {}）失败：{}"),
    ("its clock and that of agm agree", "其时钟与 agm 一致"),
    ("answers, and lets the bucket be read (after {} ms)", "有响应，存储桶可读取（{} 毫秒）"),
    (
        "a scratch object was written, twice protected from a stale write, and removed at {}",
        "已写入一个临时对象，两次拦住过期写入，并已删除，时间 {}",
    ),
    ("HiClaw lists {} workers", "HiClaw 登记了 {} 个 Worker"),
    // Of the gateway and its routes.
    ("answers (after {} ms)", "有响应（{} 毫秒）"),
    ("gave figures at {}", "已提供指标，时间 {}"),
    ("counts calls and tokens, read at {}", "统计调用与 token，读取于 {}"),
    (
        "has counted no call yet, and agm knows of none that a model answered",
        "尚无统计；据 agm 所知，也没有模型应答过调用",
    ),
    ("counts no call, although models answered at {}", "模型已于 {} 应答，但没有统计"),
    ("a call without a key was answered {}", "无密钥的调用得到 {} 响应"),
    ("a call without a key was let through, and answered {}", "无密钥的调用被放行，得到 {} 响应"),
    ("no agent's model has a route that asks for a key", "没有智能体的模型所用路由要求密钥"),
    ("the routes or the agents could not be read", "无法读取路由或智能体"),
    ("goes on trying after an error for {} s", "出错后会持续重试 {} 秒"),
    ("no call is tried again for longer than an hour", "重试时限均不超过一小时"),
    ("the gateway answers {} at {}", "网关返回 {}，路径 {}"),
    ("the gateway leads to agm, by name and by path", "网关可通过域名和路径通往 agm"),
    (
        "the gateway does not lead to agm, which is reached at its own address only",
        "网关未通往 agm，仅能通过其自身地址访问",
    ),
    ("the gateway leads to agm, but not at {}", "网关通往 agm，但 {} 除外"),
    ("{} AI routes and {} providers were read", "已读取 {} 条 AI 路由和 {} 个提供商"),
    ("takes the models that no other route takes", "承接其他路由都不匹配的模型"),
    ("all their providers exist", "其提供商均存在"),
    ("no older route has the same conditions", "没有更早的路由条件与其相同"),
    ("they let every agent in", "已授权所有智能体"),
    ("they let every agent in that is not told of by itself", "除另行列出的以外，已授权所有智能体"),
    ("does not let {} in", "未授权 {}"),
    ("each asks for the key of a consumer that it lets in", "均要求已授权消费者的密钥"),
    ("the gateway was given what is stored", "网关配置与控制台所存一致"),
    // Of the providers.
    ("have the keys that their types need", "已配置其类型所需的密钥"),
    ("it was not tested since agm started or since it was changed", "自 agm 启动或该提供商变更以来尚未测试"),
    ("are HiClaw's own, and were not changed with agm", "由 HiClaw 管理，未被 agm 修改"),
    // Of the agents.
    ("their openclaw.json is in its place and could be read", "openclaw.json 均存在且可读取"),
    ("their configs name a model of the AI gateway", "配置的模型均经由 AI 网关"),
    ("their configs list the model that they run", "配置的模型列表均包含所用模型"),
    ("the gateway knows each by its key", "网关均认识其密钥"),
    ("a route takes the model of each", "其模型均有路由匹配"),
    ("cannot use its model: no AI route takes {}", "无法使用其模型：没有 AI 路由匹配 {}"),
    ("their routes let them in", "路由均已授权"),
    ("cannot use its model: {} does not let {} in", "无法使用其模型：{} 未授权 {}"),
    ("the providers of their models exist", "其模型的提供商均存在"),
    ("their providers list their models", "其提供商均列有所用模型"),
    (
        "{} gave no list since agm started or since it was changed",
        "自 agm 启动或该提供商变更以来，尚未读取 {} 的模型列表",
    ),
    ("run what their last switch gave them, or were never switched", "运行的模型与上次切换一致，或从未切换"),
    (
        "their models were not asked: a question costs a token, so it is asked on demand only",
        "尚未询问其模型：询问会消耗 token，仅在需要时进行",
    ),
    (
        "a model answered each at {}, through the gateway and with the agent's own key",
        "模型均已应答，时间 {}，经由网关并使用智能体自己的密钥",
    ),
    ("run, or sleep until they are given work", "运行中，或休眠待命"),
    ("agm was not told HiClaw's default model", "agm 未获知 HiClaw 的默认模型"),
    ("which model it runs is not known", "不清楚其运行的模型"),
    ("{} is also what HiClaw gives it when its container starts", "{} 也是 HiClaw 在其容器启动时设置的模型"),
    (
        "runs {}, and HiClaw gives it {} when its container starts again: {} in {}; its environment file names the right one",
        "运行 {}，而其容器再次启动时 HiClaw 会设置 {}：{}（{}）；其环境文件中的模型已正确",
    ),
    (
        "HiClaw's environment file names the model that it runs; the environment of its container is not seen",
        "HiClaw 环境文件中的模型与当前一致，但看不到其容器的环境变量",
    ),
    (
        "HiClaw itself keeps {} for it, and gives it no other when it starts",
        "HiClaw 自身为其保存的就是 {}，启动时不会设置其他模型",
    ),
    (
        "runs {}, and HiClaw gives it {} when its container starts again: {} in {}",
        "运行 {}；其容器重新启动时，HiClaw 会改为 {}：{}（{}）",
    ),
    ("the image of its container is not known", "不清楚其容器的镜像"),
    ("its image {} does not tell its version", "其镜像 {} 未标明版本"),
    (
        "its image {} keeps its own model: a switch reaches it when it starts again",
        "其镜像 {} 会保留自身的模型，重新启动后才采用新模型",
    ),
    (
        "run the model of their stored config, or take it up while they run",
        "正在运行所存配置中的模型，或运行中即可采用",
    ),
    // Of agm itself.
    ("a record could be written now (after {} ms)", "刚刚成功写入一条记录（{} 毫秒）"),
    ("{} MiB are free", "剩余 {} MiB"),
    ("its lock is held by this agm", "由当前 agm 锁定"),
    ("every record of it could be read", "所有记录均可读取"),
    ("none of the newest {} waits for a person", "最近 {} 项操作均无需人工处理"),
    ("{} lines, each follows the one before it", "共 {} 行，逐行衔接"),
    (
        "this is a sandbox: it has a known password, and nothing real is behind it",
        "这是沙箱：密码是公开的，背后没有真实系统",
    ),
];

/// All of them.
fn sentences() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    installation::SENTENCES.iter().chain(controller::SENTENCES).chain(SENTENCES)
}

impl Texts {
    /// What the server says in this sentence. None: on an English page, and where the sentence is no known one.
    pub fn evidence(self, said: &str) -> Option<String> {
        match self.0 {
            Lang::En => None,
            Lang::Zh => chinese(said)
                .or_else(|| {
                    let parts: Option<Vec<_>> = said.split("; ").map(chinese).collect();
                    parts.map(|parts| parts.join("；"))
                })
                .or_else(|| of_a_field(said)),
        }
    }

    /// The same where nothing can be marked as English.
    pub fn evidence_or_said(self, said: String) -> String {
        self.evidence(&said).unwrap_or(said)
    }
}

/// What is wrong with a field, behind its name.
fn of_a_field(said: &str) -> Option<String> {
    let (field, wrong) = said.split_once(": ").filter(|(field, _)| !field.contains(' '))?;
    Some(format!("{field}：{}", chinese(wrong)?))
}

fn chinese(said: &str) -> Option<String> {
    sentences().find_map(|(english, chinese)| filled(said, english, chinese))
}

/// The other form with what the sentence names, where the sentence has the one form.
fn filled(said: &str, form: &str, other: &str) -> Option<String> {
    let (mut form, mut other) = (form.split("{}"), other.split("{}"));
    let mut rest = said.strip_prefix(form.next()?)?;
    let mut filled = other.next()?.to_owned();
    for (between, others) in form.zip(other) {
        let (named, after) = if between.is_empty() { (rest, "") } else { rest.split_once(between)? };
        // That is no name, but the next sentence.
        if named.contains("; ") {
            return None;
        }
        filled.extend([named, others]);
        rest = after;
    }
    rest.is_empty().then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    fn said(text: &str) -> Option<String> {
        Texts(Lang::Zh).evidence(text)
    }

    #[test]
    fn a_sentence_of_a_known_form_keeps_what_it_names() {
        for (english, chinese) in [
            ("written", "已写入"),
            (
                "not seen yet: alice pulls its config within 300 s, or when it starts",
                "尚未看到生效：alice 会在 300 秒内拉取配置，或在启动时拉取",
            ),
            (
                "HTTP 200 in 6 ms from deepseek-chat as worker-alice",
                "HTTP 200，耗时 6 毫秒，应答模型 deepseek-chat，身份 worker-alice",
            ),
            (
                "HTTP 200 in 6 ms: 14 models at 2026-11-22T04:00:00Z",
                "HTTP 200，耗时 6 毫秒，14 个模型，时间 2026-11-22T04:00:00Z",
            ),
            ("route 2: it cannot be understood", "路由 2：无法识别"),
            (
                "agm is not reached through the gateway: /x, signed in, at a.io answers HTTP 503 and not 200",
                "无法通过网关访问 agm：登录后访问 /x（a.io）返回 HTTP 503，应为 200",
            ),
            (
                "agm is not reached through the gateway: /agm/login at a.io: no answer in time",
                "无法通过网关访问 agm：访问 /agm/login（a.io）失败：no answer in time",
            ),
            ("the route x takes /agm of any address already", "路由 x 已占用任意地址的 /agm"),
            (
                "reach: agm listens on [::1]:1, and the gateway needs an IPv4 address or a name",
                "reach：agm 监听 [::1]:1，而网关需要 IPv4 地址或域名",
            ),
            (
                "items: what is wanted needs these too, which are not there now: provider:qwen, route:x",
                "items：所选内容还需要以下内容，而它们当前不存在：provider:qwen, route:x",
            ),
            ("it leads to lab, which is not there", "其指向的 lab 不存在"),
            ("container running; task t-1 and 2 more open", "容器运行中；任务 t-1 及另外 2 项进行中"),
        ] {
            assert_eq!(said(english).as_deref(), Some(chinese));
        }
    }

    #[test]
    fn another_sentence_stays_as_it_is() {
        let others = ["", "written by somebody else", "container running; nobody knows: x", "HTTP 500"];
        for other in others {
            assert_eq!(said(other), None, "{other}");
        }
        assert_eq!(Texts(Lang::En).evidence("written"), None);
    }

    #[test]
    fn both_forms_name_as_many_things() {
        for (english, chinese) in sentences() {
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{english}");
        }
    }

    fn sources(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, all),
                false => all.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }

    #[test]
    fn every_sentence_is_one_that_the_server_says() {
        let mut all = String::new();
        for of in ["crates/domain", "crates/higress", "crates/operations", "crates/hiclaw", "server"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src");
            sources(&folder, &mut all);
        }
        // A long sentence goes on in the next line.
        let all: String = all.split("\\\n").map(str::trim_start).collect();
        // How long it took, and when, are put to it elsewhere.
        let fixed = |form: &'static str| form.split("{}").flat_map(|part| part.split(" (after"));
        for part in sentences().flat_map(|(english, _)| fixed(english)) {
            let part = part.strip_suffix(" at ").unwrap_or(part);
            // The name of a field is put before what is wrong with it; what is left out is named elsewhere.
            let part = [
                "agm is not reached through the gateway: ",
                "not seen yet: ",
                "passphrase: ",
                "text: ",
                "the agents: ",
                ": ",
                "HiClaw's controller noted the change and did not carry it out: ",
                "HiClaw's controller does not let agm in: ",
            ]
            .into_iter()
            .fold(part, str::trim_start_matches);
            // What follows is Docker's word.
            let part = if part.starts_with("container ") { "container {}" } else { part };
            assert!(part.len() < 4 || all.contains(part), "{part}");
        }
    }
}
