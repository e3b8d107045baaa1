//! What lies in this browser, as the page of the backups shows it.
use super::{News, row};
use crate::{
    browser::{
        backups::{Contents, Held, NotKept, Odd, RING, Store},
        entry::Key,
        storage::Kept,
    },
    client::{focus, on},
    components::button::{Button, Kind},
    text::{formats, t},
};
use domain::BackupId;
use leptos::{prelude::*, web_sys::StorageEvent};
use std::collections::BTreeSet;

/// What is shown, and what is known beside it.
#[derive(Clone, Copy)]
pub struct Here {
    contents: RwSignal<Contents>,
    /// The browser keeps nothing for this site.
    denied: RwSignal<bool>,
    /// Which backups the server has; none until it answered.
    server: RwSignal<Option<BTreeSet<BackupId>>>,
    /// Why the last one that was wanted is not here.
    trouble: RwSignal<Option<NotKept>>,
}

impl Here {
    pub fn new() -> Self {
        let here = Self {
            contents: RwSignal::default(),
            denied: RwSignal::new(false),
            server: RwSignal::new(None),
            trouble: RwSignal::new(None),
        };
        here.read();
        // What other tabs do shows at once.
        on(&window(), "storage", move |event: StorageEvent| {
            // Without a key, all of it was cleared.
            if event.key().is_none_or(|key| Key::parse(&key).is_some()) {
                here.read();
            }
        });
        here
    }

    pub fn hear(self, news: News) {
        match news {
            News::Listed(backups) => self.server.set(Some(backups)),
            News::Changed => self.read(),
            News::Ended(outcome) => self.told(outcome),
        }
    }

    /// Shows what lies here now.
    fn read(self) {
        let contents = Kept::open().and_then(|kept| Store::of(kept).contents());
        self.denied.set(contents.is_err());
        let contents = contents.unwrap_or_default();
        if self.contents.with_untracked(|shown| *shown != contents) {
            self.contents.set(contents);
        }
    }

    /// Whether the server has a backup too. None: it did not answer yet.
    pub fn is_on_server(self, id: &BackupId) -> Option<bool> {
        self.server.with(|known| known.as_ref().map(|known| known.contains(id)))
    }

    /// What became of the last thing that was to be kept or done here.
    fn told(self, outcome: Result<(), NotKept>) {
        self.trouble.set(outcome.err());
        self.read();
    }

    /// Does something to what lies here.
    pub fn act<E: Into<NotKept>>(self, work: impl FnOnce(&Store<Kept>) -> Result<(), E>) {
        let store = Kept::open().map(Store::of).map_err(NotKept::from);
        self.told(store.and_then(|store| work(&store).map_err(Into::into)));
    }

    pub fn held(self, id: &BackupId) -> Option<Held> {
        self.contents.with(|contents| contents.held.iter().find(|held| held.entry.id() == id).cloned())
    }

    pub fn view(self) -> AnyView {
        let ids = move || {
            self.contents
                .with(|contents| contents.held.iter().map(|held| held.entry.id().clone()).collect::<Vec<_>>())
        };
        let rows = move |id: BackupId| row::view(self, id);
        // They stay as they are drawn, open or not, while backups come and go.
        let odds = Memo::new(move |_| self.contents.with(|contents| contents.odd.clone()));
        view! {
            <div role="status">{move || self.state()}</div>
            <ul class="backups">
                <For each=ids key=|id| id.clone() children=rows/>
            </ul>
            {move || odds.with(|list| odd(self, list))}
        }
        .into_any()
    }

    /// How much of it is used, and what is wrong with it.
    fn state(self) -> AnyView {
        if self.denied.get() {
            return view! { <p class="note warn">{t().here_denied()}</p> }.into_any();
        }
        let trouble = self.trouble.get().map(|why| view! { <p class="note warn">{t().not_kept(why)}</p> });
        let used = self.contents.with(|contents| {
            let (pinned, ring): (Vec<_>, Vec<_>) = contents.held.iter().partition(|held| held.pinned);
            let size: usize = contents.held.iter().map(|held| held.size).sum();
            let size = formats::bytes(u64::try_from(size).unwrap_or(u64::MAX));
            t().here_used(ring.len(), RING, pinned.len(), &size)
        });
        view! { {trouble} <p class="here-used">{used}</p> }.into_any()
    }
}

/// What lies under keys like ours and is no backup.
fn odd(here: Here, odd: &[Odd]) -> Option<AnyView> {
    if odd.is_empty() {
        return None;
    }
    let line = |odd: &Odd| {
        let key = odd.key.clone();
        let remove = Callback::new(move |()| {
            here.act(|store| store.remove_odd(&key));
            focus_title();
        });
        let size = formats::bytes(u64::try_from(odd.size).unwrap_or(u64::MAX));
        let label = t().action_of(t().here_remove(), &odd.key);
        view! {
            <li>
                <code>{odd.key.clone()}</code> " · " {size} " "
                <Button text=t().here_remove() kind=Kind::Small label on_press=remove/>
            </li>
        }
    };
    let title = t().here_odd(odd.len());
    let shown = view! {
        <details class="here-odd">
            <summary class="warn">{title}</summary>
            <p>{t().here_odd_means()}</p>
            <ul>{odd.iter().map(line).collect_view()}</ul>
        </details>
    };
    Some(shown.into_any())
}

/// Where the focus goes when what had it is gone.
pub fn focus_title() {
    if let Some(title) = document().get_element_by_id("here") {
        focus(&title);
    }
}
