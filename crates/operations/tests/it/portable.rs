//! Backups as files that a passphrase opens.
use crate::world::{World, switch, worker};
use domain::{BackedUp, Backup, BackupReason, Code, Failure, Mutation, Passphrase, Restore};

const PASSPHRASE: &str = "correct horse battery";

fn given(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

async fn exported(world: &World, backup: &Backup) -> String {
    world.operations.export_backup(&backup.id, given(PASSPHRASE)).await.unwrap()
}

async fn imported(world: &World, text: &str, passphrase: Option<&str>) -> Result<BackedUp, Failure> {
    world.operations.import_encrypted(text.to_owned(), passphrase.map(given), "eve", None).await
}

#[tokio::test]
async fn a_file_of_this_installation_comes_back_as_it_was() {
    let world = World::start().await;
    let was = world.stored_model(&worker("alice"));
    let backup = world.operations.back_up("admin", Some("good".parse().unwrap())).await.unwrap().backup;
    let text = exported(&world, &backup).await;
    let known = imported(&world, &text, Some(PASSPHRASE)).await.unwrap();
    assert_eq!((known.new, &known.backup), (false, &backup));

    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.operations.rotate_seal_key().await.unwrap();
    world.operations.delete_backup(&backup.id).await.unwrap();
    for (passphrase, code, field) in [
        (None, Code::InvalidRequest, Some("passphrase")),
        (Some("wrong horse battery"), Code::InvalidRequest, Some("passphrase")),
    ] {
        let refused = imported(&world, &text, passphrase).await.unwrap_err();
        let named = refused.fields.first().map(|wrong| wrong.field.as_str());
        assert_eq!((refused.code, named), (code, field), "{refused}");
    }
    let back = imported(&world, &text, Some(PASSPHRASE)).await.unwrap();
    let sealed_with = back.backup.sealed_with.clone();
    assert_ne!(sealed_with, backup.sealed_with, "it is sealed with the key of now");
    let expected = Backup { sealed_with, bytes: back.backup.bytes, pinned: true, ..backup };
    assert_eq!((back.new, &back.backup), (true, &expected), "what comes back is pinned");
    let restore = Mutation::Restore(Restore::whole(back.backup.id));
    world.run(restore).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), was);
}

#[tokio::test]
async fn a_file_of_another_installation_is_imported_with_its_keys() {
    let (world, elsewhere) = (World::start().await, World::start().await);
    let theirs = elsewhere.operations.back_up("admin", Some("theirs".parse().unwrap())).await.unwrap().backup;
    let text = exported(&elsewhere, &theirs).await;
    let BackedUp { backup, new } = imported(&world, &text, Some(PASSPHRASE)).await.unwrap();
    assert_eq!((new, &backup.reason, backup.actor.as_str()), (true, &BackupReason::Imported, "eve"));
    assert_eq!((&backup.name, &backup.hash), (&theirs.name, &theirs.hash));
    assert!(backup.id != theirs.id && backup.sealed_with != theirs.sealed_with);
    let verified = world.operations.verify_backup(&backup.id).await.unwrap();
    assert_eq!((verified.providers, verified.keys), (3, 3), "{verified:?}");
}
