//! Who the vendors are: their public hosts, keys that work, and their models.

/// One vendor.
pub(crate) struct Vendor {
    /// The provider's name, which is its Higress type too, except for `lab`.
    pub provider: &'static str,
    pub host: &'static str,
    /// All work; the second one is there to rotate to.
    pub keys: [&'static str; 2],
    pub chat: &'static [&'static str],
    pub embedding: &'static [Embedding],
}

/// A model that answers with vectors.
pub(crate) struct Embedding {
    pub model: &'static str,
    pub dimensions: usize,
}

impl Vendor {
    pub fn models(&self) -> impl Iterator<Item = &'static str> {
        self.chat.iter().copied().chain(self.embedding.iter().map(|embedding| embedding.model))
    }
}

pub(crate) fn vendor(provider: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.provider == provider)
}

pub(crate) const VENDORS: &[Vendor] = &[
    Vendor {
        provider: "qwen",
        host: "dashscope.aliyuncs.com",
        keys: ["sk-sandbox-qwen-5d1c8e0b7a42", "sk-sandbox-qwen-c47be91f6023"],
        chat: &[
            "qwen3.5-plus",
            "qwen3.6-plus",
            "qwen-max",
            "qwen-plus",
            "qwen-turbo",
            "qwen3-coder-plus",
            "qwq-plus",
        ],
        embedding: &[Embedding { model: "text-embedding-v4", dimensions: 1024 }],
    },
    Vendor {
        provider: "deepseek",
        host: "api.deepseek.com",
        keys: ["sk-sandbox-deepseek-93b7f2a4c610", "sk-sandbox-deepseek-1f08d6b5ea79"],
        chat: &["deepseek-chat", "deepseek-reasoner"],
        embedding: &[],
    },
    Vendor {
        provider: "moonshot",
        host: "api.moonshot.cn",
        keys: ["sk-sandbox-moonshot-e28a6cd09f51", "sk-sandbox-moonshot-60b3e7f19c8d"],
        chat: &[
            "kimi-k2.5",
            "kimi-k2-turbo-preview",
            "kimi-k2-thinking",
            "moonshot-v1-8k",
            "moonshot-v1-128k",
        ],
        embedding: &[],
    },
    Vendor {
        provider: "zhipuai",
        host: "open.bigmodel.cn",
        keys: ["sandbox0zhipu41c7.Qm9vS2xN7d", "sandbox0zhipu88fe.Zt3kW1pB6u"],
        chat: &["glm-5", "glm-4.7", "glm-4.6", "glm-4.5-air"],
        embedding: &[],
    },
    Vendor {
        provider: "minimax",
        host: "api.minimax.chat",
        keys: ["sk-sandbox-minimax-04fd7be3185c", "sk-sandbox-minimax-a95c20d7e4f6"],
        chat: &["MiniMax-M2.7", "MiniMax-M2.7-highspeed", "MiniMax-M2.5"],
        embedding: &[],
    },
    Vendor {
        provider: "openai",
        host: "api.openai.com",
        keys: ["sk-sandbox-openai-b6209e5f8d3a", "sk-sandbox-openai-2e7d41c98ab0"],
        chat: &["gpt-5.4", "gpt-5.3-codex", "gpt-5-mini", "gpt-5-nano"],
        embedding: &[Embedding { model: "text-embedding-3-small", dimensions: 1536 }],
    },
    Vendor {
        provider: "lab",
        host: "llm.lab.example.com",
        keys: ["sk-sandbox-lab-7ac3150e92fb", "sk-sandbox-lab-d5f8096e3b14"],
        chat: &["lab-large", "lab-small"],
        embedding: &[],
    },
];
