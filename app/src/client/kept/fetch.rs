//! Fetching what the server has and this browser has not, one after the other, the newest first. Most pages load no more
//! than this, so it is small: it reads of an answer what it needs.
use super::News;
use crate::{
    api::RENEWAL,
    browser::{
        backups::{NotKept, RING, Store},
        entry::{Entry, Label},
        storage::{Kept, Texts},
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
    let Ok(store) = Kept::open().map(Store::of) else { return tell(News::Changed) };
    let Ok(List { backups }) = read::<List>("backups").await else { return tell(News::Changed) };
    tell(News::Listed(backups.iter().map(|backup| backup.id.clone()).collect()));
    let kept = keep_newest(&store, &backups, || tell(News::Changed)).await;
    tell(News::Ended(kept));
}

async fn keep_newest(store: &Store<Kept>, listed: &[Listed], changed: impl Fn()) -> Result<(), NotKept> {
    let ids: BTreeSet<BackupId> = listed.iter().map(|backup| backup.id.clone()).collect();
    store.forget_removals(&ids)?;
    for backup in listed.iter().take(RING) {
        if is_full_for(store, &backup.id)? {
            break;
        }
        let Some(entry) = wanted(store, &ids, backup).await? else { continue };
        // A person may have removed it while it was fetched.
        if store.is_removed(&backup.id)? {
            continue;
        }
        match store.keep(&entry) {
            // A person sees that something else lies there, and it is no reason not to keep the others.
            Err(NotKept::Occupied) => {}
            // The newest are here, and what comes now is older still.
            Err(NotKept::Outranked) => {
                remember_full(store, &backup.id)?;
                break;
            }
            kept => kept?,
        }
        changed();
    }
    Ok(())
}

/// Where a tab remembers for which backup there was no room.
const FULL: &str = "agm-backup-full";

/// For which one there is no room, as long as these are here.
fn full(store: &Store<Kept>, id: &BackupId) -> Result<String, NotKept> {
    let here: Vec<_> = store.ids()?.iter().map(ToString::to_string).collect();
    Ok(format!("{id} beside {}", here.join(" ")))
}

fn is_full_for(store: &Store<Kept>, id: &BackupId) -> Result<bool, NotKept> {
    let Ok(Some(known)) = Kept::of_this_tab().and_then(|tab| tab.get(FULL)) else { return Ok(false) };
    Ok(full(store, id)? == known)
}

fn remember_full(store: &Store<Kept>, id: &BackupId) -> Result<(), NotKept> {
    let full = full(store, id)?;
    // Where the tab keeps nothing, it is fetched again.
    let _ = Kept::of_this_tab().and_then(|tab| tab.set(FULL, &full));
    Ok(())
}

/// What is to be kept of a backup. None: it is here already, or a person removed it, or there is no place for it, or it
/// cannot be had.
async fn wanted(
    store: &Store<Kept>,
    listed: &BTreeSet<BackupId>,
    backup: &Listed,
) -> Result<Option<Entry>, NotKept> {
    let name = backup.name.clone();
    if let Some(text) = store.text(&backup.id)? {
        match Label::parse(&text) {
            Some(label) if is_sealed_anew(&label, backup) => {}
            Some(label) if label.name != name => {
                return Ok(store.get(&backup.id)?.map(|entry| Entry { name, ..entry }));
            }
            _ => return Ok(None),
        }
    } else if store.is_removed(&backup.id)? || !has_place(store, listed, &backup.id)? {
        return Ok(None);
    }
    let sealed = read(&format!("backups/{}/sealed", backup.id)).await.ok();
    let entry = sealed.map(|backup| Entry { name, backup });
    Ok(entry.filter(|entry| *entry.id() == backup.id))
}

/// Whether the server has sealed it with another key since, as it does when the one before is to be given up.
fn is_sealed_anew(label: &Label, backup: &Listed) -> bool {
    backup.sealed_with.as_deref().is_some_and(|newer| label.sealed_with() != Some(newer))
}

/// Whether the ring has a place for it. Of which installation it is shows with another one of the list.
fn has_place(store: &Store<Kept>, listed: &BTreeSet<BackupId>, id: &BackupId) -> Result<bool, NotKept> {
    for held in store.ids()?.intersection(listed) {
        if let Some(installation) = store.installation(held)? {
            return Ok(store.has_place_for(id, &installation)?);
        }
    }
    Ok(true)
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
