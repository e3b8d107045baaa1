//! What others changed since the newest backup.
use super::{MOST, more, way_out};
use crate::{
    components::{
        button::{CallButton, Kind},
        moment::Moment,
        plan_view::object_differences,
    },
    describe,
    pages::backups::back_up,
    text::t,
};
use domain::{Backup, BackupItem, ChangeAction, DriftItem, Drifted};
use leptos::prelude::*;

/// All of it, beside the backup that tells.
pub fn view(items: Vec<DriftItem>, since: Option<Backup>) -> AnyView {
    let Some(backup) = since else {
        return view! {
            <section class="panel" aria-labelledby="drift-outside">
                <h2 id="drift-outside">{t().drift_outside()}</h2>
                <div class="empty"><p>{t().drift_no_backup()}</p> <CallButton call=back_up() text=t().back_up_now()/></div>
            </section>
        }
        .into_any();
    };
    let count = items.len();
    let why = describe::backup_reason(&backup.reason);
    let nothing = (count == 0).then(|| view! { <p class="drift-nothing">{t().drift_outside_none()}</p> });
    let accept = (count > 0).then(|| {
        view! {
            <div class="drift-accept-all">
                <p id="drift-accept-means">{t().drift_take_backup()}</p>
                <CallButton call=back_up() text=t().back_up_now() described_by="drift-accept-means"/>
            </div>
        }
    });
    view! {
        <section class="panel" aria-labelledby="drift-outside">
            <h2 id="drift-outside">{t().drift_outside()}</h2>
            <p class="drift-since">
                {t().drift_since()} " " <a href="/agm/backups"><Moment at=backup.taken_at.clone() dated=true/></a> " · " {why}
            </p>
            {nothing}
            <ol class="drift-items">{items.into_iter().take(MOST).map(item).collect_view()}</ol>
            {more(count)}
            {accept}
        </section>
    }
    .into_any()
}

fn item(item: DriftItem) -> Option<AnyView> {
    let Drifted::Outside { item: about, change, diff, ours } = item.what else { return None };
    let (what, name) = match &about {
        BackupItem::Provider(name) => (t().provider(), name.to_string()),
        BackupItem::Route(name) => (t().backups_route(), name.to_string()),
        BackupItem::Agent(target) => (t().agent(), describe::agent(target)),
    };
    let (class, word) = match change {
        ChangeAction::Create => ("diff-create", t().creates()),
        ChangeAction::Update => ("diff-update", t().changes()),
        ChangeAction::Delete => ("diff-delete", t().removes()),
    };
    let ours = ours.map(|id| {
        let href = format!("/agm/activity/{id}");
        view! { <p class="drift-ours">{t().drift_ours()} " " <a href=href>{t().drift_ours_see()}</a></p> }
    });
    let back = way_out(&item.repair, t().drift_go_back(), Kind::Plain, &name);
    let shown = view! {
        <li class="drift-item">
            <div class="drift-said">
                <p class="drift-about"><small>{what}</small> " " <b>{name.clone()}</b> " " <span class=class>{word}</span></p>
                <details id=format!("diff-{about}") class="drift-diff">
                    <summary>{t().drift_show()} <span class="sr">" " {name}</span></summary>
                    <div class="diff" role="region" aria-label=t().action_of(t().drift_show(), &about.to_string()) tabindex="0">
                        <div class="diff-object">{object_differences(diff)}</div>
                    </div>
                </details>
                {ours}
            </div>
            <div class="drift-act">{back}</div>
        </li>
    };
    Some(shown.into_any())
}
