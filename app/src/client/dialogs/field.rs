use crate::components::said::Told;
use domain::Failure;
use leptos::prelude::*;

/// What a refusal says about a field, by its name on the wire.
pub fn about(failure: Signal<Option<Failure>>, field: &'static str) -> Signal<Option<Told>> {
    let is_about = move |path: &str| path.split(['.', '[', '/']).any(|part| part == field);
    Signal::derive(move || {
        let failure = failure.get()?;
        failure.fields.into_iter().find(|error| is_about(&error.field)).map(Told::from)
    })
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    #[default]
    Text,
    /// Not shown while it is typed, and not remembered by the browser.
    Secret,
    Number,
    /// Several lines.
    Long,
}

/// A label, an input, what to know about it, and what is wrong with it.
#[component]
pub fn Field(
    /// Also the id of the input; unique on the page.
    #[prop(into)]
    name: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(optional)] input: Input,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] error: Signal<Option<Told>>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] readonly: bool,
) -> impl IntoView {
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = format!("{hint_id} {error_id}");
    let invalid = move || error.with(Option::is_some).to_string();
    let kind = match input {
        Input::Secret => "password",
        _ => "text",
    };
    let control = match input {
        Input::Long => view! {
            <textarea
                id=name.clone()
                name=name.clone()
                rows="5"
                spellcheck="false"
                aria-describedby=described
                aria-invalid=invalid
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        }
        .into_any(),
        _ => view! {
            <input
                id=name.clone()
                name=name.clone()
                type=kind
                inputmode=(input == Input::Number).then_some("numeric")
                autocomplete=autocomplete.unwrap_or("off")
                autocapitalize="none"
                spellcheck="false"
                readonly=readonly
                aria-describedby=described
                aria-invalid=invalid
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
        .into_any(),
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {control}
            <p class="field-hint" id=hint_id>{hint}</p>
            <p class="field-error" id=error_id>{move || error.get().map(Told::view)}</p>
        </div>
    }
    .into_any()
}

/// Yes or no, and what yes does.
#[component]
pub fn Tick(name: &'static str, label: &'static str, value: RwSignal<bool>, hint: String) -> impl IntoView {
    let hint_id = format!("{name}-hint");
    view! {
        <div class="field">
            <label class="tick">
                <input
                    id=name
                    name=name
                    type="checkbox"
                    class="mark-row"
                    aria-describedby=hint_id.clone()
                    prop:checked=value
                    on:change=move |event| value.set(event_target_checked(&event))
                />
                {label}
            </label>
            <p class="field-hint" id=hint_id>{hint}</p>
        </div>
    }
    .into_any()
}

/// A choice among options: value and text of each.
#[component]
pub fn Choice(
    name: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] error: Signal<Option<Told>>,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = format!("{hint_id} {error_id}");
    let list = move || {
        let chosen = value.get();
        let option = |(id, text): (String, String)| {
            let selected = id == chosen;
            view! { <option value=id selected=selected>{text}</option> }
        };
        options.get().into_iter().map(option).collect_view()
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select
                id=name
                name=name
                disabled=disabled
                aria-describedby=described
                aria-invalid=move || error.with(Option::is_some).to_string()
                on:change=move |event| value.set(event_target_value(&event))
            >
                {list}
            </select>
            <p class="field-hint" id=hint_id>{hint}</p>
            <p class="field-error" id=error_id>{move || error.get().map(Told::view)}</p>
        </div>
    }
    .into_any()
}
