use crate::{api, describe::tokens, text::t};
use domain::{LimitSource, ProviderModel, ProviderName, known_models};
use leptos::{ev, prelude::*, task::spawn_local};

/// A provider's models as far as they are known: its own list, or known models with the reason why.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub models: Vec<ProviderModel>,
    /// Why the provider's own list is not there.
    pub unreadable: Option<String>,
    pub loading: bool,
}

/// Loads the list whenever another provider is chosen.
pub fn listed(provider: RwSignal<String>) -> RwSignal<Listed> {
    let listed = RwSignal::new(Listed::default());
    Effect::new(move |_| {
        let Ok(name) = provider.get().parse::<ProviderName>() else { return listed.set(Listed::default()) };
        listed.set(Listed { loading: true, ..Listed::default() });
        spawn_local(async move {
            let answer = api::provider_models(name.clone()).await;
            // Somebody may have chosen another provider while this answer was on its way.
            if provider.try_get_untracked().is_some_and(|chosen| chosen == name.as_str()) {
                listed.set(match answer {
                    Ok(models) => Listed { models, ..Listed::default() },
                    Err(error) => Listed {
                        models: known(),
                        unreadable: Some(domain::Failure::from(error).message),
                        loading: false,
                    },
                });
            }
        });
    });
    listed
}

fn known() -> Vec<ProviderModel> {
    let model = |(id, limits): (&str, domain::Limits)| {
        Some(ProviderModel {
            id: id.parse().ok()?,
            context_window: limits.context_window,
            max_tokens: limits.max_tokens,
            vision: limits.vision,
            reasoning: limits.reasoning,
            source: LimitSource::KnownModels,
        })
    };
    known_models().filter_map(model).collect()
}

fn matching(listed: &Listed, text: &str) -> Vec<ProviderModel> {
    let text = text.trim().to_lowercase();
    let fits = |model: &&ProviderModel| model.id.as_str().to_lowercase().contains(&text);
    listed.models.iter().filter(fits).cloned().collect()
}

/// The next row down. None is the text itself, above the first row.
fn below(active: Option<usize>, rows: usize) -> Option<usize> {
    let next = active.map_or(0, |at| at + 1);
    rows.checked_sub(1).map(|last| next.min(last))
}

/// The next row up: from the first to the text, and from the text to the last.
fn above(active: Option<usize>, rows: usize) -> Option<usize> {
    active.unwrap_or(rows).checked_sub(1)
}

fn option(model: &ProviderModel, active: bool, id: String, choose: impl Fn() + 'static) -> AnyView {
    let can = |can: bool, word: &'static str| can.then(|| format!(" · {word}"));
    let figures = format!(
        "{} · {}{}{}",
        tokens(model.context_window),
        tokens(model.max_tokens),
        can(model.vision, t().vision).unwrap_or_default(),
        can(model.reasoning, t().reasoning).unwrap_or_default(),
    );
    view! {
        <li
            id=id
            role="option"
            class=if active { "active" } else { "" }
            aria-selected=active.to_string()
            on:mousedown=move |event| {
                event.prevent_default();
                choose();
            }
        >
            <b>{model.id.to_string()}</b>
            <span>{figures}</span>
        </li>
    }
    .into_any()
}

/// Search as you type over a provider's models. What is typed counts, also when no list names it: a row takes its place
/// only when somebody goes to that row. The WAI-ARIA combobox with list autocomplete and manual selection.
#[component]
pub fn ModelPicker(
    listed: RwSignal<Listed>,
    value: RwSignal<String>,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    // The row that the arrow keys went to.
    let active = RwSignal::new(None::<usize>);
    // A model that was taken from the list does not narrow it, so that another one can be taken.
    let search = RwSignal::new(String::new());
    let shown = Memo::new(move |_| listed.with(|listed| matching(listed, &search.get())));
    Effect::new(move |_| {
        shown.track();
        active.set(None);
    });
    let choose = move |at: usize| {
        if let Some(model) = shown.with_untracked(|shown| shown.get(at).cloned()) {
            value.set(model.id.to_string());
            search.set(String::new());
            active.set(None);
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        let rows = shown.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" => active.update(|at| *at = below(*at, rows)),
            "ArrowUp" => active.update(|at| *at = above(*at, rows)),
            "Enter" => active.get_untracked().into_iter().for_each(choose),
            _ => return,
        }
        event.prevent_default();
    };
    let options = move || {
        let (at, text) = (active.get(), value.get());
        let view = |(n, model): (usize, ProviderModel)| {
            let marked = at.map_or(model.id.as_str() == text.trim(), |at| at == n);
            option(&model, marked, format!("model-{n}"), move || choose(n))
        };
        shown.get().into_iter().enumerate().map(view).collect_view()
    };
    let note = move || {
        listed.with(|listed| match (&listed.unreadable, listed.loading) {
            (_, true) => t().loading.to_owned(),
            (Some(why), _) => format!("{} {why}", t().list_unreadable),
            (None, _) if shown.with(Vec::is_empty) && !listed.models.is_empty() => {
                (t().no_match)(&value.get())
            }
            _ => (t().model_count)(shown.with(Vec::len)),
        })
    };
    view! {
        <div class="field picker">
            <label for="model">{t().model}</label>
            <input
                id="model"
                role="combobox"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-expanded="true"
                aria-controls="model-list"
                aria-autocomplete="list"
                aria-activedescendant=move || active.get().map(|at| format!("model-{at}"))
                aria-describedby="model-hint model-note model-error"
                aria-invalid=move || error.with(Option::is_some).to_string()
                prop:value=value
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    search.set(event_target_value(&event));
                    active.set(None);
                }
                on:keydown=keys
            />
            <p class="field-error" id="model-error">{error}</p>
            <ul id="model-list" role="listbox" class="options" aria-label=t().model>{options}</ul>
            <p class="field-hint" id="model-note" aria-live="polite">{note}</p>
            <p class="field-hint" id="model-hint">{t().model_hint}</p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_finds_parts_in_any_case() {
        let listed = Listed { models: known(), ..Listed::default() };
        assert_eq!(matching(&listed, "REASON").len(), 1);
        assert_eq!(matching(&listed, " deepseek-chat ").len(), 1);
        assert_eq!(matching(&listed, "").len(), listed.models.len());
        assert!(matching(&listed, "no such").is_empty());
    }

    #[test]
    fn arrow_keys_go_through_the_rows_and_up_to_the_text() {
        assert_eq!([below(None, 2), below(Some(0), 2), below(Some(1), 2)], [Some(0), Some(1), Some(1)]);
        assert_eq!([above(None, 2), above(Some(1), 2), above(Some(0), 2)], [Some(1), Some(0), None]);
        assert_eq!([below(None, 0), above(None, 0)], [None, None]);
    }
}
