use crate::{
    client::{press::return_focus, report},
    sprite::{icon, maps},
    text::t,
};
use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{HtmlDialogElement, HtmlElement},
};

/// What a person came for: the first field, or the first part that takes the focus. The close button is neither.
const FIRST: &str = "input:enabled, select:enabled, textarea:enabled, [tabindex]";

/// Moves the focus.
pub fn focus(place: &HtmlElement) {
    report(place.focus());
}

/// Moves the focus to what is just being made.
pub fn focus_soon(id: String) {
    request_animation_frame(move || {
        let place = document().get_element_by_id(&id).and_then(|place| place.dyn_into().ok());
        if let Some(place) = place {
            focus(&place);
        }
    });
}

fn open_at_first(dialog: &HtmlDialogElement) {
    report(dialog.show_modal());
    let first = dialog.query_selector(FIRST).ok().flatten().and_then(|first| first.dyn_into().ok());
    if let Some(first) = first {
        focus(&first);
    }
}

/// A native modal dialog. It opens and closes with `open`; what is in it exists only while it is open.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            // In the next frame: a dialog that was just made is not part of the document yet.
            (true, false) => request_animation_frame(move || open_at_first(&dialog)),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let children = StoredValue::new(children);
    // A click on the dialog itself, and on nothing in it, is a click on the backdrop.
    let backdrop = move |event: ev::MouseEvent| {
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=node
            class=if wide { "dialog wide" } else { "dialog" }
            aria-label=title
            on:close=move |_| {
                open.set(false);
                // In the next frame: another dialog may take the place of this one.
                request_animation_frame(return_focus);
            }
            on:mousedown=backdrop
        >
            <div class="dialog-box">
                <header class="dialog-title">
                    <h2>{title}</h2>
                    <button type="button" class="dialog-close" aria-label=t().close on:click=move |_| open.set(false)>
                        {icon(maps::CROSS)}
                    </button>
                </header>
                <Show when=move || open.get()>{children.with_value(|children| children())}</Show>
            </div>
        </dialog>
    }
    .into_any()
}
