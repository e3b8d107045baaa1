//! The rooms of a large office: who sits with whom, in compact desks.
use super::{
    desk::Seat,
    search::{LIST, counts},
};
use crate::{
    components::{avatar::Avatar, badge::Badge, said::Told},
    text::{formats::number, t},
};
use leptos::prelude::*;

/// How many share a room that is no team's.
const ROOM: usize = 50;
/// How many the browser lays out together as they come into sight: full rows, be it one seat to a row or two, three or four.
const BLOCK: usize = 12;
/// Where those who were found sit together.
const FOUND: &str = "found";

/// A room and those who sit in it.
struct Room {
    sign: String,
    seats: Vec<Seat>,
}

/// Rooms by team where teams are known, those of no team in the last one; else by status, in rooms of names in a row.
fn rooms(seats: Vec<Seat>) -> Vec<Room> {
    let teams = seats.iter().any(|seat| seat.team.is_some());
    let mut rooms: Vec<Room> = Vec::new();
    for seat in seats {
        let sign = match (teams, &seat.team) {
            (true, Some(team)) => team.as_str(),
            (true, None) => t().no_team(),
            (false, _) => seat.word,
        };
        match rooms.iter_mut().find(|room| room.sign == sign) {
            Some(room) => room.seats.push(seat),
            None => rooms.push(Room { sign: sign.to_owned(), seats: vec![seat] }),
        }
    }
    if !teams {
        return rooms.into_iter().flat_map(by_names).collect();
    }
    rooms.sort_by_cached_key(|room| (room.seats.iter().all(|seat| seat.team.is_none()), room.sign.clone()));
    rooms
}

/// Parts a large room by names: `idle · ada-000 … boris-012`.
fn by_names(room: Room) -> Vec<Room> {
    if room.seats.len() <= ROOM {
        return vec![room];
    }
    let mut rest = room.seats.into_iter().peekable();
    let mut parts = Vec::new();
    while rest.peek().is_some() {
        let seats: Vec<_> = rest.by_ref().take(ROOM).collect();
        let name = |seat: Option<&Seat>| seat.map(|seat| seat.target.agent().to_owned()).unwrap_or_default();
        let sign = format!("{} · {} … {}", room.sign, name(seats.first()), name(seats.last()));
        parts.push(Room { sign, seats });
    }
    parts
}

/// All rooms; instead of them, if something is wanted, those in them who hold it.
pub fn view(seats: Vec<Seat>, wanted: &str) -> AnyView {
    let counts = counts(&seats, wanted);
    let wanted = wanted.trim().to_lowercase();
    let fits = |seat: &&Seat| seat.search_text().contains(&wanted);
    let found: Option<Vec<_>> = (!wanted.is_empty()).then(|| seats.iter().filter(fits).cloned().collect());
    let searches = found.is_some();
    let shown = found.as_ref().map_or(seats.len(), Vec::len).to_string();
    let rooms = rooms(seats).into_iter().map(room).collect_view();
    view! {
        {counts}
        <div id=FOUND class="seats" role="list" hidden=!searches>{found.map(blocks)}</div>
        <div id=LIST data-found=FOUND data-shown=shown hidden=searches>{rooms}</div>
        <p class="empty nobody-fits" data-nothing-fits="">{t().nobody_fits()}</p>
    }
    .into_any()
}

fn room(room: Room) -> AnyView {
    let count = number(room.seats.len() as u64);
    view! {
        <section class="room">
            <h3>{room.sign} " " <span>{count}</span></h3>
            <div class="seats" role="list">{blocks(room.seats)}</div>
        </section>
    }
    .into_any()
}

fn blocks(seats: Vec<Seat>) -> Vec<AnyView> {
    let mut seats = seats.into_iter().map(seat).peekable();
    let mut blocks = Vec::new();
    while seats.peek().is_some() {
        let block = seats.by_ref().take(BLOCK).collect_view();
        blocks.push(view! { <ul role="presentation">{block}</ul> }.into_any());
    }
    blocks
}

/// A compact desk: all of it is the button that gives its agent another model, or the way to why it gets none from here.
fn seat(seat: Seat) -> AnyView {
    let text = seat.search_text();
    let name = seat.target.agent().to_owned();
    let act = seat.act().data();
    let is_read_only = seat.read_only().is_some();
    let title = match is_read_only {
        true => format!("{} · {}", t().read_only(), seat.evidence),
        false => format!("{} · {}", t().set_model_of(&name), seat.evidence),
    };
    let model = seat.model();
    let trouble = seat.trouble();
    let unpulled = seat.unpulled.as_ref().map(|_| t().unpulled().into());
    let awaits = seat.awaits.clone().map(Told::from);
    let says = trouble.clone().or(awaits).or(unpulled);
    let says = says.or_else(|| Some(seat.task.clone().or_else(|| seat.provider())?.into()));
    let class = if trouble.is_some() { "says trouble" } else { "says" };
    let href = format!("/agm/models?find={name}");
    let who = view! {
        <Avatar name=name.clone() pose=seat.pose/>
        <b>{name}</b>
        <Badge tone=seat.tone word=seat.word/>
        <span>{model}</span>
        {says.map(|says| view! { <span class=class>{says.view()}</span> })}
    };
    let seat = match is_read_only {
        true => view! { <a class="seat" href=href title=title>{who}</a> }.into_any(),
        false => {
            view! { <button type="button" class="seat" data-act=act title=title>{who}</button> }.into_any()
        }
    };
    view! { <li role="listitem" data-text=text>{seat}</li> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Worker, WorkerStatus};

    fn seat(name: &str, team: Option<&str>, status: WorkerStatus) -> Seat {
        let worker = Worker {
            team: team.map(Into::into),
            ..Worker::unseen(name.parse().unwrap(), "openclaw".into(), status, String::new())
        };
        Seat::of(worker, None)
    }

    fn signs(seats: Vec<Seat>) -> Vec<(String, usize)> {
        rooms(seats).into_iter().map(|room| (room.sign, room.seats.len())).collect()
    }

    #[test]
    fn who_gets_no_model_from_here_is_the_way_to_why() {
        let free = seat("ada", None, WorkerStatus::Idle);
        let observed = serde_json::json!({"primary": null, "model": null, "route": null, "provider": null,
            "contextWindow": null, "inSync": true, "observedAt": "2026-01-15T10:30:00Z"});
        let now = serde_json::json!({"observed": observed, "readOnly": {"reason": "why", "way": "how"}});
        let mut bound = free.clone();
        bound.now = Some(serde_json::from_value(now).unwrap());
        let [free, bound] = [free, bound].map(|seat| super::seat(seat).to_html());
        assert!(free.contains("data-act") && !free.contains("find=ada"), "{free}");
        assert!(bound.contains("/agm/models?find=ada") && !bound.contains("data-act"), "{bound}");
    }

    #[test]
    fn a_team_has_a_room_and_who_has_no_team_sits_in_the_last() {
        let seats = [("a", None), ("b", Some("web")), ("c", Some("data")), ("d", Some("web"))]
            .map(|(name, team)| seat(name, team, WorkerStatus::Idle));
        let expected = [("data".into(), 1), ("web".into(), 2), (t().no_team().into(), 1)];
        assert_eq!(signs(seats.into()), expected);
    }

    #[test]
    fn without_teams_a_room_is_a_status_and_large_ones_are_parted_by_names() {
        let idle = (0..ROOM + 1).map(|number| seat(&format!("w-{number:02}"), None, WorkerStatus::Idle));
        let seats = idle.chain([seat("x", None, WorkerStatus::Busy)]).collect();
        let [idle, busy] = [WorkerStatus::Idle, WorkerStatus::Busy].map(|status| t().worker_status(status));
        let expected = [
            (format!("{idle} · w-00 … w-49"), ROOM),
            (format!("{idle} · w-50 … w-50"), 1),
            (busy.to_owned(), 1),
        ];
        assert_eq!(signs(seats), expected);
    }
}
