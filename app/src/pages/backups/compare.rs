//! One backup beside how things are now, and the ways back to it.
use super::{
    HERE,
    items::{Difference, Differences},
    row,
};
use crate::{
    act::Act,
    components::{button::Kind, error_note::ErrorNote, moment::Moment, plan_view::PlanView, said::warning},
    describe,
    error::ApiError,
    pages::marked::MarkedBar,
    text::t,
};
use domain::{BackupContent, BackupId, BackupItem, Plan, SetModel};
use leptos::prelude::*;
use operations::{Operations, Present};
use std::collections::BTreeMap;

/// What single things need that is not there.
type Needs = BTreeMap<BackupItem, Vec<BackupItem>>;

/// A backup, and what its restore would change now.
pub struct Compared {
    content: BackupContent,
    plan: Result<Plan, ApiError>,
}

impl Compared {
    /// Reads the backup and plans its restore.
    pub async fn read(operations: &Operations, id: &BackupId) -> Result<Self, ApiError> {
        let content = operations.backup(id).await?;
        let plan = operations.compare_backup(id).await.map_err(Into::into);
        Ok(Self { content, plan })
    }
}

/// The comparison.
pub fn view(compared: Compared, present: Option<&Present>) -> AnyView {
    let Compared { content: BackupContent { backup, file, left_out, .. }, plan } = compared;
    let needs = plan.as_ref().map(|plan| plan.needs.clone()).unwrap_or_default();
    let differences = present.map(|present| {
        let differences = Differences::of(&file, &present.exported.file);
        match &plan {
            Ok(plan) => differences.with(&file, plan),
            Err(_) => differences,
        }
    });
    let lacks = (!left_out.is_empty()).then(|| {
        let lines = left_out.into_iter().map(warning).collect_view();
        view! { <h3>{t().backups_lacks()}</h3> <ul class="notes">{lines}</ul> }
    });
    let name = backup.name.as_ref().map(|name| view! { <b class="backup-name">{name.to_string()}</b> });
    let why = describe::backup_reason(&backup.reason);
    let restored = match plan {
        Ok(plan) => view! { <PlanView plan/> }.into_any(),
        Err(error) => view! { <ErrorNote failure=error.into()/> }.into_any(),
    };
    view! {
        <section class="panel compared" aria-labelledby="compared-title">
            <header class="panel-head">
                <h2 id="compared-title">{t().backups_compared()}</h2>
                <a href=HERE>{t().close()}</a>
            </header>
            <p class="compared-which">
                <Moment at=backup.taken_at.clone()/> " " {name} " " {why} " · " {backup.actor.clone()} " · " {row::content(&backup)}
            </p>
            <div class="compared-parts">
                <div>
                    {differences.map(|differences| choice(differences, &needs, backup.id.clone()))}
                    {lacks}
                </div>
                <div>
                    <p class="compared-lead">{t().backups_if_restored()}</p>
                    {restored}
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// What differs, to be restored as a whole or by marking.
fn choice(differences: Differences, needs: &Needs, backup: BackupId) -> AnyView {
    let Differences { items, same } = differences;
    if items.is_empty() {
        return view! { <p class="compared-same">{t().backups_all_as_now()}</p> }.into_any();
    }
    let rest = (same > 0).then(|| view! { <p class="compared-same">{t().backups_rest_as_now(same)}</p> });
    let act = Act::restore(backup.clone());
    let marked = Act::Restore { backup, items: Some(Vec::new()), rename: BTreeMap::new() };
    view! {
        <div class="compared-head">
            <h3 id="differs">{t().backups_differs()}</h3>
            <button type="button" class=Kind::Small.class() data-act-named=act.data()>
                {t().backups_restore_all()}
            </button>
        </div>
        <MarkedBar act=marked text=t().backups_restore_marked()/>
        <label class="compared-item all">
            <input type="checkbox" class="mark-row" data-check-all=""/>
            <span>{t().backups_mark_all()}</span>
        </label>
        <ul class="compared-items" aria-labelledby="differs">
            {items.into_iter().map(|(item, difference)| line(&item, needs.get(&item), difference)).collect_view()}
        </ul>
        {rest}
    }
    .into_any()
}

fn line(item: &BackupItem, needed: Option<&Vec<BackupItem>>, difference: Difference) -> AnyView {
    let (what, name) = match item {
        BackupItem::Provider(name) => (t().provider(), name.to_string()),
        BackupItem::Route(name) => (t().backups_route(), name.to_string()),
        BackupItem::Agent(target) => (t().agent(), describe::agent(target)),
    };
    let needed = needed.map(|needed| needed.iter().map(ToString::to_string).collect::<Vec<_>>());
    // No name has a slash.
    let marks = needed.as_ref().map(|needed| needed.join("/"));
    let along = needed.map(|needed| {
        view! { <span class="compared-needs">{t().backups_needs(&needed.join(", "))}</span> }
    });
    view! {
        <li>
            <label class="compared-item">
                <input
                    type="checkbox" class="mark-row" name="target" value=item.to_string() data-needs=marks
                />
                <span><small>{what}</small> " " <b>{name.clone()}</b></span>
                {how(difference)}
                {along}
            </label>
            {other_name(item, &name)}
        </li>
    }
    .into_any()
}

/// Where a provider or a route can be given another name to come back under.
fn other_name(item: &BackupItem, name: &str) -> Option<AnyView> {
    let id = match item {
        BackupItem::Agent(_) => return None,
        item => format!("rename-{item}"),
    };
    let label = t().backups_new_name(name);
    let field = view! {
        <details class="compared-rename">
            <summary>{t().backups_other_name()}</summary>
            <div class="field">
                <label for=id.clone()>{label}</label>
                <input id=id data-name-of=item.to_string() autocomplete="off" autocapitalize="none" spellcheck="false"/>
            </div>
        </details>
    };
    Some(field.into_any())
}

fn how(difference: Difference) -> AnyView {
    let (was, now) = match difference {
        Difference::Gone => {
            return view! { <span class="compared-how warn">{t().backups_gone()}</span> }.into_any();
        }
        Difference::Changed => {
            return view! { <span class="compared-how">{t().backups_changed()}</span> }.into_any();
        }
        Difference::Keys => {
            return view! { <span class="compared-how">{t().backups_other_keys()}</span> }.into_any();
        }
        Difference::Model { was, now } => (was, now),
    };
    // Where the model is the same, what else differs tells more.
    let is_same = now.as_ref().is_some_and(|now| now.model == was.model);
    let said = |wish: &SetModel| if is_same { whole(wish) } else { wish.model.to_string() };
    let now = now.as_deref().map_or_else(|| t().backups_no_model().to_owned(), said);
    view! { <span class="compared-how">{now} " → " <b>{said(&was)}</b></span> }.into_any()
}

/// A model with its provider and its own limits.
fn whole(wish: &SetModel) -> String {
    let limits = [wish.context_window, wish.max_tokens].map(|limit| limit.map(describe::tokens));
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    [format!("{} @ {}", wish.model, wish.provider), limits.join(" / ")].join(" ").trim_end().to_owned()
}
