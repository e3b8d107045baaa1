super::texts! {
    backup_by_hand: "by hand", "手动备份";
    backup_imported: "imported", "导入";
    backup_before(what: &str): format!("before {what}"), format!("变更前：{what}");
    several_agents: "several agents", "多个智能体";
    backups: "Backups", "备份";
    backups_lead(kept: usize):
        format!("How things were before each change: the newest {kept}, and those that are pinned."),
        format!("每次变更前自动备份，保留最近 {kept} 份以及所有已固定的备份。");
    backups_nothing_new:
        "Nothing has changed since the newest backup, so it is enough.",
        "最近一次备份之后没有任何变化，无需再次备份。";
    backups_hold:
        "A backup holds the providers with their keys, the AI routes, and which model each agent runs. It is sealed: only this server can open it.",
        "备份包含提供商及其密钥、AI 路由，以及每个智能体所用的模型。备份已密封，只有本服务器能够打开。";
    backups_lack:
        "It does not hold the keys of consumers, settings of Higress outside AI, or the rest of an agent's config. Going back keeps the keys that a provider has; one that has none, or that would be called at another host, gets the sealed ones, and you may choose.",
        "备份不含消费者的密钥、Higress 中 AI 以外的设置，以及智能体的其他配置。恢复时沿用提供商的现有密钥；没有密钥或调用地址会改变时使用备份中密封的密钥，也可自行选择。";
    backups_now: "Now", "当前";
    backups_content(providers: usize, routes: usize, agents: usize):
        {
            let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
            [count(providers, "provider"), count(routes, "route"), count(agents, "agent")].join(" · ")
        },
        format!("{providers} 个提供商 · {routes} 条路由 · {agents} 个智能体");
    backups_kept_already: "There is a backup of it:", "已有备份：";
    backups_not_kept: "There is no backup of how things are now.", "当前状态还没有备份。";
    backups_now_unread:
        "How things are now cannot be read, so no backup can be compared with it.",
        "无法读取当前状态，因此无法与备份比较。";
    backups_left_out(count: usize):
        if count == 1 { "1 agent cannot be in it".into() } else { format!("{count} things cannot be in it") },
        format!("{count} 项无法纳入备份");
    backups_as_now: "as now", "与当前一致";
    backups_pinned: "pinned", "已固定";
    backups_pin: "Pin", "固定";
    backups_unpin: "Unpin", "取消固定";
    backups_name: "Name, if you like", "名称（可选）";
    backups_import: "Import a file", "导入文件";
    backups_import_hint:
        "A declarative file, YAML or JSON, without keys; a sealed backup that was downloaded from here; or an encrypted one, with its passphrase. It is checked and kept; nothing changes until you restore it.",
        "声明式文件（YAML 或 JSON，不得包含密钥）、从此处下载的密封备份，或加密的备份文件及其口令。导入只做校验和保存，恢复之前不会产生任何变更。";
    backups_file: "File", "文件";
    backups_text: "Its text", "文件内容";
    backups_import_now: "Import", "导入";
    backups_was_imported: "The file is kept as a backup.", "文件已保存为备份。";
    backups_more: "More", "更多";
    backups_plain: "Declarative file, without keys", "声明式文件（不含密钥）";
    backups_encrypted: "Download, encrypted", "加密下载";
    backups_new_passphrase(shortest: usize):
        format!("Passphrase, {shortest} characters or more"),
        format!("口令（至少 {shortest} 个字符）");
    backups_passphrase: "Passphrase, if the file is encrypted", "口令（文件已加密时填写）";
    backups_was_exported:
        "The file is saved. It holds the keys, and opens with the passphrase alone.",
        "文件已保存，其中包含密钥，只能用口令打开。";
    backups_rename: "Save the name", "保存名称";
    backups_renamed: "The name is saved.", "名称已保存。";
    backups_delete: "Delete…", "删除…";
    backups_delete_means: "A deleted backup cannot be brought back.", "删除后无法找回。";
    backups_delete_sure: "Delete it", "确认删除";
    backups_deleted: "The backup is deleted.", "备份已删除。";
    backups_unpin_first: "It is pinned. Unpin it to delete it.", "已固定的备份需先取消固定才能删除。";
    backups_compare: "Compare", "比较";
    backups_of(what: &str, when: &str): format!("{what} the backup of {when}"), format!("{what} {when} 的备份");
    backups_compared: "This backup and now", "此备份与当前状态";
    backups_differs: "No longer as it was", "与备份不同的内容";
    backups_all_as_now: "Everything in this backup is as it is now.", "备份中的所有内容都与当前一致。";
    backups_rest_as_now(count: usize):
        {
            if count == 1 {
                "1 more thing in it is as it was.".into()
            } else {
                format!("{count} more things in it are as they were.")
            }
        },
        format!("其余 {count} 项与备份一致。");
    backups_route: "Route", "路由";
    backups_gone: "gone", "已不存在";
    backups_changed: "changed", "已变更";
    backups_no_model: "no working model now", "当前没有可用模型";
    backups_other_keys: "other keys", "密钥不同";
    backups_needs(what: &str): format!("brings along {what}"), format!("一并恢复 {what}");
    backups_other_name: "Under another name…", "换用其他名称…";
    backups_new_name(what: &str): format!("New name of {what}"), format!("{what} 的新名称");
    reset: "Reset", "重置";
    reset_means: "Back to the last backup that differs from now:", "回到与当前状态不同的最近一份备份：";
    backups_mark_all: "Mark everything that differs", "全选不同的内容";
    backups_restore: "Restore", "恢复";
    backups_restore_all: "Restore all of it", "全部恢复";
    backups_restore_marked: "Restore what is marked:", "恢复所选：";
    backups_lacks: "What this backup does not say", "此备份未包含的内容";
    backups_if_restored: "If all of it were restored now", "如果现在全部恢复";
    backups_kept: "Kept backups", "已保存的备份";
    backups_none: "There is no backup yet.", "还没有备份。";
    backups_none_hint:
        "One is taken before every change. Take the first one now, so that there is a way back from anything.",
        "每次变更前都会自动备份。可以现在先做一份，以便随时恢复。";
    backups_missed(count: usize):
        {
            if count == 1 {
                "1 change was made without a backup before it".into()
            } else {
                format!("{count} changes were made without a backup before them")
            }
        },
        format!("有 {count} 次变更前未能备份");
    backups_damaged(count: usize):
        if count == 1 { "1 backup cannot be read".into() } else { format!("{count} backups cannot be read") },
        format!("有 {count} 份备份无法读取");
    backups_damaged_means: "The files stay as they are, in the folder of the backups.", "这些文件原样保留在备份目录中。";
}
