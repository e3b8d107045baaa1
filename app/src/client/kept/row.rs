//! A backup of this browser, and what can be done with it.
use super::{
    here::{Here, focus_title},
    lost,
};
use crate::{
    api::backups,
    browser::{backups::Held, entry::Entry},
    client::{page, save::save as save_text, times, visit},
    components::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        error_note::ErrorNote,
        moment::Moment,
    },
    describe,
    sprite::{icon, maps},
    text::{formats, t},
};
use domain::{BackupId, Code, Failure, VerifiedBackup};
use leptos::{html, prelude::*, task::spawn_local};

/// What came of what was asked for.
#[derive(Clone)]
enum Answer {
    Opened(Box<VerifiedBackup>),
    Failed(Box<Failure>),
    /// It was not asked: the browser did not save the file.
    NotSaved,
}

/// A row, and what it has asked for.
#[derive(Clone, Copy)]
struct Row {
    here: Here,
    held: Memo<Option<Held>>,
    busy: RwSignal<bool>,
    answer: RwSignal<Option<Answer>>,
}

/// The row of a backup. What can change of it changes in its place, so that nothing loses the focus.
pub fn view(here: Here, id: BackupId) -> AnyView {
    let held = Memo::new(move |_| here.held(&id));
    let row = Row { here, held, busy: RwSignal::new(false), answer: RwSignal::new(None) };
    let Some(entry) = held.get_untracked().map(|held| held.entry) else { return ().into_any() };
    let visible = entry.backup.visible.clone();
    let content = t().backups_content(visible.providers.len(), visible.routes.len(), visible.agents.len());
    let why = describe::backup_reason(&visible.reason);
    let name = move || {
        let name = held.with(|held| held.as_ref().and_then(|held| held.entry.name.clone()));
        name.map(|name| view! { <b class="backup-name">{name.to_string()}</b> })
    };
    let size = move || held.with(|held| held.as_ref().map_or(0, |held| held.size));
    let size = move || formats::bytes(u64::try_from(size()).unwrap_or(u64::MAX));
    let node = NodeRef::<html::Li>::new();
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            times::localize(&node);
        }
    });
    view! {
        <li class="held" node_ref=node>
            <h3><Moment at=visible.taken_at.clone()/> " " {name}</h3>
            <p class="backup-why">{why} " · " {visible.actor.clone()}</p>
            <p class="backup-content">{content} " · " {size}</p>
            <p class="backup-state">{move || row.state()}</p>
            {row.acts(&entry)}
            {row.more(&entry)}
            <div class="here-answer" role="status">{move || row.said()}</div>
        </li>
    }
    .into_any()
}

/// What a backup is called where several are named: its name, else its time in UTC.
fn called(entry: &Entry) -> String {
    let taken_at = entry.backup.visible.taken_at.as_str();
    let when = || format!("{} UTC", taken_at.get(..16).unwrap_or_default().replace('T', " "));
    entry.name.as_ref().map_or_else(when, ToString::to_string)
}

impl Row {
    fn is_pinned(self) -> bool {
        self.held.with(|held| held.as_ref().is_some_and(|held| held.pinned))
    }

    fn is_on_server(self) -> Option<bool> {
        self.held.with(|held| held.as_ref().and_then(|held| self.here.is_on_server(held.entry.id())))
    }

    fn entry(self) -> Option<Entry> {
        self.held.with_untracked(|held| held.as_ref().map(|held| held.entry.clone()))
    }

    fn state(self) -> AnyView {
        let pin = self
            .is_pinned()
            .then(|| view! { <span class="pinned">{icon(maps::PIN)} {t().backups_pinned()}</span> });
        let only = (self.is_on_server() == Some(false))
            .then(|| view! { <Badge tone=Tone::Busy word=t().here_only()/> });
        view! { {pin} " " {only} }.into_any()
    }

    fn acts(self, entry: &Entry) -> AnyView {
        let called = called(entry);
        let id = entry.id().clone();
        let pin = move |_| match self.is_pinned() {
            true => self.here.act(|store| store.unpin(&id)),
            false => self.here.act(|store| store.pin(&id)),
        };
        let pin_text = move || if self.is_pinned() { t().backups_unpin() } else { t().backups_pin() };
        let pin_label = {
            let called = called.clone();
            move || t().here_of(pin_text(), &called)
        };
        let compare_text = move || match self.is_on_server() {
            Some(false) => t().here_bring_back(),
            _ => t().backups_compare(),
        };
        let compare_label = move || t().here_of(compare_text(), &called);
        view! {
            <div class="backup-acts">
                <button
                    type="button" class=Kind::Small.class() aria-label=compare_label
                    disabled=self.busy on:click=move |_| self.compare()
                >
                    {compare_text}
                </button>
                <button type="button" class=Kind::Small.class() aria-label=pin_label on:click=pin>{pin_text}</button>
            </div>
        }
        .into_any()
    }

    fn more(self, entry: &Entry) -> AnyView {
        let label = |action: &str| t().here_of(action, &called(entry));
        let verify = Callback::new(move |()| self.verify());
        let file = entry.clone();
        let save = move |_| {
            self.answer.set(None);
            if saved(&file).is_none() {
                self.answer.set(Some(Answer::NotSaved));
            }
        };
        let id = entry.id().clone();
        let remove = move |_| {
            self.here.act(|store| store.remove_for_good(&id));
            focus_title();
        };
        let means = move || match self.is_on_server() {
            Some(true) => t().here_remove_means(),
            Some(false) => t().here_remove_last(),
            None => t().here_remove_unknown(),
        };
        view! {
            <details class="backup-more">
                <summary aria-label=label(t().backups_more())>{t().backups_more()}</summary>
                <div class="backup-rest">
                    <Button
                        text=t().here_verify() kind=Kind::Small busy=self.busy label=label(t().here_verify()) on_press=verify
                    />
                    <button type="button" class=Kind::Small.class() aria-label=label(t().here_download()) on:click=save>
                        {t().here_download()}
                    </button>
                    <details class="backup-delete">
                        <summary class="btn small">{t().here_remove_ask()}</summary>
                        <p>{means}</p>
                        <button type="button" class=Kind::Danger.class() aria-label=label(t().here_remove()) on:click=remove>
                            {t().here_remove()}
                        </button>
                    </details>
                </div>
            </details>
        }
        .into_any()
    }

    /// Goes to where it is compared with how things are now. One that the server no longer has is given back to it first.
    fn compare(self) {
        let Some(entry) = self.entry() else { return };
        let there = format!("/agm/backups?compare={}", entry.id());
        if self.is_on_server() == Some(true) {
            return visit(&there);
        }
        self.ask(async move {
            match backups::adopt(&entry.backup, entry.name.as_ref()).await {
                Ok(()) => {
                    visit(&there);
                    None
                }
                Err(error) => Some(Err(error.into())),
            }
        });
    }

    /// Lets the server open what lies here.
    fn verify(self) {
        let Some(entry) = self.entry() else { return };
        self.ask(async move { Some(backups::open_backup(&entry.backup).await.map_err(Into::into)) });
    }

    fn ask(self, asking: impl Future<Output = Option<Result<VerifiedBackup, Failure>>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.answer.set(None);
        spawn_local(async move {
            let answer = asking.await;
            self.busy.set(false);
            if answer.as_ref().is_some_and(is_signed_out) {
                return page::signed_out();
            }
            self.answer.set(answer.map(|answer| match answer {
                Ok(opened) => Answer::Opened(Box::new(opened)),
                Err(failure) => Answer::Failed(Box::new(failure)),
            }));
        });
    }

    /// What the server said of it.
    fn said(self) -> AnyView {
        match self.answer.get() {
            None => ().into_any(),
            Some(Answer::NotSaved) => {
                view! { <p class="note warn">{t().here_not_downloaded()}</p> }.into_any()
            }
            Some(Answer::Opened(opened)) => opened_as(&opened),
            Some(Answer::Failed(failure)) if failure.code == Code::SealKeyUnknown => {
                self.entry().map(|entry| lost::view(&entry.backup.visible)).into_any()
            }
            Some(Answer::Failed(failure)) => view! { <ErrorNote failure=*failure/> }.into_any(),
        }
    }
}

fn is_signed_out(answer: &Result<VerifiedBackup, Failure>) -> bool {
    matches!(answer, Err(failure) if failure.code == Code::AuthRequired)
}

/// Gives a sealed backup to the person, as the server would. None: the browser refused.
fn saved(entry: &Entry) -> Option<()> {
    let text = serde_json::to_string(&entry.backup).ok()?;
    save_text(&format!("agm-backup-{}.sealed.json", entry.id()), &text).ok()
}

fn opened_as(opened: &VerifiedBackup) -> AnyView {
    let holds = t().backups_content(opened.providers, opened.routes, opened.agents);
    let keys = t().keys(opened.keys);
    view! { <p class="note">{t().here_opened()} " " {holds} " · " {keys}</p> }.into_any()
}
