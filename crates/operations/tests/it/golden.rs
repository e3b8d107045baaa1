//! A data directory as an older version left it opens in this one. `tests/golden/data-1` is such a directory; it is made
//! once and never again. Run with `AGM_GOLDEN=FOLDER`, the test of a new directory leaves one there, for the next form.
use crate::{
    doctor::rewrite,
    world::{World, config, provider, switch, worker},
};
use domain::{BackupReason, CheckId, CheckState, Mutation, OperationState, Restore};
use operations::Operations;
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// What every such directory has done, by the kinds of the operations.
const KINDS: [&str; 9] = [
    "accept_model",
    "add_provider",
    "apply",
    "edit_provider",
    "remove_provider",
    "repair_routes",
    "restore",
    "set_model",
    "undo",
];

/// A backup of the first form, which this version reads and does not write any more.
const FIRST_FORM: &[u8] = include_bytes!("../../src/backups/tests/backup-1.txt");
const FIRST_ID: &str = "01JD0000000000000000000000";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Opens a copy of a directory, and looks at all that is in it.
async fn opens(folder: &Path) {
    let world = World::start().await;
    let data = TempDir::new().unwrap();
    copy(folder, data.path());
    let operations = Operations::new(config(&world.sandbox, data.path())).unwrap();
    operations.recover().await.unwrap();
    let past = operations.past().await;
    let kinds: BTreeSet<_> = past.iter().map(|operation| operation.kind.as_str()).collect();
    assert_eq!(kinds, KINDS.into());
    let has = |state| past.iter().any(|operation| operation.state == state);
    assert!(
        has(OperationState::Committed)
            && has(OperationState::RolledBack)
            && has(OperationState::NeedsOperator)
    );

    let trail = operations.trail(u64::MAX).await.unwrap().unwrap();
    assert!(trail.breaks.is_empty() && trail.entries >= KINDS.len(), "{trail:?}");
    for id in [CheckId::JournalReadable, CheckId::AuditChain] {
        let doctor = operations.doctor(false).await;
        let check = doctor.checks.iter().find(|check| check.id == id).unwrap();
        assert_eq!(check.state, CheckState::Ok, "{check:?}");
    }

    let backups = operations.backups().await.unwrap();
    assert!(backups.damaged.is_empty() && backups.backups.len() > 2, "{backups:?}");
    for backup in &backups.backups {
        let content = operations.backup(&backup.id).await.unwrap();
        assert_eq!(content.backup.sealed_with.is_none(), backup.id.as_str() == FIRST_ID);
        assert!(!content.file.providers.is_empty());
    }
    assert_eq!(operations.rotate_seal_key().await.unwrap().older.len(), 2);
    operations.drain(std::time::Duration::ZERO).await;
}

#[tokio::test]
async fn a_directory_of_the_first_form_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data-1");
    assert_eq!(fs::read_to_string(folder.join("format")).unwrap(), "agm-data 1\n");
    opens(&folder).await;
}

/// Does something of each kind, and ends with an operation that waits for a person.
async fn live(world: &World) {
    let run = async |mutation| world.run(mutation).await.unwrap();
    run(switch("alice", "moonshot", "kimi-k2.5")).await;
    let backup = world.operations.back_up("admin", None).await.unwrap().backup;
    assert!(matches!(backup.reason, BackupReason::ByHand));
    run(Mutation::AddProvider(world.new_provider("minimax"))).await;
    let edit = serde_json::from_value(json!({"settings": {"qwenEnableSearch": true}})).unwrap();
    run(Mutation::EditProvider { name: provider("qwen"), edit }).await;
    world.operations.rotate_seal_key().await.unwrap();
    run(Mutation::RepairRoutes { route: None, consumer: None }).await;
    let switched = run(switch("manager", "deepseek", "deepseek-chat")).await;
    run(Mutation::Undo { operation: switched.id.clone() }).await;
    run(Mutation::RemoveProvider { name: provider("minimax") }).await;
    let primary = |model: &str| format!(r#""primary": "hiclaw-gateway/{model}""#);
    rewrite(world, "erin", &primary(sandbox::DEFAULT_MODEL), &primary("qwen-max"));
    run(Mutation::AcceptModel { target: worker("erin") }).await;
    let file = json!({"version": 1, "assignments": {"workers": {"carol": {"provider": "deepseek", "model": "deepseek-chat"}}}});
    run(Mutation::Apply(serde_json::from_value(file).unwrap())).await;
    run(Mutation::Restore(Restore::whole(backup.id))).await;
    world.sandbox.upstreams().set_behaviour("moonshot", sandbox::upstreams::Behaviour::InvalidKey);
    world.run(switch("bob", "moonshot", "moonshot-v1-8k")).await.unwrap_err();
    crate::faults::left_foreign(world).await;
}

#[tokio::test]
async fn a_new_directory_opens() {
    let world = World::start().await;
    live(&world).await;
    let folder = std::env::var_os("AGM_GOLDEN").map(PathBuf::from);
    let made = TempDir::new().unwrap();
    let into = folder.as_deref().unwrap_or(made.path());
    copy(&world.config.data_dir, into);
    fs::write(into.join(format!("backups/{FIRST_ID}.json")), FIRST_FORM).unwrap();
    opens(into).await;
}
