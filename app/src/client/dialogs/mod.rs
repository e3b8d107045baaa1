//! The forms, the plan and course of a change, and short notices: everything that is made in the browser and not by the
//! server. It is loaded when it is first wanted.
mod bulk;
mod bulk_dialog;
mod bulk_rows;
mod change;
mod change_actions;
mod change_dialog;
mod change_stage;
mod dialog;
mod field;
mod figures;
mod folded;
mod key_check;
mod key_choice;
mod model_form;
mod model_picker;
mod plan_foot;
mod provider_fields;
mod provider_form;
mod switch_dialog;
mod toast;
mod turn;
mod verdict;

use super::{notice, page};
use crate::{act::Act, api, components::said::Told, error::ApiError, text::t};
use bulk::Bulk;
use bulk_dialog::BulkDialog;
use change::Change;
use change_dialog::ChangeDialog;
use domain::{Failure, Mutation, Restore};
use leptos::{
    mount::{mount_to, mount_to_body},
    prelude::*,
    wasm_bindgen::JsCast,
    wasm_split::{SplitLoaderError, wasm_split},
    web_sys::Element,
};
use provider_form::{ProviderDialog, ProviderForm, Wish};
use std::{cell::Cell, pin::Pin};
use switch_dialog::{Switch, SwitchDialog};
use toast::{Toaster, Toasts};
use wasm_bindgen_futures::spawn_local;

/// What the page wants of the dialogs.
pub enum Ask {
    /// The JSON of an [`Act`].
    Act(String),
    /// Something was done: say so.
    Done(String),
    /// Something was refused, or nobody answered: say so.
    Failed {
        /// In JSON; empty when nobody answered.
        failure: String,
        /// Where a form says what is wrong with it. None: there is no form.
        place: Option<Element>,
    },
}

/// The part of the address that names an operation whose dialog is open.
const FOLLOWED: &str = "#operation=";

/// Loads the dialogs if need be, and hands them what is wanted.
pub fn ask(ask: Ask) {
    spawn_local(answer(ask));
}

/// Does what is wanted; done as soon as the dialog is open, or it was said why it is not.
pub async fn answer(ask: Ask) {
    let loaded = heard(ask).await;
    // A load that failed is not kept: the next press loads anew.
    notice::say_not_loaded(loaded.is_err());
}

/// Fetches the dialogs before anybody asks for one. Whether it went well shows when somebody does.
pub fn load_ahead() {
    thread_local! {
        static ASKED: Cell<bool> = const { Cell::new(false) };
    }
    if !ASKED.replace(true) {
        spawn_local(async { ASKED.set(load().await.is_ok()) });
    }
}

/// Opens again what was open when the page was left or loaded anew.
pub fn take_up() {
    let hash = window().location().hash().unwrap_or_default();
    if let Some(id) = hash.strip_prefix(FOLLOWED).and_then(|id| id.parse().ok()) {
        ask(Ask::Act(Act::Follow(id).data()));
    }
}

thread_local! {
    static DESK: Cell<Option<Desk>> = const { Cell::new(None) };
}

/// The dialogs of this page.
#[derive(Clone, Copy)]
struct Desk {
    change: Change,
    switch: Switch,
    bulk: Bulk,
    form: ProviderForm,
    toaster: Toaster,
}

/// Where what is loaded begins. `#[lazy]` would end the whole client when it cannot be loaded.
#[wasm_split(
    dialogs,
    wasm_split_path = leptos::wasm_split,
    preload(load),
    return_wrapper(let doing = _; { doing.await; Ok(()) } -> Result<(), SplitLoaderError>),
    fallible
)]
fn heard(ask: Ask) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        if DESK.get().is_none() {
            mount_to_body(Desk::open);
            notice::say_again();
        }
        if let Some(desk) = DESK.get() {
            desk.hear(ask).await;
        }
    })
}

impl Desk {
    fn open() -> impl IntoView {
        let toaster = Toaster::default();
        let change = Change::new(toaster);
        let (switch, form) = (Switch::new(change), ProviderForm::new(change));
        let bulk = Bulk::new(toaster);
        DESK.set(Some(Self { change, switch, bulk, form, toaster }));
        view! {
            <SwitchDialog switch/>
            <BulkDialog bulk/>
            <ProviderDialog form/>
            <ChangeDialog change/>
            <Toasts toaster/>
        }
    }

    async fn hear(self, ask: Ask) {
        match ask {
            Ask::Act(act) => match serde_json::from_slice(act.as_bytes()) {
                Ok(act) => {
                    if let Err(error) = self.act(act).await {
                        self.toaster.failed(told(error));
                    }
                }
                Err(error) => leptos::logging::error!("{act}: {error}"),
            },
            Ask::Done(text) => self.toaster.done(text),
            Ask::Failed { failure, place } => {
                let failure = serde_json::from_slice::<Failure>(failure.as_bytes()).map(Told::from);
                match (failure, place) {
                    (Ok(failure), Some(place)) => say_at(&place, failure),
                    (Ok(failure), None) => self.toaster.failed(failure),
                    (Err(_), _) => self.toaster.failed(t().not_reached()),
                }
            }
        }
    }

    async fn act(self, act: Act) -> Result<(), ApiError> {
        match act {
            Act::Switch(target) => self.switch.open(target),
            Act::SwitchMany(targets) => self.bulk.open(targets),
            Act::AcceptModel(target) => self.change.plan(Mutation::AcceptModel { target }, None),
            Act::SetModel { target, wish } => self.change.plan(Mutation::SetModel { target, wish }, None),
            Act::Container { target, act } => self.change.plan(Mutation::of_container(act, target), None),
            Act::AddProvider => self.form.open(Wish::Add),
            Act::AddUntrusted(provider) => self.form.open_untrusted(provider),
            Act::EditProvider(name) => self.with_provider(name, Wish::Edit).await?,
            Act::ReplaceKey(name) => self.with_provider(name, Wish::ReplaceKey).await?,
            Act::RemoveProvider(name) => self.change.plan(Mutation::RemoveProvider { name }, None),
            Act::Repair { route, consumer } => {
                self.change.plan(Mutation::RepairRoutes { route, consumer }, None);
            }
            Act::Undo(id) => self.change.undo(&api::operation(id).await?),
            Act::Restore { backup, items, rename } => {
                let wish = Restore { items, rename, ..Restore::whole(backup) };
                self.change.plan(Mutation::Restore(wish), None);
            }
            Act::Follow(id) => self.change.resume(api::operation(id).await?),
        }
        Ok(())
    }

    async fn with_provider(
        self,
        name: domain::ProviderName,
        wish: fn(domain::Provider) -> Wish,
    ) -> Result<(), ApiError> {
        match api::list_providers().await?.into_iter().find(|provider| provider.name == name) {
            Some(provider) => self.form.open(wish(provider)),
            None => self.toaster.failed(t().provider_gone(name.as_str())),
        }
        Ok(())
    }
}

/// Says on the page what is wrong, in the place of what was said there before.
fn say_at(place: &Element, failure: Told) {
    place.set_text_content(None);
    // The page has it from here on, and empties the place when the form is sent again.
    mount_to(place.clone().unchecked_into(), move || failure.view()).forget();
}

/// What the server said; somebody who is no longer signed in goes to sign in, unless something typed would be lost there.
fn told(error: ApiError) -> Failure {
    let failure = Failure::from(error);
    if failure.code != domain::Code::AuthRequired {
        return failure;
    }
    page::signed_out();
    Failure::new(failure.code, t().session_ended())
}
