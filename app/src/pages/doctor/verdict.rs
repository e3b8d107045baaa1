//! How things are, in one sentence, said by somebody in a white coat.
use super::line::tone;
use crate::{
    components::{badge::Badge, moment::Moment},
    sprite::{draw, maps},
    text::{formats::number, t},
};
use domain::{CheckState, Doctor};
use leptos::prelude::*;

/// The worst first: in this order the counts are read.
const STATES: [CheckState; 4] =
    [CheckState::Failed, CheckState::Warning, CheckState::Ok, CheckState::Unknown];

/// The verdict, and how many checks came out how.
pub fn view(doctor: &Doctor) -> AnyView {
    let count = |state| doctor.checks.iter().filter(|check| check.state == state).count();
    let found = count(CheckState::Failed) + count(CheckState::Warning);
    let sentence = match (found, count(CheckState::Unknown)) {
        (0, 0) => t().doctor_well().to_owned(),
        (0, _) => t().doctor_nothing_found().to_owned(),
        (found, _) => t().doctor_needs(found),
    };
    let badge = |state| {
        let count = count(state);
        let word = format!("{} {}", number(count as u64), t().check_state(state));
        (count > 0).then(|| view! { <li><Badge tone=tone(state) word/></li> })
    };
    let asked = doctor.asked_at.clone();
    let asked = asked.map(|at| view! { " · " {t().doctor_asked_at()} " " <Moment at/> });
    let tone = tone(doctor.worst()).class();
    view! {
        <section class="panel verdict-panel" aria-labelledby="verdict">
            {portrait()}
            <div class="verdict-said">
                <h2 id="verdict" class=tone>{sentence}</h2>
                <ul class="verdict-counts">{STATES.map(badge).collect_view()}</ul>
                <p>{t().doctor_examined()} " " <Moment at=doctor.observed_at.clone()/> {asked}</p>
            </div>
            <svg class=format!("pulse {tone}") viewBox="0 0 60 13" aria-hidden="true">
                {draw(maps::PULSE, 0, 0)} {draw(maps::PULSE, 30, 0)}
            </svg>
        </section>
    }
    .into_any()
}

fn portrait() -> AnyView {
    let parts = [(maps::COAT, 11), (maps::HEAD, 0), (maps::HAIR[0], 0), (maps::MIRROR, 0)];
    view! {
        <svg class="portrait hair-5 skin-2" viewBox="0 0 16 18" aria-hidden="true">
            {parts.map(|(map, y)| draw(map, 0, y)).collect_view()}
        </svg>
    }
    .into_any()
}
