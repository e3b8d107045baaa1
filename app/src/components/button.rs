//! The three ways to press something.
use crate::act::{Act, Call};
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
    /// A sign only; the label says it in words.
    Sign,
}

impl Kind {
    /// The classes that make a button look so.
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Primary => "btn primary",
            Self::Danger => "btn danger",
            Self::Small => "btn small",
            Self::Sign => "btn small sign",
        }
    }
}

/// A button of a dialog. `busy` keeps it from being pressed twice.
#[cfg(feature = "hydrate")]
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
    view! {
        <button type="button" class=kind.class() aria-label=label disabled=busy on:click=move |_| on_press.run(())>
            {text}
        </button>
    }
    .into_any()
}

/// A button of a page that opens something.
#[component]
pub fn Press(
    act: Act,
    #[prop(into)] text: String,
    #[prop(optional)] kind: Kind,
    /// The accessible name, where the text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    view! { <button type="button" class=kind.class() aria-label=label data-act=act.data()>{text}</button> }
        .into_any()
}

/// A button of a page that does something at once.
#[component]
pub fn CallButton(
    call: Call,
    #[prop(into)] text: String,
    #[prop(optional)] kind: Kind,
    /// The accessible name, where the text alone does not say enough.
    #[prop(optional, into)]
    label: Option<String>,
    /// The id of what says more about it.
    #[prop(optional)]
    described_by: Option<&'static str>,
) -> impl IntoView {
    let Call { path, body, then, said, nothing_new } = call;
    view! {
        <button
            type="button" class=kind.class() aria-label=label aria-describedby=described_by
            data-call=path data-body=body data-then=then data-said=said data-nothing-new=nothing_new
        >
            {text}
        </button>
    }
    .into_any()
}
