//! What the server was told when it started, and by whom.
use crate::{
    components::table::{Cell, Row, RowHead, Table, head},
    text::t,
};
use domain::Setting;
use leptos::prelude::*;

/// Every setting with its source, folded.
pub fn view(settings: &[Setting]) -> AnyView {
    let told = settings.iter().filter(|setting| is_told(setting)).count();
    let heads = [t().doctor_setting(), t().doctor_value(), t().doctor_source()].map(head);
    let rows = settings.iter().map(row).collect();
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <h2 id="settings-title">{t().doctor_settings()}</h2>
            <details id="settings">
                <summary>{t().doctor_settings_count(settings.len(), told)}</summary>
                <Table named_by="settings-title" heads=heads.into() rows/>
            </details>
        </section>
    }
    .into_any()
}

/// Whether somebody said it, as opposed to what holds when nobody does.
fn is_told(setting: &Setting) -> bool {
    setting.source != "default"
}

fn row(setting: &Setting) -> AnyView {
    let value = match setting.value.as_deref() {
        None => t().doctor_not_set().to_owned(),
        Some("(set)") => t().doctor_secret().to_owned(),
        Some(value) => value.to_owned(),
    };
    let (name, source) = (setting.name.clone(), t().setting_source(&setting.source).to_owned());
    let class = if is_told(setting) { "" } else { "by-default" };
    view! {
        <Row class>
            <RowHead>{name}</RowHead>
            <Cell>{value}</Cell>
            <Cell>{source}</Cell>
        </Row>
    }
    .into_any()
}
