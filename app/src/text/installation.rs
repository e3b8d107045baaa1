//! What the server observes of its own installation, in Chinese.

/// Its sentences, with `{}` for what they name, in the same order in both. A sentence is one of the first form that fits.
pub const SENTENCES: &[(&str, &str)] = &[
    // What its proof sees.
    (
        "agm answers at {} and below /agm/ of any address, refuses who is not signed in (401), lets in who is (200), and {} comes as agm sends it",
        "agm 可通过 {} 及任意地址的 /agm/ 访问，未登录时拒绝（401），登录后放行（200），{} 与 agm 直接发送的一致",
    ),
    (
        "agm is not reached through the gateway: {}, signed in, at {} answers HTTP {} and not {}",
        "无法通过网关访问 agm：登录后访问 {}（{}）返回 HTTP {}，应为 {}",
    ),
    (
        "agm is not reached through the gateway: {} at {} answers HTTP {} and not {}",
        "无法通过网关访问 agm：{}（{}）返回 HTTP {}，应为 {}",
    ),
    (
        "agm is not reached through the gateway: {} names no file below {}",
        "无法通过网关访问 agm：{} 未引用 {} 下的文件",
    ),
    (
        "agm is not reached through the gateway: {} comes from the gateway with HTTP {} and not 200",
        "无法通过网关访问 agm：网关对 {} 返回 HTTP {}，应为 200",
    ),
    (
        "agm is not reached through the gateway: {} comes from agm itself with HTTP {} and not 200",
        "无法通过网关访问 agm：agm 自身对 {} 返回 HTTP {}，应为 200",
    ),
    (
        "agm is not reached through the gateway: the {} of {} is {} from agm itself and {} through the gateway",
        "无法通过网关访问 agm：响应头 {}（{}）由 agm 直接发送时为 {}，经网关后为 {}",
    ),
    ("agm is not reached through the gateway: {} at {}: {}", "无法通过网关访问 agm：访问 {}（{}）失败：{}"),
    ("agm is not reached through the gateway: {}", "无法通过网关访问 agm：{}"),
    (
        "Can the gateway call agm where it was registered? Name another address with --reach. `agm doctor` looks at the gateway.",
        "网关能否访问所注册的 agm 地址？可用 --reach 指定其他地址。`agm doctor` 可检查网关。",
    ),
    // Why an installation is not planned.
    ("the route {} takes {} of any address already", "路由 {} 已占用任意地址的 {}"),
    ("the route {} takes {} of {} already", "路由 {} 已占用 {}（域名 {}）"),
    (
        "Remove that route in the console, or install under another domain with --domain.",
        "请在控制台删除该路由，或用 --domain 换一个域名。",
    ),
    ("{} is somebody else's: it leads to {}", "{} 由他人管理，指向 {}"),
    (
        "Nothing was changed. Remove or rename it in the console, and install again.",
        "未作任何变更。请在控制台将其删除或改名，然后重新安装。",
    ),
    ("agm listens on {}, and the gateway is not on this machine", "agm 监听 {}，而网关不在本机"),
    (
        "agm listens on {}, and the gateway needs an IPv4 address or a name",
        "agm 监听 {}，而网关需要 IPv4 地址或域名",
    ),
    (
        "Say where the gateway reaches agm: --reach HOST:PORT, or AGM_REACH. agm must listen there.",
        "请用 --reach HOST:PORT 或 AGM_REACH 指定网关访问 agm 的地址，agm 须在该地址监听。",
    ),
    ("agm speaks HTTPS, and the gateway calls it over HTTP", "agm 使用 HTTPS，而网关以 HTTP 访问"),
    (
        "Start agm without tls-cert and tls-key: the gateway stands before it.",
        "请去掉 tls-cert 和 tls-key 后启动 agm：前面已有网关。",
    ),
    ("the AI gateway does not answer: {}", "AI 网关无响应：{}"),
    (
        "Does the gateway run, and is HICLAW_AI_GATEWAY_URL its address?",
        "网关是否在运行？HICLAW_AI_GATEWAY_URL 是否为其地址？",
    ),
    // Why an object is not removed.
    ("no route of agm leads to it", "没有 agm 的路由指向它"),
    ("it is somebody else's", "由他人管理"),
    ("the route {} uses it", "路由 {} 正在使用"),
    ("somebody changed it since", "之后已被他人修改"),
];
