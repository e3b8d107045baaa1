//! Every check that was made, by the part of the installation that it is about.
use super::{
    FEW,
    line::{Line, by_check, sign, tone},
};
use crate::{
    components::{
        badge::Badge,
        said::{self, Said},
    },
    sprite::icon,
    text::{formats::number, t},
};
use domain::{CheckGroup, CheckState};
use leptos::prelude::*;

/// The groups in the order of the checks.
pub fn all(lines: &[Line]) -> AnyView {
    let groups = lines.chunk_by(|one, next| one.check.group == next.check.group);
    let group = |lines: &[Line]| lines.first().map(|first| one(first.check.group, lines));
    groups.map(group).collect_view().into_any()
}

fn one(group: CheckGroup, lines: &[Line]) -> AnyView {
    let worst = lines.iter().map(|line| line.check.state).max().unwrap_or(CheckState::Ok);
    let count = lines.iter().filter(|line| line.check.state == worst).count();
    let word = format!("{} {}", number(count as u64), t().check_state(worst));
    let all: Vec<_> = lines.iter().collect();
    let entries = by_check(&all).map(|same| match same {
        [first, ..] if same.len() > FEW => many(first, same),
        few => few.iter().map(|line| entry(line)).collect_view().into_any(),
    });
    let id = format!("group-{group:?}").to_lowercase();
    view! {
        <section class="panel check-group" aria-labelledby=id.clone()>
            <header class="panel-head">
                <h2 id=id.clone()>{t().check_group(group)}</h2>
                <Badge tone=tone(worst) word/>
            </header>
            <ol>{entries.collect_view()}</ol>
        </section>
    }
    .into_any()
}

/// Lines of one check, folded.
fn many(first: &Line, same: &[&Line]) -> AnyView {
    let state = first.check.state;
    let show = t().doctor_show_each(&number(same.len() as u64));
    let id = format!("all-{}-{state:?}", first.check.id.id());
    view! {
        <li class="check-many">
            <details id=id>
                <summary class="check">
                    <span class=tone(state).class()>{icon(sign(state))}</span>
                    <b>{first.title()}</b>
                    <span class="check-more">{show}</span>
                    <span class=format!("check-word {}", tone(state).class())>{t().check_state(state)}</span>
                </summary>
                <ol>{same.iter().map(|line| entry(line)).collect_view()}</ol>
            </details>
        </li>
    }
    .into_any()
}

fn entry(line: &Line) -> AnyView {
    let (state, evidence) = (line.check.state, line.check.evidence.clone());
    // What is wrong has its fix above; what could not be looked at has it here only.
    let fix = (!line.is_finding()).then(|| said::fix(line.check)).flatten();
    let fix = fix.map(|fix| view! { <p>{fix}</p> });
    view! {
        <li class="check" data-text=line.text.clone() hidden=!line.is_wanted>
            <span class=tone(state).class()>{icon(sign(state))}</span>
            <b>{line.title()}</b>
            <div class="check-seen">
                <p>
                    <span class="check-about">{line.about.clone()}</span>
                    " "
                    <Said text=evidence/>
                </p>
                {fix}
            </div>
            <span class=format!("check-word {}", tone(state).class())>{t().check_state(state)}</span>
        </li>
    }
    .into_any()
}
