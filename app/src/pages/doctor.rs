mod finding;
mod group;
mod line;
mod settings;
mod verdict;

use super::{Live, answered, find::FindForm, query::Query};
use crate::{
    act::Call,
    api::{Caller, Examination, Installation, RENEWAL},
    components::button::{CallButton, Kind},
    error::ApiError,
    text::t,
};
use leptos::prelude::*;
use leptos_meta::Title;

const PATH: &str = "/agm/doctor";
/// What goes with a bug report.
const BUNDLE: &str = "/ni_status/doctor/bundle";
/// What the search narrows.
const LIST: &str = "checks";
/// More lines of one check than these are folded, so that a thousand workers do not hide the rest.
const FEW: usize = 10;

/// Every check, made when the page is opened; a renewal may show those of up to 30 s ago. What is wrong stands first, with
/// what mends it, and then all that was looked at.
#[component]
pub fn DoctorPage() -> impl IntoView {
    let query = Query::current();
    let find = query.get("find").to_owned();
    // Without script it examines anew.
    let form = view! {
        <FindForm action=PATH class="doctor-find" hint=t().doctor_find() wanted=find.clone() list=LIST/>
    };
    let page = Suspend::new(async move {
        let wanted = find.trim().to_lowercase();
        answered(examined().await, |examination| report(&examination, &wanted))
    });
    let probe = Call { said: Some(t().doctor_asked()), ..Call::bare("doctor/probe") };
    view! {
        <Title text=t().doctor()/>
        <header class="page-head">
            <h1>{t().doctor()}</h1>
            <p>{t().doctor_lead()}</p>
            <div class="doctor-acts">
                <a class=Kind::Plain.class() href=PATH>{t().doctor_again()}</a>
                <a class=Kind::Plain.class() href=BUNDLE download title=t().doctor_bundle_means()>
                    {t().doctor_bundle()}
                </a>
                <CallButton call=probe text=t().doctor_probe() kind=Kind::Primary described_by="probe-means"/>
            </div>
        </header>
        <div class="doctor-tools">
            {form}
            <p id="probe-means">{t().doctor_probe_means()}</p>
        </div>
        <Live id="doctor" topics="operations">{page}</Live>
    }
    .into_any()
}

/// Everything looked at anew for a reader; a page that renews itself at each step of a change is not worth that.
async fn examined() -> Result<Examination, ApiError> {
    Caller::take()?;
    let installation = Installation::take()?;
    let parts = use_context::<http::request::Parts>();
    Ok(match parts.is_some_and(|parts| parts.headers.contains_key(RENEWAL)) {
        true => installation.examined_lately().await,
        false => installation.examine(false).await,
    })
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
        <p class="nothing-fits" data-nothing-fits="">{t().doctor_nothing_fits()}</p>
        {settings::view(&examination.settings)}
    }
    .into_any()
}
