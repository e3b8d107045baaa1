use crate::{
    sprite::{icon, maps},
    text::t,
};
use leptos::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    id: u32,
    text: String,
    failed: bool,
}

/// Short notices at the edge of the page. Taken from context.
#[derive(Clone, Copy, Default)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toaster {
    /// Tells that something went well; goes by itself.
    pub fn done(self, text: String) {
        let id = self.push(text, false);
        set_timeout(move || self.drop(id), Duration::from_secs(8));
    }

    /// Tells that something failed; stays until it is dismissed.
    pub fn failed(self, text: String) {
        self.push(text, true);
    }

    fn push(self, text: String, failed: bool) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.toasts.update(|toasts| toasts.push(Toast { id, text, failed }));
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
        view! {
            <li class=if toast.failed { "toast failed" } else { "toast" }>
                <span>{toast.text}</span>
                <button type="button" class="dialog-close" aria-label=t().dismiss on:click=move |_| toaster.drop(id)>
                    {icon(maps::CROSS)}
                </button>
            </li>
        }
    };
    view! {
        <section class="toasts" aria-label=t().notices aria-live="polite">
            <ul>
                <For each=move || toaster.toasts.get() key=|toast| toast.id children=row/>
            </ul>
        </section>
    }
    .into_any()
}
