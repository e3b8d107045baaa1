use super::{model_form::ModelForm, told};
use crate::{api, client::all, components::said::Told, describe::tokens, text::t};
use domain::{LimitSource, Provider, ProviderModel, ProviderName, families_of, known_models};
use leptos::{ev, html, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::HtmlElement};

/// A provider's models as far as they are known: its own list, or known models with the reason why.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub models: Vec<ProviderModel>,
    /// Why the provider's own list is not there.
    pub unreadable: Option<Told>,
    pub loading: bool,
}

/// Loads the list whenever another provider is chosen.
pub fn listed(provider: RwSignal<String>, providers: RwSignal<Vec<Provider>>) -> RwSignal<Listed> {
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
                        models: known(vendor(&providers.try_get_untracked().unwrap_or_default(), &name)),
                        unreadable: Some(told(error).into()),
                        loading: false,
                    },
                });
            }
        });
    });
    listed
}

/// The prefixes of the ids that a provider's own endpoint serves; empty where nobody knows.
fn vendor(providers: &[Provider], name: &ProviderName) -> &'static [&'static str] {
    let provider = providers.iter().find(|provider| provider.name == *name);
    let kind = provider.and_then(|provider| Some((provider.kind.parse().ok()?, provider.base_url.is_some())));
    kind.map_or(&[], |(kind, own)| families_of(kind, own && kind == domain::ProviderType::Openai))
}

/// The known models whose ids begin with one of the prefixes; all of them when there are none.
fn known(prefixes: &[&str]) -> Vec<ProviderModel> {
    let fits = |id: &str| prefixes.is_empty() || prefixes.iter().any(|prefix| id.starts_with(prefix));
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
    known_models().filter(|(id, _)| fits(id)).filter_map(model).collect()
}

/// The models of a list whose ids hold what is typed.
pub fn matching<'a>(listed: &'a Listed, text: &str) -> impl Iterator<Item = &'a ProviderModel> {
    let text = text.trim().to_lowercase();
    listed.models.iter().filter(move |model| model.id.as_str().to_lowercase().contains(&text))
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

/// How far a list must be scrolled so that a row of it is seen: no further than needed.
fn scrolled(row: i32, height: i32, now: i32, window: i32) -> i32 {
    now.min(row).max(row + height - window)
}

/// Brings the row that the arrow keys went to into view.
fn reveal(list: &HtmlElement, row: usize) {
    let Some(row) = all(list, "[role='option']").into_iter().nth(row) else { return };
    let row: HtmlElement = row.unchecked_into();
    list.set_scroll_top(scrolled(
        row.offset_top(),
        row.offset_height(),
        list.scroll_top(),
        list.client_height(),
    ));
}

fn option(model: &ProviderModel, active: bool, id: String, choose: impl Fn() + 'static) -> AnyView {
    let can = |can: bool, word: &'static str| can.then(|| format!(" · {word}"));
    let figures = format!(
        "{} {} · {} {}{}{}",
        tokens(model.context_window),
        t().context(),
        tokens(model.max_tokens),
        t().output(),
        can(model.vision, t().vision()).unwrap_or_default(),
        can(model.reasoning, t().reasoning()).unwrap_or_default(),
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
            <span class="from">{t().source_short(model.source)}</span>
            <span class="can">{figures}</span>
        </li>
    }
    .into_any()
}

/// What is searched, and the row that the arrow keys went to.
#[derive(Clone, Copy)]
struct Picking {
    form: ModelForm,
    listed: RwSignal<Listed>,
    /// A model that was taken from the list does not narrow it, so that another one can be taken.
    search: RwSignal<String>,
    shown: Memo<Vec<ProviderModel>>,
    active: RwSignal<Option<usize>>,
}

impl Picking {
    fn new(form: ModelForm, listed: RwSignal<Listed>) -> Self {
        let (search, active) = (RwSignal::new(String::new()), RwSignal::new(None));
        let shown = Memo::new(move |_| {
            listed.with(|listed| matching(listed, &search.get()).cloned().collect::<Vec<_>>())
        });
        Effect::new(move |_| {
            shown.track();
            active.set(None);
        });
        Self { form, listed, search, shown, active }
    }

    fn typed(self, text: String) {
        self.form.model.set(text.clone());
        self.search.set(text);
        self.active.set(None);
    }

    fn choose(self, at: usize) {
        if let Some(model) = self.shown.with_untracked(|shown| shown.get(at).cloned()) {
            self.form.model.set(model.id.to_string());
            self.form.touched.set(true);
            self.search.set(String::new());
            self.active.set(None);
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        let (rows, active) = (self.shown.with_untracked(Vec::len), self.active);
        match event.key().as_str() {
            // The keys of somebody who puts a character together are not for us.
            _ if event.is_composing() => return,
            "ArrowDown" => active.update(|at| *at = below(*at, rows)),
            "ArrowUp" => active.update(|at| *at = above(*at, rows)),
            // Without a row it is the form's own.
            "Enter" if active.get_untracked().is_some() => {
                active.get_untracked().into_iter().for_each(|at| self.choose(at));
            }
            // The first press leaves the row, the next one the dialog.
            "Escape" if active.get_untracked().is_some() => active.set(None),
            _ => return,
        }
        event.prevent_default();
    }

    fn options(self) -> impl IntoView {
        let (at, text) = (self.active.get(), self.form.model.get());
        let view = |(n, model): (usize, ProviderModel)| {
            let marked = at.map_or(model.id.as_str() == text.trim(), |at| at == n);
            option(&model, marked, format!("model-{n}"), move || self.choose(n))
        };
        self.shown.get().into_iter().enumerate().map(view).collect_view()
    }

    /// What is to be known about the list.
    fn note(self) -> Told {
        let shown = self.shown.with(Vec::len);
        self.listed.with(|listed| match (&listed.unreadable, listed.loading) {
            _ if self.form.provider.with(String::is_empty) => t().models_of_provider().into(),
            (_, true) => t().loading().into(),
            (Some(why), _) => why.clone().after(t().list_unreadable()),
            (None, _) if shown == 0 && !listed.models.is_empty() => {
                self.form.model.with(|text| t().no_match(text)).into()
            }
            _ => t().model_count(shown).into(),
        })
    }
}

/// Search as you type over a provider's models. What is typed counts, also when no list names it: a row takes its place
/// only when somebody goes to that row. The WAI-ARIA combobox with list autocomplete and manual selection.
#[component]
pub fn ModelPicker(
    form: ModelForm,
    listed: RwSignal<Listed>,
    #[prop(into)] error: Signal<Option<Told>>,
) -> impl IntoView {
    let picking = Picking::new(form, listed);
    let active = picking.active;
    let list = NodeRef::<html::Ul>::new();
    Effect::new(move |_| {
        if let (Some(row), Some(list)) = (active.get(), list.get()) {
            request_animation_frame(move || reveal(&list, row));
        }
    });
    view! {
        <div class="field picker">
            <label for="model">{t().model()}</label>
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
                prop:value=form.model
                on:input=move |event| picking.typed(event_target_value(&event))
                on:keydown=move |event| picking.key(&event)
                on:focus=move |_| form.typing.set(true)
                on:blur=move |_| form.typing.set(false)
            />
            <p class="field-error" id="model-error">{move || error.get().map(Told::view)}</p>
            <div class="options">
                <ul id="model-list" role="listbox" aria-label=t().model() node_ref=list>
                    {move || picking.options()}
                </ul>
            </div>
            <p class="field-hint" id="model-note" aria-live="polite">{move || picking.note().view()}</p>
            <p class="field-hint" id="model-hint">{t().model_hint()}</p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_finds_parts_in_any_case() {
        let listed = Listed { models: known(&[]), ..Listed::default() };
        let count = |text| matching(&listed, text).count();
        assert_eq!([count("REASON"), count(" deepseek-chat "), count("no such")], [1, 1, 0]);
        assert_eq!(count(""), listed.models.len());
    }

    #[test]
    fn a_provider_without_a_list_offers_its_own_family() {
        let ids = |prefixes: &[&str]| known(prefixes).into_iter().map(|model| model.id.to_string());
        assert_eq!(ids(&["glm-"]).collect::<Vec<_>>(), ["glm-5"]);
        assert_eq!(ids(&[]).count(), known_models().count());
    }

    #[test]
    fn a_list_scrolls_no_further_than_needed() {
        // A window of 100 over rows of 20.
        assert_eq!(scrolled(40, 20, 0, 100), 0);
        assert_eq!(scrolled(100, 20, 0, 100), 20);
        assert_eq!(scrolled(40, 20, 60, 100), 40);
        assert_eq!(scrolled(60, 20, 60, 100), 60);
    }

    #[test]
    fn arrow_keys_go_through_the_rows_and_up_to_the_text() {
        assert_eq!([below(None, 2), below(Some(0), 2), below(Some(1), 2)], [Some(0), Some(1), Some(1)]);
        assert_eq!([above(None, 2), above(Some(1), 2), above(Some(0), 2)], [Some(1), Some(0), None]);
        assert_eq!([below(None, 0), above(None, 0)], [None, None]);
    }
}
