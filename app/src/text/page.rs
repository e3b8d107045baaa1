super::texts! {
    product: "AI Gateway", "AI Gateway";
    tagline: "higress · hiclaw", "higress · hiclaw";
    /// Which HiClaw stands behind, and by which way its agents' models are switched.
    hiclaw_badge(generation: &str, adapter: &str):
        format!("HiClaw {generation} · {adapter}"),
        format!("HiClaw {generation} · {adapter}");
    /// Behind what is said, where something speaks against it.
    doubted: " (?)", "（？）";
    skip_to_content: "Skip to content", "跳到正文";
    navigation: "Main", "主导航";
    menu: "Menu", "菜单";
    nav_home: "Home", "首页";
    nav_providers: "Providers", "提供商";
    nav_models: "Models", "模型";
    nav_activity: "Activity", "操作记录";
    theme: "Theme", "主题";
    theme_pixel: "Pixel", "像素";
    theme_cyber: "Cyber", "赛博";
    theme_office: "Office", "办公室";
    sign_out: "Sign out", "退出登录";
    sandbox: "sandbox", "沙箱";
    something_runs: "something is running", "有操作进行中";
    running_count(count: usize): format!("{count} running"), format!("{count} 项进行中");
    page_needs_script:
        "Without JavaScript this page can be read, but not acted on.",
        "未启用 JavaScript 时，本页只能查看，不能操作。";
    server_gone:
        "The server does not answer. What you see may be old; the page goes on by itself.",
        "服务器没有响应，所示内容可能已过时；恢复后页面会自动更新。";
    session_ended:
        "Your session has ended. What is open stays as it is: sign in, come back, and send it.",
        "登录已失效。已打开和填写的内容会保留：登录后返回此处即可提交。";
    sign_in_in_new_tab: "Sign in in a new tab", "在新标签页登录";
    not_loaded:
        "This could not be loaded: the server does not answer. Press again in a moment; if that does not help, load the page anew.",
        "无法加载：服务器没有响应。请稍后再试；如仍无效，请刷新页面。";
    not_sent: "What you typed has not been sent.", "已填写的内容尚未提交。";
    keep: "Keep", "继续编辑";
    discard: "Discard", "放弃";
    provider_gone(name: &str): format!("{name} is no longer there."), format!("{name} 已不存在。");

    close: "Close", "关闭";
    cancel: "Cancel", "取消";
    back: "Back", "返回";
    retry: "Try again", "重试";
    refresh: "Refresh", "刷新";
    loading: "Loading …", "加载中…";
    dismiss: "Dismiss", "关闭通知";
    notices: "Notices", "通知";
    yes: "yes", "是";
    no: "no", "否";
    unknown: "unknown", "未知";
    not_reached: "The server could not be reached.", "无法连接服务器。";

    sign_in: "Sign in", "登录";
    sign_in_lead:
        "The office of your AI agents: who runs which model, over which provider.",
        "AI 智能体的办公室：谁在用哪个模型，经由哪个提供商。";
    user: "User", "用户名";
    password: "Password", "密码";
    sandbox_account:
        "This is the sandbox. Sign in as admin with the password admin.",
        "这是沙箱环境，用户名和密码均为 admin。";
    sign_in_wrong: "The name or the password is wrong.", "用户名或密码错误。";
    sign_in_limited: "Too many wrong passwords. Wait and try again.", "密码错误次数过多，请稍后再试。";

    not_found: "Not found", "页面不存在";
    not_found_lead: "There is no desk at this address.", "这个地址没有工位。";
    go_home: "Back to the office", "返回办公室";
}
