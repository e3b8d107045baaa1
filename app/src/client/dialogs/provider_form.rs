pub mod settings;

use super::{change::Change, dialog::Dialog, plan_foot::PlanFoot, provider_fields::ProviderFields};
use crate::{act::Untrusted, api, text::t};
use domain::{
    EditProvider, Failure, Mutation, NewProvider, Protocol, Provider, ProviderType, Settings, TypedKey,
};
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Map, Value};
use settings::{Setting, Shape, has_endpoint, settings_of};

/// What the form is for.
#[derive(Clone, Debug, Default)]
pub enum Wish {
    #[default]
    Add,
    Edit(Provider),
    ReplaceKey(Provider),
}

/// Nobody types more keys by hand.
pub const MOST_KEYS: usize = 5;

/// The form in which a provider is added or changed.
#[derive(Clone, Copy)]
pub struct ProviderForm {
    pub change: Change,
    pub open: RwSignal<bool>,
    /// Whether somebody typed or chose anything.
    touched: RwSignal<bool>,
    /// Whether nobody vouches for what it was filled in with.
    untrusted: RwSignal<bool>,
    pub wish: RwSignal<Wish>,
    pub kind: RwSignal<String>,
    pub name: RwSignal<String>,
    /// True as soon as somebody typed a name: then it no longer follows the type.
    pub named: RwSignal<bool>,
    /// The names of the providers that there are; none as long as they are not known.
    names: RwSignal<Vec<String>>,
    pub base_url: RwSignal<String>,
    /// A place for each key.
    pub keys: [RwSignal<String>; MOST_KEYS],
    /// How many of the places are shown.
    pub key_count: RwSignal<usize>,
    /// As on the wire.
    pub protocol: RwSignal<String>,
    /// Whether keys take over from each other: `yes`, `no`, or nothing for as it is.
    pub failover: RwSignal<String>,
    /// The model that keys are checked with.
    pub check_model: RwSignal<String>,
    /// One for each place in [`settings_of`] the type.
    pub settings: [RwSignal<String>; settings::MOST],
}

impl ProviderForm {
    pub fn new(change: Change) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            change,
            open: RwSignal::new(false),
            touched: RwSignal::new(false),
            untrusted: RwSignal::new(false),
            wish: RwSignal::new(Wish::Add),
            kind: text(),
            name: text(),
            named: RwSignal::new(false),
            names: RwSignal::new(Vec::new()),
            base_url: text(),
            keys: std::array::from_fn(|_| text()),
            key_count: RwSignal::new(1),
            protocol: text(),
            failover: text(),
            check_model: text(),
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
        self.touched.set(false);
        self.untrusted.set(false);
        self.base_url.set(url.unwrap_or_default());
        self.protocol.set(stored_protocol(&wish));
        for field in [self.failover, self.check_model].into_iter().chain(self.settings).chain(self.keys) {
            field.set(String::new());
        }
        self.key_count.set(1);
        self.wish.set(wish);
        self.open.set(true);
        if self.adds() {
            self.read_names();
        }
    }

    /// Opens for a new provider with what a backup tells that could not be opened.
    pub fn open_untrusted(self, provider: Untrusted) {
        self.open(Wish::Add);
        self.untrusted.set(true);
        self.kind.set(provider.kind.id().to_owned());
        self.named.set(true);
        self.name.set(provider.name.to_string());
        self.base_url.set(provider.base_url.unwrap_or_default());
    }

    /// Nothing is lost when they cannot be had: the plan tells of a name that is taken, too.
    fn read_names(self) {
        spawn_local(async move {
            if let Ok(providers) = api::list_providers().await {
                self.names.set(providers.into_iter().map(|provider| provider.name.to_string()).collect());
            }
        });
    }

    /// Whether there is a provider of the name that is typed.
    pub fn is_taken(self) -> bool {
        self.adds() && self.name.with(|name| self.names.read().iter().any(|known| known == name.trim()))
    }

    pub fn kind(self) -> Option<ProviderType> {
        self.kind.get().parse().ok()
    }

    pub fn adds(self) -> bool {
        self.wish.with(|wish| matches!(wish, Wish::Add))
    }

    /// What a setting is that nobody says anything about.
    pub fn unset(self) -> &'static str {
        if self.adds() { t().by_default() } else { t().as_it_is() }
    }

    fn keys(self) -> Option<Vec<TypedKey>> {
        let keys: Vec<_> =
            self.keys.into_iter().map(text).filter(|key| !key.is_empty()).map(TypedKey::new).collect();
        (!keys.is_empty()).then_some(keys)
    }

    /// The base URL, where the type has one and it differs from what is stored.
    fn endpoint(self, stored: Option<&str>) -> Option<String> {
        let url = text(self.base_url);
        (!url.is_empty() && Some(url.as_str()) != stored).then_some(url)
    }

    fn settings(self, kind: ProviderType) -> Settings {
        let typed = settings_of(kind).iter().zip(self.settings);
        Settings(typed.filter_map(|(setting, value)| filled(setting, text(value))).collect())
    }

    /// The console's `tokenFailoverConfig`, where something was said about it.
    fn failover(self) -> Option<Map<String, Value>> {
        let model = text(self.check_model);
        let enabled = match text(self.failover).as_str() {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        let model = (!model.is_empty()).then(|| ("healthCheckModel".to_owned(), Value::from(model)));
        Some([("enabled".to_owned(), Value::Bool(enabled))].into_iter().chain(model).collect())
    }

    fn protocol(self) -> Protocol {
        if text(self.protocol) == ORIGINAL { Protocol::Original } else { Protocol::Openai }
    }

    fn mutation(self) -> Result<Mutation, Failure> {
        let kind = self.kind.get_untracked().parse::<ProviderType>();
        match self.wish.get_untracked() {
            Wish::Add => {
                let kind = kind.map_err(|error| Failure::field("type", error.to_string()))?;
                let named = |error: domain::NameError| Failure::field("name", error.to_string());
                if untrack(|| self.is_taken()) {
                    return Err(Failure::field("name", t().name_taken()));
                }
                Ok(Mutation::AddProvider(NewProvider {
                    name: text(self.name).parse().map_err(named)?,
                    kind,
                    protocol: self.protocol(),
                    base_url: if has_endpoint(kind) { self.endpoint(None) } else { None },
                    tokens: self.keys().unwrap_or_default(),
                    failover: self.failover(),
                    settings: self.settings(kind),
                }))
            }
            Wish::ReplaceKey(provider) => {
                let edit = EditProvider { tokens: self.keys(), ..EditProvider::default() };
                Ok(Mutation::EditProvider { name: provider.name, edit })
            }
            Wish::Edit(provider) => {
                let protocol = (text(self.protocol) != provider.protocol).then(|| self.protocol());
                let edit = EditProvider {
                    kind: None,
                    protocol,
                    base_url: self.endpoint(provider.base_url.as_deref()),
                    tokens: self.keys(),
                    failover: self.failover(),
                    settings: kind.map(|kind| self.settings(kind)).unwrap_or_default(),
                };
                Ok(Mutation::EditProvider { name: provider.name, edit })
            }
        }
    }
}

/// The wire's words for the two protocols.
pub const OPENAI: &str = "openai/v1";
pub const ORIGINAL: &str = "original";

fn stored_protocol(wish: &Wish) -> String {
    match wish {
        Wish::Add => OPENAI.to_owned(),
        Wish::Edit(provider) | Wish::ReplaceKey(provider) => provider.protocol.clone(),
    }
}

/// The first of `openai`, `openai-2`, … that no provider has.
fn free_name(kind: &str, names: &[String]) -> String {
    let numbered = (2..).map(|n| format!("{kind}-{n}"));
    let free = |name: &String| !names.contains(name);
    std::iter::once(kind.to_owned()).chain(numbered).find(free).unwrap_or_default()
}

fn text(value: RwSignal<String>) -> String {
    value.with_untracked(|text| text.trim().to_owned())
}

/// A setting as the console takes it; none where nothing was filled in.
fn filled(setting: &Setting, text: String) -> Option<(String, Value)> {
    let value = match (setting.shape, text.as_str()) {
        (_, "") => return None,
        (Shape::Flag, yes) => Value::Bool(yes == "yes"),
        (Shape::Typed(_), _) => Value::from(text),
    };
    Some((setting.key.to_owned(), value))
}

/// The dialog around the form.
#[component]
pub fn ProviderDialog(form: ProviderForm) -> impl IntoView {
    let title = Signal::derive(move || match form.wish.get() {
        Wish::Add => t().add_provider().to_owned(),
        Wish::Edit(provider) => t().provider_of(provider.name.as_str()),
        Wish::ReplaceKey(provider) => t().action_of(t().replace_key(), provider.name.as_str()),
    });
    // A name that nobody typed is that of the type.
    Effect::new(move |_| {
        let name = form.kind.with(|kind| form.names.with(|names| free_name(kind, names)));
        if form.adds() && !form.named.get_untracked() {
            form.name.set(name);
        }
    });
    let plan = Callback::new(move |()| match form.mutation() {
        Ok(wish) => form.change.plan(wish, Some(form.open)),
        Err(failure) => form.change.refuse(failure, form.open),
    });
    // What was said of a value before does not hold for the one that is being typed.
    let typed = move |_| {
        form.touched.set(true);
        form.change.forget_refusal();
    };
    let untrusted =
        move || form.untrusted.get().then(|| view! { <p class="note warn">{t().untrusted_form()}</p> });
    view! {
        <Dialog open=form.open title unsent=form.touched>
            <div class="choose" on:input=typed>{untrusted} <ProviderFields form/></div>
            <PlanFoot change=form.change open=form.open plan/>
        </Dialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_proposed_is_free() {
        let names = ["openai", "openai-3", "qwen"].map(str::to_owned);
        assert_eq!(
            ["openai", "qwen", "claude"].map(|kind| free_name(kind, &names)),
            ["openai-2", "qwen-2", "claude"]
        );
    }

    #[test]
    fn a_setting_is_sent_as_the_console_takes_it() {
        let [plan_mode] = settings_of(ProviderType::Zhipuai) else { panic!("one setting") };
        assert_eq!(filled(plan_mode, String::new()), None);
        assert_eq!(filled(plan_mode, "no".into()), Some(("zhipuCodePlanMode".into(), Value::Bool(false))));
        assert_eq!(filled(plan_mode, "yes".into()), Some(("zhipuCodePlanMode".into(), Value::Bool(true))));
        let region = &settings_of(ProviderType::Bedrock)[0];
        assert_eq!(filled(region, "us-east-1".into()), Some(("awsRegion".into(), "us-east-1".into())));
    }
}
