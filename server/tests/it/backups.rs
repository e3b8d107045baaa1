//! Backups over REST and from the command line.
use crate::{
    cli::{agm, code, err, out},
    support::{ADMIN, Served, World},
};
use serde_json::{Value, json};
use server::http::Bounds;
use std::{fs, os::unix::fs::PermissionsExt};

const BACKUPS: &str = "/ni_status/backups";
const ALICE: &str = "/ni_status/assignment/workers/alice";
/// A key that somebody types.
const TYPED: &str = "sk-typed-by-hand-1";
const PASSPHRASE: &str = "correct horse battery";
const WISH: &str = r#"{"provider":"moonshot","model":"kimi-k2.5"}"#;

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let answer = world.admin("POST", &format!("{BACKUPS}{path}"), &body.to_string()).await;
    (answer.status.as_u16(), if answer.text.is_empty() { Value::Null } else { answer.json() })
}

async fn model_of_alice(world: &World) -> Value {
    world.admin("GET", ALICE, "").await.json()["observed"]["model"].clone()
}

#[tokio::test]
async fn a_backup_is_taken_before_a_change_and_leads_back() {
    let world = World::start().await;
    let was = model_of_alice(&world).await;
    assert_eq!(world.admin("PUT", ALICE, WISH).await.status.as_u16(), 200);
    let list = world.admin("GET", BACKUPS, "").await.json();
    assert_eq!((&list["success"], &list["kept"], &list["missed"]), (&true.into(), &50.into(), &json!([])));
    let [backup] = list["backups"].as_array().unwrap().as_slice() else { panic!("{list}") };
    let before_alice =
        json!({"why": "before", "change": "set_model", "target": "worker:alice", "model": "kimi-k2.5"});
    assert_eq!((&backup["reason"], &backup["actor"]), (&before_alice, &"admin".into()));
    let id = backup["id"].as_str().unwrap();
    let content = world.admin("GET", &format!("{BACKUPS}/{id}"), "").await.json();
    assert_eq!((&content["backup"], &content["file"]["version"]), (backup, &1.into()));
    let plan = world.admin("GET", &format!("{BACKUPS}/{id}/compare"), "").await.json();
    assert_eq!(plan["kind"], "restore");
    assert!(plan["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{plan}");

    let wish = json!({"kind": "restore", "backup": id, "items": ["worker:alice"]}).to_string();
    let plan = world.admin("POST", "/ni_status/plans", &wish).await.json();
    let apply = format!("/ni_status/plans/{}/apply", plan["id"].as_str().unwrap());
    let done = world.admin("POST", &apply, "").await.json();
    assert_eq!((&done["kind"], &done["state"]), (&"restore".into(), &"committed".into()), "{done}");
    assert_eq!(model_of_alice(&world).await, was);
}

#[tokio::test]
async fn a_backup_is_taken_named_pinned_and_removed() {
    let world = World::start().await;
    let none = world.call("POST", BACKUPS, &[ADMIN], "").await;
    let first = none.json();
    assert_eq!((none.status.as_u16(), &first["new"]), (201, &true.into()), "{first}");
    let (status, same) = post(&world, "", json!({})).await;
    assert_eq!((status, &same["new"], &same["backup"]), (200, &false.into(), &first["backup"]));
    let (status, named) = post(&world, "", json!({"name": "by name"})).await;
    assert_eq!((status, &named["backup"]["name"]), (201, &"by name".into()));
    let id = first["backup"]["id"].as_str().unwrap();
    let (_, renamed) = post(&world, &format!("/{id}/rename"), json!({"name": "first"})).await;
    assert_eq!(renamed["name"], "first");
    assert_eq!(post(&world, &format!("/{id}/pin"), json!({})).await.1["pinned"], true);
    let (status, refused) = post(&world, &format!("/{id}/delete"), json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"CONFLICT".into()));
    assert_eq!(post(&world, &format!("/{id}/unpin"), json!({})).await.1["pinned"], false);
    assert_eq!(post(&world, &format!("/{id}/delete"), json!({})).await.0, 204);
    assert_eq!(world.admin("GET", &format!("{BACKUPS}/{id}"), "").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_backup_leaves_as_a_file_and_comes_back_as_one() {
    let world = World::start().await;
    let (_, taken) = post(&world, "", json!({})).await;
    let id = taken["backup"]["id"].as_str().unwrap();
    let file = world.admin("GET", &format!("{BACKUPS}/{id}/file"), "").await;
    assert_eq!(file.headers["content-type"], "application/yaml");
    let name = format!("attachment; filename=\"agm-backup-{id}.yaml\"");
    assert_eq!(file.headers["content-disposition"], name.as_str());
    let (status, back) = post(&world, "/import", json!({"text": file.text, "name": "back"})).await;
    assert_eq!((status, &back["backup"]["reason"]), (201, &json!({"why": "imported"})), "{back}");
    let again =
        world.admin("GET", &format!("{BACKUPS}/{}/file", back["backup"]["id"].as_str().unwrap()), "").await;
    assert!(file.text.ends_with(&again.text), "what it says comes back: {}", again.text);
    assert_ne!(back["backup"]["hash"], taken["backup"]["hash"]);
    for (provider, field) in
        [("tokens: [sk-canary]", "providers[0].tokens"), ("keys: [{env: K}]", "providers[0].keys")]
    {
        let text = format!("version: 1\nproviders: [{{name: qwen, type: qwen, {provider}}}]");
        let (status, refused) = post(&world, "/import", json!({"text": text})).await;
        assert_eq!((status, &refused["fields"][0]["field"]), (422, &field.into()), "{refused}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}

#[tokio::test]
async fn a_sealed_backup_is_opened_without_being_kept_and_comes_back_as_a_file() {
    let world = World::start().await;
    let (_, taken) = post(&world, "", json!({"name": "to carry"})).await;
    let id = taken["backup"]["id"].as_str().unwrap();
    let sealed = world.admin("GET", &format!("{BACKUPS}/{id}/sealed"), "").await;
    assert_eq!(post(&world, &format!("/{id}/delete"), json!({})).await.0, 204);
    let (status, opened) = post(&world, "/verify", json!({"sealed": sealed.json()})).await;
    let counted = |name: &str| opened[name] == taken["backup"][name];
    assert!(status == 200 && ["providers", "routes", "agents"].into_iter().all(counted), "{opened}");
    assert!(opened["keys"].as_u64().is_some_and(|keys| keys > 0), "{opened}");
    assert_eq!(world.admin("GET", BACKUPS, "").await.json()["backups"], json!([]), "nothing was kept");

    let mut changed = sealed.json();
    changed["visible"]["actor"] = "eve".into();
    for (path, body) in
        [("/verify", json!({"sealed": changed})), ("/import", json!({"text": changed.to_string()}))]
    {
        let (status, refused) = post(&world, path, body).await;
        assert_eq!((status, &refused["code"]), (422, &"SEAL_BROKEN".into()), "{path}: {refused}");
    }
    let (status, back) = post(&world, "/import", json!({"text": sealed.text, "name": "back"})).await;
    assert_eq!(
        (status, &back["backup"]["id"], &back["backup"]["name"]),
        (201, &id.into(), &"back".into()),
        "{back}"
    );
    let (status, again) = post(&world, "/import", json!({"text": sealed.text, "name": "another"})).await;
    assert_eq!(
        (status, &again["new"], &again["backup"]["name"]),
        (200, &false.into(), &"back".into()),
        "{again}"
    );
    let (status, odd) = post(&world, "/import", json!({"text": r#"{"agmBackup": 2, "more": 1}"#})).await;
    assert_eq!((status, &odd["code"]), (422, &"INVALID_REQUEST".into()), "{odd}");
}

#[tokio::test]
async fn the_clear_text_of_the_former_plugin_is_sealed_once_and_nothing_of_it_is_told() {
    let world = World::start().await;
    let original = json!({"timestamp": "2025-11-02T08:00:00.000Z", "more": 1,
        "providers": {"data": [{"name": "qwen", "type": "qwen", "tokens": ["sk-canary-old"]},
            {"name": "lab", "type": "openai", "tokens": []}]},
        "routes": [], "consumers": [{"name": "manager", "credentials": [{"values": ["canary-consumer"]}]}]});
    let (status, sealed) = post(&world, "/original", original.clone()).await;
    assert_eq!(
        (status, &sealed["new"], &sealed["providers"]),
        (201, &true.into(), &json!(["qwen"])),
        "{sealed}"
    );
    assert_eq!((&sealed["consumers"], &sealed["backup"]["pinned"]), (&json!(["manager"]), &true.into()));
    let backup = &sealed["backup"];
    assert_eq!(
        (&backup["reason"], &backup["name"]),
        (&json!({"why": "imported"}), &"former plugin, 2025-11-02 08:00".into())
    );
    let id = backup["id"].as_str().unwrap();
    let mut told = sealed.to_string();
    for path in [format!("/{id}"), format!("/{id}/sealed"), format!("/{id}/file"), String::new()] {
        told += &world.admin("GET", &format!("{BACKUPS}{path}"), "").await.text;
    }
    assert!(!told.contains("canary"), "{told}");
    let plan = world.admin("GET", &format!("{BACKUPS}/{id}/compare"), "").await;
    assert!(plan.status.as_u16() == 200 && !plan.text.contains("canary"), "{}", plan.text);

    // Something else is taken meanwhile, and the page tries again.
    post(&world, "", json!({})).await;
    let (status, again) = post(&world, "/original", original).await;
    assert_eq!((status, &again["new"], &again["backup"]["id"]), (200, &false.into(), &id.into()), "{again}");
    for nonsense in
        [json!({}), json!({"providers": [{"tokens": ["sk-canary"]}]}), json!({"providers": "sk-canary"})]
    {
        let (status, refused) = post(&world, "/original", nonsense).await;
        assert_eq!((status, &refused["fields"][0]["field"]), (422, &"providers".into()), "{refused}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}

#[tokio::test]
async fn a_sealed_backup_leaves_and_comes_back() {
    let world = World::start().await;
    let (_, taken) = post(&world, "", json!({})).await;
    let id = taken["backup"]["id"].as_str().unwrap();
    let copy = world.admin("GET", &format!("{BACKUPS}/{id}/sealed"), "").await;
    let name = format!("attachment; filename=\"agm-backup-{id}.sealed.json\"");
    assert_eq!(copy.headers["content-disposition"], name.as_str());
    let copy = copy.json();
    assert_eq!((&copy["agmBackup"], &copy["visible"]["id"]), (&2.into(), &id.into()));
    let (status, known) = post(&world, "/adopt", json!({"sealed": copy})).await;
    assert_eq!((status, &known["new"], &known["backup"]), (200, &false.into(), &taken["backup"]));
    assert_eq!(post(&world, &format!("/{id}/delete"), json!({})).await.0, 204);
    let mut changed = copy.clone();
    changed["visible"]["actor"] = "eve".into();
    let (status, refused) = post(&world, "/adopt", json!({"sealed": changed})).await;
    assert_eq!((status, &refused["code"]), (422, &"SEAL_BROKEN".into()), "{refused}");
    let (status, back) = post(&world, "/adopt", json!({"sealed": copy})).await;
    assert_eq!((status, &back["new"], &back["backup"]["pinned"]), (201, &true.into(), &true.into()));
    assert_eq!(back["backup"]["hash"], taken["backup"]["hash"]);

    let (_, verified) = post(&world, &format!("/{id}/verify"), json!({})).await;
    assert_eq!((&verified["opened"], &verified["providers"]), (&true.into(), &3.into()), "{verified}");
    let (status, keys) = post(&world, "/rotate-key", json!({})).await;
    assert_eq!((status, &keys["older"]), (200, &json!([taken["backup"]["sealedWith"]])), "{keys}");
    assert_eq!(post(&world, "/reseal", json!({})).await.1["resealed"], 1);
    let (_, verified) = post(&world, &format!("/{id}/verify"), json!({})).await;
    assert_eq!((&verified["sealedWith"], &verified["keys"]), (&keys["key"], &3.into()));
}

#[tokio::test]
async fn a_backup_leaves_encrypted_and_comes_back() {
    let world = World::start().await;
    let (_, taken) = post(&world, "", json!({"name": "good"})).await;
    let id = taken["backup"]["id"].as_str().unwrap();
    let path = format!("{BACKUPS}/{id}/export");
    let (status, short) = post(&world, &format!("/{id}/export"), json!({"passphrase": "too short"})).await;
    assert_eq!((status, &short["fields"][0]["field"]), (422, &"passphrase".into()), "{short}");
    let file = world.admin("POST", &path, &json!({"passphrase": PASSPHRASE}).to_string()).await;
    let name = format!("attachment; filename=\"agm-backup-{id}.age\"");
    assert_eq!(file.headers["content-disposition"], name.as_str());
    assert!(file.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(file.text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{}", file.text);
    assert_eq!(post(&world, &format!("/{id}/delete"), json!({})).await.0, 204);

    for given in [json!(null), json!("another passphrase")] {
        let (status, refused) =
            post(&world, "/import", json!({"text": file.text, "passphrase": given})).await;
        assert_eq!((status, &refused["fields"][0]["field"]), (422, &"passphrase".into()), "{refused}");
        assert!(!refused.to_string().contains("another passphrase"), "{refused}");
    }
    let whole = json!({"text": file.text, "passphrase": PASSPHRASE});
    let (status, back) = post(&world, "/import", whole).await;
    assert_eq!((status, &back["new"]), (201, &true.into()), "{back}");
    for same in ["id", "name", "reason", "takenAt", "hash"] {
        assert_eq!(back["backup"][same], taken["backup"][same]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_exported_and_imported_from_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let created = agm(&url, &["backup", "create"], "").await;
    let id = out(&created).split('\t').next().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, secret, plain) = (place("b.age"), place("secret"), place("b.yaml"));
    let export = ["backup", "export", &id, "--out", &file];
    let exported = agm(&url, &export, PASSPHRASE).await;
    assert_eq!((code(&exported), out(&exported)), (0, format!("{id}\t{file}\n")), "{}", err(&exported));
    let first = fs::read_to_string(&file).unwrap();
    assert!(fs::metadata(&file).unwrap().permissions().mode() & 0o077 == 0 && first.contains("BEGIN AGE"));
    let again = agm(&url, &export, PASSPHRASE).await;
    assert!(code(&again) == 2 && err(&again).contains("--force"), "{}", err(&again));
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    fs::write(&secret, format!("{PASSPHRASE}\n")).unwrap();
    let from_file = [&export[..], &["--force", "--passphrase-file", &secret]].concat();
    let readable = agm(&url, &from_file, "").await;
    assert!(code(&readable) == 2 && err(&readable).contains("chmod 600"), "{}", err(&readable));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(code(&agm(&url, &from_file, "").await), 0);
    assert_ne!(fs::read_to_string(&file).unwrap(), first);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left half-written");

    let sealed = world.admin("GET", &format!("{BACKUPS}/{id}/sealed"), "").await.text;
    let yaml = world.admin("GET", &format!("{BACKUPS}/{id}/file"), "").await.text;
    let delete = async || {
        assert_eq!(post(&world, &format!("/{id}/unpin"), json!({})).await.0, 200);
        assert_eq!(post(&world, &format!("/{id}/delete"), json!({})).await.0, 204);
    };
    delete().await;
    let wrong = agm(&url, &["backup", "import", &file], "another passphrase").await;
    assert!(code(&wrong) == 2 && err(&wrong).contains("passphrase"), "{}", err(&wrong));
    let back = agm(&url, &["backup", "import", &file, "--name", "back"], PASSPHRASE).await;
    assert!(out(&back).contains(&id) && out(&back).contains("\"back\""), "{} {}", out(&back), err(&back));
    delete().await;
    let both = agm(&url, &["backup", "import", "-"], &first).await;
    assert!(code(&both) == 2 && err(&both).contains("--passphrase-file"), "{}", err(&both));
    let piped = agm(&url, &["backup", "import", "-", "--passphrase-file", &secret], &first).await;
    assert!(out(&piped).contains(&id), "{}", err(&piped));
    delete().await;
    let adopted = agm(&url, &["backup", "import", "-", "--name", "adopted"], &sealed).await;
    assert!(out(&adopted).contains(&id) && out(&adopted).contains("\"adopted\""), "{}", err(&adopted));
    fs::write(&plain, yaml).unwrap();
    let declared = agm(&url, &["backup", "import", &plain, "--name", "plain"], "").await;
    assert!(out(&declared).contains("imported") && !out(&declared).contains(&id), "{}", err(&declared));
    served.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_are_verified_and_sealed_anew_from_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    for name in ["one", "two"] {
        assert_eq!(code(&agm(&url, &["backup", "create", "--name", name], "").await), 0);
    }
    let opened = async || {
        let verified = agm(&url, &["backup", "verify"], "").await;
        (code(&verified), out(&verified).matches("\topens\tsealed with ").count())
    };
    assert_eq!(opened().await, (0, 2));
    let rotated = agm(&url, &["backup", "rotate-key"], "").await;
    assert!(code(&rotated) == 0 && out(&rotated).contains("still opened by"), "{}", out(&rotated));
    let resealed = agm(&url, &["backup", "reseal"], "").await;
    assert_eq!(out(&resealed), "2 sealed anew\n", "{}", err(&resealed));
    assert_eq!(opened().await, (0, 2));
    let id = world.operations.backups().await.unwrap().backups[0].id.clone();
    let file = world.data.path().join(format!("backups/{id}.json"));
    std::fs::write(&file, "torn").unwrap();
    let refused = agm(&url, &["backup", "verify", id.as_str()], "").await;
    assert!(code(&refused) == 1 && out(&refused).contains("! "), "{} {}", out(&refused), err(&refused));
    assert_eq!(opened().await, (1, 1));
    served.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_goes_back_from_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let was = model_of_alice(&world).await;
    let created = agm(&url, &["backup", "create", "--name", "good"], "").await;
    assert!(code(&created) == 0 && out(&created).contains("\"good\""), "{} {}", out(&created), err(&created));
    let id = out(&created).split('\t').next().unwrap().to_owned();
    assert_eq!(world.admin("PUT", ALICE, WISH).await.status.as_u16(), 200);

    let list = agm(&url, &["backup", "list"], "").await;
    assert!(out(&list).contains(&id) && out(&list).contains("by hand"), "{}", out(&list));
    let shown = agm(&url, &["backup", "show", &id], "").await;
    assert!(out(&shown).contains("version: 1") && out(&shown).contains("alice:"), "{}", out(&shown));
    let rehearsed = agm(&url, &["backup", "restore", &id, "--dry-run"], "").await;
    assert!(out(&rehearsed).contains("agents/alice/openclaw.json"), "{}", out(&rehearsed));
    let unasked = agm(&url, &["backup", "restore", &id], "").await;
    assert_eq!(code(&unasked), 2, "{}", err(&unasked));
    assert_ne!(model_of_alice(&world).await, was);
    let done = agm(&url, &["backup", "restore", &id, "--item", "worker:alice", "--yes"], "").await;
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert_eq!(model_of_alice(&world).await, was);
    let unknown = agm(&url, &["backup", "show", "01JD0000000000000000000000"], "").await;
    assert_ne!(code(&unknown), 0);
    served.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_names_and_what_is_needed_are_chosen_on_the_command_line() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let call = async |args: &[&str], stdin: &str| {
        let done = agm(&url, args, stdin).await;
        assert!(!format!("{}{}", out(&done), err(&done)).contains(TYPED), "{args:?} shows a key");
        done
    };
    let [sealed, _] = sandbox::upstreams::keys_of("zhipuai");
    let add = json!({"name": "zhipuai", "type": "zhipuai", "tokens": [sealed]}).to_string();
    assert_eq!(world.admin("POST", "/ni_status/providers", &add).await.status.as_u16(), 201);
    assert_eq!(
        world.admin("PUT", ALICE, r#"{"provider":"zhipuai","model":"glm-5"}"#).await.status.as_u16(),
        200
    );
    let created = call(&["backup", "create", "--name", "with zhipu"], "").await;
    let id = out(&created).split('\t').next().unwrap().to_owned();
    assert_eq!(world.admin("PUT", ALICE, WISH).await.status.as_u16(), 200);
    assert_eq!(world.admin("DELETE", "/ni_status/providers/zhipuai", "").await.status.as_u16(), 200);

    let alone = call(&["backup", "restore", &id, "--item", "worker:alice", "--dry-run"], "").await;
    assert!(code(&alone) != 0 && err(&alone).contains("provider:zhipuai"), "{}", err(&alone));
    let args = ["backup", "restore", &id, "--item", "worker:alice", "--with-needed", "--dry-run"];
    let along = call(&args, "").await;
    for part in
        ["create\tprovider:zhipuai", "keys of zhipuai: those of the backup (current not possible, sealed "]
    {
        assert!(out(&along).contains(part), "{part}: {} {}", out(&along), err(&along));
    }
    let args = ["backup", "restore", &id, "--item", "provider:zhipuai", "--rename", "provider:zhipuai=glm"];
    let keys = ["--keys", "zhipuai=new", "--key-file", "-", "--yes"];
    let renamed = call(&[&args[..], &keys[..]].concat(), TYPED).await;
    assert_eq!(code(&renamed), 0, "{}", err(&renamed));
    assert!(err(&renamed).contains("keys of zhipuai: new ones"), "{}", err(&renamed));
    let glm = world.admin("GET", "/ni_status/providers/glm", "").await.json();
    assert_eq!(glm["provider"]["tokens"]["count"], 1, "{glm}");
    let refused = call(&["backup", "restore", &id, "--keys", "zhipuai=current", "--yes"], "").await;
    assert!(code(&refused) != 0 && err(&refused).contains("keys.zhipuai"), "{}", err(&refused));

    // Not the one before the restore under another name: going back to that takes nothing away.
    let reset = call(&["reset", "--dry-run"], "").await;
    assert!(err(&reset).contains("taken before remove_provider"), "{}", err(&reset));
    let whole = call(&["backup", "restore", &id, "--yes"], "").await;
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    assert_eq!(model_of_alice(&world).await, "glm-5");
    let reset = call(&["reset", "--yes"], "").await;
    assert_eq!(code(&reset), 0, "{}", err(&reset));
    assert_eq!(model_of_alice(&world).await, "kimi-k2.5");
    served.stop.cancel();
}

#[tokio::test]
async fn there_is_nothing_to_reset_to_until_something_changed() {
    let world = World::start().await;
    let last = async || world.admin("GET", "/ni_status/backups/last", "").await;
    post(&world, "", json!({})).await;
    assert_eq!(last().await.status.as_u16(), 404);
    assert_eq!(world.admin("PUT", ALICE, WISH).await.status.as_u16(), 200);
    let found = last().await.json();
    assert_eq!((&found["success"], &found["reason"]["why"]), (&true.into(), &"by_hand".into()), "{found}");
}
