//! The edits of an operation as JSON, with every key and token: to be sealed, never to be shown.
use super::Kept;
use crate::{edits::Edit, registration::Registration};
use domain::{ProviderName, RouteName, Target};
use hiclaw::{Held, Image, Part, Version};
use higress::{PlainDoc, PlainName, ProviderDoc, RouteDoc};
use serde::{Deserialize, Serialize, de::Error};
use serde_json::Value;
use std::{borrow::Cow, time::Duration};
use zeroize::Zeroizing;

/// The edits as JSON.
pub fn to_json(work: &[Kept], ghosts: &[Edit]) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let steps = work.iter().map(|kept| match kept {
        Kept::Write(edit) => Some(written(edit)),
        Kept::Other => None,
    });
    let images = Images { work: steps.collect(), ghosts: ghosts.iter().map(written).collect() };
    serde_json::to_vec(&images).map(Zeroizing::new)
}

/// Reads them back.
pub fn from_json(json: &[u8]) -> Result<(Vec<Kept>, Vec<Edit>), serde_json::Error> {
    let images: Images<'_> = serde_json::from_slice(json)?;
    let kept = |written: Option<Written<'_>>| written.map_or(Ok(Kept::Other), |w| edit(w).map(Kept::Write));
    let work = images.work.into_iter().map(kept).collect::<Result<_, _>>()?;
    let ghosts = images.ghosts.into_iter().map(edit).collect::<Result<_, _>>()?;
    Ok((work, ghosts))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Images<'a> {
    /// None: a step that writes nothing.
    work: Vec<Option<Written<'a>>>,
    ghosts: Vec<Written<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Written<'a> {
    Provider {
        name: Cow<'a, ProviderName>,
        before: Option<Cow<'a, Value>>,
        after: Option<Cow<'a, Value>>,
    },
    Route {
        name: Cow<'a, RouteName>,
        before: Option<Cow<'a, Value>>,
        after: Option<Cow<'a, Value>>,
    },
    Record {
        target: Cow<'a, Target>,
        before: Option<Found<'a>>,
        after: Option<Cow<'a, str>>,
    },
    Agent {
        target: Cow<'a, Target>,
        part: Place,
        object: Cow<'a, str>,
        before: Found<'a>,
        after: Cow<'a, str>,
        owner: Cow<'a, str>,
        lasts: Option<Cow<'a, str>>,
        /// Records of earlier versions say nothing of it.
        #[serde(default)]
        sure_after_secs: u64,
    },
    Plain {
        name: Cow<'a, PlainName>,
        before: Option<Cow<'a, Value>>,
        after: Option<Cow<'a, Value>>,
    },
    Registration {
        before: Option<Cow<'a, Registration>>,
        after: Option<Cow<'a, Registration>>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found<'a> {
    image: Cow<'a, str>,
    version: Mark<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mark<'a> {
    Object(Cow<'a, str>),
    File(Cow<'a, str>),
    Note(Cow<'a, str>),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Registry,
    Spec,
    Environment,
    Config,
}

fn written(edit: &Edit) -> Written<'_> {
    match edit {
        Edit::Provider { name, before, after } => Written::Provider {
            name: Cow::Borrowed(name),
            before: before.as_ref().map(|doc| Cow::Borrowed(doc.json())),
            after: after.as_ref().map(|doc| Cow::Borrowed(doc.json())),
        },
        Edit::Route { name, before, after } => Written::Route {
            name: Cow::Borrowed(name),
            before: before.as_ref().map(|doc| Cow::Borrowed(doc.json())),
            after: after.as_ref().map(|doc| Cow::Borrowed(doc.json())),
        },
        Edit::Record { target, before, after } => Written::Record {
            target: Cow::Borrowed(target),
            before: before.as_ref().map(found),
            after: after.as_ref().map(|image| image.expose().into()),
        },
        Edit::Agent { target, edit } => Written::Agent {
            target: Cow::Borrowed(target),
            part: match edit.part {
                Part::Registry => Place::Registry,
                Part::Spec => Place::Spec,
                Part::Environment => Place::Environment,
                Part::Config => Place::Config,
            },
            object: edit.object.as_str().into(),
            before: found(&edit.before),
            after: edit.after.expose().into(),
            owner: edit.owner.as_ref().into(),
            lasts: edit.lasts.as_deref().map(Into::into),
            sure_after_secs: edit.sure_after.as_secs(),
        },
        Edit::Plain { name, before, after } => Written::Plain {
            name: Cow::Borrowed(name),
            before: before.as_ref().map(|doc| Cow::Borrowed(doc.json())),
            after: after.as_ref().map(|doc| Cow::Borrowed(doc.json())),
        },
        Edit::Registration { before, after } => Written::Registration {
            before: before.as_ref().map(Cow::Borrowed),
            after: after.as_ref().map(Cow::Borrowed),
        },
    }
}

fn found(held: &Held) -> Found<'_> {
    let version = match &held.version {
        Version::Object(etag) => Mark::Object(etag.as_str().into()),
        Version::File(hash) => Mark::File(hash.to_hex().into()),
        Version::Note(note) => Mark::Note(note.as_str().into()),
    };
    Found { image: held.image.expose().into(), version }
}

fn edit(written: Written<'_>) -> Result<Edit, serde_json::Error> {
    Ok(match written {
        Written::Provider { name, before, after } => {
            let doc = |json: Cow<'_, Value>| ProviderDoc::parse(json.into_owned()).map_err(Error::custom);
            let (before, after) = (before.map(doc).transpose()?, after.map(doc).transpose()?);
            Edit::Provider { name: name.into_owned(), before, after }
        }
        Written::Route { name, before, after } => {
            let doc = |json: Cow<'_, Value>| RouteDoc::parse(json.into_owned()).map_err(Error::custom);
            let (before, after) = (before.map(doc).transpose()?, after.map(doc).transpose()?);
            Edit::Route { name: name.into_owned(), before, after }
        }
        Written::Record { target, before, after } => Edit::Record {
            target: target.into_owned(),
            before: before.map(held).transpose()?,
            after: after.map(|text| Image::new(text.into_owned())),
        },
        Written::Agent { target, part, object, before, after, owner, lasts, sure_after_secs } => {
            let part = match part {
                Place::Registry => Part::Registry,
                Place::Spec => Part::Spec,
                Place::Environment => Part::Environment,
                Place::Config => Part::Config,
            };
            let edit = hiclaw::Edit {
                part,
                object: object.into_owned(),
                before: held(before)?,
                after: Image::new(after.into_owned()),
                owner: owner.into_owned().into(),
                lasts: lasts.map(|lasts| lasts.into_owned().into()),
                sure_after: Duration::from_secs(sure_after_secs),
            };
            Edit::Agent { target: target.into_owned(), edit }
        }
        Written::Plain { name, before, after } => {
            let name = name.into_owned();
            let doc = |json: Cow<'_, Value>| PlainDoc::new(name.clone(), json.into_owned());
            let (before, after) = (before.map(doc), after.map(doc));
            Edit::Plain { name, before, after }
        }
        Written::Registration { before, after } => {
            Edit::Registration { before: before.map(Cow::into_owned), after: after.map(Cow::into_owned) }
        }
    })
}

fn held(found: Found<'_>) -> Result<Held, serde_json::Error> {
    let version = match found.version {
        Mark::Object(etag) => Version::object(etag.into_owned()),
        Mark::File(hash) => {
            Version::file(&hash).ok_or_else(|| Error::custom("a hash of a file is malformed"))?
        }
        Mark::Note(note) => Version::Note(note.into_owned()),
    };
    Ok(Held { image: Image::new(found.image.into_owned()), version })
}
