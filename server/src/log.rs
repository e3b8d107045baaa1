//! What is logged: to standard error or a file, for people or as JSON, and the newest lines in memory for bug reports. Every line
//! that belongs to a request or an operation names it by its spans.
use crate::log_file::LogFile;
use clap::ValueEnum;
use std::{
    collections::VecDeque,
    io::{self, IsTerminal},
    panic,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{ParseError, Targets},
    fmt::{self, MakeWriter, writer::BoxMakeWriter},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Our own crates. Libraries may log headers, so a bare level is not for them.
const OWN: [&str; 8] = ["server", "app", "operations", "higress", "hiclaw", "store", "openclaw", "sandbox"];
/// How many bytes of lines are remembered.
const REMEMBERED: usize = 256 * 1024;
/// A longer line is cut.
const LONGEST: usize = 4 * 1024;

/// In which form it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Why nothing is logged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("--log: {0}")]
    Filter(#[from] ParseError),
    #[error("{}: {cause}", .path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("the log was begun before")]
    Begun,
}

/// The newest lines of the log, each a JSON object. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Recent {
    /// The lines, the oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().cloned().collect()
    }

    /// What fills it, with what our own crates say; the libraries' details would push that out.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let own = OWN.map(|name| (name, LevelFilter::DEBUG));
        let wanted = Targets::new().with_default(LevelFilter::WARN).with_targets(own);
        json().with_writer(self.clone()).with_filter(wanted)
    }

    fn add(&self, line: &str) {
        let line = line.trim_end();
        let line = line.get(..line.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.bytes += line.len();
        all.lines.push_back(line);
        while all.bytes > REMEMBERED {
            let Some(oldest) = all.lines.pop_front() else { break };
            all.bytes -= oldest.len();
        }
    }
}

/// A line comes in one piece.
impl io::Write for Recent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Recent {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The target of a panic's line, which no filter leaves out.
const PANIC: &str = "agm::panic";

/// Begins to log what is `wanted`: a level for our own crates, or a filter of the tracing library. Without a file it goes
/// to standard error. Panics are logged too.
pub fn begin(wanted: &str, format: LogFormat, file: Option<&Path>) -> Result<Recent, LogError> {
    let recent = Recent::default();
    let is_terminal = file.is_none() && io::stderr().is_terminal();
    let writer = match file {
        Some(path) => {
            let file = LogFile::open(path).map_err(|cause| LogError::File { path: path.into(), cause })?;
            BoxMakeWriter::new(Mutex::new(file))
        }
        None => BoxMakeWriter::new(io::stderr),
    };
    let is_text = match format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let shown = match is_text {
        true => fmt::layer().with_ansi(is_terminal).with_writer(writer).boxed(),
        false => json().with_writer(writer).boxed(),
    };
    let log = tracing_subscriber::registry().with(filter(wanted)?).with(recent.layer()).with(shown);
    log.try_init().map_err(|_| LogError::Begun)?;
    log_panics();
    Ok(recent)
}

/// From now on a panic is a line of the log, within the spans of what it broke, and no text on standard error.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(tracing::field::display);
        // What was put together at run time may hold anything, keys as well; a text of the code cannot.
        let said = panic.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(target: PANIC, at, said = said.unwrap_or("left out: it may hold a secret"), "something panicked");
    }));
}

/// The message and its fields beside time, level and target, and the spans with theirs.
fn json<S>() -> fmt::Layer<S, fmt::format::JsonFields, fmt::format::Format<fmt::format::Json>> {
    fmt::layer().json().flatten_event(true).with_current_span(false)
}

fn filter(wanted: &str) -> Result<EnvFilter, ParseError> {
    let filter = EnvFilter::try_new(match wanted.parse::<LevelFilter>() {
        Ok(level) => format!("warn,{}", OWN.map(|name| format!("{name}={level}")).join(",")),
        Err(_) => wanted.to_owned(),
    })?;
    // Nothing else tells of a panic.
    Ok(filter.add_directive(format!("{PANIC}=error").parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use tracing::Instrument;

    #[test]
    fn a_line_names_the_request_and_the_operation_that_it_belongs_to() {
        let recent = Recent::default();
        let log = tracing_subscriber::registry().with(recent.layer());
        tracing::subscriber::with_default(log, || {
            let request = tracing::info_span!("request", request = "r-1");
            let _in_request = request.enter();
            let operation = tracing::info_span!("operation", operation = "01JD");
            let work = async { tracing::warn!(ms = 3, "slow") };
            futures::executor::block_on(work.instrument(operation));
        });
        let lines = recent.lines();
        assert_eq!(lines.len(), 1);
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((&line["message"], &line["ms"]), (&"slow".into(), &3.into()), "{line}");
        assert_eq!(line["spans"][0]["request"], "r-1", "{line}");
        assert_eq!(line["spans"][1]["operation"], "01JD", "{line}");
    }

    #[test]
    fn no_filter_leaves_a_panic_out() {
        for (wanted, others) in [("off", 1), ("operations=debug", 0), ("info", 1)] {
            let recent = Recent::default();
            let log = tracing_subscriber::registry().with(filter(wanted).unwrap()).with(recent.layer());
            tracing::subscriber::with_default(log, || {
                tracing::error!(target: PANIC, "something panicked");
                tracing::error!(target: "others", "something else");
            });
            assert_eq!(recent.lines().len(), 1 + others, "{wanted}");
        }
    }

    #[test]
    fn only_the_newest_lines_are_remembered_and_long_ones_are_cut() {
        let recent = Recent::default();
        recent.add(&"é".repeat(LONGEST));
        assert_eq!(recent.lines()[0].len(), LONGEST);
        let line = "x".repeat(1000);
        for number in 0..1000 {
            recent.add(&format!("{number:03}{line}\n"));
        }
        let lines = recent.lines();
        assert!(lines.iter().map(String::len).sum::<usize>() <= REMEMBERED);
        assert!(lines.len() > 200 && lines.last().unwrap().starts_with("999x"), "{}", lines.len());
    }

    #[test]
    fn a_bare_level_is_for_our_own_crates() {
        let told = filter("debug").unwrap().to_string();
        assert!(told.contains("operations=debug") && told.contains("warn"), "{told}");
        assert_eq!(filter("hyper=trace").unwrap().to_string(), format!("{PANIC}=error,hyper=trace"));
        assert!(filter("server=loud").is_err());
    }
}
