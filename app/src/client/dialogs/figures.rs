//! What a model can, what is known of the one that runs now, and what would be lost with another.
use super::model_picker::{Listed, matching};
use crate::{describe::tokens, text::t};
use domain::{Assignment, LimitSource, Limits, ModelId, known_model};
use leptos::prelude::*;

/// What a model can, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    pub limits: Limits,
    pub source: LimitSource,
}

/// What is known about a model; none while it is still typed and may become one of the list.
pub fn figures(listed: &Listed, model: &str, typing: bool) -> Option<Figures> {
    let id: ModelId = model.trim().parse().ok()?;
    if let Some(m) = listed.models.iter().find(|m| m.id == id) {
        let limits = Limits {
            context_window: m.context_window,
            max_tokens: m.max_tokens,
            vision: m.vision,
            reasoning: m.reasoning,
        };
        return Some(Figures { limits, source: m.source });
    }
    if let Some(limits) = known_model(&id) {
        return Some(Figures { limits, source: LimitSource::KnownModels });
    }
    let guess = Figures { limits: Limits::UNKNOWN, source: LimitSource::Default };
    (!typing || matching(listed, model).next().is_none()).then_some(guess)
}

/// What the model can that an agent runs now, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Tokens.
    pub context: Option<u64>,
    pub vision: Option<bool>,
}

impl Present {
    /// The context as its own config says, the rest by the table of known models.
    pub fn of(now: &Assignment) -> Self {
        let known = now.observed.model.as_ref().and_then(known_model);
        Self {
            context: now.observed.context_window.or(known.map(|limits| limits.context_window)),
            vision: known.map(|limits| limits.vision),
        }
    }

    /// The present context, where the other one is smaller.
    fn larger_context(self, other: Limits) -> Option<u64> {
        self.context.filter(|present| *present > other.context_window)
    }

    fn loses_vision(self, other: Limits) -> bool {
        self.vision == Some(true) && !other.vision
    }
}

/// What to know about a choice before its plan is made.
fn warnings(present: Present, wish: Figures, sets_limits: bool) -> Vec<String> {
    // Who does not write them changes none.
    if !sets_limits {
        return Vec::new();
    }
    let vision = present.loses_vision(wish.limits).then(|| t().loses_vision().to_owned());
    let context = present.larger_context(wish.limits);
    let context = context.map(|now| t().shrinks_context(&tokens(now), &tokens(wish.limits.context_window)));
    let guessed = (wish.source == LimitSource::Default)
        .then(|| format!("{} {}", t().guesses_limits(), t().set_own_limits()));
    [vision, context, guessed].into_iter().flatten().collect()
}

/// Four tiles with what the model can, who says so, and what would be lost with it. They stand there also before there is
/// a model, so that nothing moves when one is chosen.
pub fn view(present: Present, wish: Option<Figures>, sets_limits: bool) -> AnyView {
    let word = |yes: bool| if yes { t().yes().to_owned() } else { t().no().to_owned() };
    let of = |say: &dyn Fn(Limits) -> String| wish.map_or_else(|| "—".to_owned(), |wish| say(wish.limits));
    let worse = |is: &dyn Fn(Limits) -> bool| wish.is_some_and(|wish| is(wish.limits));
    let tiles = [
        (
            t().context(),
            of(&|limits| tokens(limits.context_window)),
            worse(&|limits| present.larger_context(limits).is_some()),
        ),
        (t().output(), of(&|limits| tokens(limits.max_tokens)), false),
        (t().vision(), of(&|limits| word(limits.vision)), worse(&|limits| present.loses_vision(limits))),
        (t().reasoning(), of(&|limits| word(limits.reasoning)), false),
    ];
    let tile = |(name, value, worse): (&'static str, String, bool)| {
        let (class, sign) = if worse { ("tile worse", " ▼") } else { ("tile", "") };
        view! { <div class=class><dt>{name}</dt><dd>{value}<span aria-hidden="true">{sign}</span></dd></div> }
    };
    let from = wish.map(|wish| t().figures_from(t().source(wish.source)));
    let warnings = wish.map(|wish| warnings(present, wish, sets_limits)).unwrap_or_default();
    let warnings = warnings.into_iter().map(|warning| view! { <li class="note warn">{warning}</li> });
    view! {
        <dl class="tiles">{tiles.map(tile).collect_view()}</dl>
        <p class="field-hint">{from}</p>
        <ul class="notes">{warnings.collect_view()}</ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ProviderModel;

    fn figures(context_window: u64, vision: bool, source: LimitSource) -> Figures {
        Figures { limits: Limits { context_window, vision, ..Limits::UNKNOWN }, source }
    }

    #[test]
    fn only_what_would_be_lost_is_warned_of() {
        let present = Present { context: Some(200_000), vision: Some(true) };
        let count = |present, wish| warnings(present, wish, true).len();
        assert_eq!(count(present, figures(200_000, true, LimitSource::Provider)), 0);
        assert_eq!(count(present, figures(199_999, true, LimitSource::Provider)), 1);
        assert_eq!(count(present, figures(256_000, false, LimitSource::KnownModels)), 1);
        assert_eq!(count(present, figures(150_000, false, LimitSource::Default)), 3);
        assert_eq!(count(Present::default(), figures(1, false, LimitSource::Provider)), 0);
    }

    #[test]
    fn limits_that_a_switch_does_not_set_are_not_to_be_set() {
        let guessed = figures(150_000, true, LimitSource::Default);
        let said = |sets_limits| warnings(Present::default(), guessed, sets_limits).concat();
        assert!(said(true).contains(t().set_own_limits()) && !said(false).contains(t().set_own_limits()));
    }

    #[test]
    fn a_model_that_nobody_knows_has_guessed_figures() {
        let source =
            |model: &str| super::figures(&Listed::default(), model, true).map(|figures| figures.source);
        assert_eq!(source("kimi-k2.5"), Some(LimitSource::KnownModels));
        assert_eq!(source("nobody-knows"), Some(LimitSource::Default));
        assert_eq!(source(" "), None);
    }

    #[test]
    fn a_model_that_is_being_searched_for_is_not_called_unknown() {
        let listed: ProviderModel =
            serde_json::from_value(serde_json::json!({"id": "own-large", "contextWindow": 1,
            "maxTokens": 1, "vision": false, "reasoning": false, "source": "provider"}))
            .unwrap();
        let listed = Listed { models: vec![listed], ..Listed::default() };
        let source = |model, typing| super::figures(&listed, model, typing).map(|figures| figures.source);
        let typed = ["own-l", "own-large", "own-large-2"].map(|model| source(model, true));
        assert_eq!(typed, [None, Some(LimitSource::Provider), Some(LimitSource::Default)]);
        assert_eq!(source("own-l", false), Some(LimitSource::Default));
    }
}
