super::texts! {
    providers: "Providers", "提供商";
    providers_lead(all: usize, used: usize):
        format!("{all} configured · {used} in use"),
        format!("已配置 {all} 个 · 使用中 {used} 个");
    no_providers: "No provider yet.", "还没有提供商。";
    no_providers_hint: "Add one, and its models can be given to agents.", "添加之后，即可为智能体分配它的模型。";
    key: "key", "密钥";
    no_key: "no key", "无密钥";
    keys(count: usize):
        if count == 1 { "1 key".into() } else { format!("{count} keys") },
        format!("{count} 个密钥");
    protocol: "protocol", "协议";
    used_by: "used by", "使用者";
    nobody: "nobody", "无";
    no_provider_route: "no route", "无路由";
    fixed_endpoint: "the vendor's endpoint", "厂商官方端点";
    managed_by_hiclaw: "managed by HiClaw: reset at each restart", "由 HiClaw 管理：每次重启都会重置";
    test: "Test", "测试";
    tested_at: "Tested at", "测试于";
    edit: "Edit", "编辑";
    replace_key: "Replace key", "更换密钥";
    remove: "Remove", "删除";
    action_of(action: &str, name: &str): format!("{action} {name}"), format!("{action} {name}");
    untested: "not tested", "未测试";
    reachable: "reachable", "可用";
    refused: "failed", "失败";
    leg_provider: "provider", "提供商";
    leg_gateway: "through the gateway", "经由网关";
    models_listed(count: usize):
        if count == 1 { "1 model".into() } else { format!("{count} models") },
        format!("{count} 个模型");
    type_count(count: usize):
        format!("Qwen, DeepSeek, OpenAI, Claude, Gemini, Kimi, GLM, Ollama, vLLM … {count} types"),
        format!("Qwen、DeepSeek、OpenAI、Claude、Gemini、Kimi、GLM、Ollama、vLLM…… 共 {count} 种类型");

    provider_type: "Type", "类型";
    name: "Name", "名称";
    name_hint:
        "Lower-case letters, digits and inner hyphens. It becomes part of the route's name.",
        "小写字母、数字和中间的连字符。名称会成为路由名的一部分。";
    name_taken: "There is a provider of this name already. Choose another name, or edit that one.", "已有同名提供商。请换一个名称，或编辑已有的提供商。";
    endpoint: "Base URL", "Base URL";
    endpoint_default(host: &str): format!("Leave it empty for {host}."), format!("留空则使用 {host}。");
    endpoint_custom:
        "Where its API answers, such as http://10.0.4.7:8000/v1.",
        "API 的地址，例如 http://10.0.4.7:8000/v1。";
    endpoint_keeps: "A new host needs the key again.", "更换主机后需要重新填写密钥。";
    api_key: "API key", "API 密钥";
    api_key_optional: "Only if the endpoint asks for one.", "仅在端点要求时填写。";
    api_key_keep: "Leave it empty to keep the present key.", "留空则保留现有密钥。";
    api_key_hint:
        "Sent once to the server, which hands it to Higress. It is never shown again.",
        "仅提交给服务器一次，由它转交 Higress，之后不再显示。";
    provider_of(name: &str): format!("Edit {name}"), format!("编辑 {name}");
    show_plan: "Show the plan", "查看计划";
}
