//! An edit as a line of a plan. Secrets never appear in it.
use crate::{edits::Edit, plans::Looked, registration::Registration};
use domain::{Change, ChangeAction, Code, Failure, RouteName, StepName, rules::diff};
use hiclaw::{Held, Image, Part};
use higress::{PlainDoc, ProviderDoc, RouteDoc};
use serde_json::Value;

/// The change that an edit makes.
pub fn change(edit: &Edit) -> Result<Change, Failure> {
    let (before, after) = trees(edit)?;
    let action = match (&before, &after) {
        (None, _) => ChangeAction::Create,
        (Some(_), None) => ChangeAction::Delete,
        (Some(_), Some(_)) => ChangeAction::Update,
    };
    let diff = diff(before.as_ref(), after.as_ref());
    Ok(Change {
        object: edit.object(),
        action,
        diff,
        owner: owner(edit).to_owned(),
        lasts: lasts(edit).map(str::to_owned),
    })
}

fn trees(edit: &Edit) -> Result<(Option<Value>, Option<Value>), Failure> {
    Ok(match edit {
        Edit::Provider { before, after, .. } => {
            (before.as_ref().map(ProviderDoc::json).cloned(), after.as_ref().map(ProviderDoc::json).cloned())
        }
        Edit::Route { before, after, .. } => {
            (before.as_ref().map(RouteDoc::json).cloned(), after.as_ref().map(RouteDoc::json).cloned())
        }
        Edit::Record { before, after, .. } => {
            // A record that cannot be read is replaced; what it held is not shown.
            (
                before.as_ref().map(|held| tree(edit, &held.image).unwrap_or_default()),
                after.as_ref().map(|image| tree(edit, image)).transpose()?,
            )
        }
        Edit::Agent { edit: part, .. } => {
            (Some(tree(edit, &part.before.image)?), Some(tree(edit, &part.after)?))
        }
        Edit::Plain { before, after, .. } => {
            (before.as_ref().map(PlainDoc::shown), after.as_ref().map(PlainDoc::shown))
        }
        Edit::Registration { before, after } => {
            (before.as_ref().map(Registration::shown), after.as_ref().map(Registration::shown))
        }
    })
}

fn tree(edit: &Edit, image: &Image) -> Result<Value, Failure> {
    serde_json::from_str(image.expose()).map_err(|error| {
        // Only the place: the text around it may be a key.
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(Code::Internal, format!("{} is no JSON at {place}", edit.object()))
    })
}

fn owner(edit: &Edit) -> &str {
    match edit {
        Edit::Provider { before: Some(before), .. } if before.hiclaw_owned() => "hiclaw",
        Edit::Route { name, .. } if *name == RouteName::default_route() => "hiclaw",
        Edit::Agent { edit, .. } => &edit.owner,
        Edit::Provider { .. }
        | Edit::Route { .. }
        | Edit::Record { .. }
        | Edit::Plain { .. }
        | Edit::Registration { .. } => "agm",
    }
}

fn lasts(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::Provider { before: Some(before), .. } if before.hiclaw_owned() => {
            Some(domain::lasts::HICLAWS_PROVIDER)
        }
        Edit::Route { name, before: Some(before), after: Some(after) }
            if *name == RouteName::default_route() && before.upstreams() != after.upstreams() =>
        {
            Some(domain::lasts::DEFAULT_ROUTE)
        }
        Edit::Agent { edit, .. } => edit.lasts.as_deref(),
        Edit::Provider { .. }
        | Edit::Route { .. }
        | Edit::Record { .. }
        | Edit::Plain { .. }
        | Edit::Registration { .. } => None,
    }
}

/// The step that writes the edit.
pub fn step_name(edit: &Edit) -> StepName {
    match edit {
        Edit::Provider { .. } => StepName::Provider,
        Edit::Route { .. } => StepName::Route,
        Edit::Record { .. } => StepName::Record,
        Edit::Agent { edit, .. } => match edit.part {
            Part::Registry | Part::Environment => StepName::Record,
            Part::Spec | Part::Config => StepName::Config,
        },
        Edit::Plain { .. } | Edit::Registration { .. } => StepName::Registration,
    }
}

/// The object's name without its kind.
pub fn short(edit: &Edit) -> String {
    let object = edit.object();
    object.split_once(':').map_or(object.clone(), |(_, name)| name.to_owned())
}

/// A provider as a plan has read it. It has no version of its own, so the version is a hash of all it holds.
pub fn looked_provider(doc: Option<&ProviderDoc>) -> Looked {
    looked_hash(doc.map(ProviderDoc::content_hash), doc.map(|doc| doc.json().clone()))
}

/// A route as a plan has read it.
pub fn looked_route(doc: Option<&RouteDoc>) -> Looked {
    let version = doc.map_or_else(String::new, |doc| doc.version().to_owned());
    let hash = doc.map(RouteDoc::content_hash).unwrap_or_default();
    Looked { version, hash, tree: doc.map(|doc| doc.json().clone()) }
}

/// A plain object as a plan has read it. A domain or a route has a version, which also counts what changes nothing.
pub fn looked_plain(doc: Option<&PlainDoc>) -> Looked {
    looked_hash(doc.map(PlainDoc::content_hash), doc.map(PlainDoc::shown))
}

/// Our note of what is registered as a plan has read it.
pub fn looked_registration(registration: Option<&Registration>) -> Looked {
    looked_hash(registration.map(Registration::content_hash), registration.map(Registration::shown))
}

fn looked_hash(hash: Option<String>, tree: Option<Value>) -> Looked {
    let hash = hash.unwrap_or_default();
    Looked { version: hash.chars().take(16).collect(), hash, tree }
}

/// A text as a plan has read it.
pub fn looked_text(held: Option<&Held>) -> Looked {
    let version = held.map_or_else(String::new, |held| held.version.to_string());
    let hash = held.map(|held| held.image.content_hash()).unwrap_or_default();
    Looked { version, hash, tree: held.and_then(|held| serde_json::from_str(held.image.expose()).ok()) }
}
