//! What the page says of itself: states, warnings, failures, nothing there, still loading.
use super::{shelf, specimen, wide};
use crate::{
    components::{
        badge::{Badge, Tone},
        error_note::ErrorNote,
        said::Told,
    },
    pages::home::alarm::Alarm,
    sprite::{icon, maps},
    text::t,
};
use domain::{Code, Failure, Reason, WorkerStatus};
use leptos::prelude::*;

pub fn view() -> AnyView {
    view! { {badges()} {alarms()} {notes()} {toasts()} }.into_any()
}

fn badges() -> AnyView {
    use WorkerStatus::{Busy, Failed, Idle, Offline, Remote, Running, Sleeping, Starting, Stopped, Unknown};
    let all = [Idle, Busy, Sleeping, Stopped, Starting, Running, Offline, Failed, Remote, Unknown];
    let badge = |status: WorkerStatus| {
        view! { <Badge tone=Tone::from(status) word=t().worker_status(status)/> }.into_any()
    };
    let badges = all.map(badge).collect_view();
    shelf("Badges", [wide("every status", view! { <p class="specimen-row">{badges}</p> }.into_any())])
}

fn alarms() -> AnyView {
    let full = view! {
        <Alarm
            sentence=t().alarm_not_allowed("dave")
            cause=t().alarm_not_allowed_cause("worker-dave", "deepseek-ai-route")
            more=t().alarm_more(2)
        >
            <button type="button" class="btn">{t().show_repair()}</button>
        </Alarm>
    };
    let short = view! {
        <Alarm sentence=t().alarm_system("gateway") cause=Told::said(Some("connection refused"))>""</Alarm>
    };
    shelf(
        "Alarm",
        [wide("with what mends it", full.into_any()), wide("nothing can be pressed", short.into_any())],
    )
}

fn notes() -> AnyView {
    let short = Failure::new(Code::Internal, "The answer is not what was asked for.");
    let long = Failure {
        reason: Some(Reason::Auth),
        ..Failure::new(Code::UpstreamUnavailable, "The gateway answered 401.").hint(t().api_key_hint())
    };
    let note = |class: &'static str, text: &'static str| view! { <p class=class>{text}</p> }.into_any();
    shelf(
        "Notes",
        [
            specimen("failed", view! { <ErrorNote failure=short/> }.into_any()),
            specimen("failed, with a way on", view! { <ErrorNote failure=long again=true/> }.into_any()),
            specimen("to know", note("note", t().sandbox_account())),
            specimen("to mind", note("note warn", t().managed_by_hiclaw())),
            specimen("the server is gone", note("note warn", t().server_gone())),
            specimen("without script", note("note warn no-script", t().page_needs_script())),
            specimen("nothing there", note("empty", t().no_providers())),
            specimen("nothing fits", note("empty", t().nothing_fits())),
            specimen("loading", note("waiting", t().loading())),
        ],
    )
}

fn toasts() -> AnyView {
    let toast = |failed: bool, text: &'static str, offers: &'static [fn() -> &'static str]| {
        let (class, sign) = if failed { ("toast failed", maps::CROSS) } else { ("toast", maps::CHECK) };
        let offer =
            |text: &fn() -> &'static str| view! { <button type="button" class="btn small">{text()}</button> };
        let offers = offers.iter().map(offer).collect_view();
        view! {
            <div class="toasts">
                <div class=class>
                    {icon(sign)}
                    <span>{text}</span>
                    {offers}
                    <button type="button" class="dialog-close" aria-label=t().dismiss()>{icon(maps::CROSS)}</button>
                </div>
            </div>
        }
        .into_any()
    };
    shelf(
        "Toasts",
        [
            specimen("done", toast(false, t().backed_up(), &[])),
            specimen(
                "done, with undo",
                toast(false, "alice » deepseek-chat", &[|| t().undo(), || t().details()]),
            ),
            specimen("failed", toast(true, t().not_reached(), &[|| t().details()])),
        ],
    )
}
