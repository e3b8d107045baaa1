//! `agm plan`, `apply`, `export`, `history` and a switch of many agents, against a server on a real socket.
use crate::{
    cli::{agm, code, err, out},
    support::{Served, World},
};
use serde_json::Value;
use server::http::Bounds;

async fn served(world: &World) -> (Served, String) {
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    (served, url)
}

fn json(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_exported_planned_and_applied() {
    let world = World::start().await;
    let (_served, url) = served(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("gateway.yaml");
    assert_eq!(code(&agm(&url, &["export", "-o", &file], "").await), 0);
    let same = agm(&url, &["plan", "-f", &file], "").await;
    assert_eq!((code(&same), out(&same).trim()), (0, "nothing to change"), "{same:?}");
    let same = agm(&url, &["apply", "-f", &file], "").await;
    assert_eq!((code(&same), out(&same).trim()), (0, "nothing to change"), "{same:?}");

    std::fs::write(path("key"), "sk-from-a-file\n").unwrap();
    let text = "version: 1\nproviders:\n  - {name: zhipuai, type: zhipuai, keys: [{file: key}]}\n\
                assignments:\n  workers:\n    alice: {provider: moonshot, model: kimi-k2.5}\n";
    std::fs::write(&file, text).unwrap();
    let plan = agm(&url, &["plan", "-f", &file], "").await;
    assert!(out(&plan).contains("create\tprovider:zhipuai"), "{plan:?}");
    assert!(!format!("{plan:?}").contains("sk-from-a-file"), "{plan:?}");
    let nobody = agm(&url, &["apply", "-f", &file], "").await;
    assert_eq!((code(&nobody), world.operations.operations().len()), (2, 0), "{nobody:?}");
    let done = agm(&url, &["--json", "apply", "-f", &file, "--yes"], "").await;
    assert_eq!((code(&done), &json(&done)["state"]), (0, &"committed".into()), "{}", err(&done));
    assert!(err(&done).contains("create\tprovider:zhipuai"), "the plan is shown: {}", err(&done));
    let provider = agm(&url, &["provider", "show", "zhipuai"], "").await;
    assert!(out(&provider).contains("keys\t1 "), "{provider:?}");

    for (bad, said) in [
        ("providers: [{name: a1, type: openai, tokens: [sk-canary]}]", "keys: [{env: NAME}]"),
        ("providers: [{name: a1, type: openai, keys: [sk-canary]}]", "{env: NAME}"),
        ("assignments: {workers: {alice: {provider: nobody, model: m}}}", "nobody"),
        ("assignments: {workers: {nobody: {provider: qwen, model: qwen-max}}}", "nobody"),
        ("routes: [{name: r, upstreams: [{provider: nobody, weight: 100}]}]", "nobody"),
    ] {
        let refused = agm(&url, &["plan", "-f", "-"], &format!("version: 1\n{bad}\n")).await;
        assert_eq!((code(&refused), err(&refused).contains(said)), (2, true), "{refused:?}");
        assert!(!err(&refused).contains("canary"), "{refused:?}");
    }
    std::fs::write(&file, text.replace("key}", "none}")).unwrap();
    let missing = agm(&url, &["plan", "-f", &file], "").await;
    assert_eq!((code(&missing), err(&missing).contains("providers[0].keys[0]")), (2, true), "{missing:?}");
    let typo = agm(&url, &["plan", "-f", "-"], "version: 1\nprovider: []\n").await;
    assert_eq!((code(&typo), err(&typo).contains("provider: unknown field")), (2, true), "{typo:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_plan_is_a_conflict_and_shows_the_differences() {
    let world = World::start().await;
    let (_served, url) = served(&world).await;
    let file = "{version: 1, assignments: {workers: {alice: {provider: moonshot, model: kimi-k2.5}}}}";
    let plan = agm(&url, &["--json", "plan", "-f", "-"], file).await;
    let id = json(&plan)["id"].as_str().unwrap().to_owned();
    assert!(err(&plan).contains(&format!("agm apply {id}")), "{plan:?}");
    let set = ["model", "set", "alice", "--provider", "deepseek", "--model", "deepseek-reasoner"];
    assert_eq!(code(&agm(&url, &set, "").await), 0);
    let stale = agm(&url, &["apply", &id], "").await;
    assert_eq!(code(&stale), 4, "{stale:?}");
    let said = err(&stale);
    assert!(said.contains("s3:agents/alice/openclaw.json") && said.contains("deepseek-reasoner\""), "{said}");
    assert_eq!(code(&agm(&url, &["apply", "01JD0000000000000000000000"], "").await), 2, "no such plan");
    for usage in [&["apply"][..], &["apply", &id, "-f", "-"], &["plan"], &["history", "--dry-run"]] {
        assert_eq!(code(&agm(&url, usage, "").await), 2, "{usage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_lists_takes_back_and_checks() {
    let world = World::start().await;
    let (_served, url) = served(&world).await;
    let set = ["--json", "model", "set", "alice", "--provider", "moonshot", "--model", "kimi-k2.5"];
    let id = json(&agm(&url, &set, "").await)["id"].as_str().unwrap().to_owned();
    assert_eq!(code(&agm(&url, &["route", "repair"], "").await), 0);
    let rehearsed = agm(&url, &["history", "--undo", &id, "--dry-run"], "").await;
    assert!(
        code(&rehearsed) == 0 && out(&rehearsed).contains("s3:agents/alice/openclaw.json"),
        "{rehearsed:?}"
    );
    let undone = agm(&url, &["--json", "history", "--undo", &id], "").await;
    assert_eq!((code(&undone), &json(&undone)["undoes"]), (0, &id.as_str().into()), "{undone:?}");

    let all = agm(&url, &["history"], "").await;
    let lines: Vec<_> = out(&all).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{all:?}");
    assert!(lines[2].contains("→ kimi-k2.5") && lines[2].contains("worker:alice"), "{all:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 120), "{all:?}");
    assert!(lines[0].contains(&format!("undoes {id}")) && lines[2].contains("admin/cli"), "{all:?}");
    let alice = agm(&url, &["history", "--target", "alice", "--limit", "1"], "").await;
    assert_eq!(out(&alice).lines().collect::<Vec<_>>(), [&lines[0]], "{alice:?}");
    assert_eq!(code(&agm(&url, &["history", "--release", &id], "").await), 4, "it needs no operator");
    assert_eq!(code(&agm(&url, &["history", "--cancel", &id], "").await), 4, "it has ended");

    let folder = world.data.path();
    let check = ["history", "--verify", "--data-dir", folder.to_str().unwrap()];
    let whole = agm("", &check, "").await;
    assert_eq!((code(&whole), out(&whole).lines().last()), (0, Some("the trail is whole")), "{whole:?}");
    let trail = folder.join("audit.jsonl");
    let text = std::fs::read_to_string(&trail).unwrap();
    // The last operation has one line or two.
    let undone = json(&undone)["id"].as_str().unwrap().to_owned();
    let short: String = text.split_inclusive('\n').take_while(|line| !line.contains(&undone)).collect();
    std::fs::write(&trail, short).unwrap();
    let cut = agm("", &[&["--json"][..], &check].concat(), "").await;
    assert_eq!((code(&cut), &json(&cut)["missing"]), (1, &serde_json::json!([undone])), "{cut:?}");
    std::fs::write(&trail, text.replacen("admin", "nimda", 1)).unwrap();
    let broken = agm("", &[&["--json"][..], &check].concat(), "").await;
    assert_eq!((code(&broken), &json(&broken)["breaks"][0]["line"]), (1, &1.into()), "{broken:?}");
    let nowhere = agm("", &["history", "--verify", "--data-dir", "/nonexistent"], "").await;
    assert_eq!(code(&nowhere), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_agents_are_switched_at_once() {
    let world = World::start().await;
    let (_served, url) = served(&world).await;
    let set = |targets: &[&'static str], more: &[&'static str]| {
        [&["--json", "model", "set"], targets, &["--provider", "moonshot", "--model", "kimi-k2.5"], more]
            .concat()
    };
    let rehearsed = agm(&url, &set(&["alice", "bob"], &["--dry-run"]), "").await;
    assert_eq!(
        (code(&rehearsed), json(&rehearsed)["plans"].as_array().unwrap().len()),
        (0, 2),
        "{rehearsed:?}"
    );
    let both = agm(&url, &set(&["alice", "bob"], &[]), "").await;
    assert_eq!((code(&both), json(&both)["results"].as_array().unwrap().len()), (0, 2), "{both:?}");
    let canary = agm(&url, &set(&["nobody", "bob"], &["--canary", "--stop-after-failures", "1"]), "").await;
    assert_eq!((code(&canary), &json(&canary)["notBegun"][0]), (1, &"worker:bob".into()), "{canary:?}");
    assert!(err(&canary).contains("0 of 2 agents were switched"), "{canary:?}");
}
