//! What the server was told when it started, and by whom.
use crate::text::t;
use domain::Setting;
use leptos::prelude::*;

/// Every setting with its source, folded. The roles are said, for on a phone the rows are laid out as a grid.
pub fn view(settings: &[Setting]) -> AnyView {
    let told = settings.iter().filter(|setting| is_told(setting)).count();
    let heads = [t().doctor_setting, t().doctor_value, t().doctor_source];
    let head = |text: &'static str| view! { <th scope="col" role="columnheader">{text}</th> };
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <h2 id="settings-title">{t().doctor_settings}</h2>
            <details id="settings">
                <summary>{(t().doctor_settings_count)(settings.len(), told)}</summary>
                <table role="table">
                    <thead role="rowgroup">
                        <tr role="row">{heads.map(head).collect_view()}</tr>
                    </thead>
                    <tbody role="rowgroup">{settings.iter().map(row).collect_view()}</tbody>
                </table>
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
        None => t().doctor_not_set.to_owned(),
        Some("(set)") => t().doctor_secret.to_owned(),
        Some(value) => value.to_owned(),
    };
    let class = (!is_told(setting)).then_some("by-default");
    view! {
        <tr role="row" class=class>
            <th scope="row" role="rowheader">{setting.name.clone()}</th>
            <td role="cell">{value}</td>
            <td role="cell">{(t().setting_source)(&setting.source).to_owned()}</td>
        </tr>
    }
    .into_any()
}
