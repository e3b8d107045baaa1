use leptos::prelude::*;

/// What a state means for who looks at it; gives its colour. The word always stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Busy,
    Info,
    Danger,
    Unknown,
}

impl Tone {
    /// The class that colours by this tone.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "tone-ok",
            Self::Busy => "tone-busy",
            Self::Info => "tone-info",
            Self::Danger => "tone-danger",
            Self::Unknown => "tone-unknown",
        }
    }
}

impl From<domain::WorkerStatus> for Tone {
    fn from(status: domain::WorkerStatus) -> Self {
        use domain::WorkerStatus as S;
        match status {
            S::Idle | S::Running => Self::Ok,
            S::Busy | S::Starting => Self::Busy,
            S::Sleeping => Self::Info,
            S::Offline | S::Failed | S::Stopped => Self::Danger,
            S::Remote | S::Unknown => Self::Unknown,
        }
    }
}

/// A lamp and a word.
#[component]
pub fn Badge(tone: Tone, #[prop(into)] word: String) -> impl IntoView {
    view! { <span class=format!("badge {}", tone.class())>{word}</span> }.into_any()
}
