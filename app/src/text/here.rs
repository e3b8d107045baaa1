//! What the page says of the backups that lie in this browser.
#[cfg(feature = "hydrate")]
use crate::browser::backups::NotKept;

#[cfg(feature = "hydrate")]
impl super::Texts {
    /// Why a backup is not in this browser.
    pub fn not_kept(self, why: NotKept) -> &'static str {
        self.of(match why {
            NotKept::Denied => (
                "This browser refused to keep a backup: it keeps nothing for this page.",
                "此浏览器拒绝保存备份：它不为本页保存任何数据。",
            ),
            NotKept::NoRoom => (
                "This browser has no room for another backup, also without those that may go. Remove or unpin some, or clear what other pages of this address keep.",
                "此浏览器没有空间再保存备份，即使移除可以移除的备份也不够。请移除或取消固定一些备份，或清理同一地址其他页面保存的数据。",
            ),
            NotKept::Outranked => (
                "This browser has no room for a backup that is older than those that are here.",
                "此浏览器没有空间再保存比现有备份更早的备份。",
            ),
            NotKept::Lost => (
                "This browser had no room for another backup, and did not take one back that had made room for it. Remove or unpin some.",
                "此浏览器没有空间再保存备份，且未能放回为其让出空间的一份旧备份。请移除或取消固定一些备份。",
            ),
            NotKept::NotReadBack => (
                "This browser did not keep a backup: what was read back is not what was written.",
                "此浏览器未能保存备份：读回的内容与写入的不一致。",
            ),
            NotKept::Occupied => (
                "Something else lies in the place of this backup. Remove it first.",
                "此备份的位置已被其他内容占用，请先将其移除。",
            ),
        })
    }
}

super::texts! {
    here: "In this browser", "在此浏览器中";
    here_lead:
        "Copies of the newest backups, sealed: this browser cannot open them, and neither can who looks into it. They are a way back also when the server has lost its own.",
        "最新备份的加密副本：此浏览器以及能查看它的人都无法打开。即使服务器丢失了自己的备份，也可以用它们恢复。";
    here_needs_script:
        "What lies in this browser is shown with JavaScript only.",
        "需要启用 JavaScript 才能显示此浏览器中的备份。";
    here_denied:
        "This browser keeps nothing for this page: a private window, or a setting. The backups of the server are not affected.",
        "此浏览器不为本页保存任何数据（隐私窗口或浏览器设置）。服务器上的备份不受影响。";
    here_used(used: usize, places: usize, pinned: usize, size: &str):
        {
            let pinned = if pinned == 0 { String::new() } else { format!(" · {pinned} pinned") };
            format!("{used} of {places} places{pinned} · {size}")
        },
        {
            let pinned = if pinned == 0 { String::new() } else { format!(" · {pinned} 份已固定") };
            format!("已用 {used} / {places} 个位置{pinned} · {size}")
        };
    here_only: "only here", "仅在此处";
    here_bring_back: "Bring back", "送回服务器";
    here_of(what: &str, when: &str):
        format!("{what}: the copy of {when} in this browser"),
        format!("{what}：此浏览器中 {when} 的副本");
    here_verify: "Check", "校验";
    here_opened: "The server opened it: it is whole.", "服务器已成功打开，内容完整。";
    here_remove_ask: "Remove…", "移除…";
    here_remove: "Remove it", "确认移除";
    here_remove_means:
        "Only this copy goes. The server keeps its own.",
        "仅移除此副本，服务器保留自己的备份。";
    here_remove_unknown:
        "The server has not said whether it has this backup. If it has not, what is removed here cannot be brought back.",
        "服务器尚未告知是否有此备份。若没有，移除后无法找回。";
    here_remove_last:
        "The server does not have this backup. What is removed here cannot be brought back.",
        "服务器上没有此备份，移除后无法找回。";
    here_download: "Download", "下载";
    here_not_downloaded: "This browser did not save the file.", "此浏览器未能保存文件。";
    here_odd(count: usize):
        {
            if count == 1 {
                "1 thing here looks like a backup and is none".into()
            } else {
                format!("{count} things here look like backups and are none")
            }
        },
        format!("有 {count} 项看似备份，但无法识别");
    here_odd_means:
        "They are damaged, or somebody else's. They stay until you remove them.",
        "它们已损坏，或来自其他程序。除非您移除，否则会一直保留。";

    lost_key:
        "No key of this server opens it: the key is lost, or another installation sealed it.",
        "此服务器的密钥均无法打开它：密钥已丢失，或由其他安装加密。";
    lost_key_means:
        "What can be read without the key is below. Anybody may have changed it, so do not trust it: check each name and address before you send a key there.",
        "下面是无需密钥即可读取的内容，可能被任何人改动过，请勿信任：在填写密钥之前，请逐一核对名称和地址。";
    lost_key_form(name: &str): format!("New provider like {name}"), format!("参照 {name} 新建提供商");
    untrusted_form:
        "Filled in from a backup that could not be opened. Anybody may have changed it: check the name and above all the address before you give it a key.",
        "以下内容取自无法打开的备份，可能被任何人改动过：填写密钥之前，请核对名称，尤其是地址。";

    clear_text: "Keys lie in this browser in clear", "此浏览器中存有明文密钥";
    clear_text_holds(providers: usize, consumers: usize, keys: usize):
        {
            let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
            let (providers, consumers) = (count(providers, "provider"), count(consumers, "consumer"));
            let keys = count(keys, "key");
            format!("The plugin that was here before left a backup with {providers} and {consumers}; {keys} of theirs can be read in it.")
        },
        format!("以前的插件留下了一份备份，含 {providers} 个提供商和 {consumers} 个消费者，其中 {keys} 个密钥可直接读取。");
    clear_text_taken(when: &str): format!("It says that it is of {when} UTC."), format!("其记录的时间为 {when}（世界时）。");
    clear_text_means:
        "Who can look into this browser can read all of it. Sealed, the whole lies in a backup that only the server opens. Going back to that brings its providers and routes; its consumers and their keys stay in it.",
        "能查看此浏览器的人都能读取全部内容。加密后，全部内容存放在只有服务器能打开的备份中。恢复该备份会恢复其中的提供商和路由，消费者及其密钥则只保留在备份中。";
    clear_text_odd:
        "Something lies where the plugin that was here before kept its backup, and it cannot be read as one. It is left as it is.",
        "以前的插件存放备份的位置有内容，但无法识别。已原样保留。";
    clear_text_seal: "Seal it and remove the clear text", "加密并移除明文";
    clear_text_sealing: "Sealing …", "正在加密…";
    clear_text_stays: "The clear text is still there, as it was:", "明文仍原样保留：";
    clear_text_not_whole: "The server did not seal all of its keys.", "服务器未能加密其中的全部密钥。";
    clear_text_changed: "It was changed meanwhile. Try again.", "内容期间被改动，请重试。";
    clear_text_not_removed: "This browser did not remove it.", "此浏览器未能将其移除。";
    clear_text_gone: "The clear text is gone", "明文已移除";
    clear_text_kept:
        "The sealed backup lies on the server and in this browser, pinned in both, and the server has opened it.",
        "加密后的备份已保存在服务器和此浏览器中（均已固定），并经服务器成功打开。";
    clear_text_rotate:
        "These providers had keys in it, in clear until now, so somebody may have read them. Replace them:",
        "以下提供商的密钥此前一直以明文存放，可能已被读取。请更换：";
    clear_text_no_provider:
        "is not here any more: end its key at the vendor",
        "已不存在：请在供应商处吊销其密钥";
    clear_text_consumers:
        "The keys of these consumers lay there in clear as well. Replace them in Higress or HiClaw:",
        "以下消费者的密钥此前同样以明文存放，请在 Higress 或 HiClaw 中更换：";
}
