mod finding;
mod group;
mod line;
mod settings;
mod verdict;

use super::{Live, answered, find::FindForm};
use crate::{
    api::{Caller, Examination, Installation, RENEWAL},
    components::button::Kind,
    error::ApiError,
    text::t,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

const PATH: &str = "/agm/doctor";
/// What the search narrows.
const LIST: &str = "checks";
/// More lines of one check than these are folded, so that a thousand workers do not hide the rest.
const FEW: usize = 10;

/// Every check, made now: what is wrong first, with what mends it, and then all that was looked at.
#[component]
pub fn DoctorPage() -> impl IntoView {
    let query = use_query_map();
    let probe = query.with_untracked(|query| query.get("probe").as_deref() == Some("1"));
    let find = query.with_untracked(|query| query.get("find")).unwrap_or_default();
    // Without script it examines anew.
    let form = view! {
        <FindForm action=PATH class="doctor-find" hint=t().doctor_find wanted=find.clone() list=LIST/>
    };
    let page = Suspend::new(async move {
        let wanted = find.trim().to_lowercase();
        answered(examined(probe).await, |examination| report(&examination, &wanted))
    });
    view! {
        <Title text=t().doctor/>
        <header class="page-head">
            <h1>{t().doctor}</h1>
            <p>{t().doctor_lead}</p>
            <div class="doctor-acts">
                <a class=Kind::Plain.class() href=PATH>{t().doctor_again}</a>
                <a class=Kind::Primary.class() href=format!("{PATH}?probe=1") aria-describedby="probe-means">
                    {t().doctor_probe}
                </a>
            </div>
        </header>
        <div class="doctor-tools">
            {form}
            <p id="probe-means">{t().doctor_probe_means}</p>
        </div>
        <Live id="doctor" topics="operations">{page}</Live>
    }
    .into_any()
}

/// The examination that the reader asks for. A page that renews itself must not ask the models once more, as nobody did.
async fn examined(probe: bool) -> Result<Examination, ApiError> {
    Caller::take()?;
    let parts = use_context::<http::request::Parts>();
    let is_renewal = parts.is_some_and(|parts| parts.headers.contains_key(RENEWAL));
    Ok(Installation::take()?.examine(probe && !is_renewal).await)
}

fn report(examination: &Examination, wanted: &str) -> AnyView {
    let lines: Vec<_> = examination.doctor.checks.iter().map(|check| line::Line::of(check, wanted)).collect();
    let shown = lines.iter().filter(|line| line.is_wanted).count();
    view! {
        {verdict::view(&examination.doctor)}
        <div class="checks" id=LIST data-shown=shown.to_string()>
            {finding::all(&lines)}
            {group::all(&lines)}
        </div>
        <p class="nothing-fits" role="status">{t().doctor_nothing_fits}</p>
        {settings::view(&examination.settings)}
    }
    .into_any()
}
