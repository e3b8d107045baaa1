use super::data;
use crate::{
    api, browser,
    components::{
        avatar::{Avatar, Pose},
        error_note::ErrorNote,
        field::{Field, Input},
        header::Mark,
    },
    text::t,
};
use domain::{Code, Failure};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// Who is not signed in comes here.
#[component]
pub fn LoginPage() -> impl IntoView {
    let session = data(|| (), |()| api::session());
    let (user, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // Without script the form comes back with why it was refused.
    let refused =
        use_query_map().with_untracked(|query| query.get("refused")).map(|why| match why.as_str() {
            "limited" => Failure::new(Code::RateLimited, t().sign_in_limited),
            _ => Failure::new(Code::AuthFailed, t().sign_in_wrong),
        });
    let refused = RwSignal::new(refused);
    let busy = RwSignal::new(false);
    let sign_in = move |event: ev::SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        spawn_local(async move {
            match api::login(user.get_untracked(), password.get_untracked()).await {
                Ok(_) => browser::visit("/agm/"),
                Err(error) => {
                    refused.set(Some(error.into()));
                    busy.set(false);
                }
            }
        });
    };
    let sandbox = move || {
        Suspend::new(async move {
            let sandbox = session.await.is_ok_and(|session| session.sandbox);
            sandbox.then(|| view! { <p class="note">{t().sandbox_account}</p> })
        })
    };
    view! {
        <Title text=t().sign_in/>
        <section class="panel sign-in">
            <div class="brand">
                <Mark/>
                <p><b>{t().product}</b> <span>{t().tagline}</span></p>
            </div>
            <div class="sign-in-scene" aria-hidden="true">
                {["alice", "bob", "dave"].map(|name| view! { <Avatar name pose=Pose::Idle/> }).collect_view()}
            </div>
            <h1>{t().sign_in}</h1>
            <p>{t().sign_in_lead}</p>
            <Suspense>{sandbox}</Suspense>
            <form method="post" action="/agm/login" on:submit=sign_in>
                <Field name="username" label=t().user value=user autocomplete="username"/>
                <Field
                    name="password" label=t().password value=password input=Input::Secret
                    autocomplete="current-password"
                />
                {move || refused.get().map(|failure| view! { <ErrorNote failure/> })}
                <button type="submit" class="btn primary" disabled=busy>{t().sign_in}</button>
            </form>
        </section>
    }
    .into_any()
}
