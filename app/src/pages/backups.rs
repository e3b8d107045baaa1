mod compare;
mod forms;
mod here;
mod items;
mod row;

use super::{Live, answered, query::Query};
use crate::{
    act::{Act, Call},
    api::Caller,
    components::{
        button::{Kind, Press},
        error_note::ErrorNote,
        moment::Moment,
        said::Said,
    },
    describe,
    error::ApiError,
    text::t,
};
use domain::{Backup, BackupId, Backups, DamagedBackup, MissedBackup};
use leptos::prelude::*;
use leptos_meta::Title;
use operations::Present;

/// Where the page is.
const HERE: &str = "/agm/backups";

/// Everything that the page shows.
struct Seen {
    backups: Result<Backups, ApiError>,
    /// How things are now.
    present: Result<Present, ApiError>,
    /// None: nothing is to be compared.
    compared: Option<Result<compare::Compared, ApiError>>,
}

impl Seen {
    async fn now(wanted: Option<String>) -> Result<Self, ApiError> {
        let operations = Caller::take()?.operations;
        let compared = async {
            let id = wanted?
                .parse::<BackupId>()
                .map_err(|wrong| domain::Failure::field("compare", wrong.to_string()));
            Some(match id {
                Ok(id) => compare::Compared::read(&operations, &id).await,
                Err(wrong) => Err(wrong.into()),
            })
        };
        let (backups, present, compared) =
            futures::join!(operations.backups(), operations.present(), compared);
        Ok(Self { backups: backups.map_err(Into::into), present: present.map_err(Into::into), compared })
    }
}

/// Takes a backup without a name.
pub fn back_up() -> Call {
    Call {
        said: Some(t().backed_up()),
        nothing_new: Some(t().backups_nothing_new()),
        ..Call::bare("backups")
    }
}

/// The server's own backups: what they hold, how they differ from now, and the way back to them.
#[component]
pub fn BackupsPage() -> impl IntoView {
    let wanted = Some(Query::current().get("compare").to_owned()).filter(|id| !id.is_empty());
    let page = Suspend::new(async move { answered(Seen::now(wanted).await, page) });
    view! {
        <Title text=t().backups()/>
        {page}
    }
    .into_any()
}

fn page(seen: Seen) -> AnyView {
    let kept = seen.backups.as_ref().map_or(0, |backups| usize::try_from(backups.kept).unwrap_or(usize::MAX));
    let lead = (kept > 0).then(|| view! { <p>{t().backups_lead(kept)}</p> });
    let compared = seen.compared.map(|compared| {
        let shown = answered(compared, |compared| compare::view(compared, seen.present.as_ref().ok()));
        view! { <Live id="compared" topics="backups operations providers routes">{shown}</Live> }
    });
    let now = now(&seen.present, seen.backups.as_ref().ok());
    let hash = seen.present.ok().map(|present| present.hash);
    view! {
        <header class="page-head">
            <h1>{t().backups()}</h1>
            {lead}
        </header>
        {here::clear_text()}
        {compared}
        <section class="panel backups-now" aria-labelledby="now">
            <div>
                <h2 id="now">{t().backups_now()}</h2>
                <Live id="present" topics="backups operations providers routes">{now}</Live>
            </div>
            {forms::take()}
        </section>
        <Live id="backups" topics="backups operations providers routes">
            {answered(seen.backups, |backups| list(backups, hash.as_deref()))}
        </Live>
        {here::view()}
        <details class="panel backups-import">
            <summary><h2>{t().backups_import()}</h2></summary>
            {forms::import()}
        </details>
    }
    .into_any()
}

/// What a backup taken now would hold, and whether there is one that holds it already.
fn now(present: &Result<Present, ApiError>, backups: Option<&Backups>) -> AnyView {
    let Present { exported, hash, last } = match present {
        Ok(present) => present,
        Err(error) => {
            return view! {
                <p class="note warn">{t().backups_now_unread()}</p>
                <ErrorNote failure=error.clone().into() again=true/>
            }
            .into_any();
        }
    };
    let file = &exported.file;
    let content =
        t().backups_content(file.providers.len(), file.routes.len(), file.assignments.all().count());
    let same = backups.and_then(|all| all.backups.iter().find(|backup| backup.hash == *hash));
    let kept = match same {
        Some(same) => view! {
            <p class="backup-is-kept">
                {t().backups_kept_already()} " " <a href=format!("#b-{}", same.id)><Moment at=same.taken_at.clone()/></a>
            </p>
        }
        .into_any(),
        None => view! { <p class="warn">{t().backups_not_kept()}</p> }.into_any(),
    };
    let left_out = (!exported.left_out.is_empty()).then(|| {
        let count = exported.left_out.len();
        let lines = exported
            .left_out
            .iter()
            .cloned()
            .map(|why| view! { <li><Said text=why.message/></li> })
            .collect_view();
        view! {
            <details id="left-out" class="backup-left-out">
                <summary class="warn">{t().backups_left_out(count)}</summary>
                <ul>{lines}</ul>
            </details>
        }
    });
    let last = last.as_ref().map(reset);
    view! {
        <p class="backup-now">{content}</p>
        {kept}
        {last}
        {left_out}
    }
    .into_any()
}

/// The way back to the newest backup whose restore would change something.
fn reset(last: &Backup) -> AnyView {
    let called = row::called(last);
    view! {
        <p class="backup-reset">
            <Press
                act=Act::restore(last.id.clone()) text=t().reset() kind=Kind::Small
                label=t().backups_of(t().reset(), &called)
            />
            " " {t().reset_means()} " " <Moment at=last.taken_at.clone()/> " " {describe::backup_reason(&last.reason)}
        </p>
    }
    .into_any()
}

fn list(backups: Backups, now: Option<&str>) -> AnyView {
    let Backups { backups, missed: without, damaged: unread, .. } = backups;
    let empty = backups.is_empty().then(|| {
        view! { <div class="empty"><p>{t().backups_none()}</p> <p>{t().backups_none_hint()}</p></div> }
    });
    let rows = backups.into_iter().map(|backup| row::view(backup, now)).collect_view();
    view! {
        {missed(without)}
        {damaged(unread)}
        <section class="panel" aria-labelledby="kept">
            <h2 id="kept">{t().backups_kept()}</h2>
            {empty}
            <ul class="backups">{rows}</ul>
            <p class="backups-hold">{t().backups_hold()} " " {t().backups_lack()}</p>
        </section>
    }
    .into_any()
}

fn missed(all: Vec<MissedBackup>) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let title = t().backups_missed(all.len());
    let line = |one: MissedBackup| {
        let why = describe::backup_reason(&one.reason);
        view! { <li><Moment at=one.at/> " " <b>{one.actor}</b> " " {why} ": " <Said text=one.message/></li> }
    };
    let lines = all.into_iter().map(line).collect_view();
    Some(view! { <details id="missed" class="alarm backups-trouble"><summary>{title}</summary> <ul>{lines}</ul></details> }.into_any())
}

fn damaged(all: Vec<DamagedBackup>) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let title = t().backups_damaged(all.len());
    let line = |one: DamagedBackup| view! { <li><code>{one.file}</code> ": " <Said text=one.message/></li> };
    let lines = all.into_iter().map(line).collect_view();
    let shown = view! {
        <details id="damaged" class="alarm backups-trouble">
            <summary>{title}</summary>
            <p>{t().backups_damaged_means()}</p>
            <ul>{lines}</ul>
        </details>
    };
    Some(shown.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn html(backups: Value, now: Option<&str>) -> String {
        let mut all = json!({"backups": [], "kept": 50, "missed": [], "damaged": []});
        all.as_object_mut().unwrap().extend(backups.as_object().unwrap().clone());
        Owner::new().with(|| list(serde_json::from_value(all).unwrap(), now).to_html())
    }

    #[test]
    fn what_is_missing_or_damaged_is_said() {
        let well = html(json!({}), None);
        assert!(well.contains(t().backups_none()) && !well.contains("alarm"), "{well}");
        let said = html(
            json!({
                "missed": [{"at": "2026-01-15T10:30:00Z", "actor": "eve", "message": "the disk is full",
                    "reason": {"why": "before", "change": "remove_provider", "target": "lab"}}],
                "damaged": [{"file": "x.json", "message": "it is torn"}],
            }),
            None,
        );
        for part in ["eve", "before Remove provider: lab", "the disk is full", "x.json", "it is torn"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn only_a_backup_of_the_same_content_is_as_now() {
        let backup = json!({"id": "01JD0000000000000000000000", "takenAt": "2026-01-15T10:30:00Z", "actor": "admin",
            "reason": {"why": "by_hand"}, "pinned": true, "bytes": 3456, "providers": 1, "routes": 2, "agents": 0,
            "hash": "ab"});
        let shown = |now| html(json!({"backups": [backup]}), now);
        let same = shown(Some("ab"));
        assert!(same.contains(t().backups_as_now()) && !same.contains("restore"), "{same}");
        for other in [Some("cd"), None] {
            let other = shown(other);
            assert!(!other.contains(t().backups_as_now()) && other.contains("restore"), "{other}");
            assert!(
                other.contains("1 provider · 2 routes · 0 agents · 3.4 KB")
                    && other.contains(t().backups_unpin_first()),
                "{other}"
            );
        }
    }
}
