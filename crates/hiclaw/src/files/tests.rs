use super::*;
use disk::{Fault, MemDisk};
use std::path::Path;

const REGISTRY: &str = "/manager/workers-registry.json";
const OLD: &str = r#"{"version":1,"workers":{"alice":{"runtime":"openclaw","model":"old"},"bob":{}}}"#;
const ENV_FILE: &str = "/root/hiclaw-manager.env";
const ENV: &str = "HICLAW_LLM_API_KEY=sk-canary\nHICLAW_DEFAULT_MODEL=old\n";
/// What another writer makes of it meanwhile.
const THEIRS: &str = r#"{"version":1,"workers":{"alice":{"runtime":"openclaw","model":"old"},"carol":{}}}"#;

fn files(disk: &MemDisk) -> Files {
    let nowhere: Url = "http://127.0.0.1:9".parse().unwrap();
    let http = higress::http_client(Duration::from_secs(1)).unwrap();
    let params = store::Params {
        endpoint: nowhere,
        access_key: "a".into(),
        secret_key: "b".to_owned().into(),
        bucket: "c".into(),
        call_timeout: Duration::from_secs(1),
    };
    let store = Store::new(&params, http.clone());
    Files::new(FilesParams {
        disk: Arc::new(disk.clone()),
        manager_config: "/manager/openclaw.json".into(),
        manager_url: None,
        manager_key: None,
        store,
        containers: None,
        console: None,
        default_model: None,
        env_file: Some(ENV_FILE.into()),
        http,
        call: Duration::from_secs(1),
        pulled: domain::PULLED_WITHIN,
        now: Arc::new(|| Timestamp::from_rfc3339("2026-01-15T10:30:00Z".into())),
    })
}

fn machine() -> MemDisk {
    let disk = MemDisk::new();
    disk.put(Path::new(REGISTRY), OLD.as_bytes()).unwrap();
    disk.put(Path::new("/manager/openclaw.json"), b"{}").unwrap();
    disk.put(Path::new(ENV_FILE), ENV.as_bytes()).unwrap();
    disk
}

fn registry(disk: &MemDisk) -> String {
    String::from_utf8(disk.get(Path::new(REGISTRY)).unwrap()).unwrap()
}

fn model_of_alice(text: &str) -> Option<String> {
    registry::model_note(text, &"alice".parse().unwrap()).unwrap().unwrap().model
}

/// Writes another note for alice.
async fn note_new(disk: &MemDisk) -> Result<(), Error> {
    let (files, alice) = (files(disk), "worker:alice".parse().unwrap());
    let before = registry::ModelNote::of(&"old".parse().unwrap()).to_json();
    let after = Image::new(registry::ModelNote::of(&"new".parse().unwrap()).to_json());
    files.write(&alice, Part::Registry, &after, &Version::Note(before)).await
}

#[tokio::test]
async fn a_note_is_written_or_not_whatever_fails_and_what_failed_surely_is_not_there() {
    let disk = machine();
    note_new(&disk).await.unwrap();
    let calls = disk.calls();
    assert_eq!(model_of_alice(&registry(&disk.crash())).as_deref(), Some("new"));
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=calls {
            let disk = machine();
            disk.fail_nth(nth, fault);
            let written = note_new(&disk).await;
            let (halted, now) = (disk.halted(), registry(&disk));
            let after = registry(&disk.crash());
            let cell = format!("{fault:?} at {nth}: {written:?}");
            assert!(after == OLD || model_of_alice(&after).as_deref() == Some("new"), "{cell}");
            match written {
                Ok(()) => assert_eq!(model_of_alice(&after).as_deref(), Some("new"), "{cell}"),
                Err(error) if error.wrote_nothing() && !halted => assert_eq!(now, OLD, "{cell}"),
                Err(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn a_change_of_somebody_else_meanwhile_is_kept_beside_ours() {
    let reads = {
        let (disk, counted) = (machine(), Arc::new(std::sync::atomic::AtomicU64::new(0)));
        let count = counted.clone();
        disk.fail(move |call| {
            let read = u64::from(call.primitive == disk::Primitive::Read);
            count.fetch_add(read, std::sync::atomic::Ordering::Relaxed);
            None
        });
        note_new(&disk).await.unwrap();
        counted.load(std::sync::atomic::Ordering::Relaxed)
    };
    for nth in 1..=reads {
        let disk = machine();
        let mut read = 0;
        disk.fail(move |call| {
            read += u64::from(call.primitive == disk::Primitive::Read);
            (call.primitive == disk::Primitive::Read && read == nth)
                .then_some(Fault::Foreign(THEIRS.as_bytes()))
        });
        note_new(&disk).await.unwrap();
        let text = registry(&disk);
        assert_eq!(model_of_alice(&text).as_deref(), Some("new"), "at read {nth} of {reads}");
        assert!(text.contains("carol") && !text.contains("bob"), "theirs is kept: {text}");
    }
}

#[tokio::test]
async fn what_a_crash_left_is_swept() {
    let disk = machine();
    let half = Path::new("/manager/.openclaw-0123456789abcdef.tmp");
    disk.put(half, b"half").unwrap();
    files(&disk).sweep().await.unwrap();
    assert!(disk.get(half).is_none());
    assert_eq!(registry(&disk), OLD);
}

/// The edit of the environment file that a lasting switch of the Manager makes.
async fn lasting_edit(files: &Files) -> Result<Option<Edit>, Error> {
    let (model, at) = ("new".parse().unwrap(), Timestamp::from_rfc3339("2026-01-15T10:30:00Z".into()));
    let limits = domain::Limits { context_window: 1, max_tokens: 1, reasoning: true, vision: false };
    files.environment_edit(&Wish { model: &model, limits, lasting: true, at: &at }).await
}

fn environment(disk: &MemDisk) -> String {
    String::from_utf8(disk.get(Path::new(ENV_FILE)).unwrap()).unwrap()
}

#[tokio::test]
async fn of_the_environment_file_one_line_is_written_and_nothing_is_copied_or_told() {
    let disk = machine();
    let files = files(&disk);
    let edit = lasting_edit(&files).await.unwrap().unwrap();
    assert_eq!(edit.object, "file:hiclaw-manager.env#HICLAW_DEFAULT_MODEL");
    assert_eq!(
        (edit.before.image.expose(), edit.after.expose()),
        (r#"{"model":"old"}"#, r#"{"model":"new"}"#)
    );
    let manager = Target::Manager;
    files.write(&manager, edit.part, &edit.after, &edit.before.version).await.unwrap();
    assert_eq!(environment(&disk), ENV.replace("=old", "=new"));
    assert!(disk.get(Path::new("/root/hiclaw-manager.env.bak")).is_none(), "its secrets lie there once");
    assert!(lasting_edit(&files).await.unwrap().is_none(), "it says so already");
    let now = files.observe(&manager, edit.part).await.unwrap();
    assert!(now.image == edit.after);
    files.write(&manager, edit.part, &edit.before.image, &now.version).await.unwrap();
    assert_eq!(environment(&disk), ENV);
    let stale = files.write(&manager, edit.part, &edit.before.image, &now.version).await;
    assert!(matches!(stale, Err(Error::Changed(_))), "{stale:?}");
}

#[tokio::test]
async fn whatever_fails_the_environment_file_is_the_old_one_or_the_new_one() {
    let counted = machine();
    let files_of = |disk: &MemDisk| files(disk);
    let write = |disk: MemDisk| async move {
        let files = files_of(&disk);
        let (before, after) = (r#"{"model":"old"}"#, Image::new(r#"{"model":"new"}"#.into()));
        files.write(&Target::Manager, Part::Environment, &after, &Version::Note(before.into())).await
    };
    write(counted.clone()).await.unwrap();
    let (new, calls) = (environment(&counted), counted.calls());
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=calls {
            let disk = machine();
            disk.fail_nth(nth, fault);
            let written = write(disk.clone()).await;
            let (halted, now) = (disk.halted(), environment(&disk));
            let after = environment(&disk.crash());
            let cell = format!("{fault:?} at {nth}: {written:?}");
            assert!(after == ENV || after == new, "{cell}");
            match written {
                Ok(()) => assert_eq!(after, new, "{cell}"),
                Err(error) if error.wrote_nothing() && !halted => assert_eq!(now, ENV, "{cell}"),
                Err(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn what_gives_the_manager_its_model_is_told_with_its_place() {
    let disk = machine();
    let mut files = files(&disk);
    files.params.default_model = Some("own".into());
    let reset = files.reset(&Target::Manager).await.unwrap().unwrap();
    assert_eq!(reset.restarted, None, "what agm was started with comes from the file");
    let told = reset.remade.unwrap();
    assert_eq!((told.model.as_str(), told.place.as_str()), ("old", ENV_FILE));
    assert_eq!(files.reset(&"worker:alice".parse().unwrap()).await.unwrap(), None);

    files.params.env_file = None;
    let reset = files.reset(&Target::Manager).await.unwrap().unwrap();
    let own = reset.restarted.unwrap();
    assert_eq!((own.model.as_str(), own.place.as_str()), ("own", domain::OWN_ENVIRONMENT));
    assert_eq!((reset.remade, reset.file), (None, None));
    let refused = lasting_edit(&files).await;
    assert!(matches!(refused, Err(Error::NoSource(_))), "{refused:?}");
}

/// A server that answers for its health, and so for everything else.
async fn answering(otherwise: axum::http::StatusCode) -> (Url, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let router = axum::Router::new()
        .route("/healthz", axum::routing::get(|| async { "ok" }))
        .fallback(move || async move { otherwise });
    (url, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

#[tokio::test]
async fn a_controller_beside_is_told_by_that_it_lets_no_stranger_in() {
    use axum::http::StatusCode;
    for (otherwise, is_told) in [(StatusCode::UNAUTHORIZED, true), (StatusCode::OK, false)] {
        let (url, server) = answering(otherwise).await;
        let identity = files(&machine()).beside_controller(url.clone()).identify().await;
        let told = format!("a controller answers at {url}, which writes over what others write into files");
        assert_eq!(identity.doubt, is_told.then_some(told));
        server.abort();
    }
    assert_eq!(files(&machine()).identify().await.doubt, None);
}

#[tokio::test]
async fn a_config_that_is_named_by_a_later_generation_is_told() {
    let disk = machine();
    let config = |gateway: &str| {
        let text = format!(
            r#"{{"models":{{"providers":{{"{gateway}":{{"baseUrl":"http://gw/v1","models":[]}}}}}},"agents":{{"defaults":{{"model":{{"primary":"{gateway}/m"}}}}}}}}"#
        );
        disk.put(Path::new("/manager/openclaw.json"), text.as_bytes()).unwrap();
    };
    config("agentteams-gateway");
    let files = files(&disk);
    let doubt = files.identify().await.doubt;
    assert!(doubt.as_ref().unwrap().starts_with("agentteams-gateway/m is named"), "{doubt:?}");
    assert_eq!(files.doubt(&files.params.store.list_agents().await), doubt, "it is remembered for plans");
    config("hiclaw-gateway");
    assert_eq!(files.identify().await.doubt, None);
}
