//! A backup that no key of this server opens: what can be read of it all the same, and what that is good for.
use crate::{
    act::{Act, Untrusted},
    components::button::{Kind, Press},
    text::t,
};
use domain::{Visible, VisibleProvider};
use leptos::prelude::*;

/// What is lost, and the providers that can be added anew by hand.
pub fn view(visible: &Visible) -> AnyView {
    let providers = visible.providers.iter().cloned().map(provider).collect_view();
    view! {
        <div class="note warn here-lost">
            <p>{t().lost_key()}</p>
            <p>{t().lost_key_means()}</p>
            <ul>{providers}</ul>
        </div>
    }
    .into_any()
}

/// A type that we do not know has no form.
fn provider(provider: VisibleProvider) -> AnyView {
    let VisibleProvider { name, kind, base_url, .. } = provider;
    let said = base_url.clone().unwrap_or_default();
    let form = kind.parse().ok().map(|kind| {
        let act = Act::AddUntrusted(Untrusted { name: name.clone(), kind, base_url });
        view! { <Press act text=t().lost_key_form(name.as_str()) kind=Kind::Small/> }
    });
    view! { <li><b>{name.to_string()}</b> " " {kind} " " <small>{said}</small> " " {form}</li> }.into_any()
}
