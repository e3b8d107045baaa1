//! What leaves the server as files: its data directory, and a bundle for a bug report.
use crate::{
    cli::{agm, code, err, out},
    support::{Served, World},
};
use operations::{Config, Operations};
use server::http::Bounds;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_leaves_and_comes_back_with_its_history() {
    let mut known = None::<Config>;
    let world = World::configured(|config| known = Some(config.clone())).await;
    let (served, folder) =
        (Served::start(world.stack.clone(), None, Bounds::default()).await, tempfile::tempdir().unwrap());
    let url = format!("http://{}", served.address);
    let set = ["model", "set", "alice", "--provider", "moonshot", "--model", "kimi-k2.5"];
    assert_eq!(code(&agm(&url, &set, "").await), 0);

    let from = world.data.path().to_owned();
    let (file, moved) = (folder.path().join("agm.age"), folder.path().join("moved"));
    let export = ["data", "export", text(&file), "--data-dir", text(&from)];
    let used = agm("", &export, "correct horse battery").await;
    assert_eq!((code(&used), file.exists()), (1, false), "{used:?}");
    assert!(err(&used).contains("another agm uses the data directory"), "{used:?}");
    let World { stack, state, operations, data, sandbox } = world;
    operations.drain(Duration::ZERO).await;
    served.stop.cancel();
    served.ended.await.unwrap();
    drop((stack, state, operations));

    let mut done = agm("", &export, "correct horse battery").await;
    // Tasks of the server let go of the directory when they next run.
    while err(&done).contains("another agm") {
        tokio::task::yield_now().await;
        done = agm("", &export, "correct horse battery").await;
    }
    assert_eq!(code(&done), 0, "{done:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(code(&agm("", &export, "correct horse battery").await), 2, "it is there already");
    let import = ["--json", "data", "import", text(&file), "--data-dir", text(&moved)];
    let wrong = agm("", &import, "incorrect horse").await;
    assert!(code(&wrong) == 2 && err(&wrong).contains("does not open this file"), "{wrong:?}");
    let brought = agm("", &import, "correct horse battery").await;
    assert_eq!(code(&brought), 0, "{brought:?}");
    let told: serde_json::Value = serde_json::from_str(&out(&brought)).unwrap();
    assert!(told["files"].as_u64().unwrap() >= 5, "{told}");
    assert_eq!(code(&agm("", &import, "correct horse battery").await), 4, "nothing is written over");

    let config = Config { data_dir: moved, ..known.unwrap() };
    let again = Operations::new(config).unwrap();
    again.recover().await.unwrap();
    let backups = again.backups().await.unwrap().backups;
    assert_eq!((again.operations().len(), backups.len()), (1, 1));
    again.verify_backup(&backups[0].id).await.unwrap();
    drop((data, sandbox));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_a_newer_agm_is_not_opened() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("format"), "agm-data 2\n").unwrap();
    let refused =
        agm("", &["serve", "--sandbox", "--addr", "127.0.0.1:0", "--data-dir", text(data.path())], "").await;
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("form 2 of a newer agm"), "{refused:?}");
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 2, "only its lock was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_what_a_report_needs() {
    let world = World::start().await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let (url, folder) = (format!("http://{}", served.address), tempfile::tempdir().unwrap());
    world.sandbox.set_console_offline(true);
    let file = folder.path().join("bundle.tar.gz");
    let bundle = ["doctor", "--bundle", text(&file)];
    let made = agm(&url, &bundle, "").await;
    assert_eq!(code(&made), 0, "{made:?}");
    assert_eq!(code(&agm(&url, &bundle, "").await), 2, "it is there already");
    assert_eq!(code(&agm(&url, &[&bundle[..], &["--force"]].concat(), "").await), 0);
    let files = crate::canary::bundle::unpacked(&world, crate::support::ADMIN).await;
    let manifest: serde_json::Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    let told: Vec<_> =
        manifest["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in [
        "doctor.json",
        "platform.json",
        "metrics.txt",
        "log.jsonl",
        "operations.json",
        "trail.json",
        "backups.json",
    ] {
        assert!(told.contains(&name) && files.contains_key(name), "{name} is not among {told:?}");
    }
    let missing = &manifest["missing"][0];
    assert_eq!(
        (&missing["file"], &missing["why"]["code"]),
        (&"providers.json".into(), &"UPSTREAM_UNAVAILABLE".into())
    );
    assert!(!files.contains_key("providers.json") && files["doctor.json"].contains("console_reachable"));
}
