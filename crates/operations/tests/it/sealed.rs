//! Backups as they are sealed: one consistent read, keys that matter, copies that come back, keys that are changed.
use crate::world::{World, config, context, provider, switch, worker};
use domain::{Backup, BackupId, BackupReason, Code, EditProvider, Mutation, Restore, SealedBackup, TypedKey};
use futures::future::BoxFuture;
use higress::{HigressError, HttpWire, Wire, WireAnswer, WireRequest};
use operations::{Operations, Outside};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

async fn taken(world: &World) -> Backup {
    world.operations.back_up("admin", None).await.unwrap().backup
}

async fn sealed(world: &World, id: &BackupId) -> SealedBackup {
    world.operations.sealed_backup(id).await.unwrap()
}

fn key_file(world: &World) -> PathBuf {
    world.config.data_dir.join("seal.key")
}

fn restore(id: &BackupId) -> Mutation {
    Mutation::Restore(Restore::whole(id.clone()))
}

/// A wire over which somebody seems to write all routes before each of the first looks at them but the very first.
struct Unsteady {
    wire: HttpWire,
    looks: Arc<AtomicUsize>,
    writes: usize,
}

impl Wire for Unsteady {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        let routes = request.url.path() == "/v1/ai/routes";
        Box::pin(async move {
            let mut answer = self.wire.send(request).await?;
            if routes {
                let look = self.looks.fetch_add(1, Ordering::AcqRel);
                let mut json: Value = serde_json::from_slice(&answer.body).unwrap();
                for route in json["data"].as_array_mut().unwrap() {
                    route["version"] = look.min(self.writes).to_string().into();
                }
                answer.body = serde_json::to_vec(&json).unwrap();
            }
            Ok(answer)
        })
    }
}

/// Operations of their own on an installation in which so many writes are made, and how often the routes were read.
fn unsteady(world: &World, data: &tempfile::TempDir, writes: usize) -> (Operations, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let wire = HttpWire::new(Duration::from_secs(1)).unwrap();
    let wire = Unsteady { wire, looks: looks.clone(), writes };
    let outside = Outside { wire: Some(Arc::new(wire)), ..Outside::default() };
    (Operations::with(config(&world.sandbox, data.path()), outside).unwrap(), looks)
}

#[tokio::test]
async fn what_changes_between_two_looks_is_looked_at_again() {
    let world = World::start().await;
    for (writes, looked) in [(0, 2), (1, 3), (2, 4)] {
        let data = tempfile::tempdir().unwrap();
        let (operations, looks) = unsteady(&world, &data, writes);
        assert!(operations.back_up("admin", None).await.unwrap().new);
        assert_eq!(looks.load(Ordering::Acquire), looked, "{writes}");
    }
}

#[tokio::test]
async fn of_what_never_stands_still_there_is_no_backup() {
    let world = World::start().await;
    let data = tempfile::tempdir().unwrap();
    let (operations, looks) = unsteady(&world, &data, usize::MAX);
    let refused = operations.back_up("admin", None).await.unwrap_err();
    assert_eq!((refused.code, looks.load(Ordering::Acquire)), (Code::Conflict, 4), "{refused}");
    assert!(operations.backups().await.unwrap().backups.is_empty());
}

#[tokio::test]
async fn another_key_alone_is_another_state() {
    let world = World::start().await;
    let before = taken(&world).await;
    assert_eq!(world.operations.present().await.unwrap().hash, before.hash);
    let file = world.operations.export().await.unwrap().file;
    let tokens = Some(vec![TypedKey::new("sk-another-0123456789".into())]);
    let edit = EditProvider { tokens, ..EditProvider::default() };
    world.run(Mutation::EditProvider { name: provider("moonshot"), edit }).await.unwrap();
    let json = |file: &domain::Declared| serde_json::to_string(file).unwrap();
    assert_eq!(
        json(&world.operations.export().await.unwrap().file),
        json(&file),
        "a file says nothing of keys"
    );
    assert_ne!(world.operations.present().await.unwrap().hash, before.hash);
    let after = world.operations.back_up("admin", None).await.unwrap();
    assert!(after.new && after.backup.hash != before.hash);
    let seen = |sealed: &SealedBackup| {
        let all = &sealed.visible.providers;
        all.iter().find(|one| one.name == provider("moonshot")).unwrap().keys.clone()
    };
    assert_ne!(seen(&sealed(&world, &before.id).await), seen(&sealed(&world, &after.backup.id).await));
}

#[tokio::test]
async fn a_copy_comes_back_after_the_backup_was_deleted() {
    let world = World::start().await;
    let was = world.stored_model(&worker("alice"));
    let backup = taken(&world).await;
    let copy = sealed(&world, &backup.id).await;
    assert_eq!((&copy.visible.id, &copy.visible.hash), (&backup.id, &backup.hash));
    let known = world.operations.adopt_backup(copy.clone(), None).await.unwrap();
    assert_eq!((known.new, &known.backup), (false, &backup));

    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.operations.delete_backup(&backup.id).await.unwrap();
    let back = world.operations.adopt_backup(copy.clone(), None).await.unwrap();
    assert_eq!((back.new, &back.backup), (true, &Backup { pinned: true, ..backup.clone() }));
    assert_eq!(sealed(&world, &backup.id).await, copy);
    world.run(restore(&backup.id)).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), was);
}

#[tokio::test]
async fn a_changed_copy_and_one_from_elsewhere_are_refused() {
    let (world, elsewhere) = (World::start().await, World::start().await);
    let own = taken(&world).await;
    let foreign = taken(&elsewhere).await;
    let copy = sealed(&world, &own.id).await;
    world.operations.delete_backup(&own.id).await.unwrap();
    let refused =
        async |copy: SealedBackup| world.operations.adopt_backup(copy, None).await.unwrap_err().code;
    assert_eq!(refused(sealed(&elsewhere, &foreign.id).await).await, Code::SealKeyUnknown);
    let mut changed = copy.clone();
    changed.visible.actor = "eve".into();
    assert_eq!(refused(changed).await, Code::SealBroken);
    let mut swapped = copy;
    swapped.visible.reason = BackupReason::Imported;
    assert_eq!(refused(swapped).await, Code::SealBroken);
    assert!(world.operations.backups().await.unwrap().backups.is_empty());
}

#[tokio::test]
async fn the_key_is_changed_and_everything_still_opens() {
    let mut world = World::start().await;
    let backup = taken(&world).await;
    world.operations.pin_backup(&backup.id, true).await.unwrap();
    let old_copy = sealed(&world, &backup.id).await;
    let switched = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let keys = world.operations.rotate_seal_key().await.unwrap();
    assert_eq!(keys.older, [backup.sealed_with.clone().unwrap()]);
    let verified = world.operations.verify_backup(&backup.id).await.unwrap();
    assert_eq!(verified.sealed_with.as_ref(), keys.older.first());
    assert_eq!((verified.providers, verified.keys), (3, 3), "{verified:?}");
    let later = taken(&world).await;
    assert_eq!(later.sealed_with.as_ref(), Some(&keys.key));

    world.start_again().await;
    world.operations.verify_backup(&backup.id).await.unwrap();
    // What the journal sealed before opens too.
    world.run(Mutation::Undo { operation: switched.id.clone() }).await.unwrap();
    let done = world.operations.reseal_backups().await.unwrap();
    assert_eq!((done.resealed, done.failed.len()), (1, 0), "the one of before the key was changed");
    assert_eq!(world.operations.reseal_backups().await.unwrap().resealed, 0);

    // With the new key alone.
    let file = fs::read_to_string(key_file(&world)).unwrap();
    fs::write(key_file(&world), format!("{}\n", file.lines().next().unwrap())).unwrap();
    fs::remove_dir_all(world.config.data_dir.join("journal")).unwrap();
    world.start_again().await;
    let listed = world.operations.backups().await.unwrap().backups;
    assert!(listed.iter().all(|backup| backup.sealed_with.as_ref() == Some(&keys.key)), "{listed:?}");
    for backup in listed {
        world.operations.verify_backup(&backup.id).await.unwrap();
    }
    let resealed = world.operations.verify_backup(&backup.id).await.unwrap().backup;
    assert!(resealed.pinned && resealed.hash == backup.hash);
    let lost = world.operations.adopt_backup(old_copy, None).await.unwrap_err();
    assert_eq!(lost.code, Code::SealKeyUnknown);
}

/// As it was written before backups were sealed.
const CLEAR: &str = include_str!("../../src/backups/tests/backup-1.txt");

#[tokio::test]
async fn a_backup_of_an_older_version_stays_of_use() {
    let mut world = World::start().await;
    let path = world.config.data_dir.join("backups/01JD0000000000000000000000.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, CLEAR).unwrap();
    let [backup] = world.operations.backups().await.unwrap().backups.try_into().unwrap();
    assert_eq!((&backup.sealed_with, backup.pinned), (&None, true));
    let verified = world.operations.verify_backup(&backup.id).await.unwrap();
    assert_eq!((verified.providers, verified.agents, verified.keys), (1, 1, 0));
    let items = Some(vec!["provider:qwen".parse().unwrap()]);
    let one = Mutation::Restore(Restore { items, ..Restore::whole(backup.id.clone()) });
    assert!(world.operations.plan(&one).await.unwrap().changes.is_empty());

    world.operations.pin_backup(&backup.id, false).await.unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("agm-backup 1 "), "what lay in clear stays so");
    assert_eq!(world.operations.reseal_backups().await.unwrap().resealed, 0);
    let copy = sealed(&world, &backup.id).await;
    assert!(copy.visible.providers.iter().all(|provider| provider.keys.is_empty()));
    world.operations.delete_backup(&backup.id).await.unwrap();
    let back = world.operations.adopt_backup(copy, None).await.unwrap();
    assert!(back.new && back.backup.sealed_with.is_some() && back.backup.hash == backup.hash);
    world.start_again().await;
    let content = world.operations.backup(&backup.id).await.unwrap();
    assert_eq!((content.file.providers.len(), content.left_out.len()), (1, 1));
}

#[tokio::test]
async fn a_backup_that_does_not_open_is_told_and_its_neighbours_open() {
    let mut world = World::start().await;
    let first = taken(&world).await;
    // The key is lost, and another one is made.
    let lost = fs::read(key_file(&world)).unwrap();
    fs::remove_file(key_file(&world)).unwrap();
    world.start_again().await;
    let second = world.operations.back_up("admin", None).await.unwrap();
    assert!(second.new && second.backup.hash == first.hash, "one that does not open is none");
    let refused = world.operations.verify_backup(&first.id).await.unwrap_err();
    assert!(refused.code == Code::SealKeyUnknown && refused.hint.is_some(), "{refused}");
    assert_eq!(world.operations.plan(&restore(&first.id)).await.unwrap_err().code, Code::SealKeyUnknown);
    world.operations.verify_backup(&second.backup.id).await.unwrap();
    let done = world.operations.reseal_backups().await.unwrap();
    let failed = &done.failed[0];
    assert_eq!((done.resealed, &failed.id, failed.code), (0, &first.id, Code::SealKeyUnknown));

    // It is found again and put behind the new one.
    let file = [fs::read(key_file(&world)).unwrap(), lost].concat();
    fs::write(key_file(&world), file).unwrap();
    world.start_again().await;
    assert_eq!(world.operations.reseal_backups().await.unwrap().resealed, 1);
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let running = world.operations.submit(restore(&first.id), context(None)).await.unwrap();
    running.finished().await.unwrap();
}

#[tokio::test]
async fn a_torn_backup_is_none_until_its_copy_comes_back() {
    let mut world = World::start().await;
    let torn = taken(&world).await;
    let copy = sealed(&world, &torn.id).await;
    world.operations.rename_backup(&torn.id, Some("mine".parse().unwrap())).await.unwrap();
    let path = world.config.data_dir.join(format!("backups/{}.json", torn.id));
    fs::write(&path, "torn").unwrap();
    let again = world.operations.back_up("admin", None).await.unwrap();
    assert!(again.new && again.backup.hash == torn.hash);
    assert!(!world.operations.back_up("admin", None).await.unwrap().new);

    // While it is known, its name stays; once it is found to be damaged, nothing of it is known.
    let back = world.operations.adopt_backup(copy.clone(), Some("another".parse().unwrap())).await.unwrap();
    assert_eq!((back.new, back.backup.name.unwrap().as_str()), (true, "mine"));
    world.operations.verify_backup(&torn.id).await.unwrap();
    fs::write(&path, "torn").unwrap();
    world.start_again().await;
    assert_eq!(world.operations.backups().await.unwrap().damaged.len(), 1);
    let back = world.operations.adopt_backup(copy.clone(), Some("another".parse().unwrap())).await.unwrap();
    assert_eq!((back.new, back.backup.name.unwrap().as_str()), (true, "another"));
    assert!(world.operations.backups().await.unwrap().damaged.is_empty());
    let known = world.operations.adopt_backup(copy, Some("a third".parse().unwrap())).await.unwrap();
    assert_eq!((known.new, known.backup.name.unwrap().as_str()), (false, "another"));
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_pinned_and_no_way_back() {
    let world = World::start().await;
    let first = taken(&world).await;
    let file = world.operations.export().await.unwrap().file;
    let last = async || world.operations.last_other_backup().await.map(|backup| backup.id);
    assert_eq!(last().await.unwrap_err().code, Code::NotFound);
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let imported = world.operations.import_backup(file, "admin", None).await.unwrap();
    assert!(imported.new && imported.backup.pinned && imported.backup.id > first.id);
    assert_eq!(last().await.unwrap(), first.id);
    assert_eq!(world.operations.drift().await.unwrap().since.map(|since| since.id), Some(first.id));
}

#[tokio::test]
async fn a_reset_goes_to_the_newest_that_opens_and_changes_something() {
    let world = World::start().await;
    let named = async |name: &str| {
        world.operations.back_up("admin", Some(name.parse().unwrap())).await.unwrap().backup.id
    };
    let last = async || world.operations.last_other_backup().await.map(|backup| backup.id);
    let (older, newer) = (named("older").await, named("newer").await);
    // A restore takes nothing away and keeps the keys that there are.
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    let tokens = Some(vec![TypedKey::new("sk-another-0123456789".into())]);
    let edit = EditProvider { tokens, ..EditProvider::default() };
    world.run(Mutation::EditProvider { name: provider("moonshot"), edit }).await.unwrap();
    assert!(world.operations.plan(&restore(&newer)).await.unwrap().changes.is_empty());
    assert_eq!(last().await.unwrap_err().code, Code::NotFound);

    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    // One lies before each change but the first, whose state was kept already.
    let mut found = Vec::new();
    while found.last() != Some(&older) {
        let next = last().await.unwrap();
        fs::write(world.config.data_dir.join(format!("backups/{next}.json")), "torn").unwrap();
        found.push(next);
    }
    assert_eq!((found.len(), found.get(2)), (4, Some(&newer)), "{found:?}");
    assert!(found.is_sorted_by(|one, next| one > next), "{found:?}");
    assert_eq!(last().await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_backup_tells_what_can_be_looked_up_in_it() {
    let world = World::start().await;
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    let content = world.operations.backup(&taken(&world).await.id).await.unwrap();
    let documents = content.documents.as_ref().unwrap();
    assert!(!documents.service_sources.is_empty());
    let alice = documents.consumers.iter().find(|one| one.name.as_str() == "worker-alice").unwrap();
    assert!(alice.routes.contains(&"zhipuai-ai-route".parse().unwrap()), "{alice:?}");
    let alice = documents.agents.iter().find(|one| one.agent == worker("alice")).unwrap();
    assert_eq!(alice.record.as_ref().unwrap()["model"], "glm-5");
    assert_eq!(alice.model.as_ref().unwrap()["entry"]["id"], "glm-5");
    let told = serde_json::to_string(&content).unwrap();
    assert!(
        world
            .sandbox
            .secrets()
            .iter()
            .filter(|secret| secret.len() > 8)
            .all(|secret| !told.contains(secret.as_str()))
    );
}
