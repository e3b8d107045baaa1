use crate::{
    sprite::{icon, maps},
    text::t,
};
use leptos::prelude::*;

/// What the client says of the page as a whole. The words are rendered here, and it puts them where they are said: places
/// that are there from the beginning, for a screen reader tells of nothing that comes together with its place.
#[component]
pub fn Notices() -> impl IntoView {
    view! {
        <div class="page-notice" role="status" data-notice=""></div>
        <div class="toasts" role="status" id="toast"></div>
        <p class="sr" role="status" id="filtered"></p>
        <template id="says-gone">
            <p class="note warn">{t().server_gone()}</p>
        </template>
        <template id="says-signed-out">
            <p class="note warn">
                {t().session_ended()} " " <a href="/agm/login" target="_blank">{t().sign_in_in_new_tab()}</a>
            </p>
        </template>
        <template id="says-not-loaded">
            <div class="toast failed">
                {icon(maps::CROSS)}
                <span>{t().not_loaded()}</span>
                <button type="button" class="dialog-close" aria-label=t().dismiss() data-dismiss="">{icon(maps::CROSS)}</button>
            </div>
        </template>
    }
    .into_any()
}
