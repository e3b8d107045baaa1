use crate::sprite::{draw, hash, maps};
use domain::WorkerStatus;
use leptos::prelude::*;

/// How somebody at a desk is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pose {
    Idle,
    Busy,
    Asleep,
    /// An empty chair and a dark screen.
    Away,
    /// Something is there, nobody knows how it does.
    Silhouette,
}

impl From<WorkerStatus> for Pose {
    fn from(status: WorkerStatus) -> Self {
        match status {
            WorkerStatus::Idle | WorkerStatus::Running | WorkerStatus::Starting => Self::Idle,
            WorkerStatus::Busy => Self::Busy,
            WorkerStatus::Sleeping => Self::Asleep,
            WorkerStatus::Stopped | WorkerStatus::Offline | WorkerStatus::Failed => Self::Away,
            WorkerStatus::Remote | WorkerStatus::Unknown => Self::Silhouette,
        }
    }
}

impl Pose {
    fn class(self) -> &'static str {
        match self {
            Self::Idle => "pose-idle",
            Self::Busy => "pose-busy",
            Self::Asleep => "pose-asleep",
            Self::Away => "pose-away",
            Self::Silhouette => "pose-silhouette",
        }
    }
}

/// Hair, skin, shirt and what else tells a person apart, from the name alone.
fn look(name: &str) -> (u32, String) {
    let hash = hash(name);
    (hash, format!("hair-{} skin-{} shirt-{}", (hash >> 4) % 7, (hash >> 9) % 5, (hash >> 14) % 8))
}

/// Head, hair and what is worn in the face, with the crown at `y`.
fn head(hash: u32, pose: Pose, y: usize) -> AnyView {
    let face = if pose == Pose::Asleep { maps::HEAD_ASLEEP } else { maps::HEAD };
    let hair = maps::HAIR[(hash % 6) as usize];
    let glasses =
        ((hash >> 19).is_multiple_of(4) && pose != Pose::Asleep).then(|| draw(maps::GLASSES, 0, y + 4));
    let beard = ((hash >> 22).is_multiple_of(8)).then(|| draw(maps::BEARD, 0, y + 7));
    view! { <g class="head">{draw(face, 0, y)} {beard} {draw(hair, 0, y)} {glasses}</g> }.into_any()
}

/// Somebody at a desk with a screen. Decoration: whoever shows it says name and status in words beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String, pose: Pose) -> impl IntoView {
    let (hash, look) = look(&name);
    let top = if pose == Pose::Asleep { 2 } else { 0 };
    let person = (pose != Pose::Away).then(|| {
        view! {
            <g class="person">
                <g class="body">{draw(maps::BODY, 0, 11)}</g>
                {head(hash, pose, top)}
            </g>
        }
    });
    let chair = (pose == Pose::Away).then(|| draw(maps::CHAIR, 0, 8));
    let lines = matches!(pose, Pose::Idle | Pose::Busy).then(|| {
        view! {
            <g class="frame-a">{draw(maps::SCREEN_LINES[0], 17, 6)}</g>
            <g class="frame-b">{draw(maps::SCREEN_LINES[1], 17, 6)}</g>
        }
    });
    let hands = (pose == Pose::Busy).then(|| {
        view! {
            <g class="frame-a">{draw(maps::HAND, 3, 14)}{draw(maps::HAND, 9, 13)}</g>
            <g class="frame-b">{draw(maps::HAND, 3, 13)}{draw(maps::HAND, 9, 14)}</g>
        }
    });
    let mug = ((hash >> 26).is_multiple_of(3)).then(|| draw(maps::MUG, 12, 12));
    view! {
        <svg class=format!("avatar {} {look}", pose.class()) viewBox="0 0 26 22" aria-hidden="true">
            {chair}
            {person}
            {draw(maps::SCREEN, 15, 4)}
            {lines}
            {draw(maps::DESK, 0, 15)}
            {mug}
            {hands}
        </svg>
    }
    .into_any()
}

/// A head alone, for lists.
#[component]
pub fn Face(#[prop(into)] name: String) -> impl IntoView {
    let (hash, look) = look(&name);
    view! {
        <svg class=format!("face {look}") viewBox="0 0 14 11" aria-hidden="true">
            {head(hash, Pose::Idle, 0)}
        </svg>
    }
    .into_any()
}
