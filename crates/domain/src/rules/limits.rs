//! Which figures a model gets, and where they come from.
use crate::{LimitSource, Limits, ModelId, known_model};

/// What a source says about a model; it may say little. Figures in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownLimits {
    pub context_window: Option<u64>,
    pub max_tokens: Option<u64>,
    pub vision: Option<bool>,
    pub reasoning: Option<bool>,
}

/// The figures for a model. What the request names wins, figure by figure; the rest is taken from HiClaw's table, else
/// from the provider's list, else from the agent's openclaw.json, else HiClaw's figures for unknown models. A source
/// that names some figures only is completed by the last. The answer names the most specific source that was used.
pub fn limits_for(
    model: &ModelId,
    listed: Option<&KnownLimits>,
    configured: Option<&KnownLimits>,
    request: &KnownLimits,
) -> (Limits, LimitSource) {
    let (base, source) = match (known_model(model), useful(listed), useful(configured)) {
        (Some(known), ..) => (known, LimitSource::KnownModels),
        (None, Some(listed), _) => (listed.over(Limits::UNKNOWN), LimitSource::Provider),
        (None, None, Some(entry)) => (entry.over(Limits::UNKNOWN), LimitSource::Openclaw),
        (None, None, None) => (Limits::UNKNOWN, LimitSource::Default),
    };
    match useful(Some(request)) {
        Some(request) => (request.over(base), LimitSource::Request),
        None => (base, source),
    }
}

/// A source that says anything at all.
fn useful(source: Option<&KnownLimits>) -> Option<&KnownLimits> {
    source.filter(|s| **s != KnownLimits::default())
}

impl KnownLimits {
    fn over(&self, base: Limits) -> Limits {
        Limits {
            context_window: self.context_window.unwrap_or(base.context_window),
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
            vision: self.vision.unwrap_or(base.vision),
            reasoning: self.reasoning.unwrap_or(base.reasoning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str) -> ModelId {
        id.parse().unwrap()
    }

    #[test]
    fn the_table_wins_over_the_provider_and_the_config() {
        let other = KnownLimits { context_window: Some(1), ..Default::default() };
        let (limits, source) =
            limits_for(&model("qwen3.5-plus"), Some(&other), Some(&other), &KnownLimits::default());
        assert_eq!((limits.context_window, limits.max_tokens, limits.vision), (200_000, 64_000, true));
        assert_eq!(source, LimitSource::KnownModels);
    }

    #[test]
    fn an_unknown_model_takes_the_first_source_that_says_anything() {
        let nothing = KnownLimits::default();
        let listed = KnownLimits { context_window: Some(32_768), ..nothing };
        let entry = KnownLimits { max_tokens: Some(7), ..nothing };
        let ask = |listed, entry| limits_for(&model("lab-1"), listed, entry, &nothing);
        assert_eq!(ask(Some(&listed), Some(&entry)).1, LimitSource::Provider);
        assert_eq!(ask(Some(&listed), Some(&entry)).0.max_tokens, 128_000);
        assert_eq!(ask(Some(&nothing), Some(&entry)).1, LimitSource::Openclaw);
        assert_eq!(ask(None, None), (Limits::UNKNOWN, LimitSource::Default));
    }

    #[test]
    fn the_request_wins_figure_by_figure() {
        let request = KnownLimits { max_tokens: Some(1_000), reasoning: Some(false), ..Default::default() };
        let (limits, source) = limits_for(&model("qwen3.5-plus"), None, None, &request);
        let wanted = Limits { context_window: 200_000, max_tokens: 1_000, vision: true, reasoning: false };
        assert_eq!((limits, source), (wanted, LimitSource::Request));
    }
}
