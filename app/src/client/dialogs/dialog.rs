use crate::{
    client::{clicks::return_focus, focus, report, target},
    components::button::Kind,
    sprite::{icon, maps},
    text::t,
};
use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement},
};

/// What a person came for: the first field, or the first part that takes the focus. The close button is neither.
const FIRST: &str = "input:enabled, select:enabled, textarea:enabled, [tabindex]";

/// What sends a dialog's form.
const SEND: &str = ".dialog-foot .btn.primary:enabled";

/// Moves the focus to what is just being made.
pub fn focus_soon(id: String) {
    request_animation_frame(move || {
        if let Some(place) = document().get_element_by_id(&id) {
            focus(&place);
        }
    });
}

fn open_at_first(dialog: &HtmlDialogElement) {
    report(dialog.show_modal());
    if let Ok(Some(first)) = dialog.query_selector(FIRST) {
        focus(&first);
    }
}

/// A native modal dialog. It opens and closes with `open`; what is in it exists only while it is open.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] wide: bool,
    /// Whether somebody typed or chose what would be lost with it.
    #[prop(into)]
    unsent: Signal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let leaving = Leaving::new(open, unsent);
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        leaving.asked.set(false);
        match (open.get(), dialog.open()) {
            // In the next frame: a dialog that was just made is not part of the document yet.
            (true, false) => request_animation_frame(move || open_at_first(&dialog)),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let children = StoredValue::new(children);
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
            on:cancel=move |event: ev::Event| {
                event.prevent_default();
                leaving.ask();
            }
            on:keydown=move |event| {
                leaving.key(&event);
                send_by_enter(&event);
            }
            on:mousedown=move |event| leaving.pressed.set_value(is_backdrop(&event))
            on:click=move |event| leaving.released(&event)
        >
            <div class="dialog-box">
                <header class="dialog-title">
                    <h2>{title}</h2>
                    <button type="button" class="dialog-close" aria-label=t().close() on:click=move |_| leaving.ask()>
                        {icon(maps::CROSS)}
                    </button>
                </header>
                <div class="page-notice" role="status" data-notice=""></div>
                <Show when=move || leaving.asked.get()><Question leaving/></Show>
                <Show when=move || open.get()>{children.with_value(|children| children())}</Show>
            </div>
        </dialog>
    }
    .into_any()
}

/// Enter in a field does what the first button of the dialog's foot does, as in any form.
fn send_by_enter(event: &ev::KeyboardEvent) {
    if event.key() != "Enter" || event.default_prevented() || event.is_composing() {
        return;
    }
    let Some(field) = target::<HtmlInputElement>(event) else { return };
    if matches!(field.type_().as_str(), "checkbox" | "radio") {
        return;
    }
    let send =
        field.closest("dialog").ok().flatten().and_then(|dialog| dialog.query_selector(SEND).ok().flatten());
    if let Some(send) = send.and_then(|send| send.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        send.click();
    }
}

/// A press on the dialog itself, and on nothing in it, is one on the backdrop.
fn is_backdrop(event: &ev::MouseEvent) -> bool {
    event.target() == event.current_target()
}

/// How a dialog is left other than by its own buttons.
#[derive(Clone, Copy)]
struct Leaving {
    open: RwSignal<bool>,
    unsent: Signal<bool>,
    /// Whether it is asked if what is unsent may be lost.
    asked: RwSignal<bool>,
    /// Where the focus was before.
    place: StoredValue<Option<Element>, LocalStorage>,
    /// The last press began on the backdrop. A text selection may end there and begins in a field.
    pressed: StoredValue<bool>,
}

impl Leaving {
    fn new(open: RwSignal<bool>, unsent: Signal<bool>) -> Self {
        let (place, pressed) = (StoredValue::new_local(None), StoredValue::new(false));
        let asked = RwSignal::new(false);
        Effect::new(move |_| {
            if !unsent.get() {
                asked.set(false);
            }
        });
        Self { open, unsent, asked, place, pressed }
    }

    /// Closes the dialog, or asks first.
    fn ask(self) {
        if !self.unsent.get_untracked() {
            return self.open.set(false);
        }
        if !self.asked.get_untracked() {
            self.place.set_value(document().active_element());
            self.asked.set(true);
        }
    }

    fn stay(self) {
        self.asked.set(false);
        self.place.with_value(|place| place.as_ref().into_iter().for_each(focus));
    }

    /// Escape is heard here and not as the browser's wish to close: a second one in a row it would not let us refuse.
    fn key(self, event: &ev::KeyboardEvent) {
        if event.key() != "Escape" || event.default_prevented() || event.is_composing() {
            return;
        }
        event.prevent_default();
        match self.asked.get_untracked() {
            true => self.stay(),
            false => self.ask(),
        }
    }

    /// A press on the backdrop may be a slip: it loses nothing.
    fn released(self, event: &ev::MouseEvent) {
        if self.pressed.get_value() && is_backdrop(event) && !self.unsent.get_untracked() {
            self.open.set(false);
        }
    }
}

#[component]
fn Question(leaving: Leaving) -> impl IntoView {
    let keep = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(keep) = keep.get() {
            request_animation_frame(move || focus(&keep));
        }
    });
    let discard = move |_| leaving.open.set(false);
    view! {
        <div class="leaving">
            <p role="alert">{t().not_sent()}</p>
            <button type="button" class=Kind::Plain.class() node_ref=keep on:click=move |_| leaving.stay()>
                {t().keep()}
            </button>
            <button type="button" class=Kind::Danger.class() on:click=discard>{t().discard()}</button>
        </div>
    }
    .into_any()
}
