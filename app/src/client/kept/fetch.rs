//! Fetching what the server has and this browser has not, one after the other, the newest first. Most pages load no more
//! than this, so it is small: it reads of an answer what it needs.
use super::News;
use crate::{
    api::RENEWAL,
    browser::{
        backups::{NotKept, RING, Store},
        entry::Entry,
        storage::Kept,
    },
};
use domain::{BackupId, BackupName};
use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{Headers, RequestInit, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use wasm_bindgen_futures::JsFuture;

/// A backup of the server.
#[derive(Deserialize)]
struct Listed {
    id: BackupId,
    #[serde(default)]
    name: Option<BackupName>,
    /// The id of the key that it is sealed with.
    #[serde(default, rename = "sealedWith")]
    sealed_with: Option<String>,
}

/// All of them, newest first.
#[derive(Deserialize)]
struct List {
    backups: Vec<Listed>,
}

/// Keeps the newest backups of the server, as many as the ring has places. What cannot be had now is asked for with the next
/// news.
pub async fn fetch(tell: impl Fn(News)) {
    let Ok(store) = Kept::open().map(Store) else { return tell(News::Changed) };
    let Ok(List { backups }) = read::<List>("backups").await else { return tell(News::Changed) };
    tell(News::Listed(backups.iter().map(|backup| backup.id.clone()).collect()));
    let kept = keep_newest(&store, &backups, || tell(News::Changed)).await;
    tell(News::Ended(kept));
}

async fn keep_newest(store: &Store<Kept>, listed: &[Listed], changed: impl Fn()) -> Result<(), NotKept> {
    let ids: BTreeSet<BackupId> = listed.iter().map(|backup| backup.id.clone()).collect();
    store.forget_removals(&ids)?;
    let removed = store.removals()?;
    let wished = listed.iter().take(RING).filter(|backup| !removed.contains(&backup.id));
    for (place, backup) in wished.enumerate() {
        let Some(entry) = wanted(store, &ids, backup).await? else { continue };
        match store.keep(&entry) {
            // A person sees that something else lies there, and it is no reason not to keep the others.
            Err(NotKept::Occupied) => {}
            Err(NotKept::NoRoom) if place > 0 => return Err(NotKept::Fewer),
            kept => kept?,
        }
        changed();
    }
    Ok(())
}

/// What is to be kept of a backup. None: it is here already, or there is no place for it, or it cannot be had.
async fn wanted(
    store: &Store<Kept>,
    listed: &BTreeSet<BackupId>,
    backup: &Listed,
) -> Result<Option<Entry>, NotKept> {
    let name = backup.name.clone();
    match store.get(&backup.id)? {
        Some(entry) if !is_sealed_anew(&entry, backup) => {
            return Ok((entry.name != name).then_some(Entry { name, ..entry }));
        }
        None if !has_place(store, listed, &backup.id)? => return Ok(None),
        Some(_) | None => {}
    }
    let sealed = read(&format!("backups/{}/sealed", backup.id)).await.ok();
    let entry = sealed.map(|backup| Entry { name, backup });
    Ok(entry.filter(|entry| *entry.id() == backup.id))
}

/// Whether the server has sealed it with another key since, as it does when the one before is to be given up.
fn is_sealed_anew(entry: &Entry, backup: &Listed) -> bool {
    let key = entry.backup.sealed.split('.').nth(1);
    backup.sealed_with.as_deref().is_some_and(|newer| key != Some(newer))
}

/// Whether the ring has a place for it. Of which installation it is shows with another one of the list.
fn has_place(store: &Store<Kept>, listed: &BTreeSet<BackupId>, id: &BackupId) -> Result<bool, NotKept> {
    let contents = store.contents()?;
    let known = contents.held.iter().find(|held| listed.contains(held.entry.id()));
    Ok(known.is_none_or(|known| contents.has_place_for(id, &known.entry.backup.visible.installation)))
}

/// Reads what lies below `/ni_status`. Nobody has asked for it, so it is no sign that somebody is there.
async fn read<T: DeserializeOwned>(path: &str) -> Result<T, JsValue> {
    let init = RequestInit::new();
    let headers = Headers::new()?;
    headers.set(RENEWAL, "backups")?;
    headers.set("x-agm-ui", "1")?;
    init.set_headers(&headers);
    let asked = window().fetch_with_str_and_init(&format!("/ni_status/{path}"), &init);
    let response: Response = JsFuture::from(asked).await?.dyn_into()?;
    if !response.ok() {
        return Err(response.status().into());
    }
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string().into())
}
