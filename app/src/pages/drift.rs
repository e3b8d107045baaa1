mod agents;
mod outside;

use super::{Live, answered};
use crate::{
    act::Act,
    api::Caller,
    components::{
        button::{Kind, Press},
        moment::Moment,
        said::Said,
    },
    describe,
    error::ApiError,
    sprite::{icon, maps},
    text::{formats::number, t},
};
use domain::{Drift, DriftVerdict, PULLED_WITHIN, Unpulled, Unseen, WayOut, WhyNot};
use leptos::prelude::*;
use leptos_meta::Title;

/// At most so many of a kind are shown: a page of a thousand would be read by nobody, and they mostly have one cause.
const MOST: usize = 100;

/// Where agents are not as they were recorded, and what others changed since the newest backup; what each side says, side
/// by side, with the ways out.
#[component]
pub fn DriftPage() -> impl IntoView {
    let page = Suspend::new(async move { answered(seen().await, page) });
    view! {
        <Title text=t().drift_title()/>
        <header class="page-head">
            <h1>{t().drift_title()}</h1>
            <p>{t().drift_lead()}</p>
        </header>
        <Live id="drift" topics="office operations providers routes backups">{page}</Live>
    }
    .into_any()
}

async fn seen() -> Result<Drift, ApiError> {
    Ok(Caller::take()?.operations.drift().await?)
}

fn page(drift: Drift) -> AnyView {
    let (sentence, tone, sign) = match drift.verdict() {
        DriftVerdict::Drifted(count) => (t().drift_count(count), "tone-busy", maps::BANG),
        DriftVerdict::NotAllSeen => (t().drift_not_all_seen().to_owned(), "tone-busy", maps::BANG),
        DriftVerdict::InOrder => (t().drift_none().to_owned(), "tone-ok", maps::CHECK),
    };
    let Drift { items, unseen, unpulled, since, observed_at } = drift;
    let (outside, agents): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| matches!(item.what, domain::Drifted::Outside { .. }));
    view! {
        <section class="panel drift-verdict" aria-labelledby="drift-verdict">
            <h2 id="drift-verdict" class=tone>{icon(sign)} " " {sentence}</h2>
            <p>{t().observed_at()} " " <Moment at=observed_at/></p>
        </section>
        {agents::view(agents)}
        {outside::view(outside, since)}
        {not_seen(unseen)}
        {not_pulled(unpulled)}
    }
    .into_any()
}

/// What is behind the most that are shown.
fn more(count: usize) -> Option<AnyView> {
    let more = count.checked_sub(MOST).filter(|more| *more > 0)?;
    Some(view! { <p class="drift-more">{t().drift_more(&number(more as u64))} " " <code>"agm drift"</code></p> }.into_any())
}

/// The button that opens the plan of a change, or why there is none.
fn way_out(way: &WayOut, text: &'static str, kind: Kind, about: &str) -> AnyView {
    match way {
        WayOut::Change(change) => {
            let label = t().action_of(text, about);
            Act::plan_of(change).map(|act| view! { <Press act text kind label=label/> }).into_any()
        }
        WayOut::WhyNot(why) => {
            view! { <p class="drift-why-not"><b>{t().drift_no(text)}</b> " " {why_not(why)}</p> }.into_any()
        }
    }
}

fn why_not(why: &WhyNot) -> AnyView {
    let sentence: String = match why {
        WhyNot::ReadOnly { reason, way } => {
            return view! { <Said text=reason.clone()/> " · " <Said text=way.clone()/> }.into_any();
        }
        WhyNot::NotOverGateway => t().drift_not_over_gateway().into(),
        WhyNot::NoRoute { model } => t().drift_no_route(model.as_str()),
        WhyNot::ProviderGone { provider } => t().provider_gone(provider.as_str()),
        WhyNot::WorkerGone => t().drift_worker_gone().into(),
        WhyNot::ShutOut => t().drift_shut_out().into(),
        WhyNot::TakeBackup => t().drift_take_backup().into(),
        WhyNot::NotInBackup => t().drift_not_in_backup().into(),
    };
    sentence.into_any()
}

fn not_seen(unseen: Vec<Unseen>) -> Option<AnyView> {
    if unseen.is_empty() {
        return None;
    }
    let count = unseen.len();
    let line = |one: Unseen| {
        let about = match &one {
            Unseen::Agent { agent, .. } => describe::agent(agent),
            Unseen::Workers { .. } => t().drift_all_workers().to_owned(),
            Unseen::Backup { .. } => t().drift_newest_backup().to_owned(),
        };
        view! { <li><b>{about}</b> ": " <Said text=one.message().to_owned()/></li> }
    };
    let lines = unseen.into_iter().take(MOST).map(line).collect_view();
    let shown = view! {
        <section class="panel" aria-labelledby="drift-unseen">
            <h2 id="drift-unseen">{t().drift_unseen()}</h2>
            <ul class="drift-lines">{lines}</ul>
            {more(count)}
        </section>
    };
    Some(shown.into_any())
}

fn not_pulled(unpulled: Vec<Unpulled>) -> Option<AnyView> {
    if unpulled.is_empty() {
        return None;
    }
    let count = unpulled.len();
    let line = |one: Unpulled| {
        view! { <li><b>{describe::agent(&one.agent)}</b> " · " {t().drift_written()} " " <Moment at=one.written_at dated=true/></li> }
    };
    let lines = unpulled.into_iter().take(MOST).map(line).collect_view();
    let shown = view! {
        <details id="drift-unpulled" class="panel drift-unpulled">
            <summary><h2>{t().drift_unpulled(count)}</h2></summary>
            <p>{t().unpulled_until(PULLED_WITHIN.as_secs())}</p>
            <ul class="drift-lines">{lines}</ul>
            {more(count)}
        </details>
    };
    Some(shown.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use serde_json::{Value, json};

    fn html(parts: Value) -> String {
        let mut drift =
            json!({"items": [], "unseen": [], "unpulled": [], "observedAt": "2026-01-15T10:30:00Z"});
        drift.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        Owner::new().with(|| page(serde_json::from_value(drift).unwrap()).to_html())
    }

    fn backup() -> Value {
        json!({"id": "01JD0000000000000000000000", "takenAt": "2026-01-15T10:20:00Z", "actor": "admin",
            "reason": {"why": "by_hand"}, "pinned": false, "bytes": 1, "providers": 1, "routes": 1, "agents": 1, "hash": "0"})
    }

    fn model(accept: Value) -> Value {
        let wish = json!({"provider": "deepseek", "model": "deepseek-chat", "contextWindow": 64000});
        let mut repair = json!({"kind": "set_model", "target": "worker:alice"});
        repair.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        json!({"kind": "model", "agent": "worker:alice", "recorded": wish, "primary": "hiclaw-gateway/qwen-max",
            "model": "qwen-max", "contextWindow": 32000, "reasoning": false, "route": "qwen-ai-route", "provider": "qwen", "accept": accept, "repair": {"change": repair}})
    }

    #[test]
    fn only_what_was_all_looked_at_is_in_order() {
        let said = html(json!({"since": backup()}));
        assert!(said.contains(t().drift_none()) && said.contains("tone-ok"), "{said}");
        assert!(!said.contains("data-act"), "{said}");
        let unseen = json!([{"part": "agent", "agent": "worker:bob", "message": "HTTP 503"}]);
        for (parts, told) in
            [(json!({}), t().drift_no_backup()), (json!({"since": backup(), "unseen": unseen}), "HTTP 503")]
        {
            let said = html(parts);
            assert!(said.contains(t().drift_not_all_seen()) && said.contains(told), "{said}");
            assert!(!said.contains("tone-ok") && !said.contains(t().drift_none()), "{said}");
        }
    }

    #[test]
    fn why_one_cannot_be_changed_from_here_is_told_in_both_languages() {
        let why = json!({"code": "READ_ONLY", "reason": "erin runs copaw, whose config agm does not edit",
            "way": "Change its model with copaw's own settings, in the worker's container."});
        let said = |lang: Lang| {
            Owner::new().with(|| {
                provide_context(lang);
                why_not(&serde_json::from_value(why.clone()).unwrap()).to_html().replace("<!>", "")
            })
        };
        let english = said(Lang::En);
        assert!(english.contains("erin runs copaw") && english.contains("own settings"), "{english}");
        let chinese = said(Lang::Zh);
        assert!(chinese.contains("erin 运行的是 copaw") && !chinese.contains("lang="), "{chinese}");
    }

    #[test]
    fn each_side_is_said_with_the_ways_out() {
        let said = html(
            json!({"items": [model(json!({"change": {"kind": "accept_model", "target": "worker:alice"}}))]}),
        );
        for part in [
            "alice",
            "deepseek-chat",
            "qwen-max",
            "qwen-ai-route",
            "accept_model",
            "set_model",
            "64,000",
            "32,000",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said =
            html(json!({"items": [model(json!({"whyNot": {"code": "NO_ROUTE", "model": "qwen-max"}}))]}));
        assert!(!said.contains("accept_model") && said.contains(&t().drift_no_route("qwen-max")), "{said}");
    }

    #[test]
    fn what_is_too_much_for_a_page_is_counted() {
        let items: Vec<_> =
            (0..=MOST).map(|_| model(json!({"whyNot": {"code": "NOT_OVER_GATEWAY"}}))).collect();
        let said = html(json!({"items": items}));
        assert_eq!(said.matches("class=\"drift-item\"").count(), MOST);
        assert!(said.contains(&t().drift_more("1")), "{said}");
    }
}
