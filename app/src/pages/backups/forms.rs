//! The forms of the page. They stand outside of what is renewed, so that nothing typed is lost.
use crate::{components::button::Kind, text::t};
use domain::{Backup, Passphrase};
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
    // Without the client the passphrase would stand in the address.
    view! {
        <form
            method="post" class="backup-import" data-form="backups/import" data-said=t().backups_was_imported()
            data-nothing-new=t().backups_nothing_new()
        >
            <p class="field-hint">{t().backups_import_hint()}</p>
            <div class="field">
                <label for="import-file">{t().backups_file()}</label>
                <input id="import-file" r#type="file" accept=".yaml,.yml,.json,.age" data-into="import-text"/>
            </div>
            <div class="field">
                <label for="import-text">{t().backups_text()}</label>
                <textarea id="import-text" name="text" rows="4" spellcheck="false" required></textarea>
            </div>
            <div class="field">
                <label for="import-passphrase">{t().backups_passphrase()}</label>
                <input id="import-passphrase" name="passphrase" r#type="password" autocomplete="off"/>
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

/// Downloads a backup as a file that opens with a passphrase. What is typed is seen, since nobody would tell of a slip.
pub fn export(backup: &Backup, label: String) -> AnyView {
    let id = &backup.id;
    let field = format!("passphrase-{id}");
    // Without the client the passphrase would stand in the address.
    view! {
        <form
            method="post" class="backup-form" data-form=format!("backups/{id}/export")
            data-save=format!("agm-backup-{id}.age") data-said=t().backups_was_exported()
        >
            <div class="field">
                <label for=field.clone()>{t().backups_new_passphrase(Passphrase::SHORTEST)}</label>
                <input
                    id=field name="passphrase" autocomplete="off" spellcheck="false" required
                    minlength=Passphrase::SHORTEST.to_string()
                />
            </div>
            <button type="submit" class=Kind::Small.class() aria-label=label>{t().backups_encrypted()}</button>
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
