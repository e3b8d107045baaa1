use super::*;
use crate::fake::{Holder, clients};
use hiclaw::Version;

fn held(text: &str) -> Held {
    Held { image: Image::new(text.to_owned()), version: Version::Note(text.to_owned()) }
}

/// What undoing a switch from `old` to `new` comes to when these are the looks, and what it writes.
async fn undone(looks: &[&str], stands: &str) -> (Result<Put, Failure>, Vec<String>) {
    let holder = Holder {
        looks: std::sync::Mutex::new(looks.iter().map(|text| held(text)).collect()),
        stands: Some(held(stands).version),
        ..Holder::default()
    };
    let written = holder.written.clone();
    let edit = hiclaw::Edit {
        part: Part::Config,
        object: "s3:agents/alice/openclaw.json".into(),
        before: held("old"),
        after: Image::new("new".into()),
        owner: "manager".into(),
        lasts: None,
        sure_after: std::time::Duration::ZERO,
    };
    let undone = Edit::Agent { target: Target::Manager, edit }.put(&clients(holder), Side::Before, &[]).await;
    let written = written.lock().unwrap().clone();
    (undone, written)
}

#[tokio::test]
async fn undo_replaces_nothing_but_what_it_looked_at() {
    let (ours, written) = undone(&["new"], "new").await;
    assert_eq!((ours.unwrap(), written), (Put::Written, vec!["old".to_owned()]));
    let (theirs, written) = undone(&["theirs"], "theirs").await;
    assert_eq!((theirs.unwrap(), written.len()), (Put::Foreign, 0));
    // Somebody writes between the look and the write: a second look would have fetched their version.
    let (raced, written) = undone(&["new", "theirs"], "theirs").await;
    assert_eq!((raced.unwrap_err().code, written.len()), (domain::Code::Conflict, 0));
}
