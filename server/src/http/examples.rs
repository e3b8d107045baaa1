//! Examples for the API's description.

/// A body for each type that a request may bring, by the type's name in the document.
pub const REQUESTS: &[(&str, &str)] = &[
    ("Account", r#"{"username":"admin","password":"…"}"#),
    ("SetModel", r#"{"provider":"deepseek","model":"deepseek-chat"}"#),
    ("Switch", r#"{"target":"worker:alice","provider":"deepseek","model":"deepseek-chat"}"#),
    ("NewProvider", r#"{"name":"zhipuai","type":"zhipuai","tokens":["…"]}"#),
    ("EditProvider", r#"{"baseUrl":"https://llm.example.com/v1","tokens":["…"]}"#),
    (
        "CreateProvider",
        r#"{"name":"lab","type":"openai","apiKey":"…","baseUrl":"https://llm.example.com/v1"}"#,
    ),
    ("TestProvider", r#"{"provider":"deepseek","model":"deepseek-chat"}"#),
    ("Simulate", r#"{"model":"deepseek-chat","consumer":"worker-dave"}"#),
    ("BackupLabel", r#"{"name":"before the move"}"#),
    ("ImportBackup", r#"{"text":"version: 1\nproviders: [{name: qwen, type: qwen}]"}"#),
    ("ExportBackup", r#"{"passphrase":"a sentence that nobody guesses"}"#),
    (
        "AdoptBackup",
        r#"{"sealed":{"agmBackup":2,"visible":{"id":"01JD0000000000000000000000","installation":"9f2c51d07ab3e846","takenAt":"2026-01-15T10:30:00Z",
            "actor":"admin","reason":{"why":"by_hand"},"hash":"…","providers":[],"routes":[],"agents":[]},"sealed":"agm1.…"}}"#,
    ),
    (
        "OriginalBackup",
        r#"{"timestamp":"2025-11-02T08:00:00Z","providers":{"data":[{"name":"qwen","type":"qwen","tokens":["…"]}]},"routes":[],
            "consumers":[]}"#,
    ),
    ("Repair", r#"{"route":"deepseek-ai-route","consumer":"worker-dave"}"#),
    ("Reload", r#"{"target":"manager"}"#),
    (
        "SetModels",
        r#"{"targets":["worker:alice","worker:bob"],"provider":"deepseek","model":"deepseek-chat","canary":true}"#,
    ),
    (
        "Mutation",
        r#"{"kind":"set_model","target":"worker:alice","provider":"deepseek","model":"deepseek-chat"}"#,
    ),
];

/// What a failed call answers.
pub const FAILURE: &str = r#"{"success":false,"code":"INVALID_REQUEST","message":"model: missing field",
    "fields":[{"field":"model","message":"missing field"}]}"#;
