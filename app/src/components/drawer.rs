use crate::{
    sprite::{icon, maps},
    text::t,
};
use leptos::prelude::*;

/// What comes in from the side when its button is pressed, over the page. It is the browser's own popover: Escape and a
/// press beside it close it, the focus goes back to the button, and it needs no script.
#[component]
pub fn Drawer(
    /// Unique on the page.
    id: &'static str,
    /// What stands on its button, and at its top.
    title: &'static str,
    /// What its button says more to who hears it; the style tells when.
    #[prop(optional)]
    says: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let says = says.map(|says| view! { <span class="sr">", " {says}</span> });
    view! {
        <button type="button" class="btn small drawer-open" popovertarget=id>{icon(maps::MENU)} " " {title} {says}</button>
        <div id=id class="drawer" popover="auto">
            <div class="drawer-top">
                <b aria-hidden="true">{title}</b>
                <button type="button" class="dialog-close" popovertarget=id popovertargetaction="hide" aria-label=t().close()>
                    {icon(maps::CROSS)}
                </button>
            </div>
            {children()}
        </div>
    }
    .into_any()
}
