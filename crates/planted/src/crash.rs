//! Points at which a test lets the process die, as a power cut or `kill -9` would.

/// The variable that names the point, and after a colon how often it is passed before: `apply.after:2`.
pub const VARIABLE: &str = "AGM_CRASH_AT";

/// The variable that names a file to which every point that is passed is added, one a line.
pub const PASSED: &str = "AGM_CRASH_POINTS";

/// Dies here when the test wants it. In a release build this is nothing.
#[cfg(not(debug_assertions))]
pub const fn crash_point(_name: &str) {}

/// Dies here when the test wants it. In a release build this is nothing.
#[cfg(debug_assertions)]
pub fn crash_point(name: &str) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };
    static PASSED_FILE: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    if let Some(file) = PASSED_FILE.get_or_init(|| std::env::var_os(PASSED)) {
        note(file, name);
    }
    static WANTED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let (name, count) = text.rsplit_once(':').unwrap_or((&text, "0"));
        Some((name.to_owned(), AtomicU32::new(count.parse().ok()?)))
    });
    let Some((wanted, left)) = wanted else { return };
    let passed = |left: u32| left.checked_sub(1);
    if wanted == name && left.fetch_update(Ordering::AcqRel, Ordering::Acquire, passed).is_err() {
        std::process::abort();
    }
}

/// One write for a line, so that lines of two threads do not mix.
#[cfg(debug_assertions)]
fn note(file: &std::ffi::OsStr, name: &str) {
    use std::io::Write;
    let open = std::fs::OpenOptions::new().create(true).append(true).open(file);
    if let Err(error) = open.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes())) {
        eprintln!("the crash points that are passed cannot be noted: {error}");
    }
}
