//! What a model can, what is known of the one that runs now, and what would be lost with another.
use super::model_picker::Listed;
use crate::{describe::tokens, text::t};
use domain::{Assignment, LimitSource, Limits, ModelId, known_model};
use leptos::prelude::*;

/// What a model can, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    pub limits: Limits,
    pub source: LimitSource,
}

/// What is known about the model that is typed.
pub fn figures(listed: &Listed, model: &str) -> Option<Figures> {
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
    let known = known_model(&id).map(|limits| Figures { limits, source: LimitSource::KnownModels });
    Some(known.unwrap_or(Figures { limits: Limits::UNKNOWN, source: LimitSource::Default }))
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
fn warnings(present: Present, wish: Figures) -> Vec<String> {
    let vision = present.loses_vision(wish.limits).then(|| t().loses_vision().to_owned());
    let context = present.larger_context(wish.limits);
    let context = context.map(|now| t().shrinks_context(&tokens(now), &tokens(wish.limits.context_window)));
    let guessed = (wish.source == LimitSource::Default).then(|| t().guesses_limits().to_owned());
    [vision, context, guessed].into_iter().flatten().collect()
}

/// Four tiles with what the model can, who says so, and what would be lost with it.
pub fn view(present: Present, wish: Figures) -> AnyView {
    let Figures { limits, source } = wish;
    let word = |yes: bool| if yes { t().yes().to_owned() } else { t().no().to_owned() };
    let tiles = [
        (t().context(), tokens(limits.context_window), present.larger_context(limits).is_some()),
        (t().output(), tokens(limits.max_tokens), false),
        (t().vision(), word(limits.vision), present.loses_vision(limits)),
        (t().reasoning(), word(limits.reasoning), false),
    ];
    let tile = |(name, value, worse): (&'static str, String, bool)| {
        let (class, sign) = if worse { ("tile worse", " ▼") } else { ("tile", "") };
        view! { <div class=class><dt>{name}</dt><dd>{value}<span aria-hidden="true">{sign}</span></dd></div> }
    };
    let warnings = warnings(present, wish);
    let warnings = warnings.into_iter().map(|warning| view! { <li class="note warn">{warning}</li> });
    view! {
        <dl class="tiles">{tiles.map(tile).collect_view()}</dl>
        <p class="field-hint">{t().figures_from(t().source(source))}</p>
        <ul class="notes">{warnings.collect_view()}</ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(context_window: u64, vision: bool, source: LimitSource) -> Figures {
        Figures { limits: Limits { context_window, vision, ..Limits::UNKNOWN }, source }
    }

    #[test]
    fn only_what_would_be_lost_is_warned_of() {
        let present = Present { context: Some(200_000), vision: Some(true) };
        let count = |present, wish| warnings(present, wish).len();
        assert_eq!(count(present, figures(200_000, true, LimitSource::Provider)), 0);
        assert_eq!(count(present, figures(199_999, true, LimitSource::Provider)), 1);
        assert_eq!(count(present, figures(256_000, false, LimitSource::KnownModels)), 1);
        assert_eq!(count(present, figures(150_000, false, LimitSource::Default)), 3);
        assert_eq!(count(Present::default(), figures(1, false, LimitSource::Provider)), 0);
    }

    #[test]
    fn a_model_that_nobody_knows_has_guessed_figures() {
        let source = |model: &str| super::figures(&Listed::default(), model).map(|figures| figures.source);
        assert_eq!(source("kimi-k2.5"), Some(LimitSource::KnownModels));
        assert_eq!(source("nobody-knows"), Some(LimitSource::Default));
        assert_eq!(source(" "), None);
    }
}
