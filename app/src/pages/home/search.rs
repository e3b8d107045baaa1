//! Finding somebody in a large office: a field, and one press for each status. Without script the page is asked for anew;
//! with it the floor narrows while one types.
use super::desk::Seat;
use crate::{
    pages::query::address,
    text::{formats::number, t},
};
use leptos::prelude::*;

/// The field that narrows the floor.
const FIELD: &str = "find";
/// The list that is narrowed.
pub const LIST: &str = "rooms";

/// The search field; it stands outside of what is renewed, so that nothing typed is lost.
pub fn field(wanted: &str) -> AnyView {
    view! {
        <form class="find field" role="search" action="/agm/" method="get">
            <label for=FIELD>{t().find_worker()}</label>
            <input
                id=FIELD name="find" r#type="search" autocomplete="off" placeholder=t().find_hint() value=wanted.to_owned()
                data-filter=LIST
            />
        </form>
    }
    .into_any()
}

/// How many there are of each status, as presses that narrow the floor to them.
pub fn counts(seats: &[Seat], wanted: &str) -> AnyView {
    let mut words: Vec<(&str, usize)> = Vec::new();
    let troubled = seats.iter().filter(|seat| seat.trouble().is_some()).map(|_| t().in_trouble());
    let unpulled = seats.iter().filter(|seat| seat.unpulled.is_some()).map(|_| t().unpulled());
    for word in troubled.chain(unpulled).chain(seats.iter().map(|seat| seat.word)) {
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => words.push((word, 1)),
        }
    }
    let press = |(word, value, count): (&'static str, &'static str, usize)| {
        let here = (value == wanted).then_some("true");
        let href = address("/agm/", [("find", value)]);
        view! {
            <li>
                <a class="count" href=href aria-current=here data-find=FIELD data-value=value>
                    {word} " " <b>{number(count as u64)}</b>
                </a>
            </li>
        }
    };
    let all = (t().everybody(), "", seats.len());
    let presses = std::iter::once(all).chain(words.into_iter().map(|(word, count)| (word, word, count)));
    view! { <ul class="counts" aria-label=t().narrow_by_status()>{presses.map(press).collect_view()}</ul> }
        .into_any()
}
