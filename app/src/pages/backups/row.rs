//! A backup in the list.
use super::{HERE, forms};
use crate::{
    act::{Act, Call},
    components::{
        badge::{Badge, Tone},
        button::{CallButton, Kind, Press},
        moment::Moment,
    },
    describe,
    sprite::{icon, maps},
    text::{formats, t},
};
use domain::Backup;
use leptos::prelude::*;

/// A backup; `now` is the hash of how things are now.
pub fn view(backup: Backup, now: Option<&str>) -> AnyView {
    let id = backup.id.clone();
    let is_now = now == Some(backup.hash.as_str());
    let content = content(&backup);
    let pin =
        backup.pinned.then(|| view! { <span class="pinned">{icon(maps::PIN)} {t().backups_pinned()}</span> });
    let same = is_now.then(|| view! { <Badge tone=Tone::Ok word=t().backups_as_now()/> });
    let name = backup.name.as_ref().map(|name| view! { <b class="backup-name">{name.to_string()}</b> });
    let why = describe::backup_reason(&backup.reason);
    view! {
        <li id=format!("b-{id}") class="backup">
            <h3><Moment at=backup.taken_at.clone()/> " " {name}</h3>
            <p class="backup-why">{why} " · " {backup.actor.clone()}</p>
            <p class="backup-content">{content}</p>
            <p class="backup-state">{pin} {same}</p>
            {acts(&backup, is_now)}
            {more(&backup)}
        </li>
    }
    .into_any()
}

/// What it holds, and its size.
pub fn content(backup: &Backup) -> String {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let holds = t().backups_content(count(backup.providers), count(backup.routes), count(backup.agents));
    format!("{holds} · {}", formats::bytes(backup.bytes))
}

/// What a backup is called where several are named: its name, else its time in UTC.
pub fn called(backup: &Backup) -> String {
    let when = || format!("{} UTC", backup.taken_at.as_str().get(..16).unwrap_or_default().replace('T', " "));
    backup.name.as_ref().map_or_else(when, ToString::to_string)
}

/// What is as now has nothing to restore.
fn acts(backup: &Backup, is_now: bool) -> AnyView {
    let (path, text) = match backup.pinned {
        true => ("unpin", t().backups_unpin()),
        false => ("pin", t().backups_pin()),
    };
    let called = called(backup);
    let label = |action: &str| t().backups_of(action, &called);
    let pin = Call::bare(format!("backups/{}/{path}", backup.id));
    let restore = (!is_now).then(|| {
        let act = Act::restore(backup.id.clone());
        view! { <Press act text=t().backups_restore() kind=Kind::Small label=label(t().backups_restore())/> }
    });
    view! {
        <div class="backup-acts">
            <a class="btn small" href=format!("{HERE}?compare={}", backup.id) aria-label=label(t().backups_compare())>
                {t().backups_compare()}
            </a>
            {restore}
            <CallButton call=pin text kind=Kind::Small label=label(text)/>
        </div>
    }
    .into_any()
}

fn more(backup: &Backup) -> AnyView {
    let id = &backup.id;
    let called = called(backup);
    let label = |action: &str| t().backups_of(action, &called);
    let named = |file: &str| format!("{file}: {called}");
    view! {
        <details class="backup-more" id=format!("more-{id}")>
            <summary aria-label=label(t().backups_more())>{t().backups_more()}</summary>
            <div class="backup-rest">
                {forms::rename(backup)}
                {forms::export(backup, named(t().backups_encrypted()))}
                <p>
                    <a
                        class="btn small" href=format!("/ni_status/backups/{id}/file") download=""
                        aria-label=named(t().backups_plain())
                    >
                        {t().backups_plain()}
                    </a>
                </p>
                {delete(backup, label(t().backups_delete_sure()))}
            </div>
        </details>
    }
    .into_any()
}

/// Asks before it deletes; a pinned one is not offered.
fn delete(backup: &Backup, label: String) -> AnyView {
    if backup.pinned {
        return view! { <p class="backup-stays">{t().backups_unpin_first()}</p> }.into_any();
    }
    let id = &backup.id;
    let call = Call { said: Some(t().backups_deleted()), ..Call::bare(format!("backups/{id}/delete")) };
    view! {
        <details class="backup-delete" id=format!("delete-{id}")>
            <summary class="btn small">{t().backups_delete()}</summary>
            <p>{t().backups_delete_means()}</p>
            <CallButton call text=t().backups_delete_sure() kind=Kind::Danger label/>
        </details>
    }
    .into_any()
}
