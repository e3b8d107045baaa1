//! The clear-text backup of the plugin that was here before: said as an alarm, sealed, and removed only when the sealed one
//! has proved to be whole.
use super::{advice::Advice, look};
use crate::{
    api::{backups, list_providers},
    browser::{
        backups::{NotKept, Store},
        clear_text::{ClearText, KEY},
        entry::Entry,
        storage::{Kept, Texts},
    },
    client::focus,
    components::{
        button::{Button, Kind},
        said::Told,
    },
    error::ApiError,
    text::t,
};
use domain::{Failure, SealedOriginal};
use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

/// How far it is.
#[derive(Clone, PartialEq, Eq)]
enum Stage {
    Found,
    Working,
    /// Why the clear text is still there.
    Failed(Told),
    /// It is gone; whose keys lay there.
    Done(Advice),
}

/// What names the alarm, and has the focus when its button is gone.
const TITLE: &str = "clear-text-title";

/// The alarm. Nothing, when nothing lies there.
pub fn view() -> AnyView {
    let Some(text) = text() else { return ().into_any() };
    let found = serde_json::from_slice(text.as_bytes()).ok().and_then(|json| ClearText::of(&json));
    let shown = match found {
        Some(found) => alarm(&found),
        None => {
            view! { <div><h2 id=TITLE>{t().clear_text()}</h2> <p>{t().clear_text_odd()}</p></div> }.into_any()
        }
    };
    view! { <section class="alarm clear-text" aria-labelledby=TITLE>{shown}</section> }.into_any()
}

fn text() -> Option<String> {
    Kept::open().and_then(|kept| kept.get(KEY)).ok().flatten()
}

/// What lies there, and then what became of it. What is said of that stands in one place all the time, so that it is heard.
fn alarm(found: &ClearText) -> AnyView {
    let stage = RwSignal::new(Stage::Found);
    let is_done = Memo::new(move |_| stage.with(|stage| matches!(stage, Stage::Done(_))));
    let busy = Memo::new(move |_| stage.with(|stage| *stage == Stage::Working));
    let title = move || if is_done.get() { t().clear_text_gone() } else { t().clear_text() };
    let holds = t().clear_text_holds(found.providers, found.consumers, found.keys);
    let taken = found.taken_at.as_deref().and_then(|time| time.get(..16));
    let taken = taken.map(|minute| t().clear_text_taken(&minute.replace('T', " ")));
    let found = move || {
        (!is_done.get())
            .then(|| view! { <p>{holds.clone()} " " {taken.clone()}</p> <p>{t().clear_text_means()}</p> })
    };
    let status = move || match stage.get() {
        Stage::Working => Some(t().clear_text_sealing()),
        Stage::Done(_) => Some(t().clear_text_kept()),
        Stage::Found | Stage::Failed(_) => None,
    };
    let rest = move || match stage.get() {
        Stage::Failed(why) => {
            view! { <p role="alert">{t().clear_text_stays()} " " {why.view()}</p> }.into_any()
        }
        Stage::Done(advice) => advice.view(),
        Stage::Found | Stage::Working => ().into_any(),
    };
    let press = Callback::new(move |()| {
        stage.set(Stage::Working);
        spawn_local(async move {
            stage.set(seal().await.map_or_else(Stage::Failed, Stage::Done));
            focus_title();
        });
    });
    let button = move || {
        (!is_done.get())
            .then(|| view! { <div class="alarm-act"><Button text=t().clear_text_seal() kind=Kind::Primary busy on_press=press/></div> })
    };
    view! {
        <div>
            <h2 id=TITLE tabindex="-1">{title}</h2>
            {found}
            <div role="status">{status}</div>
            {rest}
        </div>
        {button}
    }
    .into_any()
}

/// The button that had the focus is gone, or could not have it while it was busy.
fn focus_title() {
    request_animation_frame(|| {
        if let Some(title) = document().get_element_by_id(TITLE) {
            focus(&title);
        }
    });
}

/// Seals the clear text on the server, keeps the sealed one here, lets the server open what lies here, and only then removes
/// the clear text.
async fn seal() -> Result<Advice, Told> {
    let store = Kept::open().map(Store::of).map_err(|refused| refused_by_browser(refused.into()))?;
    let clear =
        store.texts.get(KEY).map_err(|refused| refused_by_browser(refused.into()))?.unwrap_or_default();
    let original: Value =
        serde_json::from_slice(clear.as_bytes()).map_err(|_| Told::from(t().clear_text_odd()))?;
    let found = ClearText::of(&original).ok_or_else(|| Told::from(t().clear_text_odd()))?;
    let SealedOriginal { backup, .. } = backups::seal_original(&original).await.map_err(refused)?;
    let sealed = backups::sealed_backup(&backup.id).await.map_err(refused)?;
    store.keep(&Entry { name: backup.name, backup: sealed }).map_err(refused_by_browser)?;
    // Newer backups of every day are not to push it out.
    store.pin(&backup.id).map_err(refused_by_browser)?;
    let kept =
        store.get(&backup.id).ok().flatten().ok_or_else(|| refused_by_browser(NotKept::NotReadBack))?;
    let opened = backups::open_backup(&kept.backup).await.map_err(refused)?;
    if opened.keys < found.keys {
        return Err(t().clear_text_not_whole().into());
    }
    let is_same = store.texts.get(KEY).is_ok_and(|now| now.as_ref() == Some(&clear));
    if !is_same {
        return Err(t().clear_text_changed().into());
    }
    let removed = store.texts.remove(KEY);
    if removed.is_err() || text().is_some() {
        return Err(t().clear_text_not_removed().into());
    }
    look();
    let present = list_providers().await.ok();
    let present = present.map(|present| present.into_iter().map(|provider| provider.name).collect());
    Ok(Advice { providers: found.exposed, consumers: found.exposed_consumers, present })
}

fn refused(error: ApiError) -> Told {
    Failure::from(error).into()
}

fn refused_by_browser(why: NotKept) -> Told {
    t().not_kept(why).into()
}
