//! What the server observed, in Chinese: those of its English sentences that have a fixed form and that are met every day.
use super::{Lang, Texts, controller, diagnosed, installation, settled};

/// Its sentences, with `{}` for what they name, in the same order in both. What is one of a few known words stands in
/// Chinese as well: `{state}` of a container, `{adapter}` by which models are switched.
const SENTENCES: &[(&str, &str)] = &[
    // What steps of a change observe.
    ("nothing has to be written", "无需写入"),
    ("1 object will be written", "将写入 1 个对象"),
    ("{} objects will be written", "将写入 {} 个对象"),
    ("written", "已写入"),
    ("written and read back", "已写入并回读确认"),
    ("the answer was lost, and the object was read back as written", "响应丢失，但回读确认已写入"),
    ("removed", "已删除"),
    ("was written, is as before again", "曾写入，现已恢复原状"),
    ("is as before", "与之前一致"),
    ("not undone: somebody else changed it meanwhile", "未撤销：期间已被他人更改"),
    ("not undone: {}", "未撤销：{}"),
    ("not seen: {}", "无法观测：{}"),
    ("seen done after a restart", "重启后确认已完成"),
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
    ("container {state}", "容器状态：{state}"),
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
];

/// All of them.
fn sentences() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [installation::SENTENCES, controller::SENTENCES, settled::SENTENCES, diagnosed::SENTENCES, SENTENCES]
        .into_iter()
        .flatten()
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
    let ((form, names), (other, _)) = (parts(form), parts(other));
    let mut rest = said.strip_prefix(*form.first()?)?;
    let mut filled = (*other.first()?).to_owned();
    for ((between, others), name) in form.iter().zip(other).skip(1).zip(names) {
        let (named, after) = if between.is_empty() { (rest, "") } else { rest.split_once(between)? };
        // That is no name, but the next sentence.
        if named.contains("; ") {
            return None;
        }
        filled.extend([word(name, named).as_str(), others]);
        rest = after;
    }
    rest.is_empty().then_some(filled)
}

/// What stands between the places of a form, and what its places are called.
fn parts(form: &str) -> (Vec<&str>, Vec<&str>) {
    let mut places = form.split('{');
    let first = places.next().unwrap_or_default();
    let (names, after): (Vec<_>, Vec<_>) = places.filter_map(|place| place.split_once('}')).unzip();
    ([vec![first], after].concat(), names)
}

/// What stands in a place, in Chinese where it is a known word of its kind.
fn word(place: &str, named: &str) -> String {
    match place {
        "state" => Texts(Lang::Zh).container_state(named).to_owned(),
        "adapter" => Texts(Lang::Zh).adapter(named).to_owned(),
        "why" => Texts(Lang::Zh).evidence_or_said(named.to_owned()),
        _ => named.to_owned(),
    }
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
            assert_eq!(parts(english).1, parts(chinese).1, "{english}");
        }
    }

    #[test]
    fn no_sentence_has_two_translations() {
        let mut seen = std::collections::BTreeSet::new();
        for (english, _) in sentences() {
            assert!(seen.insert(english), "{english}");
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
        let fixed = |form: &'static str| {
            parts(form).0.into_iter().flat_map(|part| part.split(" (after")).collect::<Vec<_>>()
        };
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
                "HiClaw's controller cannot be reached: ",
                "HiClaw's controller: ",
                "the Manager's container: ",
                "): ",
                " cannot be understood: ",
            ]
            .into_iter()
            .fold(part, str::trim_start_matches);
            // What follows is Docker's word.
            let part = if part.starts_with("container ") { "container {}" } else { part };
            assert!(part.len() < 4 || all.contains(part), "{part}");
        }
    }
}
