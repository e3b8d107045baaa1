//! The forms of the page. They stand outside of what is renewed, so that nothing typed is lost.
use crate::{components::button::Kind, text::t};
use domain::Backup;
use leptos::prelude::*;

/// Takes a backup, with a name or without.
pub fn take() -> AnyView {
    view! {
        <form
            class="backup-form" data-form="backups" data-said=t().backed_up()
            data-nothing-new=t().backups_nothing_new()
        >
            {name("take-name", None)}
            <button type="submit" class=Kind::Primary.class()>{t().back_up_now()}</button>
            {refused()}
        </form>
    }
    .into_any()
}

/// Keeps a file, or a text that is pasted, as a backup.
pub fn import() -> AnyView {
    view! {
        <form
            class="backup-import" data-form="backups/import" data-said=t().backups_was_imported()
            data-nothing-new=t().backups_nothing_new()
        >
            <p class="field-hint">{t().backups_import_hint()}</p>
            <div class="field">
                <label for="import-file">{t().backups_file()}</label>
                <input id="import-file" r#type="file" accept=".yaml,.yml,.json" data-into="import-text"/>
            </div>
            <div class="field">
                <label for="import-text">{t().backups_text()}</label>
                <textarea id="import-text" name="text" rows="4" spellcheck="false" required></textarea>
            </div>
            <div class="backup-form">
                {name("import-name", None)}
                <button type="submit" class="btn">{t().backups_import_now()}</button>
            </div>
            {refused()}
        </form>
    }
    .into_any()
}

/// Gives a backup another name; an empty one takes the name away.
pub fn rename(backup: &Backup) -> AnyView {
    view! {
        <form class="backup-form" data-form=format!("backups/{}/rename", backup.id) data-said=t().backups_renamed()>
            {name(&format!("name-{}", backup.id), backup.name.as_ref().map(ToString::to_string))}
            <button type="submit" class=Kind::Small.class()>{t().backups_rename()}</button>
            {refused()}
        </form>
    }
    .into_any()
}

fn name(id: &str, value: Option<String>) -> AnyView {
    view! {
        <div class="field">
            <label for=id.to_owned()>{t().backups_name()}</label>
            <input id=id.to_owned() name="name" value=value autocomplete="off" spellcheck="false"/>
        </div>
    }
    .into_any()
}

/// Where the client says what the server refused.
fn refused() -> AnyView {
    view! { <p class="field-error" role="alert" data-form-error=""></p> }.into_any()
}
