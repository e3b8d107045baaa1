//! Pieces of the client that are loaded when they are first wanted: all pages but Home, and the dialogs.
use crate::{
    change::Change,
    components::{
        change_dialog::ChangeDialog,
        switch_dialog::{Switch, SwitchDialog},
    },
    pages::{login::LoginPage, models::ModelsPage, providers::ProvidersPage},
};
use leptos::prelude::*;
use leptos_router::{Lazy, LazyRoute, lazy_route};

/// A page in a file of its own: a route's view by `Page::route()`.
macro_rules! page {
    ($name:ident, $page:ident) => {
        #[doc = concat!("[`", stringify!($page), "`], loaded when it is opened.")]
        pub struct $name;

        impl $name {
            /// The view of a route.
            pub fn route() -> Lazy<Self> {
                Lazy::new()
            }
        }

        #[lazy_route]
        impl LazyRoute for $name {
            fn data() -> Self {
                Self
            }

            fn view(_this: Self) -> AnyView {
                view! { <$page/> }.into_any()
            }
        }
    };
}

page!(Login, LoginPage);
page!(Providers, ProvidersPage);
page!(Models, ModelsPage);

/// The dialogs, loaded when one is first opened.
#[component]
pub fn Dialogs() -> impl IntoView {
    let change = Change::take();
    let switch = Switch::take();
    let wanted = Memo::new(move |before: Option<&bool>| {
        before == Some(&true) || change.open.get() || switch.open.get()
    });
    view! {
        <Suspense>
            {move || wanted.get().then(|| Suspend::new(dialogs()))}
        </Suspense>
    }
    .into_any()
}

#[lazy]
fn dialogs() -> AnyView {
    view! { <SwitchDialog/><ChangeDialog/> }.into_any()
}
