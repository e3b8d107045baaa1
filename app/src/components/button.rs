use leptos::prelude::*;

/// How loud a button is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Plain,
    /// The one thing that most people come for.
    Primary,
    Danger,
    /// Small, among many of its kind.
    Small,
    /// A sign only; `label` says it in words.
    Sign,
}

/// A button. `busy` keeps it from being pressed twice.
#[component]
pub fn Button(
    #[prop(into)] text: Signal<String>,
    on_press: Callback<()>,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] busy: Signal<bool>,
    /// The accessible name, where the text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    let class = match kind {
        Kind::Plain => "btn",
        Kind::Primary => "btn primary",
        Kind::Danger => "btn danger",
        Kind::Small => "btn small",
        Kind::Sign => "btn small sign",
    };
    view! {
        <button type="button" class=class aria-label=label disabled=busy on:click=move |_| on_press.run(())>
            {text}
        </button>
    }
    .into_any()
}
