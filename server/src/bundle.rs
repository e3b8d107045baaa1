//! What helps to find out what is wrong, in one archive for a bug report. Everything in it is also shown by a page or an
//! answer of the API, and is as free of keys, passwords and sessions as those.
use crate::http::{AppState, metrics_page};
use domain::{Code, Failure, Timestamp};
use flate2::{Compression, write::GzEncoder};
use operations::Operations;
use rustix::system::uname;
use serde::Serialize;
use serde_json::json;
use std::{io, time::SystemTime};
use tar::{Builder, Header};

/// The folder that the archive unpacks to.
const FOLDER: &str = "agm-bundle";
/// Longer trails are not read for a report.
const LONGEST_TRAIL: u64 = 16 * 1024 * 1024;

/// A file of the archive, or why there is none.
type Part = (&'static str, Result<Vec<u8>, Failure>);

/// What the archive says of itself.
#[derive(Serialize)]
struct Manifest {
    /// Of agm.
    version: &'static str,
    taken_at: Timestamp,
    files: Vec<&'static str>,
    /// What could not be had, and why.
    missing: Vec<Missing>,
}

#[derive(Serialize)]
struct Missing {
    file: &'static str,
    why: Failure,
}

/// Makes the archive. What cannot be looked at is left out, and its manifest says why.
///
/// # Errors
/// `INTERNAL` when the archive cannot be put together.
pub async fn make(state: &AppState) -> Result<Vec<u8>, Failure> {
    let examination = state.installation().examine(false).await;
    let taken_at = examination.doctor.observed_at.clone();
    let mut parts = vec![
        ("doctor.json", json(Ok(&examination))),
        ("platform.json", json(Ok(platform()))),
        ("metrics.txt", Ok(metrics_page(&state.shared).await.into_bytes())),
        ("log.jsonl", Ok(state.shared.log.lines().join("\n").into_bytes())),
    ];
    parts.extend(of_operations(&state.shared.operations).await);
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        taken_at,
        files: parts.iter().filter(|(_, part)| part.is_ok()).map(|(file, _)| *file).collect(),
        missing: parts.iter().filter_map(missing).collect(),
    };
    let manifest = json(Ok(manifest))?;
    let files = parts.into_iter().filter_map(|(file, part)| Some((file, part.ok()?)));
    let files = std::iter::once(("manifest.json", manifest)).chain(files);
    pack(files).map_err(|error| Failure::new(Code::Internal, format!("the archive: {error}")))
}

async fn of_operations(operations: &Operations) -> Vec<Part> {
    let (providers, routes, workers, assignments, drift, past, trail, backups) = futures::join!(
        operations.providers(),
        operations.routes(),
        operations.workers(),
        operations.assignments(),
        Box::pin(operations.drift()),
        operations.past(),
        operations.trail(LONGEST_TRAIL),
        operations.backups(),
    );
    let trail = trail.map(|verified| {
        verified.map(|verified| {
            let breaks = verified.breaks.into_iter().map(|found| json!({"line": found.line, "object": found.object, "what": found.what}));
            json!({"entries": verified.entries, "links": verified.links, "foreign": verified.foreign, "breaks": breaks.collect::<Vec<_>>()})
        })
    });
    vec![
        ("providers.json", json(providers.map(|seen| seen.value.clone()))),
        ("routes.json", json(routes.map(|seen| seen.value.clone()))),
        ("workers.json", json(workers.map(|seen| seen.value.clone()))),
        ("assignments.json", json(assignments)),
        ("drift.json", json(drift)),
        ("operations.json", json(Ok(past.iter().map(AsRef::as_ref).collect::<Vec<_>>()))),
        ("trail.json", json(trail)),
        ("backups.json", json(backups)),
        ("usage.json", json(Ok(operations.usage()))),
    ]
}

fn missing((file, part): &Part) -> Option<Missing> {
    part.as_ref().err().map(|why| Missing { file, why: why.clone() })
}

fn platform() -> serde_json::Value {
    let system = uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    json!({
        "agm": env!("CARGO_PKG_VERSION"),
        "system": text(system.sysname()),
        "release": text(system.release()),
        "machine": text(system.machine()),
        "processors": std::thread::available_parallelism().map(usize::from).ok(),
        "container": std::path::Path::new("/.dockerenv").exists(),
        "process": std::process::id(),
    })
}

fn json(value: Result<impl Serialize, Failure>) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec_pretty(&value?).map_err(|error| Failure::new(Code::Internal, error.to_string()))
}

fn pack(files: impl Iterator<Item = (&'static str, Vec<u8>)>) -> io::Result<Vec<u8>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (file, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_mtime(now.as_secs());
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("{FOLDER}/{file}"), bytes.as_slice())?;
    }
    archive.into_inner()?.finish()
}
