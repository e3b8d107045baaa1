use super::{Seat, read_only_id, read_only_note};
use crate::{
    act::Act,
    components::{
        avatar::Face,
        badge::{Badge, Tone},
        button::{Kind, Press},
        in_the_way,
        moment::Moment,
        said::Told,
        table::{Cell, Row, RowHead},
    },
    describe::{self, tokens},
    text::t,
};
use domain::{AiRoute, Assignment, LimitSource, Owned, PULLED_WITHIN, known_model};
use leptos::prelude::*;

/// An agent: how it is, what it runs over what, within which limits, and whether that is what was recorded. Hidden when
/// it is not among the wanted.
pub fn view(seat: Seat, routes: &[AiRoute], wanted: &str) -> AnyView {
    let name = describe::agent(&seat.target);
    let (agent, target) = (seat.target.agent().to_owned(), seat.target.to_string());
    let (awaits, read_only) = (seat.awaits.clone(), seat.read_only().cloned());
    let (is_read_only, owned) =
        (read_only.is_some(), seat.now.as_ref().and_then(|now| now.ownership.clone()));
    let own_model = owned.as_ref().map(|owned| ownership("model", &agent, &owned.model));
    let own_limits = owned.filter(|owned| !owned.limits.ours);
    let own_limits = own_limits.map(|owned| ownership("limits", &agent, &owned.limits));
    let why_read_only = is_read_only.then(|| read_only_id(&agent));
    let note = read_only.clone().map(|why| read_only_note(&agent, why));
    let (over, unpulled) = (over(&seat), seat.unpulled.is_some().then(|| t().unpulled()));
    let (trouble, model) = (seat.trouble(), seat.model());
    let route = seat.now.as_ref().and_then(|now| now.observed.route.as_ref());
    let route = routes.iter().find(|one| Some(&one.name) == route);
    let text = [
        name.as_str(),
        seat.word,
        &model,
        unpulled.unwrap_or_default(),
        awaits.as_deref().unwrap_or_default(),
        read_only.as_ref().map(|_| t().read_only()).unwrap_or_default(),
        &over.join(" "),
        &route.map(in_the_way::words).unwrap_or_default(),
        &trouble.as_ref().map(Told::text).unwrap_or_default(),
    ]
    .join(" ");
    let hidden = !text.to_lowercase().contains(&wanted.trim().to_lowercase());
    let (act, until) = (Act::Switch(seat.target), t().unpulled_until(PULLED_WITHIN.as_secs()));
    let (mark, label) = (t().mark_agent(&name), t().set_model_of(&agent));
    let (limits, recorded) = (seat.now.as_ref().map(limits), seat.now.map(recorded));
    view! {
        <Row text hidden>
            <Cell class="mark-cell">
                <input
                    type="checkbox" class="mark-row" name="target" value=target aria-label=mark
                    disabled=is_read_only aria-describedby=why_read_only
                />
            </Cell>
            <RowHead>
                <Face name=agent/>
                <span><b>{name}</b> <span title=seat.evidence><Badge tone=seat.tone word=seat.word/></span></span>
            </RowHead>
            <Cell head=t().runs()>
                <b class="runs-model">{model}</b>
                {awaits.map(|said| view! { <p class="unpulled">{said}</p> })}
                {unpulled.map(|said| view! { <p class="unpulled">{said}</p> <p>{until}</p> })}
                {trouble.map(|trouble| view! { <p class="desk-problem">{trouble.view()}</p> })}
                {own_model}
            </Cell>
            <Cell head=t().over()>
                {over.into_iter().map(|part| view! { <p>{part}</p> }).collect_view()}
            </Cell>
            <Cell head=t().limits()>
                {limits}
                {own_limits}
            </Cell>
            <Cell head=t().recorded()>{recorded}</Cell>
            <Cell>
                {match note {
                    Some(note) => note,
                    None => view! { <Press act text=t().set_model() kind=Kind::Small label/> }.into_any(),
                }}
            </Cell>
        </Row>
    }
    .into_any()
}

/// Who owns what of an agent, and when what others write there is written over.
fn ownership(what: &str, agent: &str, owned: &Owned) -> AnyView {
    let (owner, not_ours) = (t().owned_by(&owned.owner), (!owned.ours).then(|| t().figures_not_ours()));
    let until = owned.overwritten.as_ref().map(|until| t().others_write(until));
    if not_ours.is_none() && until.is_none() {
        return view! { <p class="owned">{owner}</p> }.into_any();
    }
    view! {
        <details id=format!("owned-{what}-{agent}") class="owned">
            <summary>{owner} <span class="sr">" " {agent.to_owned()}</span></summary>
            {not_ours.map(|said| view! { <p>{said}</p> })}
            {until.map(|said| view! { <p>{said}</p> })}
        </details>
    }
    .into_any()
}

/// Provider and route, as observed.
fn over(seat: &Seat) -> Vec<String> {
    let observed = seat.now.as_ref().map(|now| &now.observed);
    let provider = observed.and_then(|now| Some(now.provider.as_ref()?.to_string()));
    let route = observed.and_then(|now| Some(now.route.as_ref()?.to_string()));
    [provider, route].into_iter().flatten().collect()
}

/// A figure or an ability, and who says so.
struct Limit {
    text: String,
    source: &'static str,
}

/// The agent's own config comes first, then the record, then the table of known models.
fn limits_of(now: &Assignment) -> Vec<Limit> {
    let (observed, known) = (&now.observed, now.observed.model.as_ref().and_then(known_model));
    // Of an agent that never gets them the record tells only what was wished.
    let ours = describe::sets_limits(now);
    let record = |count: Option<u64>| (count.filter(|_| ours), "model.json");
    let table = |source| t().source_short(source);
    let first = |figures: [(Option<u64>, &'static str); 3]| {
        figures.into_iter().find_map(|(count, source)| Some((tokens(count?), source)))
    };
    let context = first([
        (observed.context_window, table(LimitSource::Openclaw)),
        record(now.context_window),
        (known.map(|limits| limits.context_window), table(LimitSource::KnownModels)),
    ]);
    let output = first([
        (observed.max_tokens, table(LimitSource::Openclaw)),
        record(now.max_tokens),
        (known.map(|limits| limits.max_tokens), table(LimitSource::KnownModels)),
    ]);
    let counted =
        [(context, t().context()), (output, t().output())].into_iter().filter_map(|(figure, what)| {
            figure.map(|(count, source)| Limit { text: format!("{count} {what}"), source })
        });
    let vision = known.filter(|limits| limits.vision);
    let vision = vision.map(|_| Limit { text: t().vision().into(), source: table(LimitSource::KnownModels) });
    let reasoning = match observed.reasoning {
        Some(reasons) => (reasons, table(LimitSource::Openclaw)),
        None => (ours && now.reasoning == Some(true), "model.json"),
    };
    let reasoning = reasoning.0.then(|| Limit { text: t().reasoning().into(), source: reasoning.1 });
    counted.chain(vision).chain(reasoning).collect()
}

fn limits(now: &Assignment) -> AnyView {
    let line = |limit: Limit| {
        view! { <p>{limit.text} " " <span class="from">{limit.source}</span></p> }
    };
    limits_of(now).into_iter().map(line).collect_view().into_any()
}

/// What the last switch recorded, when it was, and in words whether it is still true.
fn recorded(now: Assignment) -> AnyView {
    if now.model.is_none() && now.provider.is_none() {
        return view! { <p>{t().nothing_recorded()}</p> }.into_any();
    }
    let drifted = drift(&now);
    let (tone, word) = match drifted.is_empty() {
        true => (Tone::Ok, t().in_sync()),
        false => (Tone::Busy, t().out_of_sync()),
    };
    view! {
        <Badge tone word/>
        {drifted.into_iter().map(|what| view! { <p class="desk-problem">{t().recorded_is(&what)}</p> }).collect_view()}
        {now.updated_at.map(|at| view! { <p><Moment at/></p> })}
    }
    .into_any()
}

/// What the record says otherwise than was observed.
fn drift(now: &Assignment) -> Vec<String> {
    let observed = &now.observed;
    let model = now.model.as_ref().filter(|model| observed.model.as_ref() != Some(*model));
    let provider = now.provider.as_ref().filter(|provider| observed.provider.as_ref() != Some(*provider));
    let context = now.context_window.filter(|_| describe::sets_limits(now));
    let context = context.filter(|count| observed.context_window.is_some_and(|seen| seen != *count));
    let context = context.map(|count| format!("{} {}", tokens(count), t().context()));
    [model.map(ToString::to_string), provider.map(ToString::to_string), context]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(json: serde_json::Value) -> Assignment {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn each_part_that_differs_from_the_record_is_named() {
        let mut now = serde_json::json!({
            "provider": "deepseek", "model": "deepseek-chat", "contextWindow": 256_000,
            "observed": {
                "primary": "hiclaw-gateway/deepseek-chat", "model": "deepseek-chat", "route": "deepseek-ai-route",
                "provider": "deepseek", "contextWindow": 256_000, "inSync": true, "observedAt": "2026-11-21T20:00:00Z"
            }
        });
        assert_eq!(drift(&assignment(now.clone())), Vec::<String>::new());
        now["model"] = "deepseek-reasoner".into();
        now["provider"] = "qwen".into();
        now["observed"]["contextWindow"] = 64_000.into();
        assert_eq!(drift(&assignment(now)), ["deepseek-reasoner", "qwen", "256K context"]);
    }

    #[test]
    fn every_limit_tells_where_it_comes_from() {
        let now = assignment(serde_json::json!({
            "maxTokens": 1_000,
            "observed": {
                "primary": null, "model": "kimi-k2.5", "route": null, "provider": null, "contextWindow": null,
                "inSync": true, "observedAt": "2026-11-21T20:00:00Z"
            }
        }));
        let seen: Vec<_> = limits_of(&now).into_iter().map(|limit| (limit.text, limit.source)).collect();
        let expected = [("256K context", "known"), ("1K output", "model.json"), ("vision", "known")];
        assert_eq!(seen, expected.map(|(text, source)| (text.to_owned(), source)));
    }
}
