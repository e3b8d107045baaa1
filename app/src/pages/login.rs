use super::{
    header::{Languages, Mark},
    query::Query,
};
use crate::{
    api,
    components::avatar::{Avatar, Pose},
    text::t,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// Who is not signed in comes here. The form goes to the server as forms do, and comes back with why it was refused.
#[component]
pub fn LoginPage() -> impl IntoView {
    let query = Query::current();
    let refused = match query.get("refused") {
        "" => None,
        "limited" => Some(t().sign_in_limited()),
        _ => Some(t().sign_in_wrong()),
    };
    let user = query.get("user").to_owned();
    let named = !user.is_empty();
    let sandbox = Suspend::new(async {
        let sandbox = api::session().await.is_ok_and(|session| session.sandbox);
        sandbox.then(|| view! { <p class="note">{t().sandbox_account()}</p> })
    });
    view! {
        <Title text=t().sign_in()/>
        <section class="panel sign-in">
            <div class="brand">
                <Mark/>
                <p><b>{t().product()}</b> <span>{t().tagline()}</span></p>
                <Languages/>
            </div>
            <div class="sign-in-scene" aria-hidden="true">
                {["alice", "bob", "dave"].map(|name| view! { <Avatar name pose=Pose::Idle/> }).collect_view()}
            </div>
            <h1>{t().sign_in()}</h1>
            <p>{t().sign_in_lead()}</p>
            {sandbox}
            <form method="post" action="/agm/login">
                <div class="field">
                    <label for="username">{t().user()}</label>
                    <input
                        id="username" name="username" value=user autocomplete="username" autocapitalize="none"
                        spellcheck="false" required
                    />
                </div>
                <div class="field">
                    <label for="password">{t().password()}</label>
                    <input
                        id="password" name="password" type="password" autocomplete="current-password" required
                        autofocus=named
                    />
                </div>
                {refused.map(|why| view! { <p class="error" role="alert">{why}</p> })}
                <button type="submit" class="btn primary">{t().sign_in()}</button>
            </form>
        </section>
    }
    .into_any()
}
