//! What stands at a path now.
use super::{
    PackagingError,
    files::Content,
    manifest::{hash_of, hash_of_link},
};
use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

/// The most lines of each side that a difference shows.
const SHOWN: usize = 20;

/// What stands at a path.
pub enum Found {
    Nothing,
    File {
        text: String,
        mode: u32,
    },
    Link(String),
    /// A folder, or a file that is no text.
    Other,
}

impl Found {
    /// Looks, and does not follow a link.
    pub fn at(path: &Path) -> Result<Self, PackagingError> {
        let failed = |source| PackagingError::io(path, source);
        let about = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            about => about.map_err(failed)?,
        };
        if about.is_symlink() {
            let to = fs::read_link(path).map_err(failed)?;
            return Ok(Self::Link(to.display().to_string()));
        }
        if !about.is_file() {
            return Ok(Self::Other);
        }
        let mode = about.permissions().mode() & 0o7777;
        let text = String::from_utf8(fs::read(path).map_err(failed)?);
        Ok(text.map_or(Self::Other, |text| Self::File { text, mode }))
    }

    /// The hashes that it may be known by: its own, and that of the text which HiClaw put into a frame of its own.
    pub fn hashes(&self) -> impl Iterator<Item = String> {
        let (own, framed) = match self {
            Self::File { text, .. } => {
                (Some(hash_of(text.as_bytes())), unframed(text).map(|text| hash_of(text.as_bytes())))
            }
            Self::Link(to) => (Some(hash_of_link(to)), None),
            Self::Nothing | Self::Other => (None, None),
        };
        own.into_iter().chain(framed)
    }

    fn lines(&self) -> Vec<String> {
        match self {
            Self::File { text, .. } => text.lines().map(str::to_owned).collect(),
            Self::Link(to) => vec![format!("(a link to {to})")],
            Self::Nothing => Vec::new(),
            Self::Other => vec!["(no text)".into()],
        }
    }
}

/// A text without the frame that HiClaw sets around the built-in part of a skill's text, when nothing was added behind it.
fn unframed(text: &str) -> Option<&str> {
    let framed = text.strip_prefix("<!-- hiclaw-builtin-start -->\n")?;
    let (_, text) = framed.split_once("\n\n")?;
    text.strip_suffix("\n<!-- hiclaw-builtin-end -->\n")
}

/// From the first line that differs to the last one, `-` before what is there, `+` before what would be.
pub fn difference(found: &Found, wanted: &Content) -> Vec<String> {
    let there = found.lines();
    let ours: Vec<_> = match wanted {
        Content::Text { text, .. } | Content::Section(text) => text.lines().map(str::to_owned).collect(),
        Content::Link(to) => vec![format!("(a link to {to})")],
    };
    let same = |pair: &(&String, &String)| pair.0 == pair.1;
    let head = there.iter().zip(&ours).take_while(same).count();
    let rest = |lines: &[String]| lines.get(head..).unwrap_or_default().to_vec();
    let (there, ours) = (rest(&there), rest(&ours));
    let tail = there.iter().rev().zip(ours.iter().rev()).take_while(same).count();
    let side = |mark: char, lines: &[String]| {
        let lines = lines.get(..lines.len() - tail).unwrap_or_default();
        lines.iter().take(SHOWN).map(|line| format!("{mark} {line}")).collect::<Vec<_>>()
    };
    [side('-', &there), side('+', &ours)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Content {
        Content::Text { text: text.to_owned(), mode: 0o644 }
    }

    #[test]
    fn a_difference_shows_what_differs_and_no_more() {
        let found = Found::File { text: "a\nb\nc\nd\n".into(), mode: 0o644 };
        assert_eq!(difference(&found, &text("a\nx\ny\nd\n")), ["- b", "- c", "+ x", "+ y"]);
        assert_eq!(difference(&found, &text("a\nd\n")), ["- b", "- c"]);
        assert_eq!(difference(&found, &text("a\nb\nc\nd\n")), [""; 0]);
        assert_eq!(difference(&Found::Link("/x".into()), &text("a")), ["- (a link to /x)", "+ a"]);
    }

    #[test]
    fn a_text_in_hiclaws_frame_is_known() {
        let frame = "<!-- hiclaw-builtin-start -->\n> Do not edit.\n> Add below.\n\n---\nname: x\n---\n\nText.\n\n<!-- hiclaw-builtin-end -->\n";
        assert_eq!(unframed(frame), Some("---\nname: x\n---\n\nText.\n"));
        assert_eq!(unframed(&format!("{frame}mine\n")), None, "what was added behind it is somebody's");
    }
}
