//! The clear-text backup of the plugin that was here before: said as an alarm, sealed, and removed only when the sealed one
//! has proved to be whole.
use super::look;
use crate::{
    act::Act,
    api::backups,
    browser::{
        backups::{NotKept, Store},
        clear_text::{ClearText, KEY},
        entry::Entry,
        storage::{Kept, Texts},
    },
    client::focus,
    components::{
        button::{Button, Kind, Press},
        said::Told,
    },
    error::ApiError,
    text::t,
};
use domain::{Failure, ProviderName, SealedOriginal};
use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

/// How far it is.
#[derive(Clone, PartialEq, Eq)]
enum Stage {
    Found,
    Working,
    /// Why the clear text is still there.
    Failed(Told),
    /// It is gone; the providers whose keys lay there.
    Done(Vec<ProviderName>),
}

/// What names the alarm, and has the focus when its button is gone.
const TITLE: &str = "clear-text-title";

/// The alarm. Nothing, when nothing lies there.
pub fn view() -> AnyView {
    let Some(text) = text() else { return ().into_any() };
    let found = serde_json::from_slice(text.as_bytes()).ok().and_then(|json| ClearText::of(&json));
    let stage = RwSignal::new(Stage::Found);
    let done = Memo::new(move |_| {
        stage.with(|stage| if let Stage::Done(providers) = stage { Some(providers.clone()) } else { None })
    });
    let shown = move || match (done.get(), &found) {
        (Some(providers), _) => gone(providers),
        (None, Some(found)) => alarm(found, stage),
        (None, None) => {
            view! { <div><h2 id=TITLE>{t().clear_text()}</h2> <p>{t().clear_text_odd()}</p></div> }.into_any()
        }
    };
    view! { <section class="alarm clear-text" aria-labelledby=TITLE>{shown}</section> }.into_any()
}

fn text() -> Option<String> {
    Kept::open().and_then(|kept| kept.get(KEY)).ok().flatten()
}

fn alarm(found: &ClearText, stage: RwSignal<Stage>) -> AnyView {
    let holds = t().clear_text_holds(found.providers, found.keys, found.consumers);
    let taken = found.taken_at.as_deref().and_then(|time| time.get(..16));
    let taken = taken.map(|minute| t().clear_text_taken(&minute.replace('T', " ")));
    let busy = Signal::derive(move || stage.with(|stage| *stage == Stage::Working));
    let text = Signal::derive(move || {
        if busy.get() { t().clear_text_sealing() } else { t().clear_text_seal() }.to_owned()
    });
    let failed = move || match stage.get() {
        Stage::Failed(why) => Some(view! { <p role="alert">{t().clear_text_stays()} " " {why.view()}</p> }),
        _ => None,
    };
    let seal = Callback::new(move |()| {
        stage.set(Stage::Working);
        spawn_local(async move {
            stage.set(seal().await.map_or_else(Stage::Failed, Stage::Done));
        });
    });
    view! {
        <div>
            <h2 id=TITLE>{t().clear_text()}</h2>
            <p>{holds} " " {taken}</p>
            <p>{t().clear_text_means()}</p>
            {failed}
        </div>
        <div class="alarm-act"><Button text kind=Kind::Primary busy on_press=seal/></div>
    }
    .into_any()
}

/// Which keys to replace: who could read this browser may have them.
fn gone(providers: Vec<ProviderName>) -> AnyView {
    request_animation_frame(|| {
        if let Some(title) = document().get_element_by_id(TITLE) {
            focus(&title);
        }
    });
    let replace = |name: ProviderName| {
        let label = t().action_of(t().replace_key(), name.as_str());
        let text = label.clone();
        view! { <li><Press act=Act::ReplaceKey(name) text kind=Kind::Small label/></li> }
    };
    let advice = (!providers.is_empty()).then(|| {
        view! {
            <p>{t().clear_text_rotate()}</p>
            <ul class="clear-text-keys">{providers.into_iter().map(replace).collect_view()}</ul>
        }
    });
    view! {
        <div role="status">
            <h2 id=TITLE tabindex="-1">{t().clear_text_gone()}</h2>
            <p>{t().clear_text_kept()}</p>
            {advice}
        </div>
    }
    .into_any()
}

/// Seals the clear text on the server, keeps the sealed one here, lets the server open what lies here, and only then removes
/// the clear text.
async fn seal() -> Result<Vec<ProviderName>, Told> {
    let store = Kept::open().map(Store).map_err(|refused| refused_by_browser(refused.into()))?;
    let clear = store.0.get(KEY).map_err(|refused| refused_by_browser(refused.into()))?.unwrap_or_default();
    let original: Value =
        serde_json::from_slice(clear.as_bytes()).map_err(|_| Told::from(t().clear_text_odd()))?;
    let SealedOriginal { backup, providers, .. } =
        backups::seal_original(&original).await.map_err(refused)?;
    let sealed = backups::sealed_backup(&backup.id).await.map_err(refused)?;
    store.keep(&Entry { name: backup.name, backup: sealed }).map_err(refused_by_browser)?;
    let kept =
        store.get(&backup.id).ok().flatten().ok_or_else(|| refused_by_browser(NotKept::NotReadBack))?;
    backups::open_backup(&kept.backup).await.map_err(refused)?;
    let is_same = store.0.get(KEY).is_ok_and(|now| now.as_ref() == Some(&clear));
    if !is_same {
        return Err(t().clear_text_changed().into());
    }
    let removed = store.0.remove(KEY);
    if removed.is_err() || text().is_some() {
        return Err(t().clear_text_not_removed().into());
    }
    look();
    Ok(providers)
}

fn refused(error: ApiError) -> Told {
    Failure::from(error).into()
}

fn refused_by_browser(why: NotKept) -> Told {
    t().not_kept(why).into()
}
