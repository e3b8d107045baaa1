use crate::{
    components::{button::Kind, said::Told},
    sprite::{icon, maps},
    text::t,
};
use leptos::prelude::*;
use std::time::Duration;

/// How long a notice stays that asks for nothing.
const SHORT: Duration = Duration::from_secs(8);

/// Something that a notice offers.
#[derive(Clone)]
pub struct Offer {
    pub text: &'static str,
    pub act: Callback<()>,
}

#[derive(Clone)]
struct Toast {
    id: u32,
    text: Told,
    failed: bool,
    offers: Vec<Offer>,
}

/// Short notices at the edge of the page.
#[derive(Clone, Copy, Default)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toaster {
    /// Tells that something went well; goes by itself.
    pub fn done(self, text: String) {
        let id = self.push(text.into(), false, Vec::new());
        set_timeout(move || self.drop(id), SHORT);
    }

    /// Tells that something failed; stays until it is dismissed.
    pub fn failed(self, text: impl Into<Told>) {
        self.push(text.into(), true, Vec::new());
    }

    /// Tells how something ended and offers what to do now; stays until one of the offers is taken, the notice is
    /// dismissed, or something else ends.
    pub fn ended(self, text: String, failed: bool, offers: Vec<Offer>) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.offers.is_empty()));
        self.push(text.into(), failed, offers);
    }

    fn push(self, text: Told, failed: bool, offers: Vec<Offer>) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.toasts.update(|toasts| toasts.push(Toast { id, text, failed, offers }));
        id
    }

    fn drop(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Where the notices appear.
#[component]
pub fn Toasts(toaster: Toaster) -> impl IntoView {
    let row = move |toast: Toast| {
        let id = toast.id;
        let offer = move |offer: Offer| {
            let take = move |_| {
                toaster.drop(id);
                offer.act.run(());
            };
            view! { <button type="button" class=Kind::Small.class() on:click=take>{offer.text}</button> }
        };
        let (class, sign) = match toast.failed {
            true => ("toast failed", maps::CROSS),
            false => ("toast", maps::CHECK),
        };
        view! {
            <li class=class>
                {icon(sign)}
                <span>{toast.text.view()}</span>
                {toast.offers.into_iter().map(offer).collect_view()}
                <button type="button" class="dialog-close" aria-label=t().dismiss() on:click=move |_| toaster.drop(id)>
                    {icon(maps::CROSS)}
                </button>
            </li>
        }
    };
    view! {
        <section class="toasts" aria-label=t().notices() aria-live="polite">
            <ul>
                <For each=move || toaster.toasts.get() key=|toast| toast.id children=row/>
            </ul>
        </section>
    }
    .into_any()
}
