//! What is pressed and what is filled in.
use super::{shelf, specimen, wide};
use crate::{
    act::{Act, Call},
    components::{
        button::{CallButton, Kind, Press},
        drawer::Drawer,
        tabs::{TabPanel, Tabs},
    },
    sprite::{icon, maps},
    text::t,
};
use leptos::prelude::*;

pub fn view() -> AnyView {
    view! { {buttons()} {links()} {fields()} {picker()} }.into_any()
}

fn buttons() -> AnyView {
    let kinds = [
        ("plain", Kind::Plain, t().back()),
        ("primary", Kind::Primary, t().set_model()),
        ("danger", Kind::Danger, t().remove()),
        ("small", Kind::Small, t().edit()),
        ("sign", Kind::Sign, "×"),
    ];
    let kind = |(state, kind, text): (&'static str, Kind, &'static str)| {
        let class = kind.class();
        let label = (kind == Kind::Sign).then_some(t().remove());
        let button = view! {
            <div class="specimen-row">
                <button type="button" class=class aria-label=label>{text}</button>
                <button type="button" class=class aria-label=label aria-busy="true">{text}</button>
                <button type="button" class=class aria-label=label disabled>{text}</button>
            </div>
        };
        specimen(state, button.into_any())
    };
    let live = view! {
        <div class="specimen-row">
            <Press act=Act::AddProvider text=t().add_provider()/>
            <CallButton call=Call { said: Some("Said."), ..Call::bare("ping") } text=t().test()/>
        </div>
    };
    let live = specimen("opens a dialog, makes a call that is refused", live.into_any());
    shelf("Buttons: at rest, busy, disabled", kinds.into_iter().map(kind).chain([live]))
}

fn links() -> AnyView {
    let count = |(word, count, here): (&'static str, usize, Option<&'static str>)| {
        view! { <li><a class="count" href="#content" aria-current=here>{word} " " <b>{count}</b></a></li> }
    };
    let counts = [("everybody", 120, Some("true")), ("busy", 14, None), ("asleep", 3, None)].map(count);
    let chips = ["default-ai-route", "qwen"].map(|name| view! { <span class="chip">{name}</span> " " });
    let signs =
        [maps::CHECK, maps::CROSS, maps::PLAY, maps::RETURN, maps::DOT, maps::DASH, maps::PLUS].map(icon);
    shelf(
        "Links, tabs, drawer, chips, signs",
        [
            specimen(
                "in a text",
                view! { <p>"See " <a href="#content">"the model"</a> " that it runs."</p> }.into_any(),
            ),
            specimen("as a button", view! { <a class="btn" href="#content">{t().refresh()}</a> }.into_any()),
            specimen("counts", view! { <ul class="counts">{counts.collect_view()}</ul> }.into_any()),
            specimen("tabs", tabs()),
            specimen(
                "a drawer",
                view! { <Drawer id="g-drawer" title=t().menu()><p>"Inside."</p></Drawer> }.into_any(),
            ),
            specimen("chips", view! { <p>{chips.collect_view()}</p> }.into_any()),
            specimen("signs", view! { <p class="specimen-row">{signs.collect_view()}</p> }.into_any()),
        ],
    )
}

fn tabs() -> AnyView {
    let tabs = vec!["One", "Two", "Three"];
    let panels = tabs.clone().into_iter().enumerate();
    let panel = |(at, text): (usize, &'static str)| view! { <TabPanel at=at + 1><p>{text} " is shown."</p></TabPanel> };
    view! { <div class="tabbed"><Tabs name="g-tabs" label="Views" tabs/> {panels.map(panel).collect_view()}</div> }
        .into_any()
}

/// A field as the dialogs make it.
fn field(
    name: &'static str,
    label: &'static str,
    control: AnyView,
    hint: &'static str,
    error: &'static str,
) -> AnyView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {control}
            <p class="field-hint" id=format!("{name}-hint")>{hint}</p>
            <p class="field-error" id=format!("{name}-error")>{error}</p>
        </div>
    }
    .into_any()
}

fn fields() -> AnyView {
    let text = |name: &'static str, value: &'static str, wrong: bool| {
        let described = format!("{name}-hint {name}-error");
        view! { <input id=name value=value aria-describedby=described aria-invalid=wrong.to_string()/> }
            .into_any()
    };
    let select = |name: &'static str, wrong: bool, disabled: bool| {
        let described = format!("{name}-error");
        view! {
            <select id=name disabled=disabled aria-describedby=described aria-invalid=wrong.to_string()>
                <option>"deepseek"</option>
                <option>"qwen"</option>
            </select>
        }
        .into_any()
    };
    let secret =
        view! { <input id="g-secret" type="password" value="not a key" autocomplete="off"/> }.into_any();
    let readonly = view! { <input id="g-fixed" value="openai/v1" readonly/> }.into_any();
    let long = view! { <textarea id="g-long" rows="3">"{\n  \"key\": \"value\"\n}"</textarea> }.into_any();
    let marks = view! {
        <div class="specimen-row">
            <input type="checkbox" class="mark-row" aria-label="not marked"/>
            <input type="checkbox" class="mark-row" aria-label="marked" checked/>
        </div>
    };
    let folded = |open: bool| {
        view! {
            <details class="folded" open=open>
                <summary>{t().more_settings()}</summary>
                <p class="field-hint">{t().own_limits_hint()}</p>
            </details>
        }
    };
    let said = "letters, digits, - and . only";
    shelf(
        "Fields",
        [
            specimen("empty", field("g-empty", t().name(), text("g-empty", "", false), t().name_hint(), "")),
            specimen(
                "filled in",
                field("g-full", t().name(), text("g-full", "deepseek-eu", false), t().name_hint(), ""),
            ),
            specimen(
                "wrong",
                field("g-wrong", t().name(), text("g-wrong", "deep seek", true), t().name_hint(), said),
            ),
            specimen("read only", field("g-fixed", t().protocol(), readonly, "", "")),
            specimen("a secret", field("g-secret", t().api_key(), secret, t().api_key_hint(), "")),
            specimen("several lines", field("g-long", t().details(), long, "", "")),
            specimen("a choice", field("g-choice", t().provider(), select("g-choice", false, false), "", "")),
            specimen(
                "a wrong choice",
                field("g-bad", t().provider(), select("g-bad", true, false), "", t().choose_provider()),
            ),
            specimen("no choice", field("g-off", t().provider(), select("g-off", false, true), "", "")),
            specimen("marks", marks.into_any()),
            specimen("folded", view! { <div class="dialog">{folded(false)}</div> }.into_any()),
            specimen("unfolded", view! { <div class="dialog">{folded(true)}</div> }.into_any()),
        ],
    )
}

/// Search as you type, with a row that the arrow keys went to.
fn picker() -> AnyView {
    let rows = [
        ("deepseek-chat", "64K context · 8K output"),
        ("deepseek-reasoner", "64K context · 64K output · reasoning"),
        ("deepseek-v3.2-exp", "128K context · 8K output"),
    ];
    let row = |(at, (id, can)): (usize, (&'static str, &'static str))| {
        let active = at == 1;
        view! {
            <li id=format!("g-row-{at}") role="option" class=if active { "active" } else { "" } aria-selected=active.to_string()>
                <b>{id}</b> <span class="from">"known"</span> <span class="can">{can}</span>
            </li>
        }
    };
    let list = view! {
        <div class="field picker">
            <label for="g-picker">{t().model()}</label>
            <input
                id="g-picker" role="combobox" autocomplete="off" value="deepseek" aria-expanded="true"
                aria-controls="g-rows" aria-autocomplete="list" aria-activedescendant="g-row-1" aria-describedby="g-note"
            />
            <div class="options">
                <ul id="g-rows" role="listbox" aria-label=t().model() tabindex="-1">
                    {rows.into_iter().enumerate().map(row).collect_view()}
                </ul>
            </div>
            <p class="field-hint" id="g-note">{t().model_count(rows.len())}</p>
        </div>
    };
    let nothing = field(
        "g-none",
        t().model(),
        view! { <input id="g-none" value="gpt-nobody" aria-describedby="g-none-hint"/> }.into_any(),
        "Nothing fits gpt-nobody. It can be used all the same.",
        "",
    );
    let loading = field("g-load", t().model(), view! { <input id="g-load"/> }.into_any(), t().loading(), "");
    shelf(
        "Type-ahead",
        [wide("found", list.into_any()), specimen("nothing found", nothing), specimen("loading", loading)],
    )
}
