//! What needs a person, worst first: what was observed, what to do, and the button that does it.
use super::{
    FEW,
    line::{Line, by_check, sign, tone},
};
use crate::{
    act::Act,
    components::{
        button::{Kind, Press},
        said::{self, Said},
    },
    sprite::icon,
    text::{formats::number, t},
};
use domain::{Check, CheckId, CheckState, OperationId, Repair, RouteName, Target};
use leptos::prelude::*;

/// All findings. Nothing when there are none: the verdict says so.
pub fn all(lines: &[Line]) -> Option<AnyView> {
    let of = |state| lines.iter().filter(move |line| line.check.state == state);
    let found: Vec<_> = of(CheckState::Failed).chain(of(CheckState::Warning)).collect();
    if found.is_empty() {
        return None;
    }
    let entries = by_check(&found).map(|same| match same {
        [first, ..] if same.len() > FEW => many(first, same),
        few => few.iter().map(|line| one(line)).collect_view().into_any(),
    });
    let section = view! {
        <section class="panel findings" aria-labelledby="findings">
            <h2 id="findings">{t().doctor_findings()}</h2>
            <ol>{entries.collect_view()}</ol>
        </section>
    };
    Some(section.into_any())
}

/// Findings of one check, folded, with what mends all of them.
fn many(first: &Line, same: &[&Line]) -> AnyView {
    let state = first.check.state;
    let show = t().doctor_show_each(&number(same.len() as u64));
    let id = format!("found-{}-{state:?}", first.check.id.id());
    let mend = all_at_once(same).map(|(act, text)| {
        let label = t().action_of(&text, first.title());
        view! { <Press act text label=label/> }
    });
    view! {
        <li class=format!("finding many {}", tone(state).class())>
            {icon(sign(state))}
            <details id=id>
                <summary>
                    <b>{first.title()}</b>
                    <span class="finding-word">{t().check_state(state)}</span>
                    <span class="check-more">{show}</span>
                </summary>
                <ol>{same.iter().map(|line| one(line)).collect_view()}</ol>
            </details>
            <div class="finding-act">{mend}</div>
        </li>
    }
    .into_any()
}

/// One change that mends all of these, where there is one.
fn all_at_once(same: &[&Line]) -> Option<(Act, String)> {
    let repairs: Vec<_> = same.iter().filter_map(|line| line.check.repair.as_ref()).collect();
    let targets: Vec<Target> = repairs.iter().filter_map(|repair| model_of(repair)).cloned().collect();
    if targets.len() == same.len() {
        let text = t().set_model_many(targets.len());
        return Some((Act::SwitchMany(targets), text));
    }
    let opens_routes = |repair: &&Repair| matches!(repair, Repair::RouteAccess { .. });
    (repairs.len() == same.len() && repairs.iter().all(opens_routes))
        .then(|| (Act::Repair { route: None, consumer: None }, t().show_repair().to_owned()))
}

fn model_of(repair: &Repair) -> Option<&Target> {
    match repair {
        Repair::SetModel { target } => Some(target),
        _ => None,
    }
}

fn one(line: &Line) -> AnyView {
    let state = line.check.state;
    let fix = said::fix(line.check).map(|fix| view! { <p class="finding-fix">{fix}</p> });
    view! {
        <li class=format!("finding {}", tone(state).class()) data-text=line.text.clone() hidden=!line.is_wanted>
            {icon(sign(state))}
            <div class="finding-said">
                <p class="finding-head">
                    <b>{line.about.clone()}</b>
                    " "
                    <span class="finding-word">{t().check_state(state)}</span>
                </p>
                <p><Said text=line.check.evidence.clone()/></p>
                {fix}
                <p class="finding-should">{t().doctor_should(line.title())}</p>
            </div>
            <div class="finding-act">{mend(line)}</div>
        </li>
    }
    .into_any()
}

/// The button that mends it, or the way to where a person does.
fn mend(line: &Line) -> Option<AnyView> {
    if let Some((href, text)) = place(line.check) {
        let label = t().action_of(text, &line.about);
        let link = view! { <a class=Kind::Plain.class() href=href aria-label=label>{text}</a> };
        return Some(link.into_any());
    }
    let (act, text) = act(line.check)?;
    let label = t().action_of(text, &line.about);
    Some(view! { <Press act text label=label/> }.into_any())
}

/// The page that shows what a person decides about.
fn place(check: &Check) -> Option<(String, &'static str)> {
    match check.id {
        CheckId::OperationsSettled => {
            let id: OperationId = check.about.parse().ok()?;
            Some((format!("/agm/activity/{id}"), t().put_right()))
        }
        CheckId::AgentRecord => Some(("/agm/drift".to_owned(), t().drift_title())),
        CheckId::RouteShadowed => {
            let name: RouteName = check.about.parse().ok()?;
            Some((format!("/agm/routes?find={name}"), t().routes()))
        }
        _ => None,
    }
}

/// What a check opens. A provider that could not be reached has a wrong address, in all else its key is wrong.
fn act(check: &Check) -> Option<(Act, &'static str)> {
    if check.id == CheckId::RouteProviders {
        return Some((Act::AddProvider, t().add_provider()));
    }
    Some(match check.repair.clone()? {
        Repair::RouteAccess { route, consumer } => {
            (Act::Repair { route: Some(route), consumer }, t().show_repair())
        }
        Repair::SetModel { target } => (Act::Switch(target), t().set_model()),
        Repair::KeepModel { target, wish } => (Act::SetModel { target, wish }, t().keep_model()),
        Repair::EditProvider { provider } if check.id == CheckId::ProviderReachable => {
            (Act::EditProvider(provider), t().edit())
        }
        Repair::EditProvider { provider } => (Act::ReplaceKey(provider), t().replace_key()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_of(worker: &str) -> Repair {
        Repair::SetModel { target: format!("worker:{worker}").parse().unwrap() }
    }

    fn opens(route: &str) -> Repair {
        Repair::RouteAccess { route: route.parse().unwrap(), consumer: None }
    }

    fn together(repairs: &[Option<Repair>]) -> Option<Act> {
        let check = |repair: &Option<Repair>| {
            let check = Check::new(CheckId::AgentRoute, CheckState::Failed, "x", "x");
            Check { repair: repair.clone(), ..check }
        };
        let checks: Vec<_> = repairs.iter().map(check).collect();
        let lines: Vec<_> = checks.iter().map(|check| Line::of(check, "")).collect();
        all_at_once(&lines.iter().collect::<Vec<_>>()).map(|(act, _)| act)
    }

    #[test]
    fn only_what_one_change_mends_is_mended_together() {
        let both = ["worker:a", "worker:b"].map(|target| target.parse().unwrap()).to_vec();
        assert_eq!(together(&[Some(model_of("a")), Some(model_of("b"))]), Some(Act::SwitchMany(both)));
        assert_eq!(
            together(&[Some(opens("a")), Some(opens("b"))]),
            Some(Act::Repair { route: None, consumer: None })
        );
        assert_eq!(together(&[Some(model_of("a")), Some(opens("b"))]), None);
        assert_eq!(together(&[Some(opens("a")), None]), None);
        assert_eq!(together(&[Some(model_of("a")), None]), None);
    }

    #[test]
    fn a_provider_gets_another_address_or_another_key() {
        let provider: domain::ProviderName = "qwen".parse().unwrap();
        let act = |id| {
            let check = Check::new(id, CheckState::Failed, "x", "x");
            act(&check.repair(Repair::EditProvider { provider: provider.clone() })).unwrap().0
        };
        assert_eq!(act(CheckId::ProviderReachable), Act::EditProvider(provider.clone()));
        for id in [CheckId::ProviderKey, CheckId::ProviderKeyAccepted, CheckId::AgentAnswered] {
            assert_eq!(act(id), Act::ReplaceKey(provider.clone()));
        }
    }

    #[test]
    fn what_a_person_decides_about_leads_to_where_it_is_shown() {
        let check = |id| Check::new(id, CheckState::Failed, "qwen-ai-route", "x");
        assert_eq!(act(&check(CheckId::RouteProviders)).unwrap().0, Act::AddProvider);
        assert_eq!(place(&check(CheckId::RouteShadowed)).unwrap().0, "/agm/routes?find=qwen-ai-route");
        assert_eq!(place(&check(CheckId::AgentRecord)).unwrap().0, "/agm/drift");
        assert_eq!(place(&check(CheckId::RouteProviders)), None);
        assert_eq!(act(&check(CheckId::RouteShadowed)), None);
    }
}
