//! The server's own backups: taken before changes, kept, compared, and gone back to.
use crate::world::{World, context, model, provider, step, switch, worker};
use domain::{
    Backup, BackupId, BackupItem, BackupReason, Code, Mutation, OperationState, Plan, Restore, SetModels,
    StepName, StepState, Target, Topic,
};
use futures::{StreamExt, future::ready};
use serde_json::json;
use std::{collections::BTreeSet, path::Path, pin::pin};

async fn backups(world: &World) -> Vec<Backup> {
    world.operations.backups().await.unwrap().backups
}

async fn taken(world: &World) -> BackupId {
    world.operations.back_up("admin", None).await.unwrap().backup.id
}

fn restore(id: &BackupId, items: Option<&[&str]>) -> Mutation {
    let items =
        items.map(|items| items.iter().map(|item| item.parse().unwrap()).collect::<Vec<BackupItem>>());
    Mutation::Restore(Restore { items, ..Restore::whole(id.clone()) })
}

/// Waits until it is told that there is another backup, or another one missing, than now.
fn news_of_backups(world: &World) -> impl Future<Output = ()> + use<> {
    let now = world.operations.news_mark().to_string();
    let news = world.operations.news(Some(&now));
    async move {
        let mut backups = pin!(news.filter(|news| ready(news.topics.contains(&Topic::Backups))));
        assert!(backups.next().await.is_some());
    }
}

fn changed(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.object.as_str()).collect()
}

fn warned<'a>(plan: &'a Plan, code: &str) -> Vec<&'a str> {
    plan.warnings.iter().filter(|w| w.code.as_str() == code).map(|w| w.message.as_str()).collect()
}

#[tokio::test]
async fn a_change_has_a_backup_of_what_was_before_it() {
    let world = World::start().await;
    let exported = world.operations.export().await.unwrap();
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let all = backups(&world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].reason.to_string(), "before set_model worker:alice");
    assert_eq!((all[0].actor.as_str(), all[0].pinned, &all[0].name), ("admin", false, &None));
    assert_eq!(
        (all[0].providers, all[0].agents),
        (3, u32::try_from(exported.file.assignments.all().count()).unwrap())
    );
    let content = world.operations.backup(&all[0].id).await.unwrap();
    let text = |file: &domain::Declared| serde_json::to_string(file).unwrap();
    assert_eq!(text(&content.file), text(&exported.file));
    assert_eq!(content.left_out, exported.left_out);

    // What is as the newest one says is not kept again, whoever asks.
    let now = world.operations.back_up("admin", None).await.unwrap();
    assert!(now.new, "the switch changed something");
    assert!(!world.operations.back_up("admin", None).await.unwrap().new);
    world.run(switch("alice", "deepseek", "deepseek-chat")).await.unwrap();
    assert_eq!(
        backups(&world).await.iter().map(|b| b.id.clone()).collect::<Vec<_>>(),
        [now.backup.id, all[0].id.clone()]
    );
}

#[tokio::test]
async fn a_request_for_many_targets_has_one_backup() {
    let world = World::start().await;
    let wish: SetModels = serde_json::from_value(
        json!({"targets": ["alice", "bob", "carol"], "provider": "deepseek", "model": "deepseek-reasoner"}),
    )
    .unwrap();
    assert!(world.operations.set_models(wish, context(None)).unwrap().finished().await.unwrap().success);
    let all = backups(&world).await;
    assert_eq!(all.iter().map(|backup| backup.reason.to_string()).collect::<Vec<_>>(), ["before set_model"]);
}

#[tokio::test]
async fn what_is_wrong_needs_no_backup() {
    let world = World::start().await;
    world.run(Mutation::Apply(serde_json::from_value(json!({"version": 7})).unwrap())).await.unwrap_err();
    assert!(backups(&world).await.is_empty());
}

#[tokio::test]
async fn a_change_goes_on_without_a_backup_and_that_is_told() {
    let world = World::start().await;
    std::fs::write(world.config.data_dir.join("backups"), "no folder").unwrap();
    let done = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    assert_eq!(world.operations.backups().await.unwrap_err().code, Code::StorageUnavailable);
    std::fs::remove_file(world.config.data_dir.join("backups")).unwrap();
    let all = world.operations.backups().await.unwrap();
    assert!(all.backups.is_empty());
    assert_eq!(all.missed.len(), 1, "{all:?}");
    assert_eq!(all.missed[0].reason.to_string(), "before set_model worker:alice");
}

#[tokio::test]
async fn a_console_that_is_down_is_told_as_a_missing_backup() {
    let world = World::start().await;
    world.sandbox.set_console_offline(true);
    let told = news_of_backups(&world);
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap_err();
    told.await;
    let all = world.operations.backups().await.unwrap();
    assert_eq!((all.backups.len(), all.missed.len()), (0, 1), "{all:?}");
}

#[tokio::test]
async fn a_restore_is_an_operation_that_puts_everything_back_and_can_be_undone() {
    let world = World::start().await;
    let [alice, manager] = [worker("alice"), Target::Manager].map(|agent| world.stored_model(&agent));
    let id = taken(&world).await;
    assert!(world.operations.compare_backup(&id).await.unwrap().changes.is_empty());
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(switch("manager", "deepseek", "deepseek-chat")).await.unwrap();
    let edit = serde_json::from_value(json!({"settings": {"firstByteTimeout": 25}})).unwrap();
    world.run(Mutation::EditProvider { name: provider("moonshot"), edit }).await.unwrap();

    let plan = world.operations.plan_to_apply(restore(&id, None)).await.unwrap();
    assert_eq!(plan.kind, "restore");
    let agents: BTreeSet<&str> = plan.targets.iter().map(String::as_str).collect();
    assert!(agents.contains("manager") && agents.contains("worker:alice"), "{agents:?}");
    let done = world.operations.apply(&plan.id, context(None)).await.unwrap().finished().await.unwrap();
    assert_eq!((done.kind.as_str(), &done.id), ("restore", &plan.id));
    assert_eq!(step(&done.steps, StepName::Verify).state, StepState::Done);
    for (agent, was) in [(worker("alice"), alice), (Target::Manager, manager)] {
        assert_eq!(world.stored_model(&agent), was, "{agent}");
    }
    assert!(world.operations.compare_backup(&id).await.unwrap().changes.is_empty());
    let newest = &backups(&world).await[0];
    assert_eq!(newest.reason, BackupReason::before(&restore(&id, None)));

    world.run(Mutation::Undo { operation: done.id.clone() }).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), "kimi-k2.5");
    assert_eq!(world.stored_model(&Target::Manager), "deepseek-chat");
}

#[tokio::test]
async fn single_items_come_back_alone() {
    let world = World::start().await;
    let id = taken(&world).await;
    let [alice, bob] = ["alice", "bob"].map(|name| world.stored_model(&worker(name)));
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(switch("bob", "deepseek", "deepseek-reasoner")).await.unwrap();
    world.run(restore(&id, Some(&["worker:alice"]))).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), alice);
    assert_eq!(world.stored_model(&worker("bob")), "deepseek-reasoner");
    assert!(alice != "kimi-k2.5" && bob != "deepseek-reasoner", "{alice} {bob}");

    let wrong = world.operations.plan(&restore(&id, Some(&["manager", "worker:nobody"]))).await.unwrap_err();
    assert_eq!((wrong.code, wrong.fields[0].field.as_str()), (Code::InvalidRequest, "items[1]"));
    let none = world.operations.plan(&restore(&id, Some(&[]))).await.unwrap_err();
    assert_eq!(none.fields[0].field, "items");
    let unknown: BackupId = "01JD0000000000000000000000".parse().unwrap();
    assert_eq!(world.operations.plan(&restore(&unknown, None)).await.unwrap_err().code, Code::NotFound);
}

/// A file holds no keys, so what is gone stays gone.
#[tokio::test]
async fn what_a_restore_of_a_file_cannot_do_is_said() {
    let world = World::start().await;
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    let file = world.operations.export().await.unwrap().file;
    let id = world.operations.import_backup(file, "admin", None).await.unwrap().backup.id;
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.run(switch("bob", "deepseek", "deepseek-reasoner")).await.unwrap();
    world.run(Mutation::RemoveProvider { name: provider("zhipuai") }).await.unwrap();
    world.run(Mutation::AddProvider(world.new_provider("openai"))).await.unwrap();

    let plan = world.operations.compare_backup(&id).await.unwrap();
    let lost = warned(&plan, "NOT_RESTORED");
    for what in ["provider zhipuai:", "route zhipuai-ai-route:", "the model of alice:"] {
        assert!(lost.iter().any(|message| message.starts_with(what)), "{what} {lost:?}");
    }
    let stays = warned(&plan, "STAYS");
    for what in ["providers openai", "routes openai-ai-route"] {
        assert!(stays.iter().any(|message| message.ends_with(what)), "{what} {stays:?}");
    }
    assert!(changed(&plan).iter().any(|object| object.contains("bob")), "{:?}", changed(&plan));

    // What was wanted by name is not left out in silence.
    let refused = world.operations.plan(&restore(&id, Some(&["provider:zhipuai"]))).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidRequest, "{refused}");

    let key = world.sandbox.upstreams().key_for("zhipuai");
    let again = json!({"name": "zhipuai", "type": "zhipuai", "tokens": [key]});
    world.run(Mutation::AddProvider(serde_json::from_value(again).unwrap())).await.unwrap();
    let done = world.run(restore(&id, None)).await.unwrap();
    assert!(warned(done.plan.as_ref().unwrap(), "NOT_RESTORED").is_empty());
    assert_eq!(world.stored_model(&worker("alice")), "glm-5");
}

#[tokio::test]
async fn backups_outlast_a_restart_and_are_pinned_named_and_removed() {
    let mut world = World::start().await;
    let name = |text: &str| Some(text.parse().unwrap());
    let first = world.operations.back_up("admin", name("before the move")).await.unwrap().backup;
    let second = world.operations.back_up("eve", name("after")).await.unwrap().backup;
    assert!(first.id < second.id && first.hash == second.hash, "a name makes a new one");
    let told = news_of_backups(&world);
    world.operations.pin_backup(&first.id, true).await.unwrap();
    told.await;
    world.operations.rename_backup(&second.id, None).await.unwrap();
    let listed = backups(&world).await;
    world.start_again().await;
    assert_eq!(backups(&world).await, listed);
    assert!(listed[1].pinned && listed[0].name.is_none());

    let refused = world.operations.delete_backup(&first.id).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    world.operations.delete_backup(&second.id).await.unwrap();
    world.operations.pin_backup(&first.id, false).await.unwrap();
    world.operations.delete_backup(&first.id).await.unwrap();
    assert!(backups(&world).await.is_empty());
    assert_eq!(world.operations.delete_backup(&first.id).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_file_becomes_a_backup_unless_it_holds_keys() {
    let world = World::start().await;
    let file = |json: serde_json::Value| serde_json::from_value(json).unwrap();
    for bad in [
        json!({"version": 2}),
        json!({"version": 1, "providers": [{"name": "qwen", "type": "qwen", "tokens": ["sk-canary"]}]}),
        json!({"version": 1, "providers": [{"name": "qwen", "type": "qwen", "keys": [{"env": "K"}]}]}),
        json!({"version": 1, "providers": [{"name": "b", "type": "bedrock", "settings": {"awsSecretKey": "canary"}}]}),
    ] {
        let refused = world.operations.import_backup(file(bad.clone()), "admin", None).await.unwrap_err();
        assert!(refused.code == Code::InvalidRequest && !format!("{refused:?}").contains("canary"), "{bad}");
    }
    assert!(backups(&world).await.is_empty());
    let wish = json!({"version": 1, "assignments": {"workers": {"alice": {"provider": "moonshot", "model": "kimi-k2.5"}}}});
    let done = world.operations.import_backup(file(wish), "admin", None).await.unwrap();
    assert_eq!((done.backup.reason, done.backup.agents), (BackupReason::Imported, 1));
    world.run(restore(&done.backup.id, None)).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), model("kimi-k2.5").as_str());
}

#[tokio::test]
async fn no_file_of_a_backup_holds_a_key() {
    let world = World::start().await;
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    taken(&world).await;
    let folder = world.config.data_dir.join("backups");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    assert!(files.iter().all(|path| read(path).starts_with("agm-backup 2 ")), "none lies in clear");
    let key = world.sandbox.upstreams().key_for("zhipuai");
    let secrets = world.sandbox.secrets();
    for secret in secrets.iter().map(String::as_str).chain([key]).filter(|secret| secret.len() > 8) {
        assert!(files.iter().all(|path| !read(path).contains(secret)), "a backup holds a secret");
    }
    assert!(files.iter().all(|path| only_for_the_owner(path)));
}

fn only_for_the_owner(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode().trailing_zeros() >= 6
}
