mod settings;

use crate::{
    change::Change,
    components::{
        button::{Button, Kind},
        dialog::Dialog,
        error_note::Refused,
        field::{Choice, Field, Input},
    },
    text::t,
};
use domain::{
    EditProvider, Failure, Mutation, NewProvider, Provider, ProviderType, Settings, TokenNeed, TypedKey,
};
use leptos::prelude::*;
use settings::{has_endpoint, settings_of};

/// What the form is for.
#[derive(Clone, Debug, Default)]
pub enum Wish {
    #[default]
    Add,
    Edit(Provider),
    ReplaceKey(Provider),
}

/// The form in which a provider is added or changed.
#[derive(Clone, Copy)]
pub struct ProviderForm {
    change: Change,
    open: RwSignal<bool>,
    wish: RwSignal<Wish>,
    kind: RwSignal<String>,
    name: RwSignal<String>,
    /// True as soon as somebody typed a name: then it no longer follows the type.
    named: RwSignal<bool>,
    base_url: RwSignal<String>,
    key: RwSignal<String>,
    /// One for each place in [`settings_of`] the type.
    settings: [RwSignal<String>; 3],
}

impl ProviderForm {
    pub fn new(change: Change) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            change,
            open: RwSignal::new(false),
            wish: RwSignal::new(Wish::Add),
            kind: text(),
            name: text(),
            named: RwSignal::new(false),
            base_url: text(),
            key: text(),
            settings: [text(), text(), text()],
        }
    }

    /// Opens, empty or with what is stored. A key is never filled in: nobody has it to show.
    pub fn open(self, wish: Wish) {
        let (kind, name, url) = match &wish {
            Wish::Add => ("deepseek".to_owned(), "deepseek".to_owned(), None),
            Wish::Edit(p) | Wish::ReplaceKey(p) => (p.kind.clone(), p.name.to_string(), p.base_url.clone()),
        };
        self.change.forget_refusal();
        self.kind.set(kind);
        self.name.set(name);
        self.named.set(false);
        self.base_url.set(url.unwrap_or_default());
        self.key.set(String::new());
        for setting in self.settings {
            setting.set(String::new());
        }
        self.wish.set(wish);
        self.open.set(true);
    }

    fn kind(self) -> Option<ProviderType> {
        self.kind.get().parse().ok()
    }

    fn adds(self) -> bool {
        self.wish.with(|wish| matches!(wish, Wish::Add))
    }

    fn keys(self) -> Option<Vec<TypedKey>> {
        let key = self.key.get_untracked().trim().to_owned();
        (!key.is_empty()).then(|| vec![TypedKey::new(key)])
    }

    /// The base URL, where the type has one and it differs from what is stored.
    fn endpoint(self, stored: Option<&str>) -> Option<String> {
        let url = self.base_url.get_untracked().trim().to_owned();
        (!url.is_empty() && Some(url.as_str()) != stored).then_some(url)
    }

    fn settings(self, kind: ProviderType) -> Settings {
        let typed = settings_of(kind).iter().zip(self.settings).filter_map(|(setting, value)| {
            let value = value.get_untracked().trim().to_owned();
            (!value.is_empty()).then(|| (setting.key.to_owned(), value.into()))
        });
        Settings(typed.collect())
    }

    fn mutation(self) -> Result<Mutation, Failure> {
        let kind = self.kind.get_untracked().parse::<ProviderType>();
        match self.wish.get_untracked() {
            Wish::Add => {
                let kind = kind.map_err(|error| Failure::field("type", error.to_string()))?;
                let name = self.name.get_untracked().trim().parse();
                Ok(Mutation::AddProvider(NewProvider {
                    name: name
                        .map_err(|error: domain::NameError| Failure::field("name", error.to_string()))?,
                    kind,
                    protocol: domain::Protocol::default(),
                    base_url: if has_endpoint(kind) { self.endpoint(None) } else { None },
                    tokens: self.keys().unwrap_or_default(),
                    failover: None,
                    settings: self.settings(kind),
                }))
            }
            Wish::Edit(provider) | Wish::ReplaceKey(provider) => {
                let mut edit = EditProvider { tokens: self.keys(), ..EditProvider::default() };
                edit.base_url = self.endpoint(provider.base_url.as_deref());
                if let Ok(kind) = kind {
                    edit.settings = self.settings(kind);
                }
                Ok(Mutation::EditProvider { name: provider.name, edit })
            }
        }
    }

    /// What was said against a field, by its name on the wire.
    fn error(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let failure = self.change.refusal(self.open)?;
            let about = |path: &str| path.split(['.', '[', '/']).any(|part| part == field);
            failure.fields.into_iter().find(|error| about(&error.field)).map(|error| error.message)
        })
    }
}

/// The dialog around the form.
#[component]
pub fn ProviderDialog(form: ProviderForm) -> impl IntoView {
    let title = Signal::derive(move || match form.wish.get() {
        Wish::Add => t().add_provider.to_owned(),
        Wish::Edit(provider) => (t().provider_of)(provider.name.as_str()),
        Wish::ReplaceKey(provider) => (t().action_of)(t().replace_key, provider.name.as_str()),
    });
    // Another type brings another name, until somebody types one.
    Effect::new(move |_| {
        let kind = form.kind.get();
        if form.adds() && !form.named.get_untracked() {
            form.name.set(kind);
        }
    });
    let plan = Callback::new(move |()| match form.mutation() {
        Ok(mutation) => form.change.plan(mutation, Some(form.open)),
        Err(failure) => form.change.refuse(failure, form.open),
    });
    let cancel = Callback::new(move |()| form.open.set(false));
    let busy = Signal::derive(move || form.change.plans());
    let text = Signal::derive(move || if busy.get() { t().planning } else { t().show_plan }.to_owned());
    view! {
        <Dialog open=form.open title>
            <div class="choose"><Fields form/></div>
            <footer class="dialog-foot">
                <Refused open=form.open/>
                <div class="dialog-acts">
                    <Button text=t().cancel on_press=cancel/>
                    <Button text kind=Kind::Primary busy on_press=plan/>
                </div>
            </footer>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Fields(form: ProviderForm) -> impl IntoView {
    let types = ProviderType::ALL
        .iter()
        .map(|kind| (kind.id().to_owned(), kind.label().to_owned()))
        .collect::<Vec<_>>();
    let identity = move || {
        form.adds().then(|| {
            let typed = move |_| form.named.set(true);
            view! {
                <Choice name="type" label=t().provider_type value=form.kind options=types.clone() error=form.error("type")/>
                <div on:input=typed>
                    <Field name="name" label=t().name value=form.name hint=t().name_hint error=form.error("name")/>
                </div>
            }
        })
    };
    let key_only = move || form.wish.with(|wish| matches!(wish, Wish::ReplaceKey(_)));
    let endpoint = move || {
        let kind = form.kind().filter(|kind| has_endpoint(*kind) && !key_only())?;
        let hint = match (form.adds(), kind.default_host()) {
            (false, _) => t().endpoint_keeps.to_owned(),
            (true, Some(host)) => (t().endpoint_default)(host),
            (true, None) => t().endpoint_custom.to_owned(),
        };
        Some(view! {
            <Field name="baseUrl" label=t().endpoint value=form.base_url hint error=form.error("baseUrl")/>
        })
    };
    let key = move || {
        let need = form.kind().map_or(TokenNeed::Optional, ProviderType::token_need);
        let hint = match (form.adds(), need) {
            (_, TokenNeed::None) => return None,
            (false, _) if !key_only() => t().api_key_keep,
            (_, TokenNeed::Optional) => t().api_key_optional,
            _ => t().api_key_hint,
        };
        Some(view! {
            <Field
                name="tokens" label=t().api_key value=form.key input=Input::Secret hint error=form.error("tokens")
                autocomplete="new-password"
            />
        })
    };
    let own = move || {
        let kind = form.kind().filter(|_| !key_only())?;
        let fields = settings_of(kind).iter().zip(form.settings).map(|(setting, value)| {
            view! { <Field name=setting.key label=setting.label value input=setting.input error=form.error(setting.key)/> }
        });
        Some(fields.collect_view())
    };
    view! { {identity} {endpoint} {key} {own} }.into_any()
}
