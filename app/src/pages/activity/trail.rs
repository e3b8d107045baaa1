//! Whether what was done is still as it was written down.
use crate::{api::Caller, components::said::Told, error::ApiError, text::t};
use leptos::prelude::*;
use operations::Verified;

/// A longer trail is not read for each look at the page.
const QUICK: u64 = 1024 * 1024;

/// What a check of the trail says now.
pub async fn checked() -> Result<Option<Verified>, ApiError> {
    Ok(Caller::take()?.operations.trail(QUICK).await?)
}

/// That in a line, and how to have it checked from end to end.
pub fn line(checked: Result<Option<Verified>, ApiError>) -> AnyView {
    let (class, said) = match checked {
        Ok(None) => ("trail", t().trail_large().into()),
        Ok(Some(verified)) => match verified.breaks.first() {
            None => ("trail whole", t().trail_whole(verified.entries).into()),
            Some(first) => {
                let own = t().trail_broken(first.line, verified.breaks.len() - 1);
                ("trail broken", Told { own, said: format!("{}.", first.what) })
            }
        },
        Err(error) => ("trail broken", Told::from(domain::Failure::from(error)).after(t().trail_unread())),
    };
    view! { <p class=class>{said.view()} " " {t().trail_check()} " " <code>"agm history --verify"</code></p> }
        .into_any()
}
